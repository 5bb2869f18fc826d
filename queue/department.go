package queue

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Way is where a department gets its requests and answers them.
type Way string

// The ways.
const (
	WayDesk     Way = "desk"
	WayEmail    Way = "email"
	WayTelegram Way = "telegram"
)

// Ways are all ways.
func Ways() []Way { return []Way{WayDesk, WayEmail, WayTelegram} }

// Purpose is work that a department does.
type Purpose string

// The purposes.
const (
	ForFragment      Purpose = "fragment"
	ForArticle       Purpose = "article"
	ForBibliographic Purpose = "bibliographic" // queries that need a long search
	ForRegional      Purpose = "regional"      // complex local-history queries
	ForContent       Purpose = "content"       // whole documents for the electronic library
	ForDigitisation  Purpose = "digitisation"  // scans
	ForTechnical     Purpose = "technical"     // questions on the use of the electronic library
)

// Purposes are all purposes.
func Purposes() []Purpose {
	return []Purpose{ForFragment, ForArticle, ForBibliographic, ForRegional, ForContent, ForDigitisation, ForTechnical}
}

// QuestionPurposes are the work of looking up what a librarian cannot answer at once (F7).
func QuestionPurposes() []Purpose {
	return []Purpose{ForBibliographic, ForRegional, ForContent, ForTechnical}
}

// Department is a part of a library that has tasks of its own.
type Department struct {
	ID       int64
	Library  library.ID
	Name     map[library.Lang]string
	Email    string
	Listed   []string       // addresses, and domains as @library.example, from which its letters count
	Hours    *library.Hours // nil: the library's
	Way      Way            // where it gets requests and answers; empty in a new one: the desk
	Trusted  bool           // its output may go out without a librarian's look
	State    string         // on, off; empty in a new one: on
	Purposes []Purpose      // the work it does
	Version  int            // grows with each change
}

// Title is the department's name in the language, or in another in which it has one.
func (d Department) Title(lang, record library.Lang) string {
	for _, k := range append([]library.Lang{lang, record}, library.Langs()...) {
		if s := d.Name[k]; s != "" {
			return s
		}
	}
	return ""
}

// WorkingHours are the department's own within the library's days off, or the library's.
func (d Department) WorkingHours(lib library.Library) library.Hours {
	if d.Hours == nil {
		return lib.Settings.Hours
	}
	return d.Hours.Within(lib.Settings.Hours)
}

// Writes reports whether a letter from the address counts as the department's.
func (d Department) Writes(from string) bool {
	from = strings.ToLower(strings.TrimSpace(from))
	domain := from[strings.LastIndex(from, "@")+1:]
	return strings.Contains(from, "@") && slices.ContainsFunc(append([]string{d.Email}, d.Listed...), func(listed string) bool {
		listed = strings.ToLower(listed)
		return listed != "" && (listed == from || listed == "@"+domain)
	})
}

const departmentColumns = `
id, library_id as library, name, email, listed, hours, way, trusted, state, purposes, version`

const selectDepartments = `select ` + departmentColumns + ` from departments where library_id = $1 order by id`

// ListDepartments gives the library's departments in the order in which they were added, those that are off among them.
func (d *Desk) ListDepartments(ctx context.Context, lib library.ID) ([]Department, error) {
	list, err := all[Department](ctx, d.pool, selectDepartments, lib)
	if err != nil {
		return nil, fmt.Errorf("list departments of library %d: %w", lib, err)
	}
	return list, nil
}

const selectDepartment = `select ` + departmentColumns + ` from departments where library_id = $1 and id = $2`

// DepartmentsOf gives the library's departments within a transaction.
func DepartmentsOf(ctx context.Context, tx pgx.Tx, lib library.ID) ([]Department, error) {
	list, err := all[Department](ctx, tx, selectDepartments, lib)
	if err != nil {
		return nil, fmt.Errorf("list departments of library %d: %w", lib, err)
	}
	return list, nil
}

// DepartmentByID gives the department, on or off, or ErrNotFound.
func DepartmentByID(ctx context.Context, tx pgx.Tx, lib library.ID, id int64) (Department, error) {
	return getDepartment(ctx, tx, lib, id)
}

func getDepartment(ctx context.Context, db querier, lib library.ID, id int64) (Department, error) {
	dep, err := one[Department](ctx, db, selectDepartment, lib, id)
	if err != nil {
		return Department{}, fmt.Errorf("department %d: %w", id, err)
	}
	return dep, nil
}

// GetDepartment gives the department, on or off, or ErrNotFound.
func (d *Desk) GetDepartment(ctx context.Context, lib library.ID, id int64) (Department, error) {
	return getDepartment(ctx, d.pool, lib, id)
}

const departmentsFor = `select ` + departmentColumns + ` from departments where library_id = $1 and state = 'on' and $2 = any(purposes) order by id`

