package web

import (
	"net/http"
	"strconv"

	"librarian/queue"
)

type needPage struct {
	frame
	Need needView
}

// needView is one group with those who are in it, as far as the visitor may see them.
type needView struct {
	Address                       string
	Version                       int
	Words, Kind, People, Segments string
	First, Last, Decided          *moment
	Open                          bool
	Note, DecidedBy               string
	Typed                         string // a note that was not taken
	Writings                      []choiceOf
	Others                        []choiceOf // groups that it may be the same as
	Voices                        []needVoice
	Voiced                        bool // who is in it may be seen
	Next                          string
}

type needVoice struct {
	Name, Href, Words, Category, How string
	At                               *moment
}

// voicesAtOnce is how many people the page of a group shows, and othersMost among how many groups one looks for another way of writing.
const (
	voicesAtOnce = 50
	othersMost   = 200
)

// needID is the number in the address.
func (v *visit) needID() (queue.NeedID, error) {
	id, err := v.id()
	return queue.NeedID(id), err
}

// showNeed is the page of one group; that of another way of writing is its group's.
func showNeed(v *visit) error {
	id, err := v.needID()
	if err != nil {
		return err
	}
	group, err := v.Desk.NeedGroup(v.ctx(), v.lib.ID, id)
	if err != nil {
		return err
	}
	if group != id {
		return v.to(needAddress(group))
	}
	return v.showNeed(group, http.StatusOK)
}

func (v *visit) showNeed(id queue.NeedID, status int) error {
	n, err := v.Desk.GetNeed(v.ctx(), v.lib.ID, id)
	if err != nil {
		return err
	}
	view, err := v.needView(n)
	if err != nil {
		return err
	}
	page := needPage{Need: view}
	if page.frame, err = v.frame(v.ctx(), n.Words); err != nil {
		return err
	}
	return v.show("need", status, page)
}

func (v *visit) needView(n queue.Need) (needView, error) {
	out := needView{
		Address: needAddress(n.ID), Version: n.Version, Words: n.Words, Kind: v.needKind(n.Kind), People: v.t("desk_need.people", "count", n.People),
		Segments: v.needSegments(n, len(n.Segments)), First: v.plainly(n.First), Last: v.plainly(n.Last), Open: n.Open, Note: n.Note, DecidedBy: n.DecidedBy,
		Voiced: v.may(queue.PermAnswer),
	}
	if n.Decided != nil {
		out.Decided = v.plainly(*n.Decided)
	}
	if v.changes() {
		out.Typed = v.form("note")
	}
	writings, err := v.Desk.NeedWritings(v.ctx(), v.lib.ID, n.ID)
	if err != nil {
		return out, err
	}
	for _, w := range writings {
		out.Writings = append(out.Writings, choiceOf{Value: strconv.FormatInt(int64(w.ID), 10), Label: w.Words})
	}
	if n.Open {
		if err := v.otherNeeds(n, &out); err != nil {
			return out, err
		}
	}
	if out.Voiced {
		err = v.needVoices(n, &out)
	}
	return out, err
}

// otherNeeds are the open groups of the kind that the group may be another way of writing of.
func (v *visit) otherNeeds(n queue.Need, out *needView) error {
	list, err := v.Desk.ListNeeds(v.ctx(), v.lib.ID, queue.NeedFilter{Kind: n.Kind, Limit: othersMost})
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.ID != n.ID {
			out.Others = append(out.Others, choiceOf{Value: strconv.FormatInt(int64(o.ID), 10), Label: o.Words + " · " + v.t("desk_need.people", "count", o.People)})
		}
	}
	return nil
}

func (v *visit) needVoices(n queue.Need, out *needView) error {
	voices, err := v.Desk.NeedVoices(v.ctx(), v.lib.ID, n.ID, queue.ParseCursor(v.query("before")), voicesAtOnce)
	if err != nil {
		return err
	}
	for _, o := range voices {
		voice := needVoice{Name: o.Name, Category: v.category(o.Category), At: v.ago(o.At)}
		switch {
		case o.By != "":
			voice.How = v.t("desk_need.noted_by", "name", o.By)
		case o.Conversation != 0:
			voice.Href, voice.How = conversationAddress(o.Conversation), v.channelName(o.Channel)
		default:
			voice.How = v.channelName(o.Channel)
		}
		if voice.Name == "" {
			voice.Name = v.t("desk_need.nobody")
		}
		if o.Words != n.Words {
			voice.Words = o.Words
		}
		out.Voices = append(out.Voices, voice)
	}
	if len(voices) == voicesAtOnce {
		last := voices[len(voices)-1]
		out.Next = out.Address + "?before=" + queue.Cursor{At: last.At, ID: queue.TaskID(last.ID)}.String()
	}
	return nil
}
