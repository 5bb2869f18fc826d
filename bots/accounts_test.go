package bots

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	changed, stop := h.signals.Subscribe(Signal{Topic: TopicChannels, Library: h.lib})
	defer stop()
	accounts := NewAccounts(h.pool, h.clock.now)
	if got, err := accounts.OfKind(t.Context(), h.lib, "script"); err != nil || len(got) != 1 || got[0].ID != h.channel {
		t.Errorf("of the kind: %v, %v", got, err)
	}
	var id ChannelID
	var other library.ID
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if other, err = contacts.AddLibrary(ctx, tx, "second", "UTC", library.Settings{}); err != nil {
			return err
		}
		id, err = AddChannel(ctx, tx, h.secrets, Account{Library: h.lib, Kind: Telegram, Name: "bot", Config: json.RawMessage(`{"a":1}`)}, "token")
		return err
	})
	wait(t, "the signal of the new channel", changed)
	if _, err := accounts.ByID(t.Context(), id); !errors.Is(err, ErrNoSuch) {
		t.Errorf("what was read is not remembered: %v", err)
	}
	accounts.Forget()
	a, err := accounts.ByID(t.Context(), id)
	if err != nil || a.Library != h.lib || a.Kind != Telegram || a.State != "on" || a.Secret == "" || a.Config == nil {
		t.Fatalf("%+v, %v", a, err)
	}
	if plain, err := h.secrets.Open(t.Context(), h.lib, a.Secret); plain != "token" || err != nil {
		t.Errorf("the token is %q, %v", plain, err)
	}
	if got, err := accounts.OfKind(t.Context(), other, Telegram); err != nil || len(got) != 0 {
		t.Errorf("of another library: %v, %v", got, err)
	}
	err = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := AddChannel(t.Context(), tx, h.secrets, Account{Library: h.lib, Kind: Telegram, Name: "bot"}, "other")
		return err
	})
	if !errors.Is(err, ErrNameTaken) {
		t.Errorf("the same name: %v", err)
	}
	for _, problem := range []string{"401", "401", ""} {
		if _, err := MarkChannel(t.Context(), h.pool, id, problem); err != nil {
			t.Fatal(err)
		}
		h.clock.forward(2 * time.Second)
		a, err := accounts.ByID(t.Context(), id)
		if want := map[bool]string{true: "on", false: "broken"}[problem == ""]; err != nil || a.State != want || a.Problem != problem {
			t.Errorf("marked %q: %+v, %v", problem, a, err)
		}
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		if err := ChangeConfig(ctx, tx, other, id, json.RawMessage(`{"a":3}`)); !errors.Is(err, ErrNoSuch) {
			t.Errorf("config of another library's channel: %v", err)
		}
		return ChangeConfig(ctx, tx, h.lib, id, json.RawMessage(`{"a":2}`))
	})
	accounts.Forget()
	if a, err := accounts.ByID(t.Context(), id); err != nil || string(a.Config) != `{"a": 2}` {
		t.Errorf("config: %s, %v", a.Config, err)
	}
	if _, err := h.pool.Exec(t.Context(), `update channels set state = 'off' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := MarkChannel(t.Context(), h.pool, id, "401"); err != nil {
		t.Fatal(err)
	}
	accounts.Forget()
	if a, err := accounts.ByID(t.Context(), id); err != nil || a.State != "off" || a.Problem != "" {
		t.Errorf("switched off: %+v, %v", a, err)
	}
	if got, err := accounts.OfKind(t.Context(), h.lib, Telegram); err != nil || len(got) != 0 {
		t.Errorf("switched off, of the kind: %v, %v", got, err)
	}
}
