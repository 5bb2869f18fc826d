package web

import (
	"fmt"
	"time"

	"librarian/bots"
	"librarian/queue"
)

// channelView is how a channel stands.
type channelView struct {
	ID          bots.ChannelID
	Name, Kind  string
	Shade       string // of its mark: good, warn, late; empty: neither
	State       string
	Means, Todo string // what the state means, and what is to be done; either may be empty
	Since       *moment
	Href        string    // its own page; empty: it has none
	Link        *linkView // nil: it is not linked to a phone
}

// linkView is how the link to a phone stands.
type linkView struct {
	Number                         string
	Heard, Said                    *moment
	Away                           bool // no process has it in its hands
	Asked                          *askedView
	Failed                         string // why the last try to link came to nothing
	Pending                        string // what is asked of the process that holds it
	MayLink, MayConnect, MayUnlink bool
	Banned                         bool   // the advice is to wait: to connect again is no first choice
	Phone                          string // as typed, when it is none
}

func channelAddress(id bots.ChannelID) string { return fmt.Sprintf("/desk/channels/%d", id) }

// channelView says how the channel stands, of one that is linked to a phone by its link.
func (v *visit) channelView(a bots.Account) (channelView, error) {
	out := channelView{ID: a.ID, Name: a.Name, Kind: v.channelName(a.Kind), Shade: "good", State: v.t("desk_channel.works")}
	switch {
	case a.State == "off":
		out.Shade, out.State, out.Since = "", v.t("desk_channel.off"), v.plainly(a.Since)
	case a.Kind == bots.WhatsApp:
		out.Href = channelAddress(a.ID)
		link, err := v.Links.Link(v.ctx(), v.lib.ID, a.ID)
		if err != nil {
			return out, err
		}
		return v.linkedView(out, link)
	case a.State == "broken":
		happened, todo := queue.ChannelTexts(a.Problem)
		out.Shade, out.State, out.Since = "late", v.t("desk_channel.broken"), v.plainly(a.Since)
		out.Means, out.Todo = v.t(happened), v.t(todo)
	}
	return out, nil
}

// linkedView adds what the link to a phone tells.
func (v *visit) linkedView(out channelView, link bots.Link) (channelView, error) {
	out.Shade, out.State, out.Since = v.linkState(link), v.linkName(link.State), v.plainly(link.Since)
	out.Means, out.Todo = v.linkWords(link)
	linked := link.Linked()
	out.Link = &linkView{
		Number: link.Number, Heard: v.plainlyAt(link.Heard), Said: v.plainlyAt(link.Said), Away: !link.Held && !link.Since.IsZero() && link.Code == "", Failed: v.pairProblem(link.PairProblem),
		Pending: v.pending(link.Asked), MayLink: !linked, MayUnlink: linked || link.Number != "",
		Banned: link.State == bots.LinkBanned, MayConnect: linked && link.State != bots.LinkConnected && link.State != bots.LinkConnecting,
	}
	if linked {
		return out, nil
	}
	var err error
	out.Link.Asked, err = v.askedView(link)
	return out, err
}

func (v *visit) pending(asked bots.LinkAsk) string {
	switch asked {
	case bots.AskConnect:
		return v.t("desk_channel.asked_connect")
	case bots.AskUnlink:
		return v.t("desk_channel.asked_unlink")
	}
	return ""
}

func (v *visit) plainlyAt(at *time.Time) *moment {
	if at == nil {
		return nil
	}
	return v.plainly(*at)
}

// linkState is the shade of the mark.
func (v *visit) linkState(link bots.Link) string {
	switch link.State {
	case bots.LinkConnected:
		if link.Held {
			return "good"
		}
		return "warn"
	case bots.LinkConnecting:
		return "warn"
	case bots.LinkNone:
		return ""
	}
	return "late"
}

func (v *visit) linkName(state bots.LinkState) string {
	keys := map[bots.LinkState]string{
		bots.LinkNone: "desk_channel.state_unlinked", bots.LinkConnecting: "desk_channel.state_connecting", bots.LinkConnected: "desk_channel.state_connected",
		bots.LinkLoggedOut: "desk_channel.state_logged_out", bots.LinkBanned: "desk_channel.state_banned", bots.LinkOutdated: "desk_channel.state_outdated",
		bots.LinkReplaced: "desk_channel.state_replaced",
	}
	return v.t(keys[state])
}

// linkWords say what the state means and what is to be done.
func (v *visit) linkWords(link bots.Link) (means, todo string) {
	switch link.State {
	case bots.LinkNone:
		return v.t("desk_channel.unlinked"), v.t("desk_channel.unlinked_todo")
	case bots.LinkConnecting:
		return v.t("desk_channel.connecting"), v.t("desk_channel.connecting_todo")
	case bots.LinkConnected:
		return v.t("desk_channel.connected"), ""
	case bots.LinkBanned:
		if link.Until != nil {
			return v.t("desk_channel.banned_until", "until", v.exactly(*link.Until)), v.t("desk_channel.banned_todo")
		}
	}
	happened, todoKey := queue.ChannelTexts(string(link.State))
	return v.t(happened), v.t(todoKey)
}

// pairProblem says why linking came to nothing; empty when it did not.
func (v *visit) pairProblem(code string) string {
	switch code {
	case "":
		return ""
	case bots.PairTimeout:
		return v.t("desk_channel.pair_timeout")
	case bots.PairOutdated:
		return v.t("desk_channel.pair_outdated")
	case bots.PairPhone:
		return v.t("desk_channel.pair_phone")
	}
	return v.t("desk_channel.pair_error")
}

// channelLines are the channels in one line each.
func channelLines(views []channelView) []string {
	out := make([]string, len(views))
	for i, c := range views {
		out[i] = c.Kind + " (" + c.Name + "): " + c.State
	}
	return out
}
