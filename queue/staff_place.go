package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// checkPlace reports ErrInvalid for a department that is not the library's, or for a role that belongs to none.
func checkPlace(ctx context.Context, tx pgx.Tx, lib *library.ID, role Role, department int64) error {
	if department == 0 {
		return nil
	}
	if lib == nil || !role.OfDepartment() {
		return ErrInvalid
	}
	_, err := getDepartment(ctx, tx, *lib, department)
	if errors.Is(err, ErrNotFound) {
		return ErrInvalid
	}
	return err
}

const placeStaff = `update staff set department_id = nullif($2::bigint, 0) where id = $1`

// PlaceStaff gives the account a department, 0 for none. What it holds of the one that it leaves is open to others again; what belongs to no department it
// keeps. ErrInvalid for a role that belongs to none, or for another library's department.
func (d *Desk) PlaceStaff(ctx context.Context, tx pgx.Tx, by Staff, id StaffID, department int64) error {
	s, err := governed(ctx, tx, by, id)
	if err != nil {
		return err
	}
	err = checkPlace(ctx, tx, s.Library, s.Role, department)
	if err == nil && !s.Role.OfDepartment() {
		err = ErrInvalid
	}
	if err != nil {
		return fmt.Errorf("place staff %d: %w", id, err)
	}
	if department == s.Department {
		return nil
	}
	if _, err := tx.Exec(ctx, placeStaff, id, department); err != nil {
		return fmt.Errorf("place staff %d: %w", id, err)
	}
	if err := releaseHeld(ctx, tx, id, by.ID, 0, department); err != nil {
		return fmt.Errorf("place staff %d: %w", id, err)
	}
	e := s.audit(by, "staff.placed")
	e.Detail = map[string]any{"department": department}
	return Audit(ctx, tx, e)
}
