package letterbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"net/textproto"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"librarian/bots/email/letter"
)

const (
	sendTime  = time.Minute // to hand a letter to the box's own server
	maxNaming = 20          // Message-IDs in References
)

// draft is what somebody writes: a new letter, or the answer to one.
type draft struct {
	From, To, Subject, Text string
	Answers                 int // number of the letter; 0: none
	quotes                  letter.Letter
	files                   []*multipart.FileHeader
}

// answerTo is where answers to the letter are wanted.
func answerTo(l letter.Letter) string {
	for _, key := range []string{"Reply-To", "From"} {
		if address, err := netmail.ParseAddress(l.Header.Get(key)); err == nil {
			return address.Address
		}
	}
	return ""
}

// answerSubject is the letter's subject with the mark of an answer.
func answerSubject(l letter.Letter) string {
	if len(l.Subject) >= 3 && strings.EqualFold(l.Subject[:3], "re:") {
		return l.Subject
	}
	return "Re: " + l.Subject
}

// compose makes the letter as mail programs do: what it answers is named in its headers and quoted below its words.
func (d draft) compose(words Words) *mail.Msg {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Address: d.From})
	msg.ToMailAddress(&netmail.Address{Address: d.To})
	msg.Subject(d.Subject)
	msg.SetDate()
	_, host, _ := strings.Cut(d.From, "@")
	msg.SetMessageIDWithValue(rand.Text() + "@" + host)
	text := d.Text
	if d.Answers > 0 {
		text += "\n\n" + words.quote(d.quotes)
		d.name(msg)
	}
	msg.SetBodyString(mail.TypeTextPlain, text)
	attached := make([]*mail.File, len(d.files))
	for i, f := range d.files {
		attached[i] = attachment(f)
	}
	msg.SetAttachments(attached)
	return msg
}

// name ties the letter to the one that it answers and to those before.
func (d draft) name(msg *mail.Msg) {
	ids := strings.Fields(d.quotes.Header.Get("References"))
	if own := d.quotes.MessageID; own != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+own+">")
		ids = append(ids, "<"+own+">")
	}
	if len(ids) > 0 {
		msg.SetGenHeader(mail.HeaderReferences, strings.Join(ids[max(0, len(ids)-maxNaming):], " "))
	}
}

// quote is a letter's text as it stands in an answer, below a line that says whose it is.
func (w Words) quote(l letter.Letter) string {
	var out strings.Builder
	if at := w.when(l.Date).Text; at != "" { // without a day nobody takes the line for what it is
		out.WriteString(strings.NewReplacer("{date}", at, "{from}", l.From).Replace(w.Wrote) + "\n")
	}
	for row := range strings.Lines(strings.TrimSpace(l.Text)) {
		out.WriteString("> " + strings.TrimRight(row, "\r\n") + "\n")
	}
	return out.String()
}

func attachment(f *multipart.FileHeader) *mail.File {
	name := path.Base(strings.ReplaceAll(f.Filename, `\`, "/"))
	kind, _, err := mime.ParseMediaType(f.Header.Get("Content-Type"))
	if err != nil || strings.HasPrefix(kind, "message/") || strings.HasPrefix(kind, "multipart/") { // which may not be base64
		kind = "application/octet-stream"
	}
	header := textproto.MIMEHeader{
		"Content-Type":        {kind},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": name})},
	}
	write := func(w io.Writer) (n int64, err error) {
		r, err := f.Open()
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		return io.Copy(w, r)
	}
	return &mail.File{Name: name, Header: header, Enc: mail.EncodingB64, Writer: write}
}

// post hands the letter to the box's own server, by SMTP as any program would.
func (b *Box) post(ctx context.Context, msg *mail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	host, number, err := net.SplitHostPort(b.Addr())
	if err != nil {
		return fmt.Errorf("post letter: %w", err)
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("post letter: %w", err)
	}
	client, err := mail.NewClient(host, mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"), mail.WithTimeout(sendTime))
	if err != nil {
		return fmt.Errorf("post letter: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("post letter: %w", err)
	}
	return nil
}
