package email

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a letter is.
type What string

// The kinds of letter. Only what a person wrote may begin or go on with a conversation.
const (
	Personal  What = "person"
	Automatic What = "automatic" // an absence notice, a read receipt, a robot's news
	Bounced   What = "bounce"    // a mail server tells what became of a letter
	List      What = "list"      // to many at once
	Ours      What = "ours"      // sent by ourselves
)

// Letter is one letter as it is understood. Everything in it is what its sender chose to write, and proves nothing.
type Letter struct {
	MessageID  string   // without angle brackets; empty where there is none
	Sum        [32]byte // SHA-256 of the raw source
	From       string   // in the form of ParseAddress; empty where there is none that can be answered
	Name       string   // of the sender
	To, Cc     []string
	Delivered  []string // the addresses that mail servers noted down on the way
	Token      string   // of the letter that it answers, by the extension of our address; empty: none
	InReplyTo  []string // Message-IDs
	References []string // Message-IDs, oldest first
	Subject    string   // without the marks of answers and of forwarding
	Answer     bool     // the subject or the headers say that it answers something
	Date       time.Time
	Text       string // the new words alone: no quotes, no signature
	Files      []Attachment
	What       What
	Bounce     Bounce // of a Bounced one
}

// Attachment is a file of a letter, decoded.
type Attachment struct {
	Name      string // never empty
	MediaType string // as the sender says, without parameters
	Content   []byte
}

// ErrLetter is wrapped where a letter cannot be read: it is empty, has no headers, or is built to wear its reader out.
var ErrLetter = errors.New("letter cannot be read")

// The bounds of a letter that is read.
const (
	maxDepth    = 20        // of parts within parts
	maxParts    = 1000      // of a letter
	maxHeader   = 512 << 10 // bytes of one header section
	maxWords    = 1 << 20   // bytes of text that are looked at
	maxIDs      = 200       // Message-IDs of a header
	maxMailTos  = 200       // addresses of a header
	maxFileText = 200       // runes of a file's name
)

// Convert reads the raw source of a letter (RFC 5322) that came to the address own, given in the form of ParseAddress. Its only error wraps ErrLetter.
func Convert(raw []byte, own string) (Letter, error) {
	l := Letter{Sum: sha256.Sum256(raw)}
	top, err := readPart(raw)
	if err != nil {
		return l, err
	}
	if len(top.header) == 0 {
		return l, fmt.Errorf("%w: it has no headers", ErrLetter)
	}
	l.readHeader(top, own)
	w := walker{header: top.header}
	if err := w.walk(top, 0); err != nil {
		return l, err
	}
	l.Files = w.files
	l.What = w.what(own, l.From)
	if l.What == Bounced {
		l.Bounce = w.bounce()
	}
	l.Text = newWordsOf(w.words(), forwarded(decodeHeader(top.header.get("Subject"))))
	return l, nil
}

func (l *Letter) readHeader(p part, own string) {
	h := p.header
	charset := p.params["charset"]
	say := func(name string) string { return decodeHeaderIn(h.get(name), charset) }
	l.MessageID = firstOf(messageIDs(h.get("Message-Id")))
	l.InReplyTo, l.References = messageIDs(h.get("In-Reply-To")), messageIDs(h.get("References"))
	l.From, l.Name = sender(say("From"))
	if l.From == "" {
		l.From, l.Name = sender(say("Sender"))
	}
	l.To, l.Cc = addresses(h.all("To")), addresses(h.all("Cc"))
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To"} {
		l.Delivered = append(l.Delivered, addresses(h.all(name))...)
	}
	l.Token = tokenOf(own, l.Delivered, l.To, l.Cc)
	subject, answers := bareSubject(say("Subject"))
	l.Subject, l.Answer = line(subject, maxSubject), answers || len(l.InReplyTo) > 0 || l.Token != ""
	l.Date = parseDate(h.get("Date"))
}

func firstOf(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// tokenOf finds our token among the addresses.
func tokenOf(own string, all ...[]string) string {
	at := strings.LastIndexByte(own, '@')
	if at < 0 {
		return ""
	}
	for _, list := range all {
		for _, a := range list {
			local, host, _ := strings.Cut(a, "@")
			if len(local) <= at+1 || !strings.EqualFold(local[:at], own[:at]) || local[at] != '+' || host != own[at+1:] {
				continue
			}
			if token := strings.ToLower(local[at+1:]); isToken(token) {
				return token
			}
		}
	}
	return ""
}

const tokenSize = 32 // hexadecimal digits

func isToken(text string) bool {
	return len(text) == tokenSize && strings.Trim(text, "0123456789abcdef") == ""
}

// Names gives the Message-IDs by which the letter may name one of ours, the likeliest first.
func (l *Letter) Names() []string {
	out := append([]string(nil), l.InReplyTo...)
	for i := len(l.References) - 1; i >= 0; i-- {
		out = append(out, l.References[i])
	}
	return out
}

// unread is what is known of a letter that could not be read.
func unread(raw []byte) Letter { return Letter{Sum: sha256.Sum256(raw)} }
