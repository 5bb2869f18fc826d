// Package letter reads letters as our channel writes them: for the demo's letter box and for tests.
package letter

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// Letter is one letter, decoded.
type Letter struct {
	Header    mail.Header // as it was on the way
	From, To  string      // with names, decoded
	Subject   string
	MessageID string // without angle brackets
	Date      time.Time
	Text      string
	HTML      string
	Files     []File
}

// File is an attachment.
type File struct {
	Name      string
	MediaType string
	Content   []byte
}

// ErrNested is wrapped when a letter holds parts within parts too deep.
var ErrNested = errors.New("letter is nested too deep")

const maxDepth = 8

// Parse reads a whole letter.
func Parse(r io.Reader) (Letter, error) {
	l, body, err := head(r)
	if err != nil {
		return Letter{}, err
	}
	if err := l.part(textproto.MIMEHeader(l.Header), body, 0); err != nil {
		return Letter{}, fmt.Errorf("read letter: %w", err)
	}
	return l, nil
}

// Head reads the headers alone.
func Head(r io.Reader) (Letter, error) {
	l, _, err := head(r)
	return l, err
}

func head(r io.Reader) (Letter, io.Reader, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Letter{}, nil, fmt.Errorf("read headers of letter: %w", err)
	}
	l := Letter{Header: m.Header, MessageID: strings.Trim(m.Header.Get("Message-Id"), "<> ")}
	l.Subject, l.From, l.To = decoded(m.Header, "Subject"), decoded(m.Header, "From"), decoded(m.Header, "To")
	if date, err := m.Header.Date(); err == nil {
		l.Date = date // without one it is the zero time
	}
	return l, m.Body, nil
}

// decoded is a header for people; what cannot be decoded stays as it is.
func decoded(h mail.Header, key string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(h.Get(key))
	if err != nil {
		return h.Get(key)
	}
	return text
}

func (l *Letter) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2
	}
	if strings.HasPrefix(kind, "multipart/") {
		return l.parts(multipart.NewReader(body, params["boundary"]), depth)
	}
	content, err := io.ReadAll(plain(h, body))
	if err != nil {
		return err
	}
	disposition, about, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	switch {
	case err == nil && disposition == "attachment" || !strings.HasPrefix(kind, "text/"):
		l.Files = append(l.Files, File{Name: about["filename"], MediaType: kind, Content: content})
	case kind == "text/html":
		l.HTML += string(content)
	default:
		l.Text += string(content)
	}
	return nil
}

func (l *Letter) parts(r *multipart.Reader, depth int) error {
	if depth == maxDepth {
		return ErrNested
	}
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.part(p.Header, p, depth+1); err != nil {
			return err
		}
	}
}

func plain(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