// DepartmentsFor gives the departments that are on and do the work, in the order in which they were added. None is no error.
func DepartmentsFor(ctx context.Context, tx pgx.Tx, lib library.ID, purpose Purpose) ([]Department, error) {
	list, err := all[Department](ctx, tx, departmentsFor, lib, purpose)
	if err != nil {
		return nil, fmt.Errorf("departments of library %d: %w", lib, err)
	}
	return list, nil
}

const departmentNamed = `
select id from departments where library_id = $1 and state = 'on' and $2 in (select value from jsonb_each_text(name)) order by id limit 1`

// DepartmentNamed gives the id of the department that is on and has the name in any language, or ErrNotFound.
func DepartmentNamed(ctx context.Context, tx pgx.Tx, lib library.ID, name string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, departmentNamed, lib, name).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("department of library %d: %w", lib, err)
	}
	return id, nil
}

const insertDepartment = `
insert into departments (library_id, name, email, listed, hours, way, trusted, state, purposes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`

// AddDepartment adds a department and gives its id. ErrNotAllowed when the library is not theirs, ErrInvalid when a value is missing or cannot be.
func AddDepartment(ctx context.Context, tx pgx.Tx, by Staff, dep Department) (int64, error) {
	if !by.governs(&dep.Library, RoleDepartment) {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, ErrNotAllowed)
	}
	dep = dep.tidy()
	if err := dep.check(); err != nil {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, err)
	}
	var id int64
	err := tx.QueryRow(ctx, insertDepartment,
		dep.Library, dep.Name, dep.Email, dep.Listed, dep.Hours, dep.Way, dep.Trusted, dep.State, dep.Purposes).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, err)
	}
	return id, Audit(ctx, tx, AuditEntry{Library: dep.Library, Staff: by.ID, Act: "department.added", Object: fmt.Sprintf("department %d", id)})
}

const updateDepartment = `
update departments set name = $3, email = $4, listed = $5, hours = $6, way = $7, trusted = $8, state = $9, purposes = $10, version = version + 1
where library_id = $1 and id = $2 and version = $11`

// ChangeDepartment puts all of it in force. ErrChanged when dep.Version is not the one in force; otherwise the errors of
// AddDepartment, and ErrNotFound.
func ChangeDepartment(ctx context.Context, tx pgx.Tx, by Staff, dep Department) error {
	what := fmt.Sprintf("change department %d", dep.ID)
	if !by.governs(&dep.Library, RoleDepartment) {
		return fmt.Errorf("%s: %w", what, ErrNotAllowed)
	}
	dep = dep.tidy()
	if err := dep.check(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	done, err := tx.Exec(ctx, updateDepartment,
		dep.Library, dep.ID, dep.Name, dep.Email, dep.Listed, dep.Hours, dep.Way, dep.Trusted, dep.State, dep.Purposes, dep.Version)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if done.RowsAffected() == 0 {
		if _, err := DepartmentByID(ctx, tx, dep.Library, dep.ID); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return fmt.Errorf("%s: %w", what, ErrChanged)
	}
	return Audit(ctx, tx, AuditEntry{Library: dep.Library, Staff: by.ID, Act: "department.changed", Object: fmt.Sprintf("department %d", dep.ID)})
}

// tidy fills in what a new one may leave open, and brings the addresses into one form.
func (d Department) tidy() Department {
	d.Email = strings.TrimSpace(d.Email)
	listed := []string{} // not null
	for _, l := range d.Listed {
		if l = strings.ToLower(strings.TrimSpace(l)); l != "" && !slices.Contains(listed, l) {
			listed = append(listed, l)
		}
	}
	d.Listed = listed
	if d.Way == "" {
		d.Way = WayDesk
	}
	if d.State == "" {
		d.State = "on"
	}
	purposes := []Purpose{}
	for _, p := range Purposes() {
		if slices.Contains(d.Purposes, p) {
			purposes = append(purposes, p)
		}
	}
	d.Purposes = purposes
	return d
}

func (d Department) check() error {
	named := false
	for lang, name := range d.Name {
		named = named || lang.Known() && strings.TrimSpace(name) != ""
	}
	switch {
	case !named || !slices.Contains(Ways(), d.Way) || d.State != "on" && d.State != "off":
		return ErrInvalid
	case d.Email != "" && !GoodAddress(d.Email), d.Email == "" && d.Way == WayEmail:
		return ErrInvalid
	case !slices.ContainsFunc(d.Listed, func(l string) bool { return !GoodListed(l) }):
		if d.Hours != nil {
			return d.Hours.Check()
		}
		return nil
	}
	return ErrInvalid
}

// GoodAddress reports whether the text is one mail address and nothing else.
func GoodAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == ""
}

// GoodListed reports whether the text is a mail address, or a domain as @library.example.
func GoodListed(text string) bool {
	domain, ok := strings.CutPrefix(text, "@")
	return GoodAddress(text) || ok && GoodAddress("x@"+domain) && strings.Contains(domain, ".")
}
