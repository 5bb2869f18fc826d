package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Siglum says which department holds the copies that bear it.
type Siglum struct {
	Siglum     string
	Fund       string // empty: any fund
	Department int64
	Rank       int // where two departments hold it, the lowest is proposed first
}

// Proposal is a department that holds a copy.
type Proposal struct {
	Department int64
	Siglum     string // of the row that decided
	Fund       string // of the row that decided; empty: any
	Rank       int
	Certain    bool // false: the siglum alone decides nothing, a person chooses
}

// selectSigla leaves out departments that are off: nothing goes there.
const selectSigla = `
select s.siglum, s.fund, s.department_id as department, s.rank
from sigla s join departments d on d.library_id = s.library_id and d.id = s.department_id
where s.library_id = $1 and ($2 or d.state = 'on') order by s.siglum, s.fund, s.rank, s.department_id`

// Route gives the departments that are on and hold one of the copies, each a siglum and a fund, best first: who holds one for certain before who may, then by
// rank, then in the order of the copies. A fund that is not given or not known decides nothing where departments differ by it. None is no error.
func Route(ctx context.Context, tx pgx.Tx, lib library.ID, copies [][2]string) ([]Proposal, error) {
	table, err := all[Siglum](ctx, tx, selectSigla, lib, false)
	if err != nil {
		return nil, fmt.Errorf("sigla of library %d: %w", lib, err)
	}
	var out []Proposal
	for _, c := range copies {
		for _, p := range holders(table, c[0], c[1]) {
			i := slices.IndexFunc(out, func(o Proposal) bool { return o.Department == p.Department })
			switch {
			case i < 0:
				out = append(out, p)
			case better(p, out[i]) < 0:
				out[i] = p
			}
		}
	}
	slices.SortStableFunc(out, better)
	return out, nil
}

func better(a, b Proposal) int {
	switch {
	case a.Certain != b.Certain && a.Certain:
		return -1
	case a.Certain != b.Certain:
		return 1
	}
	return cmp.Compare(a.Rank, b.Rank)
}

// holders are the departments that hold, or may hold, the copy.
func holders(table []Siglum, siglum, fund string) []Proposal {
	siglum, fund = foldSiglum(siglum), tidyFund(fund)
	var named, any, others []Siglum
	for _, s := range table {
		switch {
		case foldSiglum(s.Siglum) != siglum:
		case s.Fund == "":
			any = append(any, s)
		case fund != "" && strings.EqualFold(tidyFund(s.Fund), fund):
			named = append(named, s)
		default:
			others = append(others, s)
		}
	}
	found, certain := named, true
	if len(found) == 0 && fund != "" {
		found = any
	}
	if len(found) == 0 {
		found = append(any, others...)
		certain = fund == "" && !slices.ContainsFunc(found, func(s Siglum) bool { return s.Fund != found[0].Fund })
	}
	out := make([]Proposal, len(found))
	for i, s := range found {
		out[i] = Proposal{Department: s.Department, Siglum: s.Siglum, Fund: s.Fund, Rank: s.Rank, Certain: certain}
	}
	return out
}

// ListSigla gives the library's table by siglum, fund and rank, with the departments that are off.
func (d *Desk) ListSigla(ctx context.Context, lib library.ID) ([]Siglum, error) {
	list, err := all[Siglum](ctx, d.pool, selectSigla, lib, true)
	if err != nil {
		return nil, fmt.Errorf("sigla of library %d: %w", lib, err)
	}
	return list, nil
}

const insertSigla = `
insert into sigla (library_id, siglum, fund, department_id, rank)
select $1, s.siglum, s.fund, s.department, s.rank from unnest($2::text[], $3::text[], $4::bigint[], $5::int[]) as s (siglum, fund, department, rank)
join departments d on d.library_id = $1 and d.id = s.department`

// SetSigla replaces the library's table, which by has seen as seen. ErrChanged when it is another by now; ErrNotAllowed; ErrInvalid when a siglum is missing, a
// row stands there twice, or a department is not the library's.
func SetSigla(ctx context.Context, tx pgx.Tx, by Staff, lib library.ID, seen, rows []Siglum) error {
	what := fmt.Sprintf("set sigla of library %d", lib)
	if !by.governs(&lib, RoleDepartment) {
		return fmt.Errorf("%s: %w", what, ErrNotAllowed)
	}
	rows, err := tidySigla(rows)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, err := tx.Exec(ctx, `lock table sigla in share row exclusive mode`); err != nil { // a new row of another's could not be locked
		return fmt.Errorf("%s: %w", what, err)
	}
	now, err := all[Siglum](ctx, tx, selectSigla, lib, true)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !slices.Equal(now, seen) {
		return fmt.Errorf("%s: %w", what, ErrChanged)
	}
	if _, err := tx.Exec(ctx, `delete from sigla where library_id = $1`, lib); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	done, err := tx.Exec(ctx, insertSigla, lib, column(rows, func(s Siglum) string { return s.Siglum }), column(rows, func(s Siglum) string { return s.Fund }),
		column(rows, func(s Siglum) int64 { return s.Department }), column(rows, func(s Siglum) int { return s.Rank }))
	if err == nil && done.RowsAffected() != int64(len(rows)) {
		err = ErrInvalid
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return Audit(ctx, tx, AuditEntry{Library: lib, Staff: by.ID, Act: "sigla.changed", Object: fmt.Sprintf("library %d", lib), Detail: map[string]any{"rows": len(rows)}})
}

// tidySigla brings the rows into the form in which they are stored. A rank of zero is the first.
func tidySigla(rows []Siglum) ([]Siglum, error) {
	out := make([]Siglum, len(rows))
	for i, s := range rows {
		s.Siglum, s.Fund, s.Rank = tidySiglum(s.Siglum), tidyFund(s.Fund), max(s.Rank, 1)
		twice := slices.ContainsFunc(out[:i], func(o Siglum) bool { return s.Same(o) })
		if s.Siglum == "" || s.Department <= 0 || twice {
			return nil, ErrInvalid
		}
		out[i] = s
	}
	return out, nil
}

// Same reports whether the rows are the same but for their rank, however they are written.
func (s Siglum) Same(o Siglum) bool {
	return foldSiglum(s.Siglum) == foldSiglum(o.Siglum) && strings.EqualFold(tidyFund(s.Fund), tidyFund(o.Fund)) && s.Department == o.Department
}

// tidySiglum takes the spaces out: "КХ 2" is КХ2.
func tidySiglum(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

func tidyFund(s string) string { return strings.Join(strings.Fields(s), " ") }

// foldSiglum also takes Latin letters for the Cyrillic ones that look the same: catalogues mix them.
func foldSiglum(s string) string {
	const latin, cyrillic = "ABCEHKMOPTXY", "АВСЕНКМОРТХУ"
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(latin, r); i >= 0 {
			return []rune(cyrillic)[i]
		}
		return r
	}, tidySiglum(s))
}
