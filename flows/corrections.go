package flows

import (
	"encoding/json"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// choiceMend leads from any step to a question about what is written in a registration.
const choiceMend = "mend"

// varAbout says what a question is about: the words that ask for it differ.
const (
	varAbout  = "about"
	aboutMend = "mend"
)

// correction is one value that staff have changed, as it is stored.
type correction struct {
	Key string `json:"key"`
	Old string `json:"old"`
	New string `json:"new"`
}

// sayCorrected tells what was changed, and how to object.
func sayCorrected(r *Reader, n News, fields templates.Fields, out *Turn) {
	out.say("corrections.made", fields)
	var all []correction
	if json.Unmarshal([]byte(n.Fields["changes"]), &all) != nil { // staff have done something, whatever it was
		all = nil
	}
	for _, c := range all {
		label, old, now := c.words(&r.Library.Settings.Registration)
		switch fields := (templates.Fields{"label": label, "old": old, "new": now}); {
		case c.Old == "":
			out.line("corrections.added", fields)
		case c.New == "":
			out.line("corrections.removed", fields)
		default:
			out.line("corrections.changed", fields)
		}
	}
	if n.Fields["reason"] != "" {
		out.line("corrections.reason", fields)
	}
	out.line("corrections.object", nil)
	out.offer(choice(choiceMend, "corrections.object_button"))
}

// words are the correction in words: of which value, and what it was and is.
func (c correction) words(registration *library.Registration) (label library.Words, old, now []library.Words) {
	plain := func(value string) []library.Words { return []library.Words{{Plain: value}} }
	switch c.Key {
	case "name":
		return library.Words{Key: "corrections.name"}, plain(c.Old), plain(c.New)
	case "born":
		before, _ := library.ParseDate(c.Old)
		after, _ := library.ParseDate(c.New)
		return library.Words{Key: "corrections.born"}, []library.Words{{Day: before}}, []library.Words{{Day: after}}
	case "email":
		return library.Words{Key: "corrections.email"}, plain(c.Old), plain(c.New)
	case "phone":
		return library.Words{Key: "corrections.phone"}, plain(c.Old), plain(c.New)
	}
	key := strings.TrimPrefix(c.Key, "answer.")
	field, known := registration.Known(key)
	if !known { // a question of the library's own that it has deleted
		field = library.Field{Key: key}
	}
	return field.Name(), field.Say(c.Old), field.Say(c.New)
}

// mend puts the conversation aside to hear what is wrong in a registration.
func (s *Set) mend(r *Reader, out *Turn) {
	s.interrupt(questionFlow, out)
	out.State.Vars[varAbout] = aboutMend
	s.ask(r, out)
}

// mends reports whether staff hold a registration of the reader, whose data only they can change now.
func (r *Reader) mends() bool {
	for _, p := range r.People {
		if p.Card == "" && (p.State == "papers" || p.State == "sent" || p.State == "accepted") {
			return true
		}
	}
	return false
}
