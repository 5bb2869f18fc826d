package web

import (
	"net/http"

	"librarian/bots"
)

// unlinkChannel ends the link that the page showed and has its keys wiped. One that another has made since stays.
func unlinkChannel(v *visit) error {
	a, link, err := v.link()
	if err != nil {
		return err
	}
	if link.Number != v.form("number") || link.Number == "" && !link.Linked() {
		v.problem = v.t("desk_channel.problem_meanwhile")
		return v.showChannel(a, http.StatusConflict)
	}
	if err := v.ask(a, bots.AskUnlink, "", nil); err != nil {
		return err
	}
	return v.to(channelAddress(a.ID))
}
