package fragments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

const (
	claimSlip = `update orders set slip_at = $2
where (library_id, id) in (select library_id, id from orders where slip_at <= $1 order by slip_at limit 1 for update skip locked)
returning library_id, id`
	slipSent = `update orders set slip_at = null, slip_files = slip_files || $4::text[] where library_id = $1 and id = $2 and slip_at = $3`
	keepSlip = `insert into order_slips (library_id, conversation_id, seq, order_id, department_id) values ($1, $2, $3, $4, $5)`
	slipIn   = `select seq, department_id from order_slips where library_id = $1 and conversation_id = $2 and order_id = $3 order by seq desc limit 1`
	slipOf   = `select order_id, department_id from order_slips where library_id = $1 and conversation_id = $2 and seq = $3`
)

// ClaimSlip takes the order whose department has waited longest to be asked, until the moment; false when none waits.
func ClaimSlip(ctx context.Context, db contacts.DB, now, until time.Time) (Order, bool, error) {
	var lib library.ID
	var id ID
	err := db.QueryRow(ctx, claimSlip, now, until).Scan(&lib, &id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Order{}, false, nil
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("claim an order whose slip is owed: %w", err)
	}
	o, err := ByID(ctx, db, lib, id)
	return o, true, err
}

// Slip is one letter or message that asks a department for an order.
type Slip struct {
	Conversation bots.ConversationID // of the department's address
	Seq          int                 // of the letter in it
	Order        ID
	Department   int64
}

// SlipSent notes that the department of the order, claimed until the moment, has been asked: by the slips, or with none because it works at the desk. Printed
// are the files that went with them. ErrState when the order has moved on since: what was put on its way must not go.
func SlipSent(ctx context.Context, tx pgx.Tx, o Order, until time.Time, printed []files.ID, slips ...Slip) error {
	if err := files.Link(ctx, tx, o.Library, printed...); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, slipSent, o.Library, o.ID, until, append([]files.ID{}, printed...))
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err != nil {
		return fmt.Errorf("slip of order %d: %w", o.ID, err)
	}
	for _, s := range slips {
		if _, err := tx.Exec(ctx, keepSlip, o.Library, s.Conversation, s.Seq, o.ID, o.Department); err != nil {
			return fmt.Errorf("keep the slip of order %d: %w", o.ID, err)
		}
	}
	return nil
}

// SlipIn gives the latest slip of the order that was sent to the conversation, or ErrNotFound.
func SlipIn(ctx context.Context, db contacts.DB, lib library.ID, conv bots.ConversationID, order ID) (Slip, error) {
	s := Slip{Conversation: conv, Order: order}
	err := db.QueryRow(ctx, slipIn, lib, conv, order).Scan(&s.Seq, &s.Department)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("slip of order %d in conversation %d: %w", order, conv, err)
	}
	return s, nil
}

// SlipOf gives the slip that was sent as that message, or ErrNotFound.
func SlipOf(ctx context.Context, db contacts.DB, lib library.ID, conv bots.ConversationID, seq int) (Slip, error) {
	s := Slip{Conversation: conv, Seq: seq}
	err := db.QueryRow(ctx, slipOf, lib, conv, seq).Scan(&s.Order, &s.Department)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("slip %d of conversation %d: %w", seq, conv, err)
	}
	return s, nil
}

const (
	showSlip  = `update order_slips set shown_at = $4 where library_id = $1 and conversation_id = $2 and order_id = $3`
	shownSlip = `select s.order_id, o.state in ('asked', 'came') from order_slips s join orders o on o.library_id = s.library_id and o.id = s.order_id
where s.library_id = $1 and s.conversation_id = $2 and s.shown_at > $3 order by s.shown_at desc, s.order_id limit 1`
	forgetShown = `update order_slips set shown_at = null where library_id = $1 and conversation_id = $2 and shown_at is not null`

	shownFor = time.Hour // a photo of a slip holds for what comes after it; nobody photographs longer
)

// ShowSlip notes that the order's slip was photographed in the conversation: what comes there from now on is for it, and for no other.
func ShowSlip(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, order ID, now time.Time) error {
	if err := ForgetShown(ctx, tx, lib, conv); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, showSlip, lib, conv, order, now); err != nil {
		return fmt.Errorf("slip of order %d is shown: %w", order, err)
	}
	return nil
}

// Shown is the order whose slip was photographed last in the conversation, not long ago, and whether it wants pages still; 0 when none was.
func Shown(ctx context.Context, db contacts.DB, lib library.ID, conv bots.ConversationID, now time.Time) (id ID, wants bool, err error) {
	err = db.QueryRow(ctx, shownSlip, lib, conv, now.Add(-shownFor)).Scan(&id, &wants)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("slip shown in conversation %d: %w", conv, err)
	}
	return id, wants, nil
}

// ForgetShown lets what comes next be for any order again.
func ForgetShown(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) error {
	if _, err := tx.Exec(ctx, forgetShown, lib, conv); err != nil {
		return fmt.Errorf("forget the slips shown in conversation %d: %w", conv, err)
	}
	return nil
}
