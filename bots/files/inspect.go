package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Inspector looks at a file after its arrival: viruses first, then, in a process of its own, whether it can be read.
type Inspector struct {
	store   *Store
	scanner *Scanner
	decoder *Decoder
}

// NewInspector makes an inspector. Without a scanner (nil) no file is searched for viruses.
func NewInspector(store *Store, scanner *Scanner, decoder *Decoder) *Inspector {
	return &Inspector{store: store, scanner: scanner, decoder: decoder}
}

var errInspected = errors.New("inspected meanwhile")

const updateInspectedSQL = `
	update files set state = $3, width = $4, height = $5, pages = $6, problem = $7, preview_id = nullif($8, ''), taken = $9, taken_east = $10
	where library_id = $1 and id = $2 and state = 'stored'`

// Inspect finds out what a file is, and keeps the result and, of a picture or each page of a PDF, a clean JPEG as preview.
// It may be repeated: a file inspected before is not looked at again. An error means that nothing was decided and the job is to be tried again;
// ErrNotFound and ErrPurged will not change by that.
func (i *Inspector) Inspect(ctx context.Context, lib library.ID, id ID) (Finding, error) {
	f, err := i.store.Find(ctx, lib, id)
	if err != nil {
		return Finding{}, fmt.Errorf("inspect: %w", err)
	}
	switch f.State {
	case Stored:
	case Purged:
		return Finding{}, fmt.Errorf("inspect file %s: %w", id, ErrPurged)
	default:
		sheets, err := i.store.Sheets(ctx, lib, id)
		if err != nil {
			return Finding{}, fmt.Errorf("inspect: %w", err)
		}
		return f.finding(sheets), nil
	}
	views, err := i.look(ctx, &f)
	if err != nil {
		return Finding{}, fmt.Errorf("inspect: %w", err)
	}
	sheets, err := i.keep(ctx, &f, views)
	if errors.Is(err, errInspected) {
		return i.Inspect(ctx, lib, id)
	}
	if err != nil {
		return Finding{}, fmt.Errorf("inspect file %s: %w", id, err)
	}
	return f.finding(sheets), nil
}

// look fills in what is found and gives the pages that were seen.
func (i *Inspector) look(ctx context.Context, f *File) ([]View, error) {
	f.State = Clean
	if f.Size == 0 {
		f.State, f.Problem = Unreadable, ProblemEmpty
		return nil, nil
	}
	infected, err := i.scan(ctx, *f)
	if err != nil {
		return nil, err
	}
	if infected {
		f.State, f.Problem = Infected, ProblemInfected
		return nil, nil
	}
	if f.Kind != Image && namedImage(f.Name) {
		f.Problem = ProblemNotImage
	}
	if f.Kind != Image && f.Kind != PDF {
		return nil, nil
	}
	pic, err := i.decode(ctx, *f)
	if err != nil {
		return nil, err
	}
	f.Width, f.Height, f.Pages, f.Taken = pic.Width, pic.Height, pic.Pages, pic.Taken
	switch {
	case pic.Problem != NoProblem:
		f.State, f.Problem = Unreadable, pic.Problem
	case f.Kind == Image && len(pic.Views) > 0:
		f.Problem = pic.Views[0].problem(f.shorter())
	case f.Pages > maxSheets:
		f.Problem = ProblemTooManyPages
	}
	return pic.Views, nil
}

func (i *Inspector) scan(ctx context.Context, f File) (infected bool, err error) {
	if i.scanner == nil {
		return false, nil
	}
	r, err := i.store.decrypt(ctx, f)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }() // reading has proved the bytes
	name, err := i.scanner.Scan(ctx, r)
	if err != nil {
		return false, fmt.Errorf("scan file %s: %w", f.ID, err)
	}
	return name != "", nil
}

func (i *Inspector) decode(ctx context.Context, f File) (Picture, error) {
	r, err := i.store.decrypt(ctx, f)
	if err != nil {
		return Picture{}, err
	}
	defer func() { _ = r.Close() }() // reading has proved the bytes
	pic, err := i.decoder.Decode(ctx, r)
	if err != nil {
		return Picture{}, fmt.Errorf("decode file %s: %w", f.ID, err)
	}
	return pic, nil
}

// keep stores the previews and the result together: a preview without its file would be seen by nobody and removed by nobody.
func (i *Inspector) keep(ctx context.Context, f *File, views []View) ([]Sheet, error) {
	var sheets []Sheet
	var previews []File
	for n, v := range views {
		sheet := v.sheet(n+1, f.shorter())
		if len(v.JPEG) > 0 {
			preview, err := i.store.write(ctx, f.Library, bytes.NewReader(v.JPEG), Meta{}, previewLimit)
			if err != nil {
				return nil, err
			}
			preview.State, sheet.Preview = Clean, preview.ID
			previews = append(previews, preview)
		}
		sheets = append(sheets, sheet)
	}
	if len(sheets) > 0 {
		f.Preview = sheets[0].Preview
	}
	if f.Problem == ProblemTooManyPages {
		sheets = nil
	}
	return sheets, pgx.BeginFunc(ctx, i.store.pool, func(tx pgx.Tx) error {
		for _, preview := range previews {
			if err := insert(ctx, tx, preview); err != nil {
				return err
			}
		}
		tag, err := tx.Exec(ctx, updateInspectedSQL, f.Library, f.ID, f.State, f.Width, f.Height, f.Pages, f.Problem, f.Preview, f.TakenAt, f.TakenEast)
		if err == nil && tag.RowsAffected() == 0 {
			err = errInspected
		}
		if err != nil {
			return err
		}
		return insertSheets(ctx, tx, f.Library, f.ID, sheets)
	})
}

// shorter is the picture's shorter side in pixels; a PDF has none.
func (f *File) shorter() int { return min(f.Width, f.Height) }
