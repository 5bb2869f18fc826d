package webchat

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/bottest"
	"librarian/bots/files"
)

// What is not the chat's: a message is the outbox row itself, which the page fetches, so that there is no provider that could refuse it.
var lacking = map[string]string{
	"a reader who leaves is heard":         "who closes the page may come back at any time",
	"a file with an odd name":              "no header of a form can hold a null byte: the request is refused as malformed",
	"a file that the provider has no more": "files are stored before their message is",
	"a file that nobody has is refused":    "the page asks for a file by itself, and only for what the outbox row names",
	"the provider says wait":               "no provider is asked",
	"the provider is away":                 "no provider is asked",
	"a page of HTML instead of an answer":  "no provider is asked",
	"the provider says nothing":            "no provider is asked",
	"the reader has shut the door":         "a page that is closed shows its messages when it is opened",
	"an address that is none":              "a session that is none has no conversation",
}

func TestChannelCases(t *testing.T) {
	t.Parallel()
	bottest.Run(t, lacking, func(t *testing.T, w *bottest.World) *bottest.Party {
		h := &house{T: t, world: newWorld(), pages: map[bottest.Reader]*browser{}}
		d := h.deps(t)
		d.Log = w.Log
		d.Limits.Messages.Burst, d.Limits.Body = 100, 64<<20
		d.Receive = func(ctx context.Context, in bots.Inbound) error {
			if err := w.Receive(ctx, in); err != nil {
				return err
			}
			return h.receive(ctx, in)
		}
		return h.party(d, w.Shelf)
	})
}

// house is a chat that is served again and again, with the pages that its readers have open.
type house struct {
	*testing.T
	*world
	url   atomic.Pointer[string] // nil: nobody serves
	pages map[bottest.Reader]*browser
}

// serveUntil serves the chat until the context ends.
func (h *house) serveUntil(ctx context.Context, d Deps) error {
	d.Done = ctx.Done()
	chat, err := New(d)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	chat.Routes(mux)
	srv := httptest.NewServer(mux)
	h.url.Store(&srv.URL)
	<-ctx.Done()
	h.url.Store(nil)
	srv.CloseClientConnections()
	srv.Close()
	return nil
}

func (h *house) party(d Deps, shelf bottest.Shelf) *bottest.Party {
	return &bottest.Party{
		Channel: Channel{}, Longest: 2 * bots.MaxText,
		Receive: func(ctx context.Context) error { return h.serveUntil(ctx, d) },
		Says:    func(who bottest.Reader, text string) { h.page(who).post(map[string]string{"text": text}) },
		Sends: func(who bottest.Reader, caption string, all ...bottest.File) {
			h.page(who).post(map[string]string{"text": caption}, all...)
		},
		Again:   func(who bottest.Reader) { h.page(who).queue <- h.page(who).last },
		Presses: func(who bottest.Reader, label string) { h.page(who).press(label) },
		Kept: func(id string) []byte {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.blobs[files.ID(id)]
		},
		Send: func(ctx context.Context, who bottest.Reader, m bots.Outbound) (string, error) {
			return h.outbox(ctx, h.conversationOf(who), m, shelf)
		},
		Shown: func(who bottest.Reader, least int) []bottest.Shown { return h.page(who).shown(least) },
	}
}

// conversationOf is the conversation of the reader's session.
func (h *house) conversationOf(who bottest.Reader) bots.ConversationID {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) { // what the reader wrote is counted before it is stored
		conv, found, err := h.conversation(h.Context(), 1, 10, h.page(who).session())
		if err == nil && found {
			return conv
		}
		if err != nil || time.Now().After(deadline) {
			h.Fatalf("the reader has no conversation: %v", err)
		}
	}
}

// outbox does what the sender does: the row stands in the conversation, is handed to the channel and marked.
func (h *house) outbox(ctx context.Context, conv bots.ConversationID, m bots.Outbound, shelf bottest.Shelf) (string, error) {
	h.mu.Lock()
	known := slices.ContainsFunc(h.entries[conv], func(e bots.Entry) bool { return e.At.Out == m.Seq })
	h.mu.Unlock()
	if !known {
		e := bots.Entry{Text: m.Text, Choices: m.Choices, Turn: m.Turn, State: "leased"}
		for _, id := range m.Files {
			e.Files = append(e.Files, h.put(conv, files.ID(id), shelf[id]))
		}
		h.say(conv, e)
	}
	id, err := Channel{}.Send(ctx, m)
	if err == nil {
		h.setState(conv, m.Seq, "sent")
	}
	return id, err
}

// put gives a file of ours to the conversation.
func (h *house) put(conv bots.ConversationID, id files.ID, f bottest.File) bots.EntryFile {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blobs[id], h.media[id], h.names[id], h.owned[id] = f.Data, f.MediaType, f.Name, conv
	return bots.EntryFile{ID: string(id), Name: f.Name, MediaType: f.MediaType, Size: int64(len(f.Data))}
}
