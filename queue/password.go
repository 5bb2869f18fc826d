package queue

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// OWASP's setting for argon2id: 19 MiB, two passes, one lane.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashLanes   = 1
	hashLength  = 32
	saltLength  = 16
	maxPassword = 1024 // bytes
	minPassword = 10   // characters
)

var unpadded = base64.RawStdEncoding

// hash gives the password's argon2id in the PHC string format.
func (d *Desk) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	key, err := d.derive(ctx, password, salt)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		unpadded.EncodeToString(salt), unpadded.EncodeToString(key)), nil
}

// matches reports whether the password is that of the hash. An empty hash matches nothing and takes the same time.
func (d *Desk) matches(ctx context.Context, hash, password string) (bool, error) {
	salt, want := make([]byte, saltLength), make([]byte, hashLength)
	if hash != "" {
		var err error
		if salt, want, err = parseHash(hash); err != nil {
			return false, err
		}
	}
	if len(password) > maxPassword {
		password = "" // never a password, so it costs the same and fails
	}
	key, err := d.derive(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && hash != "", nil
}

// derive takes its turn: each hash holds 19 MiB for some 50 ms.
func (d *Desk) derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash: %w", ctx.Err())
	}
	plain := []byte(norm.NFKC.String(password)) // й is typed in two ways
	return argon2.IDKey(plain, salt, hashPasses, hashMemory, hashLanes, hashLength), nil
}

func parseHash(hash string) (salt, key []byte, err error) {
	want := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, hashMemory, hashPasses, hashLanes)
	rest, ok := strings.CutPrefix(hash, want)
	saltText, keyText, both := strings.Cut(rest, "$")
	if !ok || !both {
		return nil, nil, errors.New("stored password hash has another form")
	}
	if salt, err = unpadded.DecodeString(saltText); err == nil {
		key, err = unpadded.DecodeString(keyText)
	}
	if err != nil {
		return nil, nil, errors.New("stored password hash cannot be decoded")
	}
	return salt, key, nil
}

// firstPassword makes a password of 60 random bits that can be read out: ABCD-EFGH-IJKL.
func (d *Desk) firstPassword(ctx context.Context) (password, hash string, err error) {
	t := rand.Text()
	password = t[:4] + "-" + t[4:8] + "-" + t[8:12]
	hash, err = d.hash(ctx, password)
	return password, hash, err
}

// weak reports whether a new password is too easy to guess: short, of few different characters, or built on the login.
func weak(password, login string) bool {
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	return utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword || !utf8.ValidString(password) ||
		len(different) < 5 || strings.Contains(strings.ToLower(password), login)
}

const setPassword = `update staff set password_hash = $2, must_change = false where id = $1 and password_hash = $3`

// ChangePassword sets the person's own new password and ends their other sessions. ErrWrongPassword, which counts as a failure to sign in;
// ErrLocked; ErrWeakPassword: under 10 characters, of fewer than 5 different ones, with the login in it, or the old one again.
func (d *Desk) ChangePassword(ctx context.Context, s Session, old, fresh string) error {
	what := fmt.Sprintf("change password of staff %d", s.Staff.ID)
	if s.State != SessionFull {
		return fmt.Errorf("%s: %w", what, ErrNoSession)
	}
	if fresh == old || weak(fresh, s.Staff.Login) {
		return fmt.Errorf("%s: %w", what, ErrWeakPassword)
	}
	key, err := hex.DecodeString(s.ID)
	if err != nil {
		return fmt.Errorf("%s: %w", what, ErrNoSession)
	}
	if err := d.try(ctx, s.Staff.Login); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a, err := one[account](ctx, d.pool, selectAccount, s.Staff.Login)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	right, err := d.matches(ctx, a.PasswordHash, old)
	if err == nil && !right {
		err = ErrWrongPassword
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	hash, err := d.hash(ctx, fresh)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return d.within(ctx, what, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, setPassword, a.ID, hash, a.PasswordHash)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return ErrWrongPassword // changed in the meantime
		}
		batch := &pgx.Batch{}
		batch.Queue(endOthers, a.ID, d.now(), key)
		batch.Queue(takeBackTry, loginKey(a.Login))
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return Audit(ctx, tx, a.audit(a.Staff, "staff.password"))
	})
}

const (
	maxFailures = 5
	lockTime    = 15 * time.Minute
)

// countTry counts before the password is looked at, so that many tries at once are no more than five either.
const countTry = `
insert into sign_in_tries as t (login, failures, last_at) values ($1, 1, $2)
on conflict (login) do update
set failures = case when t.last_at <= $3 then 1 else t.failures + 1 end, last_at = $2
where t.failures < $4 or t.last_at <= $3`

const (
	takeBackTry = `update sign_in_tries set failures = greatest(failures - 1, 0) where login = $1`
	forgetTries = `delete from sign_in_tries where login = $1`
)

// try counts one attempt as failed until it is taken back. ErrLocked for 15 minutes after the fifth.
func (d *Desk) try(ctx context.Context, login string) error {
	now := d.now()
	done, err := d.pool.Exec(ctx, countTry, loginKey(login), now, now.Add(-lockTime), maxFailures)
	if err != nil {
		return fmt.Errorf("count try: %w", err)
	}
	if done.RowsAffected() == 0 {
		return ErrLocked
	}
	return nil
}

func loginKey(login string) []byte {
	sum := sha256.Sum256([]byte(login))
	return sum[:]
}
