package webchat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/templates"
)

// world is the rest of the program as the chat sees it: conversations, files and signals of two libraries.
type world struct {
	mu       sync.Mutex
	subs     map[bots.Signal]map[chan struct{}]bool
	convs    map[string]bots.ConversationID
	entries  map[bots.ConversationID][]bots.Entry
	received []bots.Inbound
	blobs    map[files.ID][]byte
	owned    map[files.ID]bots.ConversationID
	media    map[files.ID]string
	names    map[files.ID]string
	secrets  map[string]string
	seen     map[bots.ConversationID]int
	lang     library.Lang
	down     error
}

func newWorld() *world {
	return &world{
		subs: map[bots.Signal]map[chan struct{}]bool{}, convs: map[string]bots.ConversationID{}, entries: map[bots.ConversationID][]bots.Entry{},
		blobs: map[files.ID][]byte{}, owned: map[files.ID]bots.ConversationID{}, media: map[files.ID]string{}, names: map[files.ID]string{}, secrets: map[string]string{},
		seen: map[bots.ConversationID]int{}, lang: library.Russian,
	}
}

// loadTexts reads the texts once for all worlds.
var loadTexts = sync.OnceValues(templates.Load)

func (w *world) deps(t *testing.T) Deps {
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return Deps{
		Library: w.library, Receive: w.receive, History: w.history, Signals: w, Conversation: w.conversation,
		Lang:    func(context.Context, library.ID, bots.ConversationID) (library.Lang, error) { return w.lang, nil },
		Confirm: w.confirm, Store: w, Owns: w.owns, OpenSecret: w.openSecret, Texts: texts,
		Limits: DefaultLimits(), Done: t.Context().Done(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// serve runs the chat on a real socket; change adapts what it is made with.
func (w *world) serve(t *testing.T, change func(*Deps)) *httptest.Server {
	t.Helper()
	d := w.deps(t)
	if change != nil {
		change(&d)
	}
	chat, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	chat.Routes(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv
}

func (w *world) library(_ context.Context, slug string) (library.Library, bots.ChannelID, error) {
	lib := library.Library{ID: 1, Slug: slug, Zone: time.UTC, Settings: library.Settings{
		Name:       map[library.Lang]string{library.Russian: "Национальная библиотека"},
		FrameHosts: []string{"https://site.example", "https://evil.example; script-src *", "javascript:alert(1)"},
	}}
	switch slug {
	case "demo":
		return lib, 10, nil
	case "other":
		lib.ID = 2
		return lib, 20, nil
	}
	return library.Library{}, 0, bots.ErrNoSuch
}

func (w *world) Subscribe(want bots.Signal) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := make(chan struct{}, 1)
	if w.subs[want] == nil {
		w.subs[want] = map[chan struct{}]bool{}
	}
	w.subs[want][ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs[want], ch)
	}
}

func (w *world) wake(s bots.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, want := range []bots.Signal{s, {Topic: s.Topic, Library: s.Library}} {
		for ch := range w.subs[want] {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}

func (w *world) conversation(_ context.Context, lib library.ID, _ bots.ChannelID, external string) (bots.ConversationID, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id, ok := w.convs[string(rune('0'+lib))+external]
	return id, ok, w.down
}

func (w *world) receive(_ context.Context, in bots.Inbound) error {
	w.mu.Lock()
	if w.down != nil {
		defer w.mu.Unlock()
		return w.down
	}
	key := string(rune('0'+in.Library)) + in.Sender
	conv, ok := w.convs[key]
	if !ok {
		conv = bots.ConversationID(len(w.convs) + 1)
		w.convs[key] = conv
	}
	repeated := false
	for _, e := range w.entries[conv] {
		repeated = repeated || e.External == in.ID && e.Side == bots.SideReader
	}
	if !repeated {
		w.received = append(w.received, in)
		e := bots.Entry{Side: bots.SideReader, Text: in.Text, External: in.ID, Written: in.At, Refused: in.Refused}
		for _, f := range in.Files {
			e.Files = append(e.Files, bots.EntryFile{ID: f.File, Name: f.Name, MediaType: f.MediaType, Size: f.Size})
			w.owned[files.ID(f.File)] = conv
		}
		w.add(conv, e)
	}
	w.mu.Unlock()
	w.wake(bots.Signal{Topic: bots.TopicEvents, Library: in.Library, ID: int64(conv)})
	w.wake(bots.Signal{Topic: bots.TopicChat, Library: in.Library, ID: int64(conv)})
	return nil
}

// add gives the entry the next number of its side.
func (w *world) add(conv bots.ConversationID, e bots.Entry) {
	n := 1
	for _, other := range w.entries[conv] {
		if (other.Side == bots.SideReader) == (e.Side == bots.SideReader) {
			n++
		}
	}
	if e.Side == bots.SideReader {
		e.At.Event = n
	} else {
		e.At.Out = n
	}
	w.entries[conv] = append(w.entries[conv], e)
}

// say adds what the library says in library 1 and wakes the streams.
func (w *world) say(conv bots.ConversationID, e bots.Entry) {
	if e.Side == "" {
		e.Side = bots.SideBot
	}
	if e.State == "" {
		e.State = "sent"
	}
	w.mu.Lock()
	w.add(conv, e)
	w.mu.Unlock()
	w.wake(bots.Signal{Topic: bots.TopicChat, Library: 1, ID: int64(conv)})
}

func (w *world) setState(conv bots.ConversationID, out int, state string) {
	w.mu.Lock()
	for i, e := range w.entries[conv] {
		if e.At.Out == out {
			w.entries[conv][i].State = state
		}
	}
	w.mu.Unlock()
	w.wake(bots.Signal{Topic: bots.TopicChat, Library: 1, ID: int64(conv)})
}

func (w *world) history(_ context.Context, _ library.ID, conv bots.ConversationID, after bots.Cursor, limit int) ([]bots.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []bots.Entry
	for _, e := range w.entries[conv] {
		if (e.At.Event > after.Event || e.At.Out > after.Out) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, w.down
}

func (w *world) confirm(_ context.Context, _ library.ID, conv bots.ConversationID, upTo int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[conv] = max(w.seen[conv], upTo)
	return nil
}

func (w *world) owns(_ context.Context, _ library.ID, conv bots.ConversationID, id files.ID) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.owned[id] == conv, nil
}

func (w *world) openSecret(_ context.Context, _ library.ID, id string) (string, error) {
	if plain, ok := w.secrets[id]; ok {
		return plain, nil
	}
	return "", bots.ErrDestroyed
}

// Put reads as the store does: piece by piece, and no further than the limit.
func (w *world) Put(_ context.Context, lib library.ID, src io.Reader, meta files.Meta, limit int64) (files.File, error) {
	var kept bytes.Buffer
	piece := make([]byte, 32<<10)
	var size int64
	for {
		n, err := src.Read(piece)
		if size += int64(n); size > limit {
			return files.File{}, errors.Join(errors.New("receive file"), files.ErrTooLarge)
		}
		if size <= 1<<20 { // enough to compare; the rest would only fill the test's memory
			kept.Write(piece[:n])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return files.File{}, errors.New("the store's own words for it")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id := files.ID(strings.Repeat("a", 25) + string(rune('a'+len(w.blobs))))
	w.blobs[id] = kept.Bytes()
	w.media[id], w.names[id] = http.DetectContentType(kept.Bytes()), meta.Name
	return files.File{ID: id, Library: lib, Name: meta.Name, Size: size}, nil
}

func (w *world) Open(_ context.Context, lib library.ID, id files.ID) (io.ReadCloser, files.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	blob, ok := w.blobs[id]
	if !ok {
		return nil, files.File{}, files.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(blob)), files.File{ID: id, Library: lib, Name: w.names[id], MediaType: w.media[id], Size: int64(len(blob))}, nil
}

func (w *world) fileIDs() []files.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []files.ID
	for id := range w.blobs {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}
