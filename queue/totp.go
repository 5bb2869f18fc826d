package queue

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

const (
	totpPeriod = 30 // seconds
	totpSecret = 20 // bytes: SHA-1's own size
)

// factor is what is kept of the second factor of a session's owner.
type factor struct {
	Pending []byte // sealed
	Secret  []byte // sealed
}

const (
	selectFactor = `
select n.totp_pending as pending, s.totp_secret as secret from sessions n join staff s on s.id = n.staff_id where n.id = $1 and ` + alive
	// two pages opened at once agree on the first secret
	setPending = `update sessions set totp_pending = coalesce(totp_pending, $2) where id = $1 and ended_at is null returning totp_pending as pending, null::bytea as secret`
)

// BeginTOTP gives the address (otpauth://) and the secret to be put into an authenticator app, the same until a code confirms them.
// ErrHasTOTP when a second factor is set up already.
func (d *Desk) BeginTOTP(ctx context.Context, s Session) (address, secret string, err error) {
	what := fmt.Sprintf("begin second factor of staff %d", s.Staff.ID)
	key, f, err := d.factorOf(ctx, s)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", what, err)
	}
	if f.Secret != nil {
		return "", "", fmt.Errorf("%s: %w", what, ErrHasTOTP)
	}
	fresh := make([]byte, totpSecret)
	if _, err := rand.Read(fresh); err != nil {
		return "", "", fmt.Errorf("%s: %w", what, err)
	}
	sealed, err := d.keys.Seal(fresh)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", what, err)
	}
	if f, err = one[factor](ctx, d.pool, setPending, key, sealed); err != nil {
		return "", "", fmt.Errorf("%s: %w", what, err)
	}
	k, err := d.totpKey(f.Pending, s.Staff.Login)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", what, err)
	}
	return k.URL(), k.Secret(), nil
}

func (d *Desk) factorOf(ctx context.Context, s Session) (key []byte, f factor, err error) {
	if key, err = hex.DecodeString(s.ID); err != nil {
		return nil, f, ErrNoSession
	}
	f, err = one[factor](ctx, d.pool, selectFactor, key, d.now())
	if errors.Is(err, ErrNotFound) {
		err = ErrNoSession
	}
	return key, f, err
}

func (d *Desk) totpKey(sealed []byte, login string) (*otp.Key, error) {
	raw, err := d.keys.Open(sealed)
	if err != nil {
		return nil, fmt.Errorf("open second factor: %w", err)
	}
	k, err := totp.Generate(totp.GenerateOpts{Issuer: d.issuer, AccountName: login, Secret: raw, Period: totpPeriod})
	if err != nil {
		return nil, fmt.Errorf("make second factor: %w", err)
	}
	return k, nil
}

const (
	enrolTOTP = `update staff set totp_secret = $3, totp_last = $2 where id = $1 and totp_secret is null and state = 'on'`
	useTOTP   = `update staff set totp_last = $2 where id = $1 and totp_last < $2 and totp_secret = $3 and state = 'on'`
)

// ConfirmTOTP sets the second factor up by a first code from the app, and gives the token of the full session that takes the old one's place.
// ErrCode counts as a failure to sign in.
func (d *Desk) ConfirmTOTP(ctx context.Context, s Session, code string) (string, error) {
	what := fmt.Sprintf("confirm second factor of staff %d", s.Staff.ID)
	_, f, err := d.factorOf(ctx, s)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", what, err)
	case f.Secret != nil:
		return "", fmt.Errorf("%s: %w", what, ErrHasTOTP)
	case f.Pending == nil:
		return "", fmt.Errorf("%s: not begun: %w", what, ErrCode)
	}
	return d.elevate(ctx, what, s, f.Pending, code, enrolTOTP, ErrHasTOTP)
}

// CheckTOTP gives the token of the full session that takes the place of one that owes the second factor. A code works once, even when it is
// sent twice at the same time; one of the last and of the next half minute works too. ErrCode counts as a failure to sign in.
func (d *Desk) CheckTOTP(ctx context.Context, s Session, code string) (string, error) {
	what := fmt.Sprintf("check second factor of staff %d", s.Staff.ID)
	_, f, err := d.factorOf(ctx, s)
	if err == nil && f.Secret == nil {
		err = ErrCode
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return d.elevate(ctx, what, s, f.Secret, code, useTOTP, ErrCode)
}

const endOwing = `update sessions set ended_at = $2 where id = $1 and ended_at is null and state = 'password'`

// elevate checks the code against the sealed secret; use is the one statement that decides whether the code may be used, refused what it means if not.
func (d *Desk) elevate(ctx context.Context, what string, s Session, sealed []byte, code, use string, refused error) (token string, err error) {
	if err := d.try(ctx, s.Staff.Login); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	k, err := d.totpKey(sealed, s.Staff.Login)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	step, err := codeStep(k.Secret(), code, d.now())
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	key, err := hex.DecodeString(s.ID)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, ErrNoSession)
	}
	err = d.within(ctx, what, func(tx pgx.Tx) error {
		for _, part := range []struct {
			sql     string
			args    []any
			refused error
		}{
			{use, []any{s.Staff.ID, step, sealed}, refused},
			{endOwing, []any{key, d.now()}, ErrNoSession},
		} {
			done, err := tx.Exec(ctx, part.sql, part.args...)
			if err != nil {
				return err
			}
			if done.RowsAffected() == 0 {
				return part.refused
			}
		}
		if _, err := tx.Exec(ctx, forgetTries, loginKey(s.Staff.Login)); err != nil {
			return err
		}
		token, err = d.openFull(ctx, tx, s.Staff, s.Agent)
		return err
	})
	return token, err
}

// codeStep gives the time step whose code it is, within one step of now, or ErrCode.
func codeStep(secret, code string, now time.Time) (int64, error) {
	code = strings.ReplaceAll(code, " ", "")
	found := int64(-1)
	for step := now.Unix()/totpPeriod - 1; step <= now.Unix()/totpPeriod+1; step++ {
		want, err := totp.GenerateCode(secret, time.Unix(step*totpPeriod, 0))
		if err != nil {
			return 0, fmt.Errorf("make code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	if found < 0 {
		return 0, ErrCode
	}
	return found, nil
}
