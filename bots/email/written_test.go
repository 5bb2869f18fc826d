package email

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"

	"librarian/bots/bottest"
)

// written is a letter of a reader.
type written struct {
	id  string // its Message-ID
	raw []byte
}

// write posts a letter and waits until it lies in the library's mailbox: mail servers do not keep an order.
func (b *account) write(who bottest.Reader, text string, attached ...bottest.File) {
	b.Helper()
	b.ids++
	w := written{id: fmt.Sprintf("%d.%s", b.ids, b.address(who))}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	failed := b.part(form, "text/plain; charset=utf-8", "", []byte(text))
	for _, f := range attached {
		failed = errors.Join(failed, b.part(form, f.MediaType, f.Name, f.Data))
	}
	if err := errors.Join(failed, form.Close()); err != nil {
		b.Fatal(err)
	}
	head := fmt.Sprintf("From: %s <%s>\r\nTo: %s\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n",
		mime.BEncoding.Encode("utf-8", who.Name()), b.address(who), b.config.From, w.id, form.Boundary())
	w.raw = append([]byte(head), body.Bytes()...)
	b.last[who] = w
	b.server.Post(b.T, b.address(who), b.config.From, w.raw)
	b.find(w.id)
}

func (b *account) part(form *multipart.Writer, mediaType, name string, content []byte) error {
	h := textproto.MIMEHeader{"Content-Type": {mediaType}, "Content-Transfer-Encoding": {"base64"}}
	if name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	part, err := form.CreatePart(h)
	if err != nil {
		return err
	}
	coded := base64.StdEncoding.EncodeToString(content)
	for len(coded) > 0 && err == nil {
		line := coded[:min(76, len(coded))]
		coded = coded[len(line):]
		_, err = part.Write([]byte(line + "\r\n"))
	}
	return err
}

// find waits until a letter with the Message-ID lies in the library's mailbox, in whatever folder, and gives its source.
func (b *account) find(id string) (raw []byte) {
	b.Helper()
	own, _, _ := strings.Cut(b.config.From, "@")
	end, tick := time.NewTimer(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer end.Stop()
	defer tick.Stop()
	for {
		err := filepath.WalkDir(b.server.Maildir(own), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "new" && filepath.Base(filepath.Dir(path)) != "cur" {
				return nil //nolint:nilerr // letters move while we look: the next look finds them
			}
			if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte("<"+id+">")) {
				raw = text
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if raw != nil {
			return raw
		}
		select {
		case <-tick.C:
		case <-end.C:
			b.Fatalf("letter %s has not come", id)
		}
	}
}

// again puts the reader's last letter into the mailbox a second time, byte for byte, as after a crash between storing and putting away.
func (b *account) again(who bottest.Reader) {
	b.Helper()
	raw := b.find(b.last[who].id)
	own, _, _ := strings.Cut(b.config.From, "@")
	name := filepath.Join(b.server.Maildir(own), "tmp", fmt.Sprintf("%d.M1P1.again", time.Now().Unix()))
	const mailUser = 8 // Debian's account "mail"
	err := os.WriteFile(name, raw, 0o600)
	err = errors.Join(err, os.Chown(name, mailUser, mailUser), os.Rename(name, filepath.Join(b.server.Maildir(own), "new", filepath.Base(name))))
	if err != nil {
		b.Fatal(err)
	}
}
