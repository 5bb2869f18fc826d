package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// maxLetterFiles is how many files of one letter go to its reader's conversation.
const maxLetterFiles = 200

// tell makes an event of the letter: several where its files are more than one message holds.
func (in *Intake) tell(ctx context.Context, s *Stored, proven bool, a arrival) (outcome, error) {
	l := &s.Letter
	sender, err := contacts.Mailbox(ctx, in.Pool, in.Library, int64(in.Channel), l.From)
	if err != nil {
		return outcome{}, err
	}
	all, o := inbounds(s, a), outcome{state: StateEvent}
	if len(all) == 0 {
		return outcome{state: StateTray, reason: ReasonEmpty}, nil
	}
	if a.only {
		o.reason = ReasonTooLarge
	}
	for _, one := range all {
		one.Library, one.Channel, one.Sender, one.Unproven = in.Library, in.Channel, sender, !proven
		if one.At.IsZero() {
			one.At = in.Now()
		}
		if err := in.Receive.Try(ctx, one); err != nil {
			return outcome{}, err
		}
	}
	id, _, err := contacts.Lookup(ctx, in.Pool, int64(in.Channel), sender)
	o.conversation = bots.ConversationID(id) // 0 where the sender is blocked and was never stored
	return o, err
}

// inbounds are the letter as messages of a conversation. There are none of a letter that says nothing.
func inbounds(s *Stored, a arrival) []bots.Inbound {
	l := &s.Letter
	first := bots.Inbound{ID: l.identity(), Text: said(l), Name: l.Name, At: a.at, Locale: locale(l.Text + " " + l.Subject)}
	if a.only {
		first.Refused = []bots.RefusedUpload{{Name: l.Subject, Reason: "too_large"}}
	}
	var sound []bots.InboundFile
	for i, f := range l.Files {
		switch {
		case len(f.Content) > bots.MaxFile:
			first.Refused = append(first.Refused, bots.RefusedUpload{Name: f.Name, Reason: "too_large"})
		case len(sound) == maxLetterFiles:
			first.Refused = append(first.Refused, bots.RefusedUpload{Name: f.Name, Reason: "too_many"})
		default:
			sound = append(sound, bots.InboundFile{File: string(s.Files[i]), Name: f.Name, MediaType: f.MediaType, Size: int64(len(f.Content))})
		}
	}
	if first.Text == "" && len(sound) == 0 && len(first.Refused) == 0 {
		return nil
	}
	if len(sound) > 1 {
		first.Album = l.identity()
	}
	var out []bots.Inbound
	for group := range slices.Chunk(sound, bots.MaxFiles) {
		one := bots.Inbound{ID: fmt.Sprintf("%s #%d", first.ID, len(out)), Name: first.Name, At: first.At, Locale: first.Locale, Album: first.Album}
		if len(out) == 0 {
			one = first
		}
		one.Files = group
		out = append(out, one)
	}
	if len(out) == 0 {
		return []bots.Inbound{first}
	}
	return out
}

// shortText is in runes: a word or a number that answers, to which no subject is added.
const shortText = 40

// said is what the letter says. A subject that its sender has thought of belongs to it.
func said(l *Letter) string {
	if l.Answer || l.Subject == "" || l.Text != "" && (len([]rune(l.Text)) <= shortText || strings.Contains(l.Text, l.Subject)) {
		return l.Text
	}
	return strings.TrimSpace(l.Subject + "\n\n" + l.Text)
}

// locale guesses the language of a text by its letters. It is empty where none of ours stands out.
func locale(text string) library.Lang {
	latin, cyrillic := 0, 0
	for _, r := range strings.ToLower(text) {
		switch {
		case strings.ContainsRune("ҕҥөһү", r):
			return library.Sakha
		case strings.ContainsRune("іїєґ", r):
			return library.Ukrainian
		case r >= 'a' && r <= 'z':
			latin++
		case r >= 'а' && r <= 'я':
			cyrillic++
		}
	}
	switch {
	case cyrillic > latin/2:
		return library.Russian
	case latin > 10:
		return library.English
	}
	return ""
}
