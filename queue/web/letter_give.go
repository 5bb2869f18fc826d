package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// giveLetter adds the pages of a letter to an order.
func giveLetter(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	order, problem := v.orderOfForm()
	if problem != "" {
		return v.letterAgain(problem)
	}
	brought, err := v.broughtBy(l)
	if err != nil {
		return err
	}
	if len(brought) == 0 {
		return v.letterAgain(v.t("desk_tray.problem_nothing"))
	}
	name, stays := "", v.form("stays") != "" // name is of the file that is in work
	_, err = v.settleLetter(l, func(ctx context.Context, tx pgx.Tx) (LetterEnd, error) {
		for _, b := range brought {
			name = b.File.Name
			if _, err := fragments.Bring(ctx, tx, v.lib.ID, order, b); err != nil {
				return LetterEnd{}, err
			}
		}
		return LetterEnd{Order: order, Stays: stays}, queue.OrderChanged(ctx, tx, v.lib.ID, int64(order))
	})
	switch {
	case err == nil && stays:
		return v.to(letterAddress(l.ID) + "?did=letter-stays")
	case err == nil:
		return v.to(orderAddress(order) + "?did=letter-given")
	}
	if problem = v.giveProblem(err, order, name); problem != "" {
		return v.letterAgain(problem)
	}
	return err
}

// giveProblem says why the order did not get the pages; empty when it is something else.
func (v *visit) giveProblem(err error, order fragments.ID, file string) string {
	switch {
	case errors.Is(err, fragments.ErrNoPages):
		return v.t("desk_tray.problem_file", "name", file)
	case errors.Is(err, fragments.ErrNotFound):
		return v.t("desk_tray.problem_order", "number", int64(order))
	case errors.Is(err, fragments.ErrState):
		return v.t("desk_tray.problem_over", "number", int64(order))
	}
	return v.letterProblem(err)
}

// orderOfForm is the order that was typed or, where nothing was, chosen.
func (v *visit) orderOfForm() (id fragments.ID, problem string) {
	text := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(v.form("number")), "№#Nn "))
	if text == "" {
		text = v.form("order")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, v.t("desk_tray.problem_choose")
	}
	return fragments.ID(n), ""
}

// broughtBy are the files that were ticked, looked at: in the letter's order.
func (v *visit) broughtBy(l Letter) ([]fragments.Brought, error) {
	chosen := v.chosen()
	var out []fragments.Brought
	for i, id := range l.Files {
		if !chosen[i+1] {
			continue
		}
		file, finding, err := v.Letters.Look(v.ctx(), v.lib.ID, id)
		if err != nil {
			return nil, err
		}
		out = append(out, fragments.Brought{File: file, Finding: finding, Source: fragments.FromEmail, Staff: v.me(), At: v.at, Delivery: fmt.Sprintf("letter %d", l.ID)})
	}
	return out, nil
}
