package web

import (
	"strings"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
)

// contactView is who may be the same person as the one who writes, and who was found to be.
type contactView struct {
	ID     bots.ConversationID
	Likely []likelyView
	Joined []joinedView
}

type likelyView struct {
	Contact contacts.ID
	Name    string
	Link    string // to their conversation; empty when there is none
	Readers string
	Why     string
	Two     bool // are two readers: there is nothing to join
}

type joinedView struct {
	Merge contacts.MergeID
	Name  string
	How   string
	At    *moment
	Last  bool // can be undone
}

// contact reads who may be one person with the contact, for those who decide on registrations; nil when there is nothing to show.
func (v *visit) contact(conv bots.ConversationID, contact int64) (*contactView, error) {
	if !v.may(queue.PermDecide) {
		return nil, nil //nolint:nilnil // a page without this part
	}
	likely, err := contacts.LikelySame(v.ctx(), v.Pool, v.lib.ID, contacts.ID(contact))
	if err != nil {
		return nil, err
	}
	joined, err := contacts.MergesOf(v.ctx(), v.Pool, v.lib.ID, contacts.ID(contact))
	if err != nil || len(likely)+len(joined) == 0 {
		return nil, err
	}
	out := &contactView{ID: conv}
	for _, l := range likely {
		view := likelyView{Contact: l.ID, Name: v.readerName(l.Name), Readers: strings.Join(l.Readers, ", "), Why: v.whySame(l.Why), Two: l.Two}
		if l.Address != 0 {
			view.Link = conversationAddress(bots.ConversationID(l.Address))
		}
		out.Likely = append(out.Likely, view)
	}
	names, err := v.joinedBy(joined)
	if err != nil {
		return nil, err
	}
	for i, m := range joined {
		how := v.t("desk_join.by_code")
		if m.How == contacts.ByStaff {
			how = names[queue.StaffID(m.By)]
		}
		out.Joined = append(out.Joined, joinedView{Merge: m.ID, Name: v.readerName(m.Name), How: how, At: v.clock(m.At), Last: i == 0})
	}
	return out, nil
}

func (v *visit) joinedBy(joined []contacts.Merged) (map[queue.StaffID]string, error) {
	var ids []queue.StaffID
	for _, m := range joined {
		if m.By != 0 {
			ids = append(ids, queue.StaffID(m.By))
		}
	}
	if len(ids) == 0 {
		return map[queue.StaffID]string{}, nil
	}
	return queue.StaffNames(v.ctx(), v.Pool, ids...)
}

// whySame puts the reasons of contacts.Likely into words.
func (v *visit) whySame(why []string) string {
	keys := map[string]string{
		"email": "desk_join.why_email", "phone": "desk_join.why_phone", "mailbox": "desk_join.why_mailbox", "born": "desk_join.why_born",
		"double": "desk_correct.why_double",
	}
	said := make([]string, len(why))
	for i, w := range why {
		said[i] = v.t(keys[w])
	}
	return strings.Join(said, ", ")
}
