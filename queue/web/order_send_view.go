package web

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// wayView is one place where the order can be sent, to be ticked.
type wayView struct {
	Key     string
	Label   string
	Help    string // by which it is told from another of the kind
	Checked bool
}

// sendView is one way by which the order went or goes.
type sendView struct {
	Label, Help string
	State       string
	Mark        string // of the state: good, late or none
	Linked      bool
	At          *moment
}

// fillWays offers where the order can be sent, if there is a choice.
func (v *visit) fillWays(out *orderView, o fragments.Order) error {
	if !out.May.Release {
		return nil
	}
	ways, err := fragments.Ways(v.ctx(), v.Pool, v.Accounts, o)
	if err != nil || len(ways) < 2 {
		return err
	}
	typed := v.changes() && v.route.act == releasedOrder
	for _, w := range ways {
		view := wayView{Key: w.Key(), Checked: w.Asked}
		view.Label, view.Help = v.placeWords(w)
		if w.Asked {
			view.Help = strings.TrimPrefix(view.Help+" · "+v.t("desk_send.asked"), " · ")
		}
		if typed {
			view.Checked = slices.Contains(v.r.PostForm["to"], view.Key)
		}
		out.Ways = append(out.Ways, view)
	}
	return nil
}

// placeWords name a way: its channel, and who is there or since when.
func (v *visit) placeWords(w fragments.Way) (label, help string) {
	label = v.channelName(w.Kind)
	switch {
	case w.Mail != "":
		return label + ": " + w.Mail, ""
	case w.Name != "":
		return label, v.readerName(w.Name)
	case w.Since.IsZero():
		return label, ""
	}
	return label, v.t("desk_send.since", "day", library.DateOf(w.Since.In(v.lib.Zone)))
}

// chosenWays are those that were ticked for the order: none means where it was ordered, as when there is no choice. queue.ErrInvalid for one that is not the
// reader's any more, and where nothing was ticked of what there is to tick.
func (v *visit) chosenWays(ctx context.Context, tx pgx.Tx, o fragments.Order) ([]fragments.Way, error) {
	keys := v.r.PostForm["to"]
	if len(keys) == 0 && v.form("choice") == "" {
		return nil, nil
	}
	ways, err := fragments.Ways(ctx, tx, v.Accounts, o)
	if err != nil {
		return nil, err
	}
	var out []fragments.Way
	for _, w := range ways {
		if slices.Contains(keys, w.Key()) {
			out = append(out, w)
		}
	}
	slices.Sort(keys)
	if len(out) == 0 || len(out) != len(slices.Compact(keys)) {
		return nil, errWays
	}
	return out, nil
}

// fillSends shows where the order went, and how that fared. It is not for departments: an address is the reader's.
func (v *visit) fillSends(out *orderView, o fragments.Order) error {
	if !v.may(queue.PermOrders) {
		return nil
	}
	sends, err := fragments.Sends(v.ctx(), v.Pool, v.lib.ID, o.ID)
	if err != nil || len(sends) == 0 {
		return err
	}
	var convs []bots.ConversationID
	var ids []int64
	for _, s := range sends {
		convs, ids = append(convs, s.Conversation), append(ids, s.ID)
	}
	ways, err := fragments.WaysTo(v.ctx(), v.Pool, v.Accounts, v.lib.ID, convs)
	if err != nil {
		return err
	}
	fates, err := bots.Fates(v.ctx(), v.Pool, v.lib.ID, convs, ids)
	if err != nil {
		return err
	}
	for _, s := range sends {
		out.Sends = append(out.Sends, v.sendView(s, ways[s.Conversation], fates[s.ID]))
	}
	return nil
}

func (v *visit) sendView(s fragments.Send, way fragments.Way, fate bots.Fate) sendView {
	out := sendView{Linked: s.Linked, At: v.ago(s.Chosen)}
	if way.Kind == "" {
		way.Kind = bots.Email // the letter is not written yet
	}
	out.Label, out.Help = v.placeWords(way)
	if !fate.At.IsZero() {
		out.At = v.ago(fate.At)
	}
	switch {
	case s.Problem == fragments.TooLarge:
		out.State, out.Mark = v.t("desk_send.too_large"), "late"
	case s.Problem == fragments.NoMail:
		out.State, out.Mark = v.t("desk_send.no_mail"), "late"
	case fate.State == "failed":
		out.State, out.Mark = v.t("desk_send.failed"), "late"
	case fate.State == "confirmed":
		out.State, out.Mark = v.t("desk_send.delivered"), "good"
	case fate.State == "sent":
		out.State = v.t("desk_send.sent")
	default:
		out.State = v.t("desk_send.goes")
	}
	return out
}
