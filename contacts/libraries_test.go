package contacts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

func TestLibraries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	all := contacts.NewLibraries(w.pool, func() time.Time { return now })
	if lib, err := all.ByID(t.Context(), w.lib); err != nil || lib.Slug != "first" || lib.Zone.String() != "Europe/Kyiv" || lib.Version != 1 {
		t.Errorf("by id: %+v, %v", lib, err)
	}
	settings := library.Settings{Phone: "+380440000000", Hours: library.Hours{Week: [7][]library.Span{1: {{From: 540, Until: 600}}}}}
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, w.lib, settings) })
	if lib, err := all.BySlug(t.Context(), "first"); err != nil || lib.Version != 1 {
		t.Errorf("what was read is not remembered: %+v, %v", lib, err)
	}
	all.Forget()
	if lib, err := all.BySlug(t.Context(), "first"); err != nil || lib.Version != 2 {
		t.Errorf("what was forgotten is not read anew: %+v, %v", lib, err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.ChangeSettings(ctx, tx, w.lib, library.Settings{})
	})
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, w.lib, settings) })
	now = now.Add(time.Second)
	if lib, err := all.BySlug(t.Context(), "first"); err != nil || lib.Version != 4 || lib.Settings.Phone != settings.Phone || len(lib.Settings.Hours.Week[1]) != 1 {
		t.Errorf("after a change: %+v, %v", lib, err)
	}
	if every, err := all.All(t.Context()); err != nil || len(every) != 1 || every["first"].ID != w.lib {
		t.Errorf("all: %v, %v", every, err)
	}
	if _, err := all.ByID(t.Context(), 999); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("unknown id: %v", err)
	}
	if _, err := all.BySlug(t.Context(), "nowhere"); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("unknown slug: %v", err)
	}
}

func TestUnreadableLibraryFailsAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"zone":     `update libraries set zone = 'Mars/Olympus' where id = $1`,
		"settings": `update libraries set settings = '{"languages": 7}' where id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var bad library.ID
			w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
				if bad, err = contacts.AddLibrary(ctx, tx, "spoilt", "Europe/Kyiv", library.Settings{}); err != nil {
					return err
				}
				_, err = tx.Exec(ctx, spoil, bad)
				return err
			})
			all := contacts.NewLibraries(w.pool, func() time.Time { return noon })
			if lib, err := all.ByID(t.Context(), w.lib); err != nil || lib.Slug != "first" {
				t.Errorf("the other library: %+v, %v", lib, err)
			}
			if _, err := all.ByID(t.Context(), bad); err == nil || errors.Is(err, contacts.ErrNotFound) || !strings.Contains(err.Error(), fmt.Sprint(bad)) {
				t.Errorf("the spoilt one: %v", err)
			}
			if every, err := all.All(t.Context()); err != nil || len(every) != 1 {
				t.Errorf("all: %v, %v", every, err)
			}
		})
	}
}

func TestBadLibraries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := library.Settings{Hours: library.Hours{Days: map[string][]library.Span{"2026-02-30": {}}}}
	for _, c := range []struct {
		slug, zone string
		settings   library.Settings
		is         error
	}{
		{"first", "Europe/Kyiv", library.Settings{}, contacts.ErrSlugTaken},
		{"second", "Europe/Nowhere", library.Settings{}, contacts.ErrZone},
		{"second", "", library.Settings{}, contacts.ErrZone},
		{"second", "Local", library.Settings{}, contacts.ErrZone},
		{"second", "Europe/Kyiv", bad, nil},
		{"Не слаг", "Europe/Kyiv", library.Settings{}, nil},
	} {
		err := w.do(func(ctx context.Context, tx pgx.Tx) error {
			_, err := contacts.AddLibrary(ctx, tx, c.slug, c.zone, c.settings)
			return err
		})
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%q in %q: %v", c.slug, c.zone, err)
		}
	}
	for id, settings := range map[library.ID]library.Settings{w.lib: bad, 999: {}} {
		if err := w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, id, settings) }); err == nil {
			t.Errorf("library %d took settings that cannot be", id)
		}
	}
}
