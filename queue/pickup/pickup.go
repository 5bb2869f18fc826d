// Package pickup is the page from which a reader takes a finished order that no channel carries: a link leads to it, a button downloads.
package pickup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/fragments"
	"librarian/templates"
)

// Deps is all that the page stands on.
type Deps struct {
	Pool    *pgxpool.Pool
	Texts   *templates.Texts
	Library func(ctx context.Context, id library.ID) (library.Library, error)
	Find    func(ctx context.Context, lib library.ID, id files.ID) (files.File, error)
	Open    func(ctx context.Context, lib library.ID, id files.ID) (io.ReadCloser, files.File, error)
	Secure  bool // it is reached by https
	Now     func() time.Time
	Log     *slog.Logger
}

// Counter serves the pages of all libraries.
type Counter struct {
	Deps
	assets assets
}

// New reads the page that is built into the program. It does no other I/O.
func New(d Deps) (*Counter, error) {
	a, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("pick-up page: %w", err)
	}
	return &Counter{Deps: d, assets: a}, nil
}

// Routes adds the pages to the mux, all below /get. Only a POST downloads: what shows previews of links or looks through letters for viruses asks by GET, and
// must not use up what the reader has.
func (c *Counter) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /get/{token}", c.pageGet)
	mux.HandleFunc("POST /get/{token}", c.filePost)
	mux.HandleFunc("GET /get/assets/{name}", c.styleGet)
}

// parcel is what a link leads to.
type parcel struct {
	fragments.Link
	library library.Library
	file    files.File
}

// find gives what the link in the address leads to; fragments.ErrNotFound when there never was such a link, or nothing is left of it. What is not the reader's
// any more has no file.
func (c *Counter) find(ctx context.Context, token string) (p parcel, err error) {
	if p.Link, err = fragments.LinkBy(ctx, c.Pool, token); err != nil {
		return p, err
	}
	if p.library, err = c.Library(ctx, p.Library); err != nil {
		return p, err
	}
	served, err := contacts.Served(ctx, c.Pool, p.Library, p.Reader)
	if err != nil || !served || p.File == "" {
		p.File = ""
		return p, err
	}
	p.file, err = c.Find(ctx, p.Library, p.File)
	if errors.Is(err, files.ErrNotFound) || err == nil && p.file.State == files.Purged {
		p.File, err = "", nil
	}
	return p, err
}

// failed logs what the reader is only told as "try again". A reader who has left is no failure. The address is not logged: it opens the page.
func (c *Counter) failed(r *http.Request, doing string, err error) {
	if r.Context().Err() == nil {
		c.Log.WarnContext(r.Context(), "pick-up: "+doing, "error", err)
	}
}
