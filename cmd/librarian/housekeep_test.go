package main

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

// shelf is a service with files, whose clock is moved by hand.
type shelf struct {
	*service
	t    *testing.T
	time time.Time
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	pool := pgtest.New(t)
	path := filepath.Join(t.TempDir(), "key")
	if err := files.NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	keys, err := files.ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := files.OpenBlobs(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	h := &shelf{t: t, time: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.time }
	h.service = &service{
		pool: pool, log: slog.New(slog.DiscardHandler), now: now, libraries: contacts.NewLibraries(pool, now), store: files.NewStore(pool, keys, blobs, now),
	}
	return h
}

func (h *shelf) do(work func(ctx context.Context, tx pgx.Tx) error) {
	h.t.Helper()
	if err := pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error { return work(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *shelf) file(lib library.ID, words string) files.ID {
	h.t.Helper()
	f, err := h.store.Put(h.t.Context(), lib, bytes.NewReader([]byte(words)), files.Meta{Name: words}, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return f.ID
}

// withdrawn is a library that keeps papers so many days, and a registration that was withdrawn this moment: its form, a photo of it, and a photo of a
// consent signed before.
func (h *shelf) withdrawn(slug string, days int) (lib library.ID, kept []files.ID) {
	h.t.Helper()
	var contact contacts.ID
	h.do(func(ctx context.Context, tx pgx.Tx) (err error) {
		lib, err = contacts.AddLibrary(ctx, tx, slug, "Asia/Yakutsk", library.Settings{Retention: library.Retention{PapersDays: days}})
		return err
	})
	form, photo, signed := h.file(lib, "form"), h.file(lib, "photo"), h.file(lib, "signed")
	h.do(func(ctx context.Context, tx pgx.Tx) error {
		var channel int64
		if err := tx.QueryRow(ctx, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat') returning id`, lib).Scan(&channel); err != nil {
			return err
		}
		known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: lib, Channel: channel, External: "anna"}}, h.time)
		if err != nil {
			return err
		}
		contact = known[0].Contact
		agreed, err := contacts.Agree(ctx, tx, []contacts.Agreement{{Library: lib, Contact: contact, Version: "1", Lang: library.Russian, Text: "text", At: h.time}})
		if err != nil {
			return err
		}
		reg, err := contacts.Apply(ctx, tx, contacts.Application{
			Library: lib, Contact: contact, Address: known[0].ID, Relation: "self", Name: "Anna", Born: library.Date{Year: 2001, Month: 3, Day: 2},
			Consent: agreed[0], Photos: []string{string(signed)}, Papers: true, At: h.time,
		})
		if err != nil {
			return err
		}
		return papers.Want(ctx, tx, lib, reg.ID, int64(known[0].ID), papers.Order{Lang: library.Russian, Kinds: []papers.Kind{papers.Form}}, h.time)
	})
	job, found, err := papers.Claim(h.t.Context(), h.pool, h.time, time.Minute)
	if err != nil || !found {
		h.t.Fatal(found, err)
	}
	h.do(func(ctx context.Context, tx pgx.Tx) error {
		drawn := []papers.Drawn{{Kind: papers.Form, Lang: library.Russian, Pages: 1, TextHash: "a"}}
		if err := papers.Made(ctx, tx, job, drawn, []files.ID{form}, h.time); err != nil {
			return err
		}
		scan := []papers.Scan{{Page: papers.Page{Kind: papers.Form, Number: 1}, File: photo, Sheet: 1, How: papers.ByCode}}
		if _, err := papers.Receive(ctx, tx, lib, job.Registration, scan, h.time); err != nil {
			return err
		}
		if err := papers.Close(ctx, tx, lib, job.Registration, h.time); err != nil {
			return err
		}
		_, err := contacts.WithdrawConsent(ctx, tx, lib, contact, 0, h.time)
		return err
	})
	return lib, []files.ID{form, photo, signed}
}

// purged are those of the files that are gone.
func purged(t *testing.T, pool *pgxpool.Pool, among []files.ID) []files.ID {
	t.Helper()
	gone, err := files.PurgedAmong(t.Context(), pool, among)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(gone)
	return gone
}

// TestPapersGoWhenTheirTermIsOver travels through the terms of two libraries: the day before nothing is gone, afterwards everything of that library.
func TestPapersGoWhenTheirTermIsOver(t *testing.T) {
	t.Parallel()
	h := newShelf(t)
	_, short := h.withdrawn("short", 400)
	_, usual := h.withdrawn("usual", 0)
	slices.Sort(short)
	slices.Sort(usual)
	start := h.time
	for _, c := range []struct {
		days         int
		short, usual []files.ID
	}{
		{399, nil, nil},
		{400, nil, nil}, // to the moment
		{401, short, nil},
		{1096, short, nil},
		{1097, short, usual},
		{1500, short, usual},
	} {
		h.time = start.AddDate(0, 0, c.days)
		if err := h.purgePapers(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := purged(t, h.pool, short); !slices.Equal(got, c.short) {
			t.Errorf("day %d, 400 days: gone %v, want %v", c.days, got, c.short)
		}
		if got := purged(t, h.pool, usual); !slices.Equal(got, c.usual) {
			t.Errorf("day %d, three years: gone %v, want %v", c.days, got, c.usual)
		}
	}
	var left int
	if err := h.pool.QueryRow(t.Context(), `select (select count(*) from paper_pages where file_id is not null) + (select count(*) from papers where file_id is not null) +
  (select count(*) from paper_scans) + (select count(*) from registrations where photos <> '{}')`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d are still shown, %v", left, err)
	}
}
