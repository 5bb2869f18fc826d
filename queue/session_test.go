package queue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"librarian/cmd/schema/pgtest"
	"librarian/queue"
)

func (h *house) session(id queue.StaffID) (string, queue.Session) {
	h.t.Helper()
	token, err := h.OpenSession(h.t.Context(), id, "Firefox")
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := h.SessionOf(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return token, s
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	token, s, err := h.SignIn(ctx, " ANNA ", password, "Firefox \x00\xff"+strings.Repeat("x", 999))
	want(t, "sign in", err, nil)
	if s.State != queue.SessionPassword || s.Staff.ID != anna.ID || s.Library != h.lib || !s.Staff.MustChange || len(s.Agent) != 200 {
		t.Errorf("session is %+v", s)
	}
	same, err := h.SessionOf(ctx, token)
	want(t, "session", err, nil)
	if same.ID != s.ID || strings.Contains(s.ID, token) {
		t.Errorf("session is %+v", same)
	}
	for name, login := range map[string]string{
		"wrong password": "anna", "unknown": "nobody", "empty": "", "null byte": "an\x00na", "not utf-8": "\xff", "long": strings.Repeat("a", 1<<20),
	} {
		_, _, err := h.SignIn(ctx, login, "wrong", "")
		want(t, name, err, queue.ErrSignIn)
	}
	_, _, err = h.SignIn(ctx, "anna", strings.Repeat("x", 1<<20), "")
	want(t, "endless password", err, queue.ErrSignIn)
	_, err = h.SessionOf(ctx, "no such token")
	want(t, "unknown token", err, queue.ErrNoSession)
	h.clock.move(15*time.Minute + time.Second)
	_, err = h.SessionOf(ctx, token)
	want(t, "second factor owed for too long", err, queue.ErrNoSession)
}

func TestLockOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, password := h.staff("anna", queue.RoleLibrarian)
	for _, login := range []string{"anna", "nobody"} { // the same for both, so that it tells nothing
		for range 5 {
			_, _, err := h.SignIn(ctx, login, "wrong", "")
			want(t, login, err, queue.ErrSignIn)
		}
		_, _, err := h.SignIn(ctx, login, password, "")
		want(t, login+" after five", err, queue.ErrLocked)
	}
	h.clock.move(14 * time.Minute)
	_, _, err := h.SignIn(ctx, "anna", password, "")
	want(t, "after 14 minutes", err, queue.ErrLocked)
	h.clock.move(time.Minute)
	_, _, err = h.SignIn(ctx, "anna", password, "")
	want(t, "after 15 minutes", err, nil)
}

func TestTriesAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.staff("anna", queue.RoleLibrarian)
	guess := func(ctx context.Context) error { _, _, err := h.SignIn(ctx, "anna", "guess", ""); return err }
	calls := make([]func(context.Context) error, 12)
	for i := range calls {
		calls[i] = guess
	}
	locked := 0
	for _, err := range together(t.Context(), calls...) {
		if strings.Contains(err.Error(), queue.ErrLocked.Error()) {
			locked++
		} else {
			want(t, "guess", err, queue.ErrSignIn)
		}
	}
	if locked != len(calls)-5 {
		t.Errorf("%d guesses were looked at, want 5", len(calls)-locked)
	}
}

func TestRightPasswordDoesNotForgetWrongCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	h.enrol(anna, password)
	h.clock.move(time.Hour)
	for range 5 {
		_, s, err := h.SignIn(ctx, "anna", password, "")
		want(t, "sign in", err, nil)
		_, err = h.CheckTOTP(ctx, s, "wrong")
		want(t, "wrong code", err, queue.ErrCode)
	}
	_, _, err := h.SignIn(ctx, "anna", password, "")
	want(t, "sign in after five wrong codes", err, queue.ErrLocked)
}

