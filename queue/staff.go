package queue

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"librarian/bots"
	"librarian/contacts/library"
)

// StaffID names one member of staff, in all libraries.
type StaffID int64

// Staff is one who works at the desk.
type Staff struct {
	ID            StaffID
	Library       *library.ID // nil is an operator
	Login         string
	Name          string
	Email         string
	Role          Role
	Department    int64 // of a department, head or digitiser; 0: of none
	Lang          library.Lang
	MustChange    bool // the password was given by another
	HasTOTP       bool
	NotifyEmail   bool
	NotifyAt      *bots.ConversationID // where new and late tasks are told; nil: in no conversation
	NotifyLibrary *library.ID          // of that conversation
	State         string               // on, off
	Created       time.Time
}

// Console is who works at the command line of the server: an operator without an account.
func Console() Staff { return Staff{Role: RoleOperator, State: "on"} }

// governs reports whether the account of the library and role is theirs to manage.
func (s Staff) governs(lib *library.ID, role Role) bool {
	switch s.Role {
	case RoleOperator:
		return true
	case RoleDirector:
		return s.Library != nil && lib != nil && *s.Library == *lib && role != RoleOperator
	}
	return false
}

func (s Staff) audit(by Staff, act string) AuditEntry {
	e := AuditEntry{Staff: by.ID, Act: act, Object: fmt.Sprintf("staff %d", s.ID)}
	if s.Library != nil {
		e.Library = *s.Library
	}
	return e
}

// NewStaff is an account to be made.
type NewStaff struct {
	Library     *library.ID // nil for an operator, and only then
	Login       string      // 2 to 64 of Latin letters, digits, . _ @ -
	Name        string
	Email       string
	Role        Role
	Department  int64 // 0: of none
	Lang        library.Lang
	NotifyEmail bool
	Unused      bool // nobody is told the first password, so that it need not be changed: the accounts of the demo
}

var loginShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)

const staffColumns = `
s.id, s.library_id as library, s.login, s.name, s.email, s.role, coalesce(s.department_id, 0) as department, s.lang, s.must_change, s.totp_secret is not null as has_totp,
s.notify_email, s.notify_at, s.notify_library, s.state, s.created_at as created`

const insertStaff = `
insert into staff as s (library_id, login, name, email, role, lang, notify_email, password_hash, created_at, must_change, department_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, not $10::bool, nullif($11::bigint, 0)) returning ` + staffColumns

// AddStaff makes an account and gives its first password, which is kept nowhere and must be changed. ErrLoginTaken, ErrNotAllowed when the
// library is not by's, ErrInvalid when a value is missing or cannot be. After ErrLoginTaken the transaction is lost.
func (d *Desk) AddStaff(ctx context.Context, tx pgx.Tx, by Staff, n NewStaff) (Staff, string, error) {
	n.Login = strings.ToLower(strings.TrimSpace(n.Login))
	n.Name = strings.TrimSpace(n.Name)
	if !by.governs(n.Library, n.Role) {
		return Staff{}, "", fmt.Errorf("add staff: %w", ErrNotAllowed)
	}
	if !loginShape.MatchString(n.Login) || n.Name == "" || !n.Role.Known() || !n.Lang.Known() || (n.Role == RoleOperator) != (n.Library == nil) {
		return Staff{}, "", fmt.Errorf("add staff: %w", ErrInvalid)
	}
	if err := checkPlace(ctx, tx, n.Library, n.Role, n.Department); err != nil {
		return Staff{}, "", fmt.Errorf("add staff: %w", err)
	}
	password, hash, err := d.firstPassword(ctx)
	if err != nil {
		return Staff{}, "", fmt.Errorf("add staff: %w", err)
	}
	s, err := one[Staff](ctx, tx, insertStaff, n.Library, n.Login, n.Name, n.Email, n.Role, n.Lang, n.NotifyEmail, hash, d.now(), n.Unused, n.Department)
	var violated *pgconn.PgError
	if errors.As(err, &violated) && violated.ConstraintName == "staff_login_key" {
		return Staff{}, "", fmt.Errorf("add staff: %w", ErrLoginTaken)
	}
	if err != nil {
		return Staff{}, "", fmt.Errorf("add staff: %w", err)
	}
	return s, password, Audit(ctx, tx, s.audit(by, "staff.added"))
}

const lockStaff = `select ` + staffColumns + ` from staff s where s.id = $1 for no key update`

// governed locks the account, which must be by's to manage: otherwise it does not exist.
func governed(ctx context.Context, tx pgx.Tx, by Staff, id StaffID) (Staff, error) {
	s, err := one[Staff](ctx, tx, lockStaff, id)
	if err == nil && !by.governs(s.Library, s.Role) {
		err = ErrNotFound
	}
	if err != nil {
		return Staff{}, fmt.Errorf("find staff %d: %w", id, err)
	}
	return s, nil
}

const resetAccess = `
update staff set password_hash = $2, must_change = true, totp_secret = null, totp_last = 0, bind_word = null, bind_until = null
where id = $1`

// ResetAccess gives a new first password, takes the second factor away, ends all sessions and unlocks the login.
func (d *Desk) ResetAccess(ctx context.Context, tx pgx.Tx, by Staff, id StaffID) (string, error) {
	s, err := governed(ctx, tx, by, id)
	if err != nil {
		return "", err
	}
	password, hash, err := d.firstPassword(ctx)
	if err != nil {
		return "", fmt.Errorf("reset access of staff %d: %w", id, err)
	}
	batch := &pgx.Batch{}
	batch.Queue(resetAccess, id, hash)
	batch.Queue(endSessions, id, d.now())
	batch.Queue(forgetTries, loginKey(s.Login))
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return "", fmt.Errorf("reset access of staff %d: %w", id, err)
	}
	return password, Audit(ctx, tx, s.audit(by, "staff.reset"))
}

