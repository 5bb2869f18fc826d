package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// standing is how the process that holds a number finds its link, and leaves it.
type standing struct {
	device  string // the linked device; empty: none
	state   bots.LinkState
	until   *time.Time // of a ban
	problem string     // the provider's code
}

// asked is what is to be done with a number.
type asked struct {
	what   bots.LinkAsk
	phone  string
	at     time.Time
	device string // that is linked, as it is written
}

// stands reads what the process that held the number before has left.
func (l *Links) stands(ctx context.Context, lib library.ID, id bots.ChannelID) (standing, error) {
	s := standing{state: bots.LinkNone}
	err := l.pool.QueryRow(ctx, `select device, state, until, problem from whatsapp_links where library_id = $1 and channel_id = $2`, lib, id).
		Scan(&s.device, &s.state, &s.until, &s.problem)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("link of channel %d: %w", id, err)
	}
	return s, nil
}

const noteStanding = `insert into whatsapp_links as l (library_id, channel_id, device, state, since, until, problem, held_at) values ($1, $2, $3, $4, $5, $6, $7, $5)
on conflict (library_id, channel_id) do update set device = excluded.device, state = excluded.state, until = excluded.until, problem = excluded.problem,
  held_at = excluded.held_at, since = case when l.state = excluded.state then l.since else excluded.since end
where (l.device, l.state, l.until, l.problem) is distinct from (excluded.device, excluded.state, excluded.until, excluded.problem)`

// note writes how the number stands, and says so to who looks on.
func (l *Links) note(ctx context.Context, lib library.ID, id bots.ChannelID, s standing) error {
	return l.change(ctx, lib, id, noteStanding, lib, id, s.device, s.state, l.now(), s.until, s.problem)
}

const notePaired = `update whatsapp_links set device = $3, state = 'connecting', since = $4, until = null, problem = '', code = '', code_until = null
where library_id = $1 and channel_id = $2`

// paired writes which device the phone links.
func (l *Links) paired(ctx context.Context, lib library.ID, id bots.ChannelID, device string) error {
	return l.change(ctx, lib, id, notePaired, lib, id, device, l.now())
}

// showCode shows what is to be scanned or typed, as long as it is still asked for.
func (l *Links) showCode(ctx context.Context, lib library.ID, id bots.ChannelID, a asked, code string, until time.Time) error {
	return l.change(ctx, lib, id, `update whatsapp_links set code = $4, code_until = $5, pair_problem = '' where library_id = $1 and channel_id = $2 and asked_at = $3`,
		lib, id, a.at, code, until)
}

// answered wipes what was asked and done, with the reason where it came to nothing. What was asked since stays.
func (l *Links) answered(ctx context.Context, lib library.ID, id bots.ChannelID, a asked, problem string) error {
	return l.change(ctx, lib, id, `update whatsapp_links set asked = '', asked_phone = '', code = '', code_until = null, pair_problem = $4
where library_id = $1 and channel_id = $2 and asked_at = $3 and asked <> ''`, lib, id, a.at, problem)
}

func (l *Links) change(ctx context.Context, lib library.ID, id bots.ChannelID, sql string, args ...any) error {
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicChannels, Library: lib, ID: int64(id)})
	})
	if err != nil {
		return fmt.Errorf("change the link of channel %d: %w", id, err)
	}
	return nil
}

// asks reads what is to be done; nothing is asked of a number that has no link yet.
func (l *Links) asks(ctx context.Context, lib library.ID, id bots.ChannelID) (a asked, err error) {
	var at *time.Time
	err = l.pool.QueryRow(ctx, `select asked, asked_phone, asked_at, device from whatsapp_links where library_id = $1 and channel_id = $2`, lib, id).Scan(&a.what, &a.phone, &at, &a.device)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return asked{}, fmt.Errorf("what is asked of channel %d: %w", id, err)
	}
	if at != nil {
		a.at = *at
	}
	return a, nil
}

// beat says that the process that holds the number is alive.
func (l *Links) beat(ctx context.Context, lib library.ID, id bots.ChannelID) error {
	return l.set(ctx, `insert into whatsapp_links (library_id, channel_id, held_at) values ($1, $2, $3)
on conflict (library_id, channel_id) do update set held_at = excluded.held_at`, lib, id)
}

// heard notes when a reader wrote.
func (l *Links) heard(ctx context.Context, lib library.ID, id bots.ChannelID) error {
	return l.set(ctx, `update whatsapp_links set heard_at = $3 where library_id = $1 and channel_id = $2`, lib, id)
}

// said notes when a reader was written to.
func (l *Links) said(ctx context.Context, lib library.ID, id bots.ChannelID) error {
	return l.set(ctx, `update whatsapp_links set said_at = $3 where library_id = $1 and channel_id = $2`, lib, id)
}

func (l *Links) set(ctx context.Context, sql string, lib library.ID, id bots.ChannelID) error {
	if _, err := l.pool.Exec(ctx, sql, lib, id, l.now()); err != nil {
		return fmt.Errorf("link of channel %d: %w", id, err)
	}
	return nil
}
