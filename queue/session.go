package queue

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"librarian/contacts/library"
)

// SessionState says how far somebody has signed in.
type SessionState string

// The states of a session.
const (
	SessionPassword SessionState = "password" // the second factor is still owed; it ends after 15 minutes
	SessionFull     SessionState = "full"
)

// Session is one browser in which a member of staff is signed in.
type Session struct {
	ID      string // names it among the person's own; no secret
	Staff   Staff
	Library library.ID // the one being looked at; 0 when an operator has chosen none
	State   SessionState
	Created time.Time
	Seen    time.Time // within a minute
	Agent   string    // the browser, as it calls itself
}

const (
	maxSessions = 5
	maxAgent    = 200 // characters
)

// alive needs the moment as $2: a session ends after 12 hours unused and 7 days in any case.
const alive = `
n.ended_at is null and s.state = 'on'
and n.created_at > $2::timestamptz - interval '7 days' and n.seen_at > $2::timestamptz - interval '12 hours'
and (n.state = 'full' or n.created_at > $2::timestamptz - interval '15 minutes')`

const sessionColumns = staffColumns + `,
n.id as session_id, coalesce(n.library_id, 0) as session_library, n.state as session_state, n.created_at as session_created, n.seen_at as seen, n.agent`

type sessionRow struct {
	Staff
	SessionID      []byte
	SessionLibrary library.ID
	SessionState   SessionState
	SessionCreated time.Time
	Seen           time.Time
	Agent          string
}

func (r sessionRow) session() Session {
	return Session{
		ID: hex.EncodeToString(r.SessionID), Staff: r.Staff, Library: r.SessionLibrary, State: r.SessionState,
		Created: r.SessionCreated, Seen: r.Seen, Agent: r.Agent,
	}
}

type account struct {
	Staff
	PasswordHash string
}

const selectAccount = `select ` + staffColumns + `, s.password_hash from staff s where s.login = $1`

// SignIn opens a session that still owes the second factor, and gives its token for the cookie. ErrSignIn whichever is wrong, ErrLocked after
// five failures for 15 minutes; neither tells, by answer or time, whether the login exists.
func (d *Desk) SignIn(ctx context.Context, login, password, agent string) (string, Session, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if err := d.try(ctx, login); err != nil {
		return "", Session{}, fmt.Errorf("sign in: %w", err)
	}
	if !loginShape.MatchString(login) {
		login = "" // nobody's, and safe to ask the database for
	}
	a, err := one[account](ctx, d.pool, selectAccount, login)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", Session{}, fmt.Errorf("sign in: %w", err)
	}
	right, err := d.matches(ctx, a.PasswordHash, password)
	if err != nil {
		return "", Session{}, fmt.Errorf("sign in staff %d: %w", a.ID, err)
	}
	if !right || a.State != "on" {
		return "", Session{}, fmt.Errorf("sign in: %w", ErrSignIn)
	}
	var token string
	err = d.within(ctx, fmt.Sprintf("sign in staff %d", a.ID), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, takeBackTry, loginKey(login)); err != nil {
			return err
		}
		token, err = d.insertSession(ctx, tx, a.ID, SessionPassword, agent)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	s, err := d.SessionOf(ctx, token)
	return token, s, err
}

const (
	selectSession = `select ` + sessionColumns + ` from sessions n join staff s on s.id = n.staff_id where n.id = $1 and ` + alive
	touchSession  = `update sessions set seen_at = $2 where id = $1 and seen_at < $2::timestamptz - interval '1 minute'`
)

