package email

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail"

	"librarian/bots"
)

const (
	maxSubject = 200 // runes
	maxName    = 100 // runes of the sender's name
	maxThread  = 20  // Message-IDs in References; more would only make the header long
)

// MessageID is the id that the message's letter bears, without angle brackets: the same for the same library, channel, conversation and
// number, and not to be guessed without the secret.
func (e *Email) MessageID(m bots.Outbound) string {
	mac := hmac.New(sha256.New, e.config.Secret)
	fmt.Fprintf(mac, "message %d %d %d %d", e.config.Library, e.config.Channel, m.Conversation, m.Seq) // never fails, says hash.Hash
	return hex.EncodeToString(mac.Sum(nil)[:16]) + "@" + domain(e.from)
}

// compose builds the letter without its files.
func (e *Email) compose(ctx context.Context, m bots.Outbound, to string) (*mail.Msg, error) {
	past, err := e.past(ctx, m)
	if err != nil {
		return nil, err
	}
	subject := e.subject(m, past)
	words := newWords(m, subject, e.config.FromName)
	text, html, err := e.layout.render(words)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: e.config.FromName, Address: e.from})
	msg.SetAddrHeaderFromMailAddress(mail.HeaderTo, &netmail.Address{Address: to})
	msg.Subject(subject)
	msg.SetMessageIDWithValue(e.MessageID(m))
	if answers := e.answersTo(m); answers != "" {
		msg.SetAddrHeaderFromMailAddress(mail.HeaderReplyTo, &netmail.Address{Name: e.config.FromName, Address: answers})
	}
	msg.SetDateWithValue(e.config.Now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no robot answers this
	msg.SetBodyString(mail.TypeTextPlain, text)
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	thread(msg, past.IDs)
	return msg, nil
}

// answersTo is our address with the letter's token, by which an answer finds its way though a program drops the headers that name what it answers. It is
// empty where the server does not know such addresses, or ours is too long for one.
func (e *Email) answersTo(m bots.Outbound) string {
	local, host, _ := strings.Cut(e.from, "@")
	token, _, _ := strings.Cut(e.MessageID(m), "@")
	if extended := local + "+" + token; e.config.Plus && len(extended) <= maxLocal {
		return extended + "@" + host
	}
	return ""
}

// Thread is what a letter continues.
type Thread struct {
	IDs     []string // Message-IDs without angle brackets, oldest first
	Subject string   // of the last letter, without the mark of an answer
}

func (e *Email) past(ctx context.Context, m bots.Outbound) (Thread, error) {
	if e.config.Earlier == nil {
		return Thread{}, nil
	}
	past, err := e.config.Earlier(ctx, m)
	if err != nil {
		return Thread{}, fmt.Errorf("find earlier letters of conversation %d: %w", m.Conversation, err)
	}
	return past, nil
}

// subject is the message's own, or that of the letter which it answers: programs show together what is called the same.
func (e *Email) subject(m bots.Outbound, past Thread) string {
	if own := line(m.Subject, maxSubject); own != "" {
		return own
	}
	if theirs := line(past.Subject, maxSubject); theirs != "" {
		return "Re: " + theirs
	}
	return e.config.FromName
}

// thread ties the letter to those before it, so that the reader's program shows them together.
func thread(msg *mail.Msg, earlier []string) {
	ids := make([]string, 0, len(earlier))
	for _, id := range earlier {
		if id != "" && !strings.ContainsFunc(id, notInID) {
			ids = append(ids, "<"+id+">")
		}
	}
	if len(ids) == 0 {
		return
	}
	msg.SetGenHeader(mail.HeaderInReplyTo, ids[len(ids)-1])
	msg.SetGenHeader(mail.HeaderReferences, strings.Join(ids[max(0, len(ids)-maxThread):], " "))
}

// notInID finds what would end a Message-ID or its header; ids of readers' letters are as their programs made them.
func notInID(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }

// line makes one line of a text, at most so many runes long, without marks that end or hide anything.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) && r != '\u200d' { // a joiner holds an emoji together
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), most)]))
}
