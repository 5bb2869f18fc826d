package queue_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"net/url"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"librarian/cmd/schema/pgtest"
	"librarian/queue"
)

func (h *house) code(secret string, at time.Time) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// enrol signs in and sets the second factor up.
func (h *house) enrol(s queue.Staff, password string) (secret, token string) {
	h.t.Helper()
	ctx := h.t.Context()
	_, owing, err := h.SignIn(ctx, s.Login, password, "Firefox")
	want(h.t, "sign in", err, nil)
	_, secret, err = h.BeginTOTP(ctx, owing)
	want(h.t, "begin", err, nil)
	token, err = h.ConfirmTOTP(ctx, owing, h.code(secret, h.clock.Now()))
	want(h.t, "confirm", err, nil)
	return secret, token
}

func TestSecondFactorIsSetUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	token, s, err := h.SignIn(ctx, "anna", password, "Firefox")
	want(t, "sign in", err, nil)
	_, err = h.ConfirmTOTP(ctx, s, "123456")
	want(t, "confirm what was not begun", err, queue.ErrCode)
	_, err = h.CheckTOTP(ctx, s, "123456")
	want(t, "check what is not there", err, queue.ErrCode)
	address, secret, err := h.BeginTOTP(ctx, s)
	want(t, "begin", err, nil)
	if u, err := url.Parse(address); err != nil || u.Scheme != "otpauth" || u.Query().Get("secret") != secret || u.Query().Get("issuer") != "Библиотека" {
		t.Errorf("address is %q, %v", address, err)
	}
	_, again, err := h.BeginTOTP(ctx, s)
	want(t, "begin again", err, nil)
	if again != secret {
		t.Error("a reload of the page gives another secret than the one scanned")
	}
	_, err = h.ConfirmTOTP(ctx, s, "000")
	want(t, "wrong code", err, queue.ErrCode)
	full, err := h.ConfirmTOTP(ctx, s, " "+h.code(secret, h.clock.Now())[:3]+" "+h.code(secret, h.clock.Now())[3:])
	want(t, "confirm", err, nil)
	_, err = h.SessionOf(ctx, token)
	want(t, "the old token", err, queue.ErrNoSession)
	got, err := h.SessionOf(ctx, full)
	want(t, "the new token", err, nil)
	if got.State != queue.SessionFull || !got.Staff.HasTOTP || got.Staff.ID != anna.ID || got.Agent != "Firefox" {
		t.Errorf("session is %+v", got)
	}
	_, _, err = h.BeginTOTP(ctx, got)
	want(t, "begin a second one", err, queue.ErrHasTOTP)

	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	want(t, "decode", err, nil)
	var stored []byte
	if err := h.pool.QueryRow(ctx, "select totp_secret from staff where id = $1", anna.ID).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if len(stored) == 0 || bytes.Contains(stored, raw) {
		t.Error("the secret is not sealed")
	}
}

func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	secret, _ := h.enrol(anna, password)
	owing := func() queue.Session {
		_, s, err := h.SignIn(ctx, "anna", password, "")
		want(t, "sign in", err, nil)
		return s
	}
	_, err := h.CheckTOTP(ctx, owing(), h.code(secret, h.clock.Now()))
	want(t, "the code that confirmed", err, queue.ErrCode)

	for round := range pgtest.Rounds(t, 10) {
		h.clock.move(30 * time.Second)
		code, first, second := h.code(secret, h.clock.Now()), owing(), owing()
		check := func(s queue.Session) func(context.Context) error {
			return func(ctx context.Context) error { _, err := h.CheckTOTP(ctx, s, code); return err }
		}
		errs := together(ctx, check(first), check(second), check(first), check(second))
		through := 0
		for _, err := range errs {
			if err == nil {
				through++
			}
		}
		if through != 1 {
			t.Fatalf("round %d: the code worked %d times: %v", round, through, errs)
		}
		h.clock.move(16 * time.Minute) // forgets the failures, so that no round is locked out
	}
}

func TestCodesAroundNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	secret, _ := h.enrol(anna, password)
	for _, c := range []struct {
		name string
		off  time.Duration
		want error
	}{
		{"two steps back", -60 * time.Second, queue.ErrCode},
		{"one step back", -30 * time.Second, nil},
		{"now", 0, nil},
		{"one step ahead", 30 * time.Second, nil},
		{"two steps ahead", 60 * time.Second, queue.ErrCode},
	} {
		h.clock.move(time.Hour)
		_, s, err := h.SignIn(ctx, "anna", password, "")
		want(t, "sign in", err, nil)
		_, err = h.CheckTOTP(ctx, s, h.code(secret, h.clock.Now().Add(c.off)))
		want(t, c.name, err, c.want)
		if c.want == nil {
			_, err = h.CheckTOTP(ctx, s, h.code(secret, h.clock.Now().Add(c.off+30*time.Second)))
			want(t, c.name+", a second time in the same session", err, queue.ErrNoSession)
		}
	}
}

func TestTwoPagesSetUpOneFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	for round := range pgtest.Rounds(t, 8) {
		staff, password := h.staff("staff"+itoa(round), queue.RoleLibrarian)
		confirm := make([]func(context.Context) error, 3)
		for i := range confirm { // each a browser with a secret of its own
			_, s, err := h.SignIn(ctx, staff.Login, password, "")
			want(t, "sign in", err, nil)
			_, secret, err := h.BeginTOTP(ctx, s)
			want(t, "begin", err, nil)
			code := h.code(secret, h.clock.Now())
			confirm[i] = func(ctx context.Context) error { _, err := h.ConfirmTOTP(ctx, s, code); return err }
		}
		through := 0
		for _, err := range together(ctx, confirm...) {
			if err == nil {
				through++
				continue
			}
			want(t, "the others", err, queue.ErrHasTOTP)
		}
		if through != 1 {
			t.Fatalf("round %d: %d secrets were set up, want 1", round, through)
		}
	}
}
