package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// lockTries is how often the conversations of a contact may become others while they are being locked.
const lockTries = 3

// lockAll locks the conversations of the addresses, in order. They are read again under the lock: a merge may have come between, and who holds some
// conversations of a contact must hold all.
func lockAll(ctx context.Context, tx pgx.Tx, lib library.ID, read func() ([]contacts.AddressID, error)) ([]locked, error) {
	for range lockTries {
		before, err := read()
		if err != nil {
			return nil, err
		}
		attempt, err := tx.Begin(ctx)
		if err != nil {
			return nil, err
		}
		rows, err := tx.Query(ctx, lockSome, lib, before)
		if err != nil {
			return nil, err
		}
		all, err := pgx.CollectRows(rows, scanLocked)
		if err != nil {
			return nil, err
		}
		after, err := read()
		if err != nil {
			return nil, err
		}
		if slices.Equal(before, after) {
			return all, attempt.Commit(ctx)
		}
		if err := attempt.Rollback(ctx); err != nil { // lets the locks go: the next have to be taken in order too
			return nil, err
		}
	}
	return nil, errInHand
}

// Join makes one contact of the conversation's and another, who has to be one of those proposed. Who of staff speaks with one then speaks with both.
func (r *Runner) Join(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, with contacts.ID, by queue.StaffID) (contacts.MergeID, error) {
	party, err := partyOf(ctx, tx, lib, conv)
	if err != nil {
		return 0, err
	}
	all, err := lockAll(ctx, tx, lib, func() ([]contacts.AddressID, error) { return contacts.AddressesOf(ctx, tx, lib, party.Contact, with) })
	if err != nil {
		return 0, fmt.Errorf("lock conversations of contacts %d and %d: %w", party.Contact, with, err)
	}
	if othersSpeak(all, by) {
		return 0, queue.ErrOtherSpeaks
	}
	proposed, err := contacts.LikelySame(ctx, tx, lib, party.Contact)
	if err != nil {
		return 0, err
	}
	known := slices.ContainsFunc(proposed, func(l contacts.Likely) bool { return l.ID == with })
	if !known {
		known, err = contacts.Proposed(ctx, tx, lib, party.Contact, with)
	}
	if err != nil {
		return 0, err
	}
	id, err := contacts.Merge(ctx, tx, lib, party.Contact, with, int64(by), contacts.ByStaff, r.Now())
	if err != nil { // first, for it tells what was joined this very moment from what never could be
		return 0, err
	}
	if !known {
		return 0, fmt.Errorf("join contact %d to %d, who is not proposed: %w", with, party.Contact, queue.ErrNotFound)
	}
	if anybodySpeaks(all) {
		if err := takeAll(ctx, tx, lib, all, by); err != nil {
			return 0, err
		}
	}
	return id, notifyChats(ctx, tx, lib, idsOf(all))
}

// Part undoes a merge of the conversation's contact. Nobody may be speaking: whoever spoke with one person would be left speaking with two.
func (r *Runner) Part(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, merge contacts.MergeID, by queue.StaffID) error {
	_, all, err := lockContact(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	if anybodySpeaks(all) {
		return queue.ErrSpoken
	}
	party, err := partyOf(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	m, err := contacts.MergeByID(ctx, tx, lib, merge)
	if err != nil {
		return err
	}
	if m.Into != party.Contact {
		return fmt.Errorf("merge %d is not of conversation %d: %w", merge, conv, queue.ErrNotFound)
	}
	if err := contacts.Undo(ctx, tx, lib, merge, int64(by), r.Now()); err != nil {
		return err
	}
	return notifyChats(ctx, tx, lib, idsOf(all))
}

func anybodySpeaks(all []locked) bool {
	return slices.ContainsFunc(all, func(c locked) bool { return c.speaker != nil })
}

func othersSpeak(all []locked, but queue.StaffID) bool {
	return slices.ContainsFunc(all, func(c locked) bool { return c.speaker != nil && *c.speaker != but })
}

func idsOf(all []locked) []bots.ConversationID {
	out := make([]bots.ConversationID, len(all))
	for i, c := range all {
		out[i] = c.id
	}
	return out
}
