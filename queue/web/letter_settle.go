package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"
)

// settleLetter does the work and takes the letter out of the tray unless it stays, all of it or nothing. The work says what became of the letter.
func (v *visit) settleLetter(l Letter, work func(ctx context.Context, tx pgx.Tx) (LetterEnd, error)) (LetterEnd, error) {
	var end LetterEnd
	err := v.insist(func(ctx context.Context, tx pgx.Tx) (err error) {
		if err = v.Letters.Hold(ctx, tx, v.lib.ID, l.ID); err != nil {
			return err
		}
		if end, err = work(ctx, tx); err != nil {
			return err
		}
		if !end.Stays {
			if err = v.Letters.Settle(ctx, tx, v.lib.ID, l.ID, v.me(), end); err != nil {
				return err
			}
		}
		return v.audit(ctx, tx, v.object("letter", l.ID), end.detail())
	})
	return end, err
}

// detail is what the audit log holds of it.
func (e LetterEnd) detail() map[string]any {
	switch {
	case e.Order != 0:
		return map[string]any{"order": e.Order}
	case e.Conversation != 0:
		return map[string]any{"conversation": e.Conversation}
	}
	return nil
}

// letterAgain shows the letter as it is by now, with what was in the way.
func (v *visit) letterAgain(problem string) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	v.problem = problem
	return v.showLetter(l, http.StatusConflict)
}

// letterProblem says why nothing was done with a letter; empty when it is something else.
func (v *visit) letterProblem(err error) string {
	if errors.Is(err, ErrState) {
		return v.t("desk_tray.problem_settled")
	}
	return ""
}
