package web

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
)

// refuseDouble ends a registration whose reader is one already, and offers them to join the two addresses.
func refuseDouble(v *visit) error {
	of, err := strconv.ParseInt(v.form("reader"), 10, 64)
	if err != nil {
		return errForm
	}
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		// The name as they gave it: how the earlier record spells it is told to nobody who has not proven an address of it.
		news := queue.News{Kind: queue.NewsDouble, Fields: map[string]string{"name": t.ReaderName}}
		return news, v.Double(ctx, tx, v.lib.ID, t.Registration, of, v.me())
	}, outcomeDouble, "double"})
}

// sameView is a reader who may be the same person, and what can be done about it.
type sameView struct {
	Reader           int64
	Task             queue.TaskID // whose registration may be refused for it; 0: none
	Name, Born, Card string
	Why              []string
	Link             string              // to their conversation; empty: none that may be opened
	Contact          contacts.ID         // with whom the one who asks may be joined; 0: nobody
	At               bots.ConversationID // where
}

// sameViews are the proposals; acts are offered to who holds the task.
func (v *visit) sameViews(reg Registration, task queue.TaskID) []sameView {
	var out []sameView
	for _, s := range reg.Same {
		view := sameView{Reader: s.Reader, Task: task, Name: s.Name, Born: v.dateOf(s.Born), Card: s.Card, At: reg.Conversation}
		for _, why := range s.Why {
			view.Why = append(view.Why, v.alikeName(why))
		}
		if s.Conversation != 0 && v.may(queue.PermAnswer) {
			view.Link = conversationAddress(s.Conversation)
		}
		if task != 0 && !s.Two && s.Conversation != reg.Conversation && slices.Contains([]string{"self", "other"}, reg.Relation) {
			view.Contact = s.Contact
		}
		out = append(out, view)
	}
	return out
}

// alikeName is a reason of contacts.Alike in words.
func (v *visit) alikeName(why string) string {
	keys := map[string]string{
		contacts.SameEmail: "desk_correct.same_email", contacts.SamePhone: "desk_correct.same_phone", contacts.SameNameBorn: "desk_correct.same_name_born",
		contacts.AlikeNameBorn: "desk_correct.alike_born", contacts.PartNameBorn: "desk_correct.part_born", contacts.AlikeNear: "desk_correct.alike_near",
		contacts.SameName: "desk_correct.same_name", contacts.AlikeName: "desk_correct.alike_name",
	}
	return v.t(keys[why])
}

// refusalName is the reason of a refusal: a ready one in words, others as they are.
func (v *visit) refusalName(reason string) string {
	if reason == queue.ReasonDouble {
		return v.t("desk_correct.reason_double")
	}
	return reason
}
