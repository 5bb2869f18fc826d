package contacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// settingsAge is how long settings are remembered: a change is felt everywhere within it.
const settingsAge = time.Second

// Libraries reads the tenants. What was read is remembered for a second.
type Libraries struct {
	db  DB
	now func() time.Time

	mu     sync.Mutex
	read   time.Time
	byID   map[library.ID]library.Library
	bySlug map[string]library.Library
	broken map[library.ID]error // what is wrong with those that cannot be read
}

// NewLibraries makes the reader of tenants.
func NewLibraries(db DB, now func() time.Time) *Libraries { return &Libraries{db: db, now: now} }

// ByID gives the library, or ErrNotFound. A library whose settings cannot be read is an error of its own, and no one else's.
func (l *Libraries) ByID(ctx context.Context, id library.ID) (library.Library, error) {
	if err := l.fresh(ctx); err != nil {
		return library.Library{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lib, ok := l.byID[id]
	if err := l.broken[id]; err != nil {
		return lib, err
	}
	if !ok {
		return lib, fmt.Errorf("library %d: %w", id, ErrNotFound)
	}
	return lib, nil
}

// BySlug gives the library, or ErrNotFound, also for one whose settings cannot be read.
func (l *Libraries) BySlug(ctx context.Context, slug string) (library.Library, error) {
	if err := l.fresh(ctx); err != nil {
		return library.Library{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lib, ok := l.bySlug[slug]
	if !ok {
		return lib, fmt.Errorf("library: %w", ErrNotFound)
	}
	return lib, nil
}

// All gives every library that can be read, by slug. The map is not to be changed.
func (l *Libraries) All(ctx context.Context) (map[string]library.Library, error) {
	if err := l.fresh(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bySlug, nil // replaced whole, never changed
}

// Forget lets the libraries be read anew at the next question: this process has just changed one. Others feel it within a second.
func (l *Libraries) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = time.Time{}
}

// fresh reads all libraries unless they were read just now. One query, whatever their number.
func (l *Libraries) fresh(ctx context.Context) error {
	l.mu.Lock()
	recent := l.byID != nil && l.now().Sub(l.read) < settingsAge
	l.mu.Unlock()
	if recent {
		return nil
	}
	rows, err := l.db.Query(ctx, `select id, slug, zone, settings, version from libraries`)
	if err != nil {
		return fmt.Errorf("read libraries: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[libraryRow])
	if err != nil {
		return fmt.Errorf("read libraries: %w", err)
	}
	byID, bySlug := make(map[library.ID]library.Library, len(all)), make(map[string]library.Library, len(all))
	broken := map[library.ID]error{}
	for _, row := range all {
		lib, err := row.library()
		if err != nil {
			broken[row.ID] = err
			continue
		}
		byID[lib.ID], bySlug[lib.Slug] = lib, lib
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byID, l.bySlug, l.broken, l.read = byID, bySlug, broken, l.now()
	return nil
}

// libraryRow is a library as it lies in the database.
type libraryRow struct {
	ID       library.ID
	Slug     string
	Zone     string
	Settings []byte
	Version  int
}

func (row libraryRow) library() (library.Library, error) {
	lib := library.Library{ID: row.ID, Slug: row.Slug, Version: row.Version}
	err := json.Unmarshal(row.Settings, &lib.Settings)
	if err != nil {
		return lib, fmt.Errorf("settings of library %d: %w", lib.ID, err)
	}
	if lib.Zone, err = time.LoadLocation(row.Zone); err != nil {
		return lib, fmt.Errorf("zone of library %d: %w", lib.ID, err)
	}
	return lib, nil
}

// ErrZone means that there is no such time zone.
var ErrZone = errors.New("not a time zone such as Europe/Kyiv")

// checkZone refuses what Go takes for the zone of the machine, or for none.
func checkZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return fmt.Errorf("%q: %w", zone, ErrZone)
	}
	return nil
}

// ErrSlugTaken means that another library has the slug.
var ErrSlugTaken = errors.New("another library has this slug")

// AddLibrary makes a tenant and gives its id.
func AddLibrary(ctx context.Context, tx pgx.Tx, slug, zone string, settings library.Settings) (library.ID, error) {
	if err := settings.Check(); err != nil {
		return 0, fmt.Errorf("add library %s: %w", slug, err)
	}
	if err := checkZone(zone); err != nil {
		return 0, fmt.Errorf("add library %s: %w", slug, err)
	}
	document, err := json.Marshal(settings)
	if err != nil {
		return 0, fmt.Errorf("add library %s: %w", slug, err)
	}
	var id library.ID
	err = tx.QueryRow(ctx, `insert into libraries (slug, zone, settings) values ($1, $2, $3) on conflict (slug) do nothing returning id`,
		slug, zone, document).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("add library %s: %w", slug, ErrSlugTaken)
	}
	if err != nil {
		return 0, fmt.Errorf("add library %s: %w", slug, err)
	}
	return id, keepVersions(ctx, tx, Revision{Library: id}, 1, library.Registration{}, settings.Registration)
}
