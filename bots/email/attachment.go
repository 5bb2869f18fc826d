package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/textproto"
	"path"
	"strings"

	"github.com/wneessen/go-mail"

	"librarian/bots"
	"librarian/bots/files"
)

// attachments reads the files of a letter.
func (e *Email) attachments(ctx context.Context, ids []string) ([]*mail.File, *bots.SendError) {
	out, left := make([]*mail.File, 0, len(ids)), int64(maxTotal)
	for _, id := range ids {
		f, size, err := e.attachment(ctx, id, min(left, maxFile))
		if err != nil {
			return nil, bots.FileError(err)
		}
		out, left = append(out, f), left-size
	}
	return out, nil
}

func (e *Email) attachment(ctx context.Context, id string, limit int64) (f *mail.File, size int64, err error) {
	r, name, mediaType, size, err := e.config.Open(ctx, e.config.Library, id)
	if err != nil {
		return nil, 0, fmt.Errorf("open file %s: %w", id, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if size > limit {
		return nil, 0, fmt.Errorf("attach file %s: %w", id, files.ErrTooLarge)
	}
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read file %s: %w", id, err)
	}
	if int64(len(content)) > limit {
		return nil, 0, fmt.Errorf("attach file %s: %w", id, files.ErrTooLarge)
	}
	name = fileName(name)
	header := textproto.MIMEHeader{
		"Content-Type":        {attachedType(mediaType)},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": name})},
	}
	// go-mail runs Writer once for each letter.
	write := func(w io.Writer) (int64, error) { return bytes.NewReader(content).WriteTo(w) }
	return &mail.File{Name: name, Header: header, Enc: mail.EncodingB64, Writer: write}, int64(len(content)), nil
}

// maxFileName is in bytes: escaped, each takes three, and a header line holds 998.
const maxFileName = 240

// fileName is the name without folders; a long one keeps its ending.
func fileName(name string) string {
	name = line(path.Base(strings.ReplaceAll(name, `\`, "/")), maxFileName)
	name = strings.TrimLeft(name, "./")
	if len(name) > maxFileName {
		ext := path.Ext(name)
		if len(ext) > 10 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:maxFileName-len(ext)], "") + ext
	}
	if name == "" {
		return "file"
	}
	return name
}

// attachedType is the media type as it may stand in a header. Messages and multiparts may not be base64, which attachments are.
func attachedType(mediaType string) string {
	kind, _, err := mime.ParseMediaType(mediaType)
	family, _, _ := strings.Cut(kind, "/")
	if err != nil || !strings.Contains(kind, "/") || family == "message" || family == "multipart" {
		return "application/octet-stream"
	}
	return kind
}
