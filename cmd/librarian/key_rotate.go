package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/flows/runner"
	"librarian/queue"
)

type keyRotateCommand struct {
	database
	Files string `env:"LIBRARIAN_FILES" default:"/var/lib/librarian/files" help:"Where files lie." placeholder:"PLACE"`
	Add   string `help:"File with a new key, made by librarian key new: it is put in front of the others in the key file." type:"existingfile" placeholder:"FILE"`
}

// Run adds the new key, if one is given, and brings everything that is encrypted to the first key of the file. It may be cut off and run again.
func (c keyRotateCommand) Run(ctx context.Context) error {
	pool, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := c.key(ctx, pool); err != nil {
		return err
	}
	if c.Add != "" {
		if err := files.AddToKeyFile(c.KeyFile, c.Add); err != nil {
			return err
		}
		fmt.Println("the new key is in front in", c.KeyFile)
		running, err := runner.Instances(ctx, pool)
		if err != nil {
			return err
		}
		if running > 0 {
			fmt.Println("The service runs with the old key file. Copy the key file to every machine that serves, restart them all, then run: librarian key rotate")
			return nil
		}
	}
	keys, err := c.key(ctx, pool) // with the new one
	if err != nil {
		return err
	}
	blobs, err := files.OpenBlobs(c.Files)
	if err != nil {
		return err
	}
	return rotation{pool, keys, files.NewStore(pool, keys, blobs, time.Now)}.run(ctx)
}

// rotation brings what is encrypted to the first key.
type rotation struct {
	pool  *pgxpool.Pool
	keys  *files.Keys
	store *files.Store
}

func (r rotation) run(ctx context.Context) error {
	secrets, err := bots.NewSecrets(r.pool, r.keys, time.Now).Rewrap(ctx, r.keys.Rewrap)
	if err != nil {
		return err
	}
	factors, err := queue.NewDesk(r.pool, r.keys, issuer, time.Now).Rewrap(ctx, r.keys.Rewrap)
	if err != nil {
		return err
	}
	kept, err := r.rewrapFiles(ctx)
	fmt.Printf("encrypted anew: %d secrets, %d second factors, %d files\n", secrets, factors, kept)
	if err != nil {
		return err
	}
	if err := r.rewrapCheck(ctx); err != nil { // last: while it is the old one, the old key cannot be taken out
		return err
	}
	if secrets+factors+kept > 0 {
		fmt.Println("Run it again until it finds nothing: the service may have written something with the old key meanwhile.")
		return nil
	}
	fmt.Println("Everything is encrypted with the first key. The others may be taken out of the key file; keep them as long as back-ups made before today.")
	return nil
}

// rewrapFiles goes on where a file cannot be opened: it may be one that was lost long ago, and the others are not to wait for it.
func (r rotation) rewrapFiles(ctx context.Context) (changed int, problems error) {
	var ids []files.ID
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) (err error) {
		ids, err = files.Kept(ctx, tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		done, err := r.store.Rewrap(ctx, id)
		if ctx.Err() != nil {
			return changed, ctx.Err()
		}
		problems = errors.Join(problems, err)
		if done {
			changed++
		}
	}
	return changed, problems
}

// rewrapCheck changes the row by which a key file is known to fit.
func (r rotation) rewrapCheck(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var kept []byte
		if err := tx.QueryRow(ctx, `select ciphertext from key_checks for update`).Scan(&kept); err != nil {
			return err
		}
		fresh, changed, err := r.keys.Rewrap(kept)
		if err != nil || !changed {
			return err
		}
		_, err = tx.Exec(ctx, `update key_checks set ciphertext = $1`, fresh)
		return err
	})
	if err != nil {
		return fmt.Errorf("rewrap the key's check: %w", err)
	}
	return nil
}
