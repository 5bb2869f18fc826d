package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Department is a part of a library that has tasks of its own.
type Department struct {
	ID      int64
	Library library.ID
	Name    map[library.Lang]string
	Email   string
}

const selectDepartments = `
select id, library_id as library, name, email from departments where library_id = $1 order by id`

// ListDepartments gives the library's departments in the order in which they were added.
func (d *Desk) ListDepartments(ctx context.Context, lib library.ID) ([]Department, error) {
	list, err := all[Department](ctx, d.pool, selectDepartments, lib)
	if err != nil {
		return nil, fmt.Errorf("list departments of library %d: %w", lib, err)
	}
	return list, nil
}

const departmentNamed = `
select id from departments where library_id = $1 and $2 in (select value from jsonb_each_text(name)) order by id limit 1`

// DepartmentNamed gives the id of the department that has the name in any language, or ErrNotFound.
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

const insertDepartment = `insert into departments (library_id, name, email) values ($1, $2, $3) returning id`

// AddDepartment adds a department and gives its id. ErrNotAllowed when the library is not theirs, ErrInvalid without a name.
func AddDepartment(ctx context.Context, tx pgx.Tx, by Staff, dep Department) (int64, error) {
	if !by.governs(&dep.Library, RoleDepartment) {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, ErrNotAllowed)
	}
	if len(dep.Name) == 0 {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, ErrInvalid)
	}
	var id int64
	if err := tx.QueryRow(ctx, insertDepartment, dep.Library, dep.Name, dep.Email).Scan(&id); err != nil {
		return 0, fmt.Errorf("add department to library %d: %w", dep.Library, err)
	}
	return id, Audit(ctx, tx, AuditEntry{Library: dep.Library, Staff: by.ID, Act: "department.added", Object: fmt.Sprintf("department %d", id)})
}