const setStaffState = `update staff set state = $2 where id = $1`

// SwitchOff ends an account's sessions and opens the tasks it holds to others. Nobody switches themself off: ErrNotAllowed.
func (d *Desk) SwitchOff(ctx context.Context, tx pgx.Tx, by Staff, id StaffID) error {
	if by.ID == id {
		return fmt.Errorf("switch off staff %d: %w", id, ErrNotAllowed)
	}
	s, err := governed(ctx, tx, by, id)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(setStaffState, id, "off")
	batch.Queue(endSessions, id, d.now())
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("switch off staff %d: %w", id, err)
	}
	if err := releaseHeld(ctx, tx, id, by.ID); err != nil {
		return fmt.Errorf("switch off staff %d: %w", id, err)
	}
	return Audit(ctx, tx, s.audit(by, "staff.off"))
}

// SwitchOn lets an account sign in again.
func (d *Desk) SwitchOn(ctx context.Context, tx pgx.Tx, by Staff, id StaffID) error {
	s, err := governed(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setStaffState, id, "on"); err != nil {
		return fmt.Errorf("switch on staff %d: %w", id, err)
	}
	return Audit(ctx, tx, s.audit(by, "staff.on"))
}

// StaffChange is what those who manage an account may change of it.
type StaffChange struct {
	Name  string
	Email string
	Role  Role
	Lang  library.Lang
}

// Another role may leave the department.
const updateStaff = `
update staff set name = $2, email = $3, role = $4, lang = $5, department_id = case when $6 then department_id end where id = $1`

// UpdateStaff changes an account. Nobody changes their own role (ErrNotAllowed), and no operator becomes anything else or the reverse (ErrInvalid).
func (d *Desk) UpdateStaff(ctx context.Context, tx pgx.Tx, by Staff, id StaffID, c StaffChange) error {
	s, err := governed(ctx, tx, by, id)
	if err != nil {
		return err
	}
	c.Name = strings.TrimSpace(c.Name)
	switch {
	case c.Name == "" || !c.Role.Known() || !c.Lang.Known() || (c.Role == RoleOperator) != (s.Role == RoleOperator):
		return fmt.Errorf("update staff %d: %w", id, ErrInvalid)
	case by.ID == id && c.Role != s.Role:
		return fmt.Errorf("update staff %d: %w", id, ErrNotAllowed)
	}
	if _, err := tx.Exec(ctx, updateStaff, id, c.Name, c.Email, c.Role, c.Lang, c.Role.OfDepartment()); err != nil {
		return fmt.Errorf("update staff %d: %w", id, err)
	}
	e := s.audit(by, "staff.updated")
	e.Detail = map[string]any{"role": c.Role, "role_before": s.Role}
	return Audit(ctx, tx, e)
}

// OwnChange is what a member of staff may change of themself.
type OwnChange struct {
	Lang        library.Lang
	NotifyEmail bool
}

const updateOwn = `update staff set lang = $2, notify_email = $3 where id = $1`

// UpdateOwn changes how the desk speaks to the member of staff.
func (d *Desk) UpdateOwn(ctx context.Context, tx pgx.Tx, me Staff, c OwnChange) error {
	if !c.Lang.Known() {
		return fmt.Errorf("update own account %d: %w", me.ID, ErrInvalid)
	}
	if _, err := tx.Exec(ctx, updateOwn, me.ID, c.Lang, c.NotifyEmail); err != nil {
		return fmt.Errorf("update own account %d: %w", me.ID, err)
	}
	return Audit(ctx, tx, me.audit(me, "staff.own"))
}

const selectStaff = `select ` + staffColumns + ` from staff s where s.id = $1`

// GetStaff gives an account that is by's own or by's to manage; any other is ErrNotFound.
func (d *Desk) GetStaff(ctx context.Context, by Staff, id StaffID) (Staff, error) {
	s, err := one[Staff](ctx, d.pool, selectStaff, id)
	if err == nil && by.ID != id && !by.governs(s.Library, s.Role) {
		err = ErrNotFound
	}
	if err != nil {
		return Staff{}, fmt.Errorf("get staff %d: %w", id, err)
	}
	return s, nil
}

const selectStaffByLogin = `select ` + staffColumns + ` from staff s where s.login = $1`

// StaffByLogin gives the account of the login, or ErrNotFound.
func (d *Desk) StaffByLogin(ctx context.Context, login string) (Staff, error) {
	s, err := one[Staff](ctx, d.pool, selectStaffByLogin, strings.ToLower(strings.TrimSpace(login)))
	if err != nil {
		return Staff{}, fmt.Errorf("find staff by login: %w", err)
	}
	return s, nil
}

const (
	selectStaffOf   = `select ` + staffColumns + ` from staff s where s.library_id = $1 order by s.name, s.id`
	selectOperators = `select ` + staffColumns + ` from staff s where s.role = 'operator' order by s.name, s.id`
)

// ListStaff gives the accounts of the library by name. Operators belong to none.
func (d *Desk) ListStaff(ctx context.Context, lib library.ID) ([]Staff, error) {
	list, err := all[Staff](ctx, d.pool, selectStaffOf, lib)
	if err != nil {
		return nil, fmt.Errorf("list staff of library %d: %w", lib, err)
	}
	return list, nil
}

// ListOperators gives the operators by name.
func (d *Desk) ListOperators(ctx context.Context) ([]Staff, error) {
	list, err := all[Staff](ctx, d.pool, selectOperators)
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return list, nil
}