// SessionOf gives the open session of the token, or ErrNoSession, and notes that it was used.
func (d *Desk) SessionOf(ctx context.Context, token string) (Session, error) {
	s, err := d.PeekSession(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if now := d.now(); now.Sub(s.Seen) > time.Minute {
		if _, err := d.pool.Exec(ctx, touchSession, tokenKey(token), now); err != nil {
			return Session{}, fmt.Errorf("note use of session: %w", err)
		}
	}
	return s, nil
}

// PeekSession is SessionOf for what a page asks for by itself: a page that is merely left open does not keep its session from ending.
func (d *Desk) PeekSession(ctx context.Context, token string) (Session, error) {
	row, err := one[sessionRow](ctx, d.pool, selectSession, tokenKey(token), d.now())
	if errors.Is(err, ErrNotFound) {
		return Session{}, fmt.Errorf("find session: %w", ErrNoSession)
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	return row.session(), nil
}

// OpenSession signs a member of staff in without being asked for anything: for the command line and the demo only.
func (d *Desk) OpenSession(ctx context.Context, id StaffID, agent string) (token string, err error) {
	err = d.within(ctx, fmt.Sprintf("open session of staff %d", id), func(tx pgx.Tx) error {
		s, err := one[Staff](ctx, tx, lockStaff, id)
		if err != nil {
			return err
		}
		if s.State != "on" {
			return ErrNotAllowed
		}
		token, err = d.openFull(ctx, tx, s, agent)
		return err
	})
	return token, err
}

// endOldest keeps the new session and the newest of the others.
const endOldest = `
update sessions set ended_at = $2 where id in (
  select n.id from sessions n join staff s on s.id = n.staff_id
  where n.staff_id = $1 and n.state = 'full' and ` + alive + `
  order by n.id = $3 desc, n.created_at desc, n.id offset $4)`

// openFull needs the row of staff locked, or two at once would leave one session too many.
func (d *Desk) openFull(ctx context.Context, tx pgx.Tx, s Staff, agent string) (string, error) {
	token, err := d.insertSession(ctx, tx, s.ID, SessionFull, agent)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, endOldest, s.ID, d.now(), tokenKey(token), maxSessions); err != nil {
		return "", fmt.Errorf("end the oldest session: %w", err)
	}
	return token, Audit(ctx, tx, s.audit(s, "session.opened"))
}

const insertSession = `
insert into sessions (id, staff_id, library_id, state, created_at, seen_at, agent)
select $1, s.id, s.library_id, $3, $4, $4, $5 from staff s where s.id = $2`

func (d *Desk) insertSession(ctx context.Context, tx pgx.Tx, id StaffID, state SessionState, agent string) (string, error) {
	token := rand.Text()
	if _, err := tx.Exec(ctx, insertSession, tokenKey(token), id, state, d.now(), clean(agent, maxAgent)); err != nil {
		return "", fmt.Errorf("insert session: %w", err)
	}
	return token, nil
}

const selectSessions = `
select ` + sessionColumns + ` from sessions n join staff s on s.id = n.staff_id
where n.staff_id = $1 and n.state = 'full' and ` + alive + ` order by n.created_at desc, n.id`

// ListSessions gives the person's open sessions, newest first.
func (d *Desk) ListSessions(ctx context.Context, id StaffID) ([]Session, error) {
	rows, err := all[sessionRow](ctx, d.pool, selectSessions, id, d.now())
	if err != nil {
		return nil, fmt.Errorf("list sessions of staff %d: %w", id, err)
	}
	list := make([]Session, len(rows))
	for i, r := range rows {
		list[i] = r.session()
	}
	return list, nil
}

const (
	endSession = `
with n as (update sessions set ended_at = $3 where id = $1 and staff_id = $2 and ended_at is null returning staff_id)
select ` + staffColumns + ` from staff s join n on n.staff_id = s.id`
	endSessions = `update sessions set ended_at = $2 where staff_id = $1 and ended_at is null`
	endOthers   = `update sessions set ended_at = $2 where staff_id = $1 and ended_at is null and id <> $3`
)

// EndSession ends one of the person's sessions by its ID. ErrNotFound when it is not theirs or has ended.
func (d *Desk) EndSession(ctx context.Context, id StaffID, session string) error {
	key, err := hex.DecodeString(session)
	if err != nil {
		return fmt.Errorf("end session of staff %d: %w", id, ErrNotFound)
	}
	return d.within(ctx, fmt.Sprintf("end session of staff %d", id), func(tx pgx.Tx) error {
		s, err := one[Staff](ctx, tx, endSession, key, id, d.now())
		if err != nil {
			return err
		}
		return Audit(ctx, tx, s.audit(s, "session.ended"))
	})
}

// SignOut ends the session. One that has ended already is no error.
func (d *Desk) SignOut(ctx context.Context, s Session) error {
	if err := d.EndSession(ctx, s.Staff.ID, s.ID); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

const lookAt = `update sessions set library_id = $2 where id = $1 and ended_at is null`

const foreignKeyViolation = "23503"

// LookAt makes the library the one that the operator works in. ErrNotAllowed for all others, ErrNotFound when it does not exist.
func (d *Desk) LookAt(ctx context.Context, s Session, lib library.ID) error {
	if s.Staff.Role != RoleOperator || s.State != SessionFull {
		return fmt.Errorf("look at library %d: %w", lib, ErrNotAllowed)
	}
	key, err := hex.DecodeString(s.ID)
	if err != nil {
		return fmt.Errorf("look at library %d: %w", lib, ErrNoSession)
	}
	return d.within(ctx, fmt.Sprintf("look at library %d", lib), func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, lookAt, key, lib)
		var violated *pgconn.PgError
		switch {
		case errors.As(err, &violated) && violated.Code == foreignKeyViolation:
			return ErrNotFound
		case err != nil:
			return err
		case done.RowsAffected() == 0:
			return ErrNoSession
		}
		return Audit(ctx, tx, AuditEntry{Library: lib, Staff: s.Staff.ID, Act: "library.entered", Object: fmt.Sprintf("library %d", lib)})
	})
}

const (
	purgeSessions = `delete from sessions where seen_at < $1::timestamptz - interval '90 days'`
	purgeTries    = `delete from sign_in_tries where last_at < $1::timestamptz - interval '1 day'`
)

// Purge removes sessions unused for 90 days and failures to sign in older than a day. It is to run once a day.
func (d *Desk) Purge(ctx context.Context) error {
	for _, sql := range []string{purgeSessions, purgeTries} {
		if _, err := d.pool.Exec(ctx, sql, d.now()); err != nil {
			return fmt.Errorf("purge sessions: %w", err)
		}
	}
	return nil
}

func tokenKey(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// clean is the text without what PostgreSQL refuses, at most so many characters.
func clean(text string, limit int) string {
	r := []rune(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", ""))
	return string(r[:min(len(r), limit)])
}
