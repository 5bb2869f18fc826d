package webchat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"librarian/bots"
	"librarian/bots/files"
)

// Bounds of a message's parts.
const (
	maxParts  = 200
	maxField  = 256 << 10 // bytes of a field that are looked at
	maxChoice = 100       // bytes
	maxName   = 120       // runes of a refused file's name
	stalled   = time.Minute
)

// Reasons for which a file is refused while the rest of its message goes on.
const (
	reasonLarge = "too_large"
	reasonMany  = "too_many"
)

// What is the sender's fault, beside *http.MaxBytesError.
var (
	errEmpty = errors.New("message without text, choice or file")
	errBad   = errors.New("malformed message")
)

// upload is a message on its way in. No file is ever held in memory.
type upload struct {
	store Store
	body  *arriving
	in    bots.Inbound
	cut   bool // the text was longer than is kept
}

// read takes in the message of the request, part by part. It fails with what the sender did wrong, or with the store's error.
func (u *upload) read(ctx context.Context, r *http.Request) error {
	r.Body = u.body
	parts, err := r.MultipartReader()
	if err != nil {
		return errors.Join(errBad, err)
	}
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u.whole()
		}
		if err != nil {
			return errors.Join(errBad, err)
		}
		if err := u.part(ctx, part); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: more than %d parts", errBad, maxParts)
}

// whole reports what is wrong with a message of which all has arrived.
func (u *upload) whole() error {
	if !isMessageID(u.in.ID) {
		return fmt.Errorf("%w: id", errBad)
	}
	if u.in.Text == "" && u.in.Choice == "" && len(u.in.Files) == 0 && len(u.in.Refused) == 0 {
		return errEmpty
	}
	return nil
}

func (u *upload) part(ctx context.Context, part *multipart.Part) error {
	if part.FormName() == "files" {
		return u.file(ctx, part)
	}
	raw, err := io.ReadAll(io.LimitReader(part, maxField)) // the reader of parts passes over the rest
	if err != nil {
		return errors.Join(errBad, err)
	}
	switch value := string(raw); part.FormName() {
	case "id":
		u.in.ID = value
	case "text":
		u.in.Text, u.cut = bots.Clean(value)
		u.cut = u.cut || len(raw) == maxField
	case "choice":
		if len(value) > maxChoice {
			return fmt.Errorf("%w: choice", errBad)
		}
		u.in.Choice, _ = bots.Clean(value)
	case "turn":
		if u.in.Turn, err = strconv.Atoi(value); err != nil || u.in.Turn < 0 {
			return fmt.Errorf("%w: turn", errBad)
		}
	}
	return nil
}

// file stores one file. One that is too large, or one too many, is read to its end and noted by its name.
func (u *upload) file(ctx context.Context, part *multipart.Part) error {
	name := part.FileName()
	if name == "" {
		return nil // a form whose file field was left empty
	}
	if len(u.in.Files) == bots.MaxFiles {
		u.refuse(name, reasonMany)
		return nil
	}
	kept, err := u.store.Put(ctx, u.in.Library, part, files.Meta{Name: name}, bots.MaxFile)
	switch {
	case u.body.err != nil:
		return errors.Join(errBad, u.body.err)
	case errors.Is(err, files.ErrTooLarge):
		u.refuse(name, reasonLarge)
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF) && u.body.ended: // the message ends within the file
		return errors.Join(errBad, err)
	case err != nil:
		return fmt.Errorf("store upload: %w", err)
	}
	u.in.Files = append(u.in.Files, bots.InboundFile{
		File: string(kept.ID), Name: kept.Name, MediaType: part.Header.Get("Content-Type"), Size: kept.Size,
	})
	return nil
}

func (u *upload) refuse(name, reason string) {
	name, _ = bots.Clean(name)
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	u.in.Refused = append(u.in.Refused, bots.RefusedUpload{Name: name, Reason: reason})
}

// isMessageID accepts 8 to 64 letters, digits, hyphens and underscores.
func isMessageID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '-' && b != '_' {
			return false
		}
	}
	return true
}

// arriving is the body of a request. It may take as long as it likes, so long as something comes; why it broke off is remembered,
// for the store reports an error of its own.
type arriving struct {
	io.ReadCloser
	conn  *http.ResponseController
	now   func() time.Time
	err   error
	ended bool
}

func (a *arriving) Read(p []byte) (int, error) {
	_ = a.conn.SetReadDeadline(a.now().Add(stalled)) // not every server can: then its own timeouts hold
	n, err := a.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		a.ended = true
	} else if err != nil {
		a.err = err
	}
	return n, err
}
