package fragments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
)

// The sources of a page.
const (
	FromDesk  = "desk"
	FromEmail = "email"
	FromChat  = "chat"
)

// ErrNoPages means that there is no page to be sent.
var ErrNoPages = errors.New("the order has no pages")

// Part is one page that a department brought back.
type Part struct {
	ID      int64
	File    files.ID
	Sheet   int // page of a PDF from 1; 0 of a picture
	Preview files.ID
	Name    string // of the file
	Turn    int    // degrees clockwise: 0, 90, 180, 270
	Dropped bool
	Source  string
	Came    time.Time
}

// Brought is a file with pages: what was found in it, and how it came.
type Brought struct {
	File    files.File
	Finding files.Finding
	Source  string
	Staff   queue.StaffID
	At      time.Time
}

// usable reports whether the file holds pages.
func (b Brought) usable() bool {
	return (b.File.Kind == files.Image || b.File.Kind == files.PDF) && b.Finding.Problem != files.ProblemUnreadable && b.Finding.Problem != files.ProblemInfected &&
		b.Finding.Problem != files.ProblemTooLarge && b.Finding.Problem != files.ProblemEmpty && b.Finding.Problem != files.ProblemNotImage
}

// What a file twice brings is kept once.
const (
	insertParts = `insert into order_parts (library_id, order_id, file_id, sheet, sha256, preview_id, name, place, source, staff_id, came_at)
select $1, $2, $3, s.sheet, $4, nullif(s.preview, ''), $5, coalesce((select max(place) from order_parts where library_id = $1 and order_id = $2), 0) + s.n,
  $8, nullif($9::bigint, 0), $10
from unnest($6::int[], $7::text[]) with ordinality as s (sheet, preview, n) on conflict do nothing`
	partsOf = `select id, file_id as file, sheet, coalesce(preview_id, '') as preview, name, turn, dropped, source, came_at as came
from order_parts where library_id = $1 and order_id = $2 order by place, id`
	anyPart  = `select exists (select from order_parts where library_id = $1 and order_id = $2 and not dropped)`
	turnPart = `update order_parts set turn = (turn + 90) % 360 where library_id = $1 and order_id = $2 and id = $3`
	dropPart = `update order_parts set dropped = $4 where library_id = $1 and order_id = $2 and id = $3`
	arranged = `update orders set arranged = true where library_id = $1 and id = $2`
	sortPart = `update order_parts p set place = w.place from unnest($3::bigint[]) with ordinality as w (id, place)
where p.library_id = $1 and p.order_id = $2 and p.id = w.id`
)

// Bring adds the pages of a file to the order and gives how many are new. ErrNoPages when the file has none, ErrState when the order is over.
func Bring(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, b Brought) (int, error) {
	o, err := lock(ctx, tx, lib, id)
	if err != nil {
		return 0, err
	}
	if !o.Open() {
		return 0, fmt.Errorf("bring pages of order %d: %w", id, ErrState)
	}
	if !b.usable() {
		return 0, fmt.Errorf("bring pages of order %d: %w", id, ErrNoPages)
	}
	sheets, previews := b.sheets()
	if err := files.Link(ctx, tx, lib, b.File.ID); err != nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, insertParts, lib, id, b.File.ID, b.File.SHA256, b.File.Name, sheets, previews, b.Source, b.Staff, b.At)
	if err != nil {
		return 0, fmt.Errorf("keep pages of order %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return 0, nil
	}
	return int(tag.RowsAffected()), arrange(ctx, tx, lib, o)
}

// sheets are the pages of the file with their pictures, where there are any.
func (b Brought) sheets() (numbers []int, previews []string) {
	if b.File.Kind == files.Image {
		preview := ""
		if len(b.Finding.Sheets) > 0 {
			preview = string(b.Finding.Sheets[0].Preview)
		}
		return []int{0}, []string{preview}
	}
	of := map[int]files.ID{}
	for _, s := range b.Finding.Sheets {
		of[s.Number] = s.Preview
	}
	for n := 1; n <= max(b.Finding.Pages, 1); n++ {
		numbers, previews = append(numbers, n), append(previews, string(of[n]))
	}
	return numbers, previews
}

// Parts gives the pages of the order as they stand, dropped ones too.
func Parts(ctx context.Context, db querier, lib library.ID, id ID) ([]Part, error) {
	rows, err := db.Query(ctx, partsOf, lib, id)
	if err != nil {
		return nil, fmt.Errorf("pages of order %d: %w", id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Part])
	if err != nil {
		return nil, fmt.Errorf("pages of order %d: %w", id, err)
	}
	return list, nil
}

func hasPages(ctx context.Context, tx pgx.Tx, lib library.ID, id ID) error {
	var has bool
	if err := tx.QueryRow(ctx, anyPart, lib, id).Scan(&has); err != nil {
		return fmt.Errorf("pages of order %d: %w", id, err)
	}
	if !has {
		return fmt.Errorf("order %d: %w", id, ErrNoPages)
	}
	return nil
}

// Turn turns a page a quarter clockwise. The errors of Order.Arrange, ErrNotFound.
func Turn(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, by Actor, part int64) error {
	return edit(ctx, tx, lib, id, by, turnPart, lib, id, part)
}

// Drop leaves a page out, or takes it in again. The errors of Turn.
func Drop(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, by Actor, part int64, out bool) error {
	return edit(ctx, tx, lib, id, by, dropPart, lib, id, part, out)
}

// edit changes the pages of an order on which somebody works still.
func edit(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, by Actor, sql string, args ...any) error {
	o, err := lock(ctx, tx, lib, id)
	if err != nil {
		return err
	}
	if err := o.Arrange(by); err != nil {
		return fmt.Errorf("pages of order %d: %w", id, err)
	}
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("pages of order %d: %w", id, err)
	}
	return nil
}

// Move puts a page at a place, from 1, among all of the order; the others keep their order. The errors of Turn.
func Move(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, by Actor, part int64, place int) error {
	if _, err := lock(ctx, tx, lib, id); err != nil {
		return err
	}
	list, err := Parts(ctx, tx, lib, id)
	if err != nil {
		return err
	}
	var ids []int64
	found := false
	for _, p := range list {
		if p.ID == part {
			found = true
			continue
		}
		ids = append(ids, p.ID)
	}
	if !found {
		return fmt.Errorf("page %d of order %d: %w", part, id, ErrNotFound)
	}
	at := min(max(place, 1), len(list)) - 1
	ids = append(ids[:at:at], append([]int64{part}, ids[at:]...)...)
	if _, err := tx.Exec(ctx, arranged, lib, id); err != nil {
		return fmt.Errorf("order %d is arranged: %w", id, err)
	}
	return edit(ctx, tx, lib, id, by, sortPart, lib, id, ids)
}