func TestSixthSessionEndsTheOldest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, password := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	other, _ := h.session(boris.ID)
	var tokens []string
	for range 6 {
		token, _ := h.session(anna.ID)
		tokens = append(tokens, token)
		h.clock.move(time.Second)
	}
	for range 3 { // who knows the password alone throws nobody out
		_, _, err := h.SignIn(ctx, "anna", password, "")
		want(t, "sign in", err, nil)
	}
	_, err := h.SessionOf(ctx, tokens[0])
	want(t, "the oldest", err, queue.ErrNoSession)
	for _, token := range append(tokens[1:], other) {
		_, err := h.SessionOf(ctx, token)
		want(t, "a newer one", err, nil)
	}
	list, err := h.ListSessions(ctx, anna.ID)
	want(t, "list", err, nil)
	if len(list) != 5 || list[0].Created.Before(list[4].Created) {
		t.Errorf("%d sessions: %+v", len(list), list)
	}

	open := func(ctx context.Context) error { _, err := h.OpenSession(ctx, anna.ID, ""); return err }
	for round := range pgtest.Rounds(t, 20) {
		h.clock.move(time.Second)
		for _, err := range together(ctx, open, open, open, open) {
			want(t, "open together", err, nil)
		}
		if list, err = h.ListSessions(ctx, anna.ID); err != nil || len(list) != 5 {
			t.Fatalf("round %d: %d sessions, %v", round, len(list), err)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)

	token, s := h.session(anna.ID)
	want(t, "end another's", h.EndSession(ctx, boris.ID, s.ID), queue.ErrNotFound)
	want(t, "end junk", h.EndSession(ctx, anna.ID, "junk"), queue.ErrNotFound)
	want(t, "sign out", h.SignOut(ctx, s), nil)
	want(t, "sign out twice", h.SignOut(ctx, s), nil)
	_, err := h.SessionOf(ctx, token)
	want(t, "signed out", err, queue.ErrNoSession)

	idle, _ := h.session(anna.ID)
	used, _ := h.session(anna.ID)
	for range 16 { // 7 days and 8 hours, never 12 hours unused
		h.clock.move(11 * time.Hour)
		if _, err := h.SessionOf(ctx, used); err != nil && h.clock.Now().Sub(s.Created) <= 7*24*time.Hour {
			t.Fatalf("after %v: %v", h.clock.Now().Sub(s.Created), err)
		}
		_, err := h.SessionOf(ctx, idle)
		if h.clock.Now().Sub(s.Created) < 12*time.Hour {
			want(t, "idle", err, nil)
			idle = "" // from here on never used again
		}
	}
	_, err = h.SessionOf(ctx, used)
	want(t, "after seven days", err, queue.ErrNoSession)

	idle, _ = h.session(anna.ID)
	h.clock.move(11 * time.Hour)
	_, err = h.PeekSession(ctx, idle) // a page that is left open
	want(t, "left open", err, nil)
	h.clock.move(time.Hour + time.Second)
	_, err = h.PeekSession(ctx, idle)
	want(t, "left open for 12 hours", err, queue.ErrNoSession)
	_, err = h.SessionOf(ctx, idle)
	want(t, "idle for 12 hours", err, queue.ErrNoSession)

	h.clock.move(91 * 24 * time.Hour)
	want(t, "purge", h.Purge(ctx), nil)
	var left int
	if err := h.pool.QueryRow(ctx, "select (select count(*) from sessions) + (select count(*) from sign_in_tries)").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left after the purge, %v", left, err)
	}
}

func TestOperatorLooksAtALibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	operator, _ := h.staff("operator", queue.RoleOperator)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	token, s := h.session(operator.ID)
	if s.Library != 0 {
		t.Errorf("an operator starts in library %d", s.Library)
	}
	want(t, "look at nothing", h.LookAt(ctx, s, 999), queue.ErrNotFound)
	want(t, "look", h.LookAt(ctx, s, h.lib), nil)
	s, err := h.SessionOf(ctx, token)
	want(t, "session", err, nil)
	if s.Library != h.lib {
		t.Errorf("looks at library %d", s.Library)
	}
	_, s = h.session(anna.ID)
	want(t, "look as librarian", h.LookAt(ctx, s, h.library("second")), queue.ErrNotAllowed)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, first := h.staff("anna", queue.RoleLibrarian)
	elsewhere, _ := h.session(anna.ID)
	here, s := h.session(anna.ID)
	const fresh = "Кыталык көтөр 7"
	for name, weak := range map[string]string{
		"short": "Ab1!efgh", "same sign": "aaaaaaaaaaaa", "login": "xx-Anna-12345", "not utf-8": "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5",
		"the old one": first, "endless": strings.Repeat("abcdef", 1000),
	} {
		want(t, name, h.ChangePassword(ctx, s, first, weak), queue.ErrWeakPassword)
	}
	want(t, "wrong old one", h.ChangePassword(ctx, s, "wrong", fresh), queue.ErrWrongPassword)
	want(t, "change", h.ChangePassword(ctx, s, first, fresh), nil)
	_, err := h.SessionOf(ctx, elsewhere)
	want(t, "the other session", err, queue.ErrNoSession)
	s, err = h.SessionOf(ctx, here)
	want(t, "this session", err, nil)
	if s.Staff.MustChange {
		t.Error("it must be changed still")
	}
	_, _, err = h.SignIn(ctx, "anna", first, "")
	want(t, "the old password", err, queue.ErrSignIn)
	_, owing, err := h.SignIn(ctx, "anna", strings.Replace(fresh, "й", "\u0438\u0306", 1), "")
	want(t, "the new password, typed in another way", err, nil)
	want(t, "change before the second factor", h.ChangePassword(ctx, owing, fresh, first), queue.ErrNoSession)
	for range 3 {
		want(t, "guess", h.ChangePassword(ctx, s, "wrong", first), queue.ErrWrongPassword)
	}
	want(t, "guess too often", h.ChangePassword(ctx, s, fresh, first), queue.ErrLocked)
}
