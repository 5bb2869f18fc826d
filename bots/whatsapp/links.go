package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.mau.fi/whatsmeow/types"

	"librarian/bots"
	"librarian/contacts/library"
)

// heldFor is how long a process counts as alive after it was heard of.
const heldFor = 15 * time.Second

// Links is how the numbers of all libraries stand. It is the bots.Linker of the desk; what is asked of a number is carried out by the process that holds it.
type Links struct {
	pool     *pgxpool.Pool
	accounts *bots.Accounts
	now      func() time.Time
}

var _ bots.Linker = (*Links)(nil)

// NewLinks makes the reader of links.
func NewLinks(pool *pgxpool.Pool, accounts *bots.Accounts, now func() time.Time) *Links {
	return &Links{pool, accounts, now}
}

// account is bots.ErrNoSuch for what is no number of this library.
func (l *Links) account(ctx context.Context, lib library.ID, id bots.ChannelID) error {
	a, err := l.accounts.ByID(ctx, id)
	if err == nil && (a.Library != lib || a.Kind != bots.WhatsApp) {
		err = fmt.Errorf("channel %d: %w", id, bots.ErrNoSuch)
	}
	return err
}

const selectLink = `select device, state, since, until, problem, held_at, asked, asked_phone, case when code_until > $3 then code else '' end as code, code_until,
  pair_problem, heard_at as heard, said_at as said
from whatsapp_links where library_id = $1 and channel_id = $2`

// linkRow is a link as it lies in the database.
type linkRow struct {
	Device      string
	State       bots.LinkState
	Since       time.Time
	Until       *time.Time
	Problem     string
	HeldAt      *time.Time
	Asked       bots.LinkAsk
	AskedPhone  string
	Code        string
	CodeUntil   *time.Time
	PairProblem string
	Heard, Said *time.Time
}

// row gives the link; of a number that was just added there is none yet.
func (l *Links) row(ctx context.Context, lib library.ID, id bots.ChannelID) (linkRow, error) {
	if err := l.account(ctx, lib, id); err != nil {
		return linkRow{}, err
	}
	rows, err := l.pool.Query(ctx, selectLink, lib, id, l.now())
	if err != nil {
		return linkRow{}, fmt.Errorf("link of channel %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[linkRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return linkRow{State: bots.LinkNone}, nil
	}
	if err != nil {
		return linkRow{}, fmt.Errorf("link of channel %d: %w", id, err)
	}
	return r, nil
}

// Link gives how the number stands.
func (l *Links) Link(ctx context.Context, lib library.ID, id bots.ChannelID) (bots.Link, error) {
	r, err := l.row(ctx, lib, id)
	if err != nil {
		return bots.Link{}, err
	}
	return bots.Link{
		State: r.State, Since: r.Since, Until: r.Until, Problem: r.Problem, Number: numberOf(r.Device), Held: r.HeldAt != nil && l.now().Sub(*r.HeldAt) < heldFor,
		Asked: r.Asked, Code: r.Code, CodeUntil: r.CodeUntil, PairProblem: r.PairProblem, Heard: r.Heard, Said: r.Said,
	}, nil
}

// numberOf is the phone number of a device, with +; empty where there is none.
func numberOf(device string) string {
	jid, err := types.ParseJID(device)
	if err != nil || jid.User == "" {
		return ""
	}
	return "+" + jid.User
}

const leaveWord = `insert into whatsapp_links (library_id, channel_id, asked, asked_phone, asked_at) values ($1, $2, $3, $4, $5)
on conflict (library_id, channel_id) do update set asked = excluded.asked, asked_phone = excluded.asked_phone, asked_at = excluded.asked_at, code = '', pair_problem = ''`

// Ask leaves word for the process that holds the number.
func (l *Links) Ask(ctx context.Context, tx pgx.Tx, lib library.ID, id bots.ChannelID, ask bots.LinkAsk, phone string) error {
	phone = strings.TrimPrefix(bots.International(phone), "+")
	if ask == bots.AskCode && (phone == "" || phone[0] == '0') { // no country's code begins so
		return fmt.Errorf("ask channel %d: %w", id, bots.ErrLinkPhone)
	}
	if err := l.account(ctx, lib, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, leaveWord, lib, id, ask, phone, l.now()); err != nil {
		return fmt.Errorf("ask channel %d: %w", id, err)
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicChannels, Library: lib, ID: int64(id)})
}
