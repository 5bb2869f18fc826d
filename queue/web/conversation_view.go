package web

import (
	"strconv"
	"strings"

	"librarian/bots"
	"librarian/queue"
)

// talkView is a conversation as its page and the pages of its tasks show it.
type talkView struct {
	ID         bots.ConversationID
	Task       queue.TaskID // on whose page; 0: on its own
	From       string       // the place after which it is shown
	Earlier    bool         // something stands before it
	Entries    []entryView
	Speaker    string // a colleague's name; empty: the bot, or oneself
	MineSpeaks bool
	Epoch      int
	Blocked    bool
	MayAnswer  bool
	Problem    string // why the speaker could not be changed, where that part alone is shown
	Open       bool   // where it is folded away until it is wanted
	Reply      replyView
}

type entryView struct {
	ID        string
	Day       string // stands above the first of a day
	Side      bots.Side
	Who       string
	At        *moment
	Text      string
	Files     []fileView
	Refused   []string
	Choices   []string
	State     string
	StateText string
	Deleted   bool
	Reaction  string
}

type fileView struct {
	ID, Name, Size string
	Picture, Link  bool
}

type replyView struct {
	ID        bots.ConversationID
	Task      queue.TaskID
	Text      string
	Problem   string
	MayAnswer bool
	TakeFirst bool
	Finishes  bool // the task may be closed along with the reply
	Again     bool // one reply has just gone
}

const (
	readAtOnce  = 200
	shownAtOnce = 100
	mostEntries = 2000 // of a conversation on one page
	hidden      = "••••••••"
)

// talk reads a conversation; task is the one on whose page it stands, or nil.
func (v *visit) talk(id bots.ConversationID, task *queue.Task) (*talkView, error) {
	out, header, err := v.speaker(id)
	if err != nil {
		return nil, err
	}
	entries, from, err := v.lastEntries(id)
	if err != nil {
		return nil, err
	}
	out.From, out.Earlier, out.Entries = from.String(), from != bots.Cursor{}, v.entries(entries, header.Name)
	out.Reply = replyView{ID: id, Text: v.form("text"), MayAnswer: true}
	if task != nil {
		if !v.r.PostForm.Has("text") {
			out.Reply.Text = task.Reply // what a department has found, to be looked over and sent
		}
		mine := v.holds(*task)
		out.Task, out.MayAnswer = task.ID, mine
		out.Reply.Task, out.Reply.MayAnswer, out.Reply.Finishes, out.Reply.TakeFirst = task.ID, mine, mine && answers(task), task.State == queue.StateOpen
		out.Open = out.MineSpeaks || v.changes() && strings.HasPrefix(v.r.URL.Path, conversationAddress(id)+"/")
	}
	return &out, nil
}

// speaker is who speaks, without what was said.
func (v *visit) speaker(id bots.ConversationID) (talkView, queue.Header, error) {
	h, err := v.Conversations.Header(v.ctx(), v.lib.ID, id)
	if err != nil {
		return talkView{}, h, err
	}
	out := talkView{ID: id, MineSpeaks: h.Speaker == v.me(), Epoch: h.Epoch, Blocked: h.Blocked, MayAnswer: true}
	if h.Speaker != 0 && !out.MineSpeaks {
		out.Speaker = h.SpeakerName
	}
	return out, h, nil
}

// lastEntries gives the end of the conversation and the place before it; all of it when the address asks for that.
func (v *visit) lastEntries(id bots.ConversationID) ([]bots.Entry, bots.Cursor, error) {
	most := shownAtOnce
	if v.query("all") != "" {
		most = mostEntries
	}
	var from, at bots.Cursor
	var out []bots.Entry
	for {
		page, err := v.Conversations.History(v.ctx(), v.lib.ID, id, at, readAtOnce)
		if err != nil {
			return nil, from, err
		}
		for _, e := range page {
			at = past(at, e)
		}
		out = append(out, page...)
		for len(out) > most {
			from = past(from, out[0])
			out = out[1:]
		}
		if len(page) < readAtOnce {
			return out, from, nil
		}
	}
}

// past is the place after the entry.
func past(at bots.Cursor, e bots.Entry) bots.Cursor {
	return bots.Cursor{Event: max(at.Event, e.At.Event), Out: max(at.Out, e.At.Out)}
}

func (v *visit) entries(entries []bots.Entry, contact string) []entryView {
	var out []entryView
	var day string
	for _, e := range entries {
		view := v.entryOf(e, contact)
		if d := v.dayOf(e); d != day {
			view.Day, day = d, d
		}
		out = append(out, view)
	}
	return out
}

// kindTexts name what messengers can send and the library cannot take, by the channels' words.
var kindTexts = map[string]string{
	"voice": "desk_kind.voice", "audio": "desk_kind.audio", "video": "desk_kind.video", "video_note": "desk_kind.video_note",
	"animation": "desk_kind.animation", "sticker": "desk_kind.sticker", "view_once": "desk_kind.view_once",
}

func (v *visit) entryOf(e bots.Entry, contact string) entryView {
	out := entryView{
		ID: "in" + strconv.Itoa(e.At.Event), Side: e.Side, Who: contact, At: v.clock(e.Written),
		Text: strings.ReplaceAll(e.Text, bots.SecretMark, hidden),
	}
	switch e.Side {
	case bots.SideBot:
		out.Who = v.t("desk.who_bot")
	case bots.SideStaff:
		out.Who = e.Staff
	case bots.SideReader:
		if contact == "" {
			out.Who = v.t("desk.who_reader")
		}
	}
	if e.Side != bots.SideReader {
		out.ID, out.State, out.StateText = "out"+strconv.Itoa(e.At.Out), e.State, v.deliveryName(e.State)
		if e.Problem != "" {
			out.StateText += " (" + e.Problem + ")"
		}
	}
	out.Deleted, out.Reaction = e.Deleted, e.Reaction
	papers := v.may(queue.PermPapers)
	for _, f := range e.Files {
		picture := papers && strings.HasPrefix(f.MediaType, "image/")
		name := f.Name
		if name == "" {
			name = v.t("desk.file_unnamed")
		}
		out.Files = append(out.Files, fileView{f.ID, name, v.size(f.Size), picture && f.ID != "", papers && f.ID != ""}) // what was never fetched has only its name
	}
	for _, r := range e.Refused {
		key, name := "desk.upload_refused", r.Name
		if r.Reason == "voice" { // which the library's phone plays
			key = "desk_voice.refused"
		}
		if kind := kindTexts[name]; kind != "" {
			name = v.t(kind)
		}
		out.Refused = append(out.Refused, v.t(key, "name", name))
	}
	for _, c := range e.Choices {
		out.Choices = append(out.Choices, c.Label)
	}
	return out
}
