package main

import (
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

// judgeFiles: each file that was sent stands in one event, and can be read; there are no bytes of which nobody knows.
func (c *crash) judgeFiles() {
	c.Helper()
	sent := map[[sha256.Size]byte]bool{}
	for _, r := range c.readers {
		maps.Copy(sent, r.files)
	}
	type kept struct {
		ID, State string
		Sha       []byte
		Used      int
		Preview   bool
	}
	rows, err := c.db.Query(c.Context(), `select f.id, f.state, f.sha256 as sha,
(select count(*) from events e, json_array_elements(e.body -> 'files') x where x ->> 'file' = f.id)::int as used,
exists (select from files p where p.preview_id = f.id) as preview from files f`)
	if err != nil {
		c.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[kept])
	if err != nil {
		c.Fatal(err)
	}
	store, drawn := c.store(), c.examples()
	known, used, orphans, previews := map[string]bool{}, map[[sha256.Size]byte]int{}, 0, 0
	for _, f := range all {
		known[f.ID] = true
		if f.Preview {
			previews++
			continue
		}
		sum := [sha256.Size]byte(f.Sha)
		if drawn[sum] {
			continue
		}
		if !sent[sum] {
			c.Errorf("file %s was sent by nobody", f.ID)
		}
		used[sum] += f.Used
		if f.Used == 0 {
			orphans++
		} else if f.State != "clean" {
			c.Errorf("file %s is %s", f.ID, f.State)
		}
		if err := sameBytes(c.Context(), store, f.ID, sum); err != nil {
			c.Errorf("file %s: %v", f.ID, err)
		}
	}
	for sum := range sent {
		if used[sum] != 1 {
			c.Errorf("file %x was sent once and stands in %d events", sum[:4], used[sum])
		}
	}
	pending := c.list(`select id from pending_blobs`)
	c.Logf("files: %d sent, %d kept, %d previews; left by kills and repeats: %d rows that no event has, %d pending blobs", len(sent), len(all)-previews, previews, orphans, len(pending))
	for _, id := range pending {
		known[id] = true
	}
	c.judgeBlobs(known)
}

// examples are the pictures that the service draws itself: a kill may leave some that no library shows.
func (c *crash) examples() map[[sha256.Size]byte]bool {
	c.Helper()
	drawn := map[[sha256.Size]byte]bool{}
	for _, e := range papers.Examples() {
		picture, err := papers.DrawExample(e)
		if err != nil {
			c.Fatal(err)
		}
		drawn[sha256.Sum256(picture)] = true
	}
	return drawn
}

func (c *crash) judgeBlobs(known map[string]bool) {
	c.Helper()
	err := filepath.WalkDir(c.files, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[strings.TrimSuffix(d.Name(), ".part")] {
			c.Errorf("nobody knows of the bytes %s", d.Name())
		}
		return err
	})
	if err != nil {
		c.Error(err)
	}
}

func (c *crash) store() *files.Store {
	c.Helper()
	keys, err := files.ReadKeyFile(c.key)
	if err != nil {
		c.Fatal(err)
	}
	blobs, err := files.OpenBlobs(c.files)
	if err != nil {
		c.Fatal(err)
	}
	return files.NewStore(c.db, keys, blobs, time.Now)
}

func sameBytes(ctx context.Context, store *files.Store, id string, want [sha256.Size]byte) error {
	r, _, err := store.Open(ctx, library.ID(1), files.ID(id))
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != want {
		return os.ErrInvalid
	}
	return nil
}
