package bots

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// SecretMark stands in a text where a secret belongs. It is replaced at the moment of sending.
const SecretMark = "{secret}"

// secretLife is how long a secret that nobody fetched is kept.
const secretLife = 72 * time.Hour

// What a secret is for.
const (
	PurposeChannel  = "channel" // stays as long as the channel
	PurposePassword = "password"
	PurposeCode     = "code"
	PurposeLink     = "link" // opened more than once: it stays its 72 hours, so that who reloads the chat still sees it
)

// ErrDestroyed means that the secret has been used, or was not fetched in time.
var ErrDestroyed = errors.New("the secret no longer exists")

// Sealer encrypts small values with the service's key.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Secrets keeps what must not lie readable in the database: it gives an id to write down instead.
type Secrets struct {
	pool *pgxpool.Pool
	key  Sealer
	now  func() time.Time
}

// NewSecrets makes the store.
func NewSecrets(pool *pgxpool.Pool, key Sealer, now func() time.Time) *Secrets {
	return &Secrets{pool: pool, key: key, now: now}
}

// Put keeps the secret and gives its id.
func (s *Secrets) Put(ctx context.Context, tx pgx.Tx, lib library.ID, purpose, plain string) (string, error) {
	sealed, err := s.key.Seal([]byte(plain))
	if err != nil {
		return "", fmt.Errorf("seal a secret for %s: %w", purpose, err)
	}
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("id of a secret: %w", err)
	}
	id := hex.EncodeToString(raw)
	_, err = tx.Exec(ctx, `insert into secrets (library_id, id, ciphertext, purpose, created_at) values ($1, $2, $3, $4, $5)`,
		lib, id, sealed, purpose, s.now())
	if err != nil {
		return "", fmt.Errorf("keep a secret for %s: %w", purpose, err)
	}
	return id, nil
}

// Open gives the secret itself, or ErrDestroyed.
func (s *Secrets) Open(ctx context.Context, lib library.ID, id string) (string, error) {
	var sealed []byte
	err := s.pool.QueryRow(ctx, `select ciphertext from secrets where library_id = $1 and id = $2`, lib, id).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && sealed == nil {
		return "", ErrDestroyed
	}
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", id, err)
	}
	plain, err := s.key.Open(sealed)
	if err != nil {
		return "", fmt.Errorf("open secret %s: %w", id, err)
	}
	return string(plain), nil
}

const destroySecrets = `update secrets set ciphertext = null, destroyed_at = $1
where ciphertext is not null and purpose <> 'channel' and `

// Destroy wipes the secrets with these ids, whose messages have arrived.
func (s *Secrets) Destroy(ctx context.Context, lib library.ID, ids ...string) error {
	if _, err := s.pool.Exec(ctx, destroySecrets+`purpose <> 'link' and library_id = $2 and id = any($3)`, s.now(), lib, ids); err != nil {
		return fmt.Errorf("destroy secrets: %w", err)
	}
	return nil
}

// Expire wipes every secret older than 72 hours and says how many there were. Channel tokens stay.
func (s *Secrets) Expire(ctx context.Context) (int64, error) {
	now := s.now()
	tag, err := s.pool.Exec(ctx, destroySecrets+`created_at < $2`, now, now.Add(-secretLife))
	if err != nil {
		return 0, fmt.Errorf("expire secrets: %w", err)
	}
	return tag.RowsAffected(), nil
}
