package telegram

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"librarian/bots"
	"librarian/contacts/library"
)

// Reasons of a bots.RefusedUpload.
const (
	reasonTooLarge    = "too_large"
	reasonUnsupported = "unsupported" // Name is then Telegram's word for the kind, such as voice, where the file has no name
)

const private = "private"

// answeredMost is how much of an answered message is kept, in characters: enough to tell it from others.
const answeredMost = 120

// convert gives what an update says to the library. It is false for what does not: groups and channels, from which nothing is ever taken, service
// messages and buttons that are not ours. A callback bears no time of its own and gets now.
func convert(lib library.ID, channel bots.ChannelID, u *update, now time.Time) (bots.Inbound, bool) {
	var in bots.Inbound
	var ok bool
	switch {
	case u.Message != nil:
		in, ok = fromMessage(u.Message)
		in.ID, in.At = strconv.FormatInt(u.Message.ID, 10), unix(u.Message.Date)
	case u.EditedMessage != nil:
		in, ok = fromMessage(u.EditedMessage)
		in.ID, in.At = fmt.Sprintf("%d@%d", u.EditedMessage.ID, u.EditedMessage.EditDate), unix(u.EditedMessage.EditDate)
	case u.CallbackQuery != nil:
		in, ok = fromCallback(u.CallbackQuery)
		in.At = now.UTC()
	case u.MyChatMember != nil:
		in, ok = fromMember(u.MyChatMember)
	}
	if !ok {
		return bots.Inbound{}, false
	}
	in.Library, in.Channel = lib, channel
	return in, true
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func fromMessage(m *message) (bots.Inbound, bool) {
	if m.Chat.Type != private || m.From != nil && m.From.IsBot {
		return bots.Inbound{}, false
	}
	in := said(m.Chat, m.From)
	in.Album, in.Answers = m.Album, answered(m)
	in.Text, _ = bots.Clean(m.Text + m.Caption) // Telegram sends one of them, and less than MaxText
	switch kind, other := unsupported(m); {
	case other != nil:
		in.Refused = []bots.RefusedUpload{{Name: cmp.Or(clean(other.Name), kind), Reason: reasonUnsupported}}
	case len(m.Photo) > 0:
		p := biggest(m.Photo)
		attach(&in, bots.InboundFile{Ref: p.FileID, MediaType: "image/jpeg", Size: p.Size, Photo: true})
	case m.Document != nil:
		attach(&in, bots.InboundFile{Ref: m.Document.FileID, Name: clean(m.Document.Name), MediaType: clean(m.Document.MediaType), Size: m.Document.Size})
	case m.Contact != nil:
		contact(&in, m)
	}
	return in, in.Text != "" || in.Phone != "" || len(in.Files)+len(in.Refused) > 0
}

// clean is what a sender's program calls something, as it can be stored: what cannot be would come forever.
func clean(name string) string {
	name, _ = bots.Clean(name)
	return name
}

// answered is how the message of ours begins that the sender answers; of a file its name.
func answered(m *message) string {
	if m.Answered == nil || m.Answered.From == nil || !m.Answered.From.IsBot {
		return ""
	}
	text := m.Answered.Text + m.Answered.Caption
	if text == "" && m.Answered.Document != nil {
		text = m.Answered.Document.Name
	}
	if runes := []rune(text); len(runes) > answeredMost {
		text = string(runes[:answeredMost])
	}
	return clean(text)
}

func said(c chat, from *user) bots.Inbound {
	in := bots.Inbound{Sender: strconv.FormatInt(c.ID, 10)}
	if from != nil {
		name := strings.TrimSpace(from.FirstName + " " + from.LastName)
		in.Name = clean(cmp.Or(name, from.Username))
		in.Locale = locale(from.LanguageCode)
	}
	return in
}

// unsupported finds what a message holds that the library cannot take.
func unsupported(m *message) (kind string, _ *media) {
	for _, o := range []struct {
		kind string
		*media
	}{
		{"voice", m.Voice},
		{"video", m.Video},
		{"video_note", m.VideoNote},
		{"sticker", m.Sticker},
		{"animation", m.Animation},
		{"audio", m.Audio},
		{"location", m.Location},
		{"story", m.Story},
		{"dice", m.Dice},
		{"poll", m.Poll},
		{"game", m.Game},
	} {
		if o.media != nil {
			return o.kind, o.media
		}
	}
	return "", nil
}

// biggest is the size with the most pixels; of equals the one with the most bytes, which was squeezed least.
func biggest(sizes []photo) photo {
	best := sizes[0]
	for _, p := range sizes[1:] {
		if a, b := p.Width*p.Height, best.Width*best.Height; a > b || a == b && p.Size > best.Size {
			best = p
		}
	}
	return best
}

func attach(in *bots.Inbound, f bots.InboundFile) {
	if f.Size > bots.MaxFile {
		in.Refused = append(in.Refused, bots.RefusedUpload{Name: f.Name, Reason: reasonTooLarge})
		return
	}
	in.Files = append(in.Files, f)
}

// contact takes a shared number as the sender's own only where Telegram says that it belongs to the sender. Another one is what was said.
func contact(in *bots.Inbound, m *message) {
	c := m.Contact
	phone := bots.International(c.Phone)
	if phone != "" && m.From != nil && c.UserID != 0 && c.UserID == m.From.ID {
		in.Phone = phone
		return
	}
	in.Text, _ = bots.Clean(strings.Join(strings.Fields(c.FirstName+" "+c.LastName+" "+cmp.Or(phone, c.Phone)), " "))
}

func fromCallback(q *callbackQuery) (bots.Inbound, bool) {
	if q.Message == nil || q.Message.Chat.Type != private {
		return bots.Inbound{}, false
	}
	turn, choice, ok := parseButton(q.Data)
	if !ok {
		return bots.Inbound{}, false
	}
	in := said(q.Message.Chat, &q.From)
	in.ID, in.Turn, in.Choice = "cb:"+q.ID, turn, choice
	return in, true
}

// buttonData is what comes back when the button is pressed. It is false when Telegram would not take it.
func buttonData(turn int, choice string) (string, bool) {
	data := strconv.Itoa(turn) + ":" + choice
	return data, choice != "" && len(data) <= maxButtonData
}

func parseButton(data string) (turn int, choice string, ok bool) {
	number, choice, found := strings.Cut(data, ":")
	turn, err := strconv.Atoi(number)
	return turn, choice, found && err == nil && turn >= 0 && choice != "" && clean(choice) == choice && len(data) <= maxButtonData
}

func fromMember(c *memberChange) (bots.Inbound, bool) {
	if c.Chat.Type != private || c.New.Status != "kicked" && c.New.Status != "left" {
		return bots.Inbound{}, false
	}
	in := said(c.Chat, &c.From)
	in.ID, in.At, in.Gone = fmt.Sprintf("gone:%d", c.Date), unix(c.Date), true
	return in, true
}

// locale guesses one of our languages from the language of the sender's program. It is empty when the program says nothing.
func locale(code string) library.Lang {
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if code == "" {
		return ""
	}
	if lang := library.Lang(code); lang.Known() {
		return lang
	}
	switch code { // where Russian is the likelier second language
	case "be", "kk", "ky", "uz", "tg", "tk", "tt", "ba", "cv", "hy", "az", "ka", "mn", "os", "ce", "bua", "tyv":
		return library.Russian
	}
	return library.English
}
