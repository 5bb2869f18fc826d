package contacts

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// The rules of codes that prove an address.
const (
	codeLife  = 10 * time.Minute
	codeTries = 5
	codesHour = 3 // to one address, and for one sender
)

// What may be wrong with a code.
var (
	ErrTooManyCodes = errors.New("too many codes within the hour")
	ErrCodeOld      = errors.New("there is no code, or it is too old")
)

// NewCode makes six digits that prove the target address to the conversation that asked, and gives them for sending; only their hash is kept. An
// earlier code of the conversation is worth nothing any more. ErrTooManyCodes after three in an hour for the sender or the target.
func NewCode(ctx context.Context, tx pgx.Tx, lib library.ID, from AddressID, target string, now time.Time) (string, error) {
	hour := now.Add(-time.Hour)
	hash := targetHash(lib, target)
	// Requests for one target or of one sender wait for each other, in one order, so that the hourly limits hold when many come at once.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(k) from (
  select hashtextextended(u.key, 0) as k from unnest(array[$1, $2]) as u (key) order by k) w`, hash, fmt.Sprintf("code of %d", from)); err != nil {
		return "", fmt.Errorf("code for conversation %d: %w", from, err)
	}
	var recent int
	if err := tx.QueryRow(ctx, `select greatest(
  (select count(*) from codes where library_id = $1 and address_id = $2 and created_at > $4),
  (select count(*) from codes where library_id = $1 and target = $3 and created_at > $4))`, lib, from, hash, hour).Scan(&recent); err != nil {
		return "", fmt.Errorf("code for conversation %d: %w", from, err)
	}
	if recent >= codesHour {
		return "", ErrTooManyCodes
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("code for conversation %d: %w", from, err)
	}
	code := fmt.Sprintf("%06d", n)
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("code for conversation %d: %w", from, err)
	}
	if _, err := tx.Exec(ctx, `insert into codes (library_id, address_id, target, hash, salt, created_at) values ($1, $2, $3, $4, $5, $6)`,
		lib, from, hash, codeHash(salt, code), salt, now); err != nil {
		return "", fmt.Errorf("code for conversation %d: %w", from, err)
	}
	return code, nil
}

// CheckCode compares the digits with the newest code of the conversation. It gives the tries left; a right code works once. ErrCodeOld when there is
// none for that target, it has been used, or it is older than ten minutes.
func CheckCode(ctx context.Context, tx pgx.Tx, lib library.ID, from AddressID, target, code string, now time.Time) (right bool, left int, err error) {
	var id int64
	var hash, salt []byte
	var tries int
	err = tx.QueryRow(ctx, `select id, hash, salt, tries from codes
where library_id = $1 and id = (select max(id) from codes where library_id = $1 and address_id = $2)
  and target = $3 and used_at is null and created_at > $4 for update`,
		lib, from, targetHash(lib, target), now.Add(-codeLife)).Scan(&id, &hash, &salt, &tries)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, 0, ErrCodeOld
	}
	if err != nil {
		return false, 0, fmt.Errorf("code of conversation %d: %w", from, err)
	}
	if tries >= codeTries {
		return false, 0, nil
	}
	right = hmac.Equal(hash, codeHash(salt, code))
	_, err = tx.Exec(ctx, `update codes set tries = tries + 1, used_at = case when $3 then $4::timestamptz end where library_id = $1 and id = $2`,
		lib, id, right, now)
	if err != nil {
		return false, 0, fmt.Errorf("code of conversation %d: %w", from, err)
	}
	return right, codeTries - tries - 1, nil
}

// ForgetCodes removes codes that are of no use, not even for counting, and says how many.
func ForgetCodes(ctx context.Context, db DB, now time.Time) (int64, error) {
	tag, err := db.Exec(ctx, `delete from codes where created_at < $1`, now.Add(-24*time.Hour))
	if err != nil {
		return 0, fmt.Errorf("forget codes: %w", err)
	}
	return tag.RowsAffected(), nil
}

// targetHash is the same for any case of the letters, or the hourly limit could be stepped round.
func targetHash(lib library.ID, target string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", lib, strings.ToLower(target)))
	return hex.EncodeToString(sum[:])
}

func codeHash(salt []byte, code string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(code))
	return mac.Sum(nil)
}
