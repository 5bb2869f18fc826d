package bots

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// secretMessage is a notice with a secret.
func (h *house) secretMessage(id ConversationID, seq int, plain string) (Message, string) {
	h.Helper()
	m := h.message(id, seq)
	m.Kind, m.Body.Text = OutNotice, "password "+SecretMark
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		m.Secret, err = h.secrets.Put(ctx, tx, h.lib, PurposePassword, plain)
		return err
	})
	return m, m.Secret
}

func TestSecretsGoWithTheMessageOnly(t *testing.T) {
	t.Parallel()
	const plain = "planted-Pa55word"
	for _, c := range []struct {
		name   string
		kind   Kind
		acks   bool
		states []string
	}{
		{"confirmed by the provider", "script", false, []string{"confirmed", "confirmed"}},
		{"sent for good", Email, false, []string{"sent", "sent"}},
		{"shown by the reader's side", WebChat, true, []string{"sent", "sent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := house1(t)
			ch := newScript(nil)
			ch.kind, ch.limits.Acks = c.kind, c.acks
			id := h.conversations(h.channel, 1)[0]
			m, secret := h.secretMessage(id, 1, plain)
			bare := h.message(id, 2)
			bare.Body.Text = "no secret in " + SecretMark
			h.queue(m, bare)
			h.noPlain(plain)
			stop := h.start(ch)
			h.until("both went", `select count(*) = 2 from outbox where state in ('sent', 'confirmed')`)
			stop()
			if got := h.states(id); !slices.Equal(got, c.states) {
				t.Errorf("states %v", got)
			}
			sent := ch.all()
			if sent[0].Text != "password "+plain || sent[1].Text != bare.Body.Text {
				t.Errorf("sent %q and %q", sent[0].Text, sent[1].Text)
			}
			_, err := h.secrets.Open(t.Context(), h.lib, secret)
			if c.acks {
				if err != nil {
					t.Fatalf("gone before it was shown: %v", err)
				}
				if err := h.outbox.Confirm(t.Context(), h.lib, id, 1); err != nil {
					t.Fatal(err)
				}
				_, err = h.secrets.Open(t.Context(), h.lib, secret)
			}
			if !errors.Is(err, ErrDestroyed) {
				t.Errorf("the secret stays: %v", err)
			}
			h.noPlain(plain)
		})
	}
}

// noPlain looks for the words in every text and jsonb column, and in the log.
func (h *house) noPlain(plain string) {
	h.Helper()
	rows, err := h.pool.Query(h.Context(), `select format('select count(*) from %I.%I where %I::text like $1', table_schema, table_name, column_name)
from information_schema.columns where table_schema = 'public'
  and (data_type in ('text', 'jsonb', 'json', 'character varying', 'ARRAY'))`)
	if err != nil {
		h.Fatal(err)
	}
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.Fatal(err)
	}
	if len(queries) < 50 {
		h.Fatalf("only %d columns looked at", len(queries))
	}
	found := func(words string) (hits []string) {
		for _, query := range queries {
			var n int
			if err := h.pool.QueryRow(h.Context(), query, "%"+words+"%").Scan(&n); err != nil {
				h.Fatal(err)
			}
			if n > 0 {
				hits = append(hits, query)
			}
		}
		return hits
	}
	if hits := found(plain); len(hits) != 0 {
		h.Errorf("the secret lies readable: %v", hits)
	}
	if len(found("password ")) == 0 {
		h.Error("the search finds nothing at all")
	}
	if strings.Contains(h.logged.String(), plain) {
		h.Error("the secret is in the log")
	}
}

func TestSecretsEnd(t *testing.T) {
	t.Parallel()
	h := house1(t)
	id := h.conversations(h.channel, 1)[0]
	m, password := h.secretMessage(id, 1, "pass")
	var token string
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		token, err = h.secrets.Put(ctx, tx, h.lib, PurposeChannel, "token")
		return err
	})
	h.clock.forward(72 * time.Hour)
	if n, err := h.secrets.Expire(t.Context()); n != 0 || err != nil {
		t.Errorf("expired %d early, %v", n, err)
	}
	h.clock.forward(time.Second)
	if n, err := h.secrets.Expire(t.Context()); n != 1 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	if _, err := h.secrets.Open(t.Context(), h.lib, password); !errors.Is(err, ErrDestroyed) {
		t.Errorf("after 72 hours: %v", err)
	}
	if err := h.secrets.Destroy(t.Context(), h.lib, token); err != nil {
		t.Fatal(err)
	}
	if plain, err := h.secrets.Open(t.Context(), h.lib, token); plain != "token" || err != nil {
		t.Errorf("the channel's token: %q, %v", plain, err)
	}
	if _, err := h.secrets.Open(t.Context(), h.lib+1, token); !errors.Is(err, ErrDestroyed) {
		t.Errorf("through another library: %v", err)
	}
	// A message whose secret is gone is not sent without it.
	h.queue(m)
	c := newScript(nil)
	h.start(c)
	h.until("refused", `select state = 'failed' and problem = 'secret_gone' from outbox`)
	if f := h.failures(); len(f) != 1 || f[0].Secret != password || len(c.all()) != 0 {
		t.Errorf("handed on %v, sent %v", f, c.all())
	}
}
