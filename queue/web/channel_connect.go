package web

import (
	"net/http"

	"librarian/bots"
)

// connectChannel lets the channel be tried again, which does not happen by itself after it was replaced, banned or refused.
func connectChannel(v *visit) error {
	a, link, err := v.link()
	if err != nil {
		return err
	}
	if !link.Linked() {
		v.problem = v.t("desk_channel.problem_unlinked")
		return v.showChannel(a, http.StatusConflict)
	}
	if link.State != bots.LinkConnected { // somebody else was faster, and it works
		if err := v.ask(a, bots.AskConnect, "", nil); err != nil {
			return err
		}
	}
	return v.to(channelAddress(a.ID))
}
