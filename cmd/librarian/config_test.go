package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

func TestAnotherLibrarysKeyIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	url, mine, other := pgtest.URL(t), filepath.Join(t.TempDir(), "key"), filepath.Join(t.TempDir(), "key")
	for _, file := range []string{mine, other} {
		if err := files.NewKeyFile(file); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := database{url, mine}.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := (database{url, mine}).key(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if again, err := (database{url, mine}).connect(t.Context()); err != nil {
		t.Errorf("with its own key: %v", err)
	} else {
		again.Close()
	}
	if _, err := (database{url, other}).connect(t.Context()); !errors.Is(err, files.ErrKey) {
		t.Errorf("with another key: %v, want ErrKey", err)
	}
}

func TestAProviderThatWasAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	var id bots.ChannelID
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		lib, err := contacts.AddLibrary(t.Context(), tx, "hook", "Europe/Kyiv", library.Settings{})
		if err != nil {
			return err
		}
		id, err = bots.AddChannel(t.Context(), tx, nil, bots.Account{Library: lib, Kind: bots.Telegram, Name: "bot"}, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{pool: pool, log: slog.New(slog.DiscardHandler), now: time.Now, accounts: bots.NewAccounts(pool, time.Now), desk: queue.NewDesk(pool, nil, issuer, time.Now)}
	state := func() (state string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `select state || ' ' || problem from channels where id = $1`, id).Scan(&state); err != nil {
			t.Fatal(err)
		}
		return state
	}
	tries := 0
	err = s.announce(t.Context(), id, func(context.Context) error {
		if tries++; tries == 1 {
			return errors.New("502")
		}
		if got := state(); got != "broken webhook" {
			t.Errorf("after a refusal the channel is %q", got)
		}
		return nil
	})
	if err != nil || tries != 2 || state() != "on " {
		t.Errorf("%d tries, %v; the channel is %q", tries, err, state())
	}
}
