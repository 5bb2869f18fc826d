package fragments_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// TestBookIsGivenBackToNobody: a department that works no more gets nothing back.
func TestBookIsGivenBackToNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	h.exec(`insert into departments (library_id, name, purposes) values ($1, '{"ru": "Лаборатория"}', '{digitisation}')`, h.lib.ID)
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Digitise(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	h.exec(`update departments set state = 'off' where id = $1`, h.storage)
	err = h.try(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.GiveBack(ctx, tx, h.lib, o.ID, h.librarian, "том не тот", noon)
		return err
	})
	if !errors.Is(err, fragments.ErrDepartment) {
		t.Errorf("given back to a department that is off: %v", err)
	}
}
