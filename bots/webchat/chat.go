// Package webchat is the library's own chat on the web: its page, the widget that embeds it, and the channel behind both.
package webchat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/templates"
)

// Store keeps what readers upload and gives it back; *files.Store is one.
type Store interface {
	Put(ctx context.Context, lib library.ID, src io.Reader, meta files.Meta, limit int64) (files.File, error)
	Open(ctx context.Context, lib library.ID, id files.ID) (io.ReadCloser, files.File, error)
}

// Signals wake the streams; *bots.Signals is one.
type Signals interface {
	Subscribe(want bots.Signal) (<-chan struct{}, func())
}

// Deps is all that the chat needs of the rest of the program. Every field is required unless it says otherwise.
type Deps struct {
	// Library finds the library and its web chat channel by the slug; bots.ErrNoSuch when there is none.
	Library func(ctx context.Context, slug string) (library.Library, bots.ChannelID, error)
	Receive bots.Receive
	History bots.History
	Signals Signals
	// Conversation finds what a session has begun; false before its first message.
	Conversation func(ctx context.Context, lib library.ID, channel bots.ChannelID, external string) (bots.ConversationID, bool, error)
	// Lang is the language of the conversation. Optional: without it the page keeps to the browser's.
	Lang func(ctx context.Context, lib library.ID, conv bots.ConversationID) (library.Lang, error)
	// Confirm records that the reader has been shown the outgoing messages up to the number.
	Confirm func(ctx context.Context, lib library.ID, conv bots.ConversationID, upTo int) error
	Store   Store
	// Owns reports whether the file stands in the conversation where its reader may see it.
	Owns func(ctx context.Context, lib library.ID, conv bots.ConversationID, id files.ID) (bool, error)
	// OpenSecret gives what belongs at bots.SecretMark; bots.ErrDestroyed once it is destroyed.
	OpenSecret func(ctx context.Context, lib library.ID, id string) (string, error)
	Texts      *templates.Texts
	Secure     bool // the chat is reached by https
	Limits     Limits
	Done       <-chan struct{} // closed when the server stops: the streams end
	Now        func() time.Time
	Log        *slog.Logger
}

// Chat serves the web chat of all libraries.
type Chat struct {
	Deps
	gate    *gate
	words   map[library.Lang]words
	assets  *assets
	origins *http.CrossOriginProtection
}

// New makes the chat. The error is a text that is missing.
func New(d Deps) (*Chat, error) {
	said, err := renderWords(d.Texts)
	if err != nil {
		return nil, fmt.Errorf("web chat: %w", err)
	}
	shipped, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("web chat: %w", err)
	}
	return &Chat{Deps: d, gate: newGate(d.Limits, d.Now), words: said, assets: shipped, origins: http.NewCrossOriginProtection()}, nil
}

// Routes adds the chat's pages to the mux, all below /chat/{library}.
func (c *Chat) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /chat/{library}", c.pageGet)
	mux.HandleFunc("GET /chat/{library}/widget.js", c.widgetGet)
	mux.HandleFunc("GET /chat/{library}/assets/{hash}/{name}", c.assetGet)
	mux.HandleFunc("GET /chat/{library}/events", c.eventsGet)
	mux.HandleFunc("GET /chat/{library}/files/{id}", c.fileGet)
	mux.HandleFunc("POST /chat/{library}/messages", c.messagePost)
	mux.HandleFunc("POST /chat/{library}/seen", c.seenPost)
}

// tenant is the library that a request is for, with its channel.
type tenant struct {
	library.Library
	channel bots.ChannelID
}

// tenant finds the library of the request, or answers it and gives false.
func (c *Chat) tenant(w http.ResponseWriter, r *http.Request) (tenant, bool) {
	lib, channel, err := c.Library(r.Context(), r.PathValue("library"))
	switch {
	case errors.Is(err, bots.ErrNoSuch):
		http.NotFound(w, r)
	case err != nil:
		c.failed(r, "find library", err)
		unavailable(w)
	default:
		return tenant{lib, channel}, true
	}
	return tenant{}, false
}

// conversation finds what the session of the request has begun, or answers 404 and gives false.
func (c *Chat) conversation(w http.ResponseWriter, r *http.Request, t tenant) (bots.ConversationID, bool) {
	external, ok := c.known(r, t)
	if !ok {
		http.NotFound(w, r)
		return 0, false
	}
	conv, found, err := c.Conversation(r.Context(), t.ID, t.channel, external)
	if err != nil {
		c.failed(r, "find conversation", err)
		unavailable(w)
		return 0, false
	}
	if !found {
		http.NotFound(w, r)
	}
	return conv, found
}

// failed logs what the reader is only told as "try again". A reader who has left is no failure.
func (c *Chat) failed(r *http.Request, doing string, err error) {
	if r.Context().Err() == nil {
		c.Log.WarnContext(r.Context(), "web chat: "+doing, "library", r.PathValue("library"), "error", err)
	}
}
