package fragments

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

	files.Taken
	Delivery string
	Slip     bool   // it shows the slip of an order
	Sum      []byte // SHA-256 of the file
}

// Brought is a file with pages: what was found in it, and how it came.
type Brought struct {
	File    files.File
	Finding files.Finding
	Source  string
	Staff   queue.StaffID
	At      time.Time

	Delivery string // names what brought it: the same for the files of one letter, message or upload, and another for the next
	Only     []int  // pages of a PDF that are the order's; nil: all
}

// usable reports whether the file holds pages.
func (b Brought) usable() bool {
	return (b.File.Kind == files.Image || b.File.Kind == files.PDF) && b.Finding.Problem != files.ProblemUnreadable && b.Finding.Problem != files.ProblemInfected &&
		b.Finding.Problem != files.ProblemTooLarge && b.Finding.Problem != files.ProblemEmpty && b.Finding.Problem != files.ProblemNotImage
}

// What a file twice brings is kept once.
const (
	insertParts = `insert into order_parts (library_id, order_id, file_id, sheet, sha256, preview_id, name, place, source, staff_id, came_at,
  delivery, taken, taken_east, slip, dropped)
select $1, $2, $3, s.sheet, $4, nullif(s.preview, ''), $5, coalesce((select max(place) from order_parts where library_id = $1 and order_id = $2), 0) + s.n,
  $9, nullif($10::bigint, 0), $11, $12, $13, $14, s.slip, s.slip
from unnest($6::int[], $7::text[], $8::bool[]) with ordinality as s (sheet, preview, slip, n) on conflict do nothing returning slip`
	partsOf = `select id, file_id as file, sheet, coalesce(preview_id, '') as preview, name, turn, dropped, source, came_at as came, delivery, taken, taken_east,
slip, sha256 as sum from order_parts where library_id = $1 and order_id = $2 order by place, id`
	hasFile  = `select exists (select from order_parts where library_id = $1 and order_id = $2 and sha256 = $3)`
	anyPart  = `select exists (select from order_parts where library_id = $1 and order_id = $2 and not dropped)`
	turnPart = `update order_parts set turn = (turn + 90) % 360 where library_id = $1 and order_id = $2 and id = $3`
	dropPart = `update order_parts set dropped = $4 where library_id = $1 and order_id = $2 and id = $3`
	arranged = `update orders set arranged = true where library_id = $1 and id = $2`
	sortPart = `update order_parts p set place = w.place from unnest($3::bigint[]) with ordinality as w (id, place)
where p.library_id = $1 and p.order_id = $2 and p.id = w.id`
)

// Bring adds the pages of a file to the order and gives how many are new. One that shows a slip is kept, but left out and not counted. ErrNoPages when the
// file has none, ErrState when the order is over.
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
	if err := files.Link(ctx, tx, lib, b.File.ID); err != nil {
		return 0, err
	}
	var numbers []int
	var previews []string
	var slips []bool
	for _, s := range b.sheets() {
		numbers, previews, slips = append(numbers, s.Number), append(previews, string(s.Preview)), append(slips, IsSlip(s.Code))
	}
	rows, err := tx.Query(ctx, insertParts, lib, id, b.File.ID, b.File.SHA256, b.File.Name, numbers, previews, slips, b.Source, b.Staff, b.At,
		b.Delivery, b.Finding.TakenAt, b.Finding.TakenEast)
	if err != nil {
		return 0, fmt.Errorf("keep pages of order %d: %w", id, err)
	}
	came, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err != nil {
		return 0, fmt.Errorf("keep pages of order %d: %w", id, err)
	}
	if len(came) == 0 {
		return 0, nil
	}
	pages := 0
	for _, slip := range came {
		if !slip {
			pages++
		}
	}
	return pages, arrange(ctx, tx, lib, o)
}

// sheets are the pages of the file that are the order's; a picture's has the number 0.
func (b Brought) sheets() []files.Sheet {
	if b.File.Kind == files.Image {
		one := files.Sheet{}
		if len(b.Finding.Sheets) > 0 {
			one = b.Finding.Sheets[0]
		}
		one.Number = 0
		return []files.Sheet{one}
	}
	seen := map[int]files.Sheet{}
	for _, s := range b.Finding.Sheets {
		seen[s.Number] = s
	}
	var out []files.Sheet
	for n := 1; n <= max(b.Finding.Pages, 1); n++ {
		if b.Only != nil && !slices.Contains(b.Only, n) {
			continue
		}
		one := seen[n]
		one.Number = n
		out = append(out, one)
	}
	return out
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

// Has reports whether the file's pages are the order's already, whatever has become of it.
func Has(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, f files.File) (has bool, err error) {
	if err := tx.QueryRow(ctx, hasFile, lib, id, f.SHA256).Scan(&has); err != nil {
		return false, fmt.Errorf("look for a file in order %d: %w", id, err)
	}
	return has, nil
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
