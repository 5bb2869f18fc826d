package telegram

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/telegram/telegramtest"
	"librarian/contacts/library"
)

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// send sends and checks that no error says too much and that each is a *bots.SendError.
func (h *house) send(t *testing.T, m bots.Outbound) (string, *bots.SendError) {
	t.Helper()
	m.Library = 3
	if m.Address == "" {
		m.Address = "7001"
	}
	id, err := h.Send(bounded(t), m)
	if err == nil {
		return id, nil
	}
	discreet(t, err)
	var failed *bots.SendError
	if !errors.As(err, &failed) {
		t.Fatalf("no SendError: %v", err)
	}
	return id, failed
}

func TestSendChoices(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choices []bots.Choice
		want    []telegramtest.Button
	}{
		"buttons": {
			[]bots.Choice{{ID: "yes", Label: "Да \"да\""}, {ID: "site", Label: "Сайт", URL: "https://l.example/"}},
			[]telegramtest.Button{{Label: "Да \"да\"", Data: "7:yes"}, {Label: "Сайт", URL: "https://l.example/"}},
		},
		"phone": {
			[]bots.Choice{{ID: "phone", Label: "Дать номер", Phone: true}, {ID: "back", Label: "Назад"}},
			[]telegramtest.Button{{Label: "Дать номер", Phone: true}, {Label: "Назад"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.server.UserSays(reader, "?")
			if _, failed := h.send(t, bots.Outbound{Text: "?", Turn: 7, Choices: c.choices}); failed != nil {
				t.Fatal(failed)
			}
			if got := h.server.Sent(reader)[0].Buttons; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestMessagesThatTelegramWouldNeverTake(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]bots.Outbound{
		"address":    {Text: "?", Address: "тайна"},
		"empty":      {},
		"files":      {Files: []string{"a", "b"}},
		"long id":    {Text: "?", Choices: []bots.Choice{{ID: strings.Repeat("x", 63), Label: "?"}}},
		"no id":      {Text: "?", Choices: []bots.Choice{{Label: "?"}}},
		"phone, url": {Text: "?", Choices: []bots.Choice{{Label: "?", Phone: true}, {Label: "?", URL: "https://l.example/"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			_, failed := h.send(t, m)
			if failed == nil || failed.Outcome != bots.Refused || h.server.Calls("sendMessage") != 0 {
				t.Errorf("got %v after %d calls", failed, h.server.Calls("sendMessage"))
			}
		})
	}
}

func TestSendFailures(t *testing.T) {
	t.Parallel()
	type want struct {
		outcome bots.Outcome
		after   time.Duration
		whole   bool
		code    string
		arrived int
	}
	for name, c := range map[string]struct {
		fail telegramtest.Failure
		want want
	}{
		"429":             {telegramtest.TooMany(7), want{bots.Retry, 7 * time.Second, false, "429", 0}},
		"blocked":         {telegramtest.Refusal(403, "Forbidden: bot was blocked by the user"), want{bots.Blocked, 0, false, "403", 0}},
		"deactivated":     {telegramtest.Refusal(403, "Forbidden: user is deactivated"), want{bots.Blocked, 0, false, "403", 0}},
		"not started":     {telegramtest.Refusal(403, "Forbidden: bot can't initiate conversation with a user"), want{bots.WindowClosed, 0, false, "403", 0}},
		"chat":            {telegramtest.Refusal(400, "Bad Request: chat not found"), want{bots.Refused, 0, false, "400", 0}},
		"400":             {telegramtest.Refusal(400, "Bad Request: can't parse entities: тайна"), want{bots.Refused, 0, false, "400", 0}},
		"migrated":        {telegramtest.Raw(400, `{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1}}`), want{bots.Refused, 0, false, "400", 0}},
		"413":             {telegramtest.HTML(413), want{bots.Refused, 0, false, "413", 0}},
		"401":             {telegramtest.Refusal(401, "Unauthorized"), want{bots.Retry, time.Minute, true, "401", 0}},
		"404":             {telegramtest.Refusal(404, "Not Found"), want{bots.Retry, time.Minute, true, "404", 0}},
		"500":             {telegramtest.Refusal(500, "Internal Server Error: тайна"), want{bots.Retry, 0, false, "500", 0}},
		"html":            {telegramtest.HTML(502), want{bots.Retry, 0, false, "502", 0}},
		"html 403":        {telegramtest.HTML(403), want{bots.Retry, 0, false, "403", 0}}, // a firewall, not the reader
		"html 200":        {telegramtest.HTML(200), want{bots.Retry, 0, false, "200", 0}},
		"echo":            {telegramtest.Raw(500, "тайна "+token), want{bots.Retry, 0, false, "500", 0}},
		"hang":            {telegramtest.Hang(), want{bots.Retry, 0, false, "timeout", 0}},
		"hang, recorded":  {telegramtest.Hang().Recorded(), want{bots.Retry, 0, false, "timeout", 1}},
		"drop":            {telegramtest.Drop(), want{bots.Retry, 0, false, "network", 0}},
		"drop, recorded":  {telegramtest.Drop().Recorded(), want{bots.Retry, 0, false, "network", 1}},
		"other chat only": {telegramtest.Drop().In(1), want{arrived: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.limits.call = 10 * time.Second
			if c.want.code == "timeout" {
				h.limits.call = 300 * time.Millisecond
			}
			h.server.UserSays(reader, "?")
			h.server.Fail("sendMessage", c.fail, 1)
			_, failed := h.send(t, bots.Outbound{Text: secret})
			got := want{arrived: len(h.server.Sent(reader))}
			if failed != nil {
				got.outcome, got.after, got.whole, got.code = failed.Outcome, failed.After, failed.Whole, failed.Code
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSendToThoseWhoCannotBeReached(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, failed := h.send(t, bots.Outbound{Text: "?"}); failed == nil || failed.Outcome != bots.Refused || !errors.Is(failed, errNoChat) {
		t.Errorf("a stranger: %v", failed)
	}
	h.server.UserSays(reader, "?")
	h.server.UserBlocks(reader)
	if _, failed := h.send(t, bots.Outbound{Text: "?"}); failed == nil || failed.Outcome != bots.Blocked || !errors.Is(failed, errBlocked) {
		t.Errorf("who blocked us: %v", failed)
	}
	h.server.UserUnblocks(reader)
	if _, failed := h.send(t, bots.Outbound{Text: "?"}); failed != nil {
		t.Errorf("who came back: %v", failed)
	}
}

func TestFloodOfTheBotIsToldFromThatOfAChat(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	var f flood
	for i, c := range []struct {
		chat  int64
		after time.Duration // since the one before
		wait  time.Duration
		whole bool
	}{
		{1, 0, 5 * time.Second, false},
		{1, time.Second, 5 * time.Second, false},    // the same chat again
		{2, 2 * time.Second, 5 * time.Second, true}, // another one meanwhile
		{1, 2 * time.Second, 5 * time.Second, true},
		{2, 6 * time.Second, 0, false}, // long after
		{3, 500 * time.Millisecond, 0, true},
	} {
		now = now.Add(c.after)
		if got := f.hit(c.chat, now, c.wait); got != c.whole {
			t.Errorf("hit %d: %t", i, got)
		}
	}
}

// shelf opens files by name.
func (h *house) shelf(stored map[string][]byte, mediaType string) {
	h.Open = func(_ context.Context, lib library.ID, id string) (io.ReadCloser, string, string, int64, error) {
		data, ok := stored[id]
		if lib != 3 || !ok {
			return nil, "", "", 0, files.ErrNotFound
		}
		return io.NopCloser(bytes.NewReader(data)), id, mediaType, int64(len(data)), nil
	}
}

func TestSendFiles(t *testing.T) {
	t.Parallel()
	picture := jpegOf(t, 40, 30)
	for name, c := range map[string]struct {
		file      string
		data      []byte
		mediaType string
		photo     bool
	}{
		"picture":        {"карта.jpg", picture, "image/jpeg", true},
		"document":       {"глава.pdf", []byte("%PDF-1.7"), "application/pdf", false},
		"broken picture": {"карта.jpg", []byte("nothing of a picture"), "image/jpeg", false},
		"huge picture":   {"карта.jpg", append(bytes.Clone(picture), make([]byte, maxPhoto)...), "image/jpeg", false},
		"other picture":  {"карта.webp", picture, "image/webp", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.server.UserSays(reader, "?")
			h.shelf(map[string][]byte{c.file: c.data}, c.mediaType)
			m := bots.Outbound{Text: "вот", Turn: 2, Files: []string{c.file}, Choices: []bots.Choice{{ID: "ok", Label: "Хорошо"}}}
			if _, failed := h.send(t, m); failed != nil {
				t.Fatal(failed)
			}
			got := h.server.Sent(reader)
			if len(got) != 1 || got[0].Text != "вот" || len(got[0].Buttons) != 1 {
				t.Fatalf("sent %+v", got)
			}
			if f := got[0].File; f.Photo != c.photo || f.Name != c.file || !bytes.Equal(f.Data, c.data) {
				t.Errorf("photo %t, named %q, %d bytes", f.Photo, f.Name, len(f.Data))
			}
		})
	}
}

type brokenFile struct{}

func (brokenFile) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }
func (brokenFile) Close() error             { return nil }

func TestFilesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r    io.ReadCloser
		size int64
		err  error
		want bots.Outcome
	}{
		"gone":      {err: files.ErrPurged, want: bots.Refused},
		"infected":  {err: files.ErrInfected, want: bots.Refused},
		"away":      {err: errors.New("the store is away"), want: bots.Retry},
		"too large": {r: io.NopCloser(strings.NewReader("")), size: maxUpload + 1, want: bots.Refused},
		"broken":    {r: brokenFile{}, size: 5, want: bots.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.server.UserSays(reader, "?")
			h.Open = func(context.Context, library.ID, string) (io.ReadCloser, string, string, int64, error) {
				return c.r, "a", "application/pdf", c.size, c.err
			}
			_, failed := h.send(t, bots.Outbound{Files: []string{"a"}})
			if failed == nil || failed.Outcome != c.want || len(h.server.Sent(reader)) != 0 {
				t.Errorf("got %v, sent %d", failed, len(h.server.Sent(reader)))
			}
		})
	}
}

func TestHangingUploadEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.limits.upload = 300 * time.Millisecond
	h.server.UserSays(reader, "?")
	h.shelf(map[string][]byte{"a": make([]byte, 1<<20)}, "application/pdf")
	h.server.Fail("sendDocument", telegramtest.Hang(), 1)
	if _, failed := h.send(t, bots.Outbound{Files: []string{"a"}}); failed == nil || failed.Outcome != bots.Retry || failed.Code != "timeout" {
		t.Errorf("got %v", failed)
	}
}
