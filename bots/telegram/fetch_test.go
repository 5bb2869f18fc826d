package telegram

import (
	"errors"
	"io"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/telegram/telegramtest"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	picture := jpegOf(t, 40, 30)
	h.server.UserSendsPhoto(reader, picture, "")
	h.server.UserSendsDocument(reader, "заявление.pdf", "application/pdf", make([]byte, bots.MaxFile))
	h.start(t)
	in := h.inbox.await(t, 2)
	for i, want := range []struct {
		name, mediaType string
		size            int
	}{{"file_2.jpg", "image/jpeg", len(picture)}, {"заявление.pdf", "application/pdf", bots.MaxFile}} {
		d, err := h.Fetch(bounded(t), in[i].Files[0])
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(d)
		if err != nil || len(data) != want.size || d.Name != want.name || d.MediaType != want.mediaType {
			t.Errorf("%q %q, %d bytes, %v", d.Name, d.MediaType, len(data), err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFetchFailures(t *testing.T) {
	t.Parallel()
	retry := errors.New("neither gone nor too large")
	for name, c := range map[string]struct {
		method string
		fail   telegramtest.Failure
		want   error
	}{
		"too big":          {"getFile", telegramtest.Refusal(400, "Bad Request: file is too big"), bots.ErrTooLarge},
		"announced":        {"getFile", telegramtest.Raw(200, `{"ok":true,"result":{"file_id":"a","file_path":"a","file_size":20971521}}`), bots.ErrTooLarge},
		"unknown":          {"getFile", telegramtest.Refusal(400, "Bad Request: invalid file_id"), bots.ErrGone},
		"away":             {"getFile", telegramtest.Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), retry},
		"token":            {"getFile", telegramtest.Refusal(404, "Not Found"), retry},
		"429":              {"getFile", telegramtest.TooMany(3), retry},
		"500":              {"getFile", telegramtest.HTML(500), retry},
		"hang":             {"getFile", telegramtest.Hang(), retry},
		"drop":             {"getFile", telegramtest.Drop(), retry},
		"no path":          {"getFile", telegramtest.Raw(200, `{"ok":true,"result":{"file_id":"a"}}`), retry},
		"odd path":         {"getFile", telegramtest.Raw(200, `{"ok":true,"result":{"file_id":"a","file_path":"%zz"}}`), retry},
		"download 404":     {"download", telegramtest.HTML(404), bots.ErrGone},
		"download 410":     {"download", telegramtest.HTML(410), bots.ErrGone},
		"download 500":     {"download", telegramtest.HTML(500), retry},
		"download 302":     {"download", telegramtest.HTML(302), retry},
		"download dropped": {"download", telegramtest.Drop(), retry},
		"download hangs":   {"download", telegramtest.Hang(), retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.limits.call, h.limits.fetch = 300*time.Millisecond, 300*time.Millisecond
			h.server.UserSendsDocument(reader, "a.pdf", "application/pdf", []byte("%PDF-"))
			h.server.Fail(c.method, c.fail, -1)
			_, err := h.Fetch(bounded(t), bots.InboundFile{Ref: "file-1"})
			discreet(t, err)
			final := errors.Is(err, bots.ErrGone) || errors.Is(err, bots.ErrTooLarge)
			if err == nil || final != !errors.Is(c.want, retry) || final && !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
