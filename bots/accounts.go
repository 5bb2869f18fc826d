package bots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// Account is one channel of a library as it is set up.
type Account struct {
	ID      ChannelID
	Library library.ID
	Kind    Kind
	Name    string
	Config  json.RawMessage // of the kind's own form; nothing secret
	Secret  string          // id; empty: none
	State   string          // on, off, broken
	Problem string
	Since   time.Time // of state and problem
}

// selectAccounts reads channels as they are set up.
const selectAccounts = `select id, library_id as library, kind, name, config, coalesce(secret_id, '') as secret, state, problem, since from channels`

// accountsAge is how long what was read is remembered.
const accountsAge = 2 * time.Second

// Accounts reads the channels of all libraries. What was read is remembered for two seconds.
type Accounts struct {
	pool *pgxpool.Pool
	now  func() time.Time

	mu   sync.Mutex
	read time.Time
	byID map[ChannelID]Account
}

// NewAccounts makes the reader of channels.
func NewAccounts(pool *pgxpool.Pool, now func() time.Time) *Accounts {
	return &Accounts{pool: pool, now: now}
}

// All gives every channel, by id. The map is not to be changed.
func (a *Accounts) All(ctx context.Context) (map[ChannelID]Account, error) {
	a.mu.Lock()
	recent, known := a.byID != nil && a.now().Sub(a.read) < accountsAge, a.byID
	a.mu.Unlock()
	if recent {
		return known, nil
	}
	rows, err := a.pool.Query(ctx, selectAccounts)
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	byID := make(map[ChannelID]Account, len(found))
	for _, c := range found {
		byID[c.ID] = c
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byID, a.read = byID, a.now()
	return byID, nil
}

// Forget makes the next reading a fresh one: for whoever was told that a channel has changed.
func (a *Accounts) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byID = nil
}

// ByID gives the channel, or ErrNoSuch.
func (a *Accounts) ByID(ctx context.Context, id ChannelID) (Account, error) {
	all, err := a.All(ctx)
	if err != nil {
		return Account{}, err
	}
	c, ok := all[id]
	if !ok {
		return c, fmt.Errorf("channel %d: %w", id, ErrNoSuch)
	}
	return c, nil
}

// OfKind gives the library's channels of the kind that are not switched off, oldest first.
func (a *Accounts) OfKind(ctx context.Context, lib library.ID, kind Kind) ([]Account, error) {
	all, err := a.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []Account
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if c := all[id]; c.Library == lib && c.Kind == kind && c.State != "off" {
			out = append(out, c)
		}
	}
	return out, nil
}

// ErrNameTaken means that the library has a channel of the kind and name.
var ErrNameTaken = errors.New("the library has a channel of this name")

// AddChannel sets a channel up; running processes switch it on when the transaction commits. The token, where the kind has one, is kept as a secret.
func AddChannel(ctx context.Context, tx pgx.Tx, secrets *Secrets, a Account, token string) (ChannelID, error) {
	if len(a.Config) == 0 {
		a.Config = json.RawMessage("{}")
	}
	var secret *string
	if token != "" {
		id, err := secrets.Put(ctx, tx, a.Library, PurposeChannel, token)
		if err != nil {
			return 0, fmt.Errorf("add channel %s: %w", a.Kind, err)
		}
		secret = &id
	}
	var id ChannelID
	err := tx.QueryRow(ctx, `insert into channels (library_id, kind, name, config, secret_id) values ($1, $2, $3, $4, $5)
on conflict (library_id, kind, name) do nothing returning id`, a.Library, a.Kind, a.Name, a.Config, secret).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("add channel %s: %w", a.Kind, ErrNameTaken)
	}
	if err != nil {
		return 0, fmt.Errorf("add channel %s: %w", a.Kind, err)
	}
	return id, Notify(ctx, tx, Signal{TopicChannels, a.Library, int64(id)})
}

const markChannel = `update channels set state = $2, problem = $3, since = clock_timestamp() where id = $1 and state <> 'off' and problem <> $3 returning library_id`

// MarkChannel notes whether the channel works; problem is a provider's code. It gives whether that is news.
func MarkChannel(ctx context.Context, pool *pgxpool.Pool, id ChannelID, problem string) (changed bool, err error) {
	state := "on"
	if problem != "" {
		state = "broken"
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var lib library.ID
		if err := tx.QueryRow(ctx, markChannel, id, state, problem).Scan(&lib); err != nil {
			return err
		}
		changed = true
		return Notify(ctx, tx, Signal{TopicChannels, lib, int64(id)})
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("mark channel %d: %w", id, err)
	}
	return changed, nil
}

// ChangeToken replaces what is secret of a channel. Running processes take it up when the transaction commits.
func ChangeToken(ctx context.Context, tx pgx.Tx, secrets *Secrets, lib library.ID, id ChannelID, token string) error {
	secret, err := secrets.Put(ctx, tx, lib, PurposeChannel, token)
	if err != nil {
		return fmt.Errorf("token of channel %d: %w", id, err)
	}
	tag, err := tx.Exec(ctx, `with old as (select library_id, id, secret_id from channels where library_id = $1 and id = $2),
c as (update channels set secret_id = $3 where library_id = $1 and id = $2 returning id)
update secrets s set ciphertext = null, destroyed_at = $4 from old where s.library_id = old.library_id and s.id = old.secret_id`,
		lib, id, secret, secrets.now())
	if err != nil {
		return fmt.Errorf("token of channel %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("channel %d: %w", id, ErrNoSuch)
	}
	return Notify(ctx, tx, Signal{TopicChannels, lib, int64(id)})
}
