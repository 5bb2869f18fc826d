package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// NeedNoteMost bounds what staff write about a decision, in characters.
const NeedNoteMost = 300

const decideNeed = `update need_topics set open = false, note = $4, decided_at = $5, decided_by = $6, version = version + 1
where library_id = $1 and id = $2 and version = $3 and same_as is null returning id`

// DecideNeed takes the group off the list of what waits, with a word on what was decided. It comes back when somebody asks for it again. Version is that of
// the group as it was seen: ErrChanged when somebody has asked for it or decided on it since. ErrInvalid without a note.
func DecideNeed(ctx context.Context, tx pgx.Tx, lib library.ID, id NeedID, version int, by StaffID, note string, at time.Time) error {
	if strings.TrimSpace(note) == "" || !within(NeedNoteMost, note) {
		return fmt.Errorf("decide need %d: %w", id, ErrInvalid)
	}
	return changeNeed(ctx, tx, "decide", lib, id, decideNeed, lib, id, version, note, at, by)
}

const openNeed = `update need_topics set open = true, version = version + 1
where library_id = $1 and id = $2 and version = $3 and same_as is null and not open returning id`

// OpenNeed puts a group that was decided on back on the list. ErrChanged as of DecideNeed.
func OpenNeed(ctx context.Context, tx pgx.Tx, lib library.ID, id NeedID, version int) error {
	return changeNeed(ctx, tx, "open", lib, id, openNeed, lib, id, version)
}

const (
	lockTwoTopics = `select id from need_topics where library_id = $1 and id in ($2, $3) order by id for no key update`
	joinNeeds     = `update need_topics t set same_as = into_it.id, version = t.version + 1 from need_topics into_it
where into_it.library_id = $1 and into_it.id = $2 and into_it.same_as is null and into_it.open
  and t.library_id = $1 and (t.same_as = $3 or t.id = $3 and t.kind = into_it.kind)
  and exists (select from need_topics f where f.library_id = $1 and f.id = $3 and f.version = $4 and f.same_as is null and f.kind = into_it.kind) returning t.id`
	countJoined = `update need_topics set version = version + 1 where library_id = $1 and id = $2`
)

// JoinNeeds says that the group is another way of writing the other one, of the same kind, which is not decided on: they count together from now on.
// ErrChanged when one of them has changed since the version of the first was seen, ErrInvalid when both are the same.
func JoinNeeds(ctx context.Context, tx pgx.Tx, lib library.ID, id NeedID, version int, same NeedID) error {
	fail := func(err error) error { return fmt.Errorf("join need %d to %d: %w", id, same, err) }
	if id == same {
		return fail(ErrInvalid)
	}
	rows, err := tx.Query(ctx, lockTwoTopics, lib, id, same)
	if err != nil {
		return fail(err)
	}
	locked, err := pgx.CollectRows(rows, pgx.RowTo[NeedID])
	if err != nil {
		return fail(err)
	}
	if len(locked) < 2 {
		return fail(ErrNotFound)
	}
	joined, err := tx.Exec(ctx, joinNeeds, lib, same, id, version)
	if err != nil {
		return fail(err)
	}
	if joined.RowsAffected() == 0 {
		return fail(ErrChanged)
	}
	if _, err := tx.Exec(ctx, countJoined, lib, same); err != nil {
		return fail(err)
	}
	return nil
}

const partNeed = `update need_topics set same_as = null, open = true, version = version + 1 where library_id = $1 and id = $3 and same_as = $2 returning id`

// PartNeed makes a way of writing a group of its own again. ErrChanged when it is none of the group's any more.
func PartNeed(ctx context.Context, tx pgx.Tx, lib library.ID, id, writing NeedID) error {
	if _, err := tx.Exec(ctx, lockTwoTopics, lib, id, writing); err != nil {
		return fmt.Errorf("part need %d from %d: %w", writing, id, err)
	}
	if err := changeNeed(ctx, tx, "part", lib, id, partNeed, lib, id, writing); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, countJoined, lib, id); err != nil {
		return fmt.Errorf("part need %d from %d: %w", writing, id, err)
	}
	return nil
}

const hasNeed = `select id from need_topics where library_id = $1 and id = $2`

// changeNeed carries out a change that gives the row it has changed. None is ErrChanged, or ErrNotFound when there is no such group in the library.
func changeNeed(ctx context.Context, tx pgx.Tx, what string, lib library.ID, id NeedID, sql string, args ...any) error {
	var done NeedID
	err := tx.QueryRow(ctx, sql, args...).Scan(&done)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, hasNeed, lib, id).Scan(&done)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			err = ErrNotFound
		case err == nil:
			err = ErrChanged
		}
	}
	if err != nil {
		return fmt.Errorf("%s need %d: %w", what, id, err)
	}
	return nil
}
