package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/papers"
	"librarian/queue/web"
)

// TestPapersAreDrawnAnewWithTheCorrectedName: the old ones are void from then on, the new ones show what was corrected, and the reader is told.
func TestPapersAreDrawnAnewWithTheCorrectedName(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	registration := o.applied("Попова Айталина")
	var conv int64
	var token string
	o.do(func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `with g as (select library_id, address_id, id from registrations where id = $1),
c as (insert into conversations (library_id, id, lang) select library_id, address_id, 'sah' from g)
select g.address_id, o.token from g join paper_orders o on o.registration_id = g.id`, registration).Scan(&conv, &token)
	})
	redraw := func() error {
		return pgx.BeginFunc(t.Context(), o.pool, func(tx pgx.Tx) error { return o.redrawPapers(t.Context(), tx, o.lib, registration) })
	}
	if err := redraw(); !errors.Is(err, web.ErrState) {
		t.Errorf("while the reader has them: %v", err)
	}
	o.do(func(ctx context.Context, tx pgx.Tx) error {
		if _, err := contacts.Move(ctx, tx, o.lib, registration, "papers", "sent"); err != nil {
			return err
		}
		_, err := contacts.Correct(ctx, tx, o.lib, contacts.Corrections{
			Registration: registration, By: int64(o.staff), At: o.now(), All: []contacts.Correction{
				{Key: contacts.KeyName, Old: "Попова Айталина", New: "Попова Айта"}, {Key: contacts.KeyPhone, New: "+79141234567"},
			},
		})
		return err
	})
	if err := redraw(); err != nil {
		t.Fatal(err)
	}
	if _, void, err := papers.Find(t.Context(), o.pool, o.lib, token); err != nil || !void {
		t.Errorf("the old papers are void %v, %v", void, err)
	}
	job, found, err := papers.Claim(t.Context(), o.pool, o.now(), time.Minute)
	if err != nil || !found || job.Registration != registration || job.Conversation != conv {
		t.Fatalf("to be drawn %+v, %v, %v", job, found, err)
	}
	if order := job.Order; order.Name != "Попова Айта" || order.Contact != "+79141234567" || order.Lang != "sah" || order.Born.String() != "2001-03-02" || order.Token == token {
		t.Errorf("drawn is %+v", order)
	}
	if err := redraw(); !errors.Is(err, web.ErrState) {
		t.Errorf("the second press: %v", err)
	}
}
