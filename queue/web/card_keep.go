package web

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// keepCard closes the task of a reader who has a card of the library's already: that one goes on.
func keepCard(v *visit) error {
	number, password := strings.TrimSpace(v.form("number")), v.form("password")
	v.keeps = true
	if password != "" && !goodPassword(password) {
		return v.cardAgain("desk.first_password_bad", true)
	}
	err := v.decide(decision{queue.KindCard, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		kept, err := v.KeepCard(ctx, tx, v.lib.ID, t.Registration, v.me(), number, password)
		return queue.News{
			Kind: queue.NewsCardKept, Fields: map[string]string{"number": number}, Secret: kept.Secret, Files: kept.Files,
		}, err
	}, outcomeKept, "kept"})
	switch {
	case errors.Is(err, ErrNumberTaken):
		return v.cardAgain("desk.number_taken", false)
	case errors.Is(err, ErrNumberForm):
		return v.cardAgain("desk.number_form", false)
	}
	return err
}

// keepForm is what was typed of a card that there is.
type keepForm struct {
	Task                   queue.TaskID
	Number, Password       string
	NumberBad, PasswordBad bool
	Open                   bool
}

func (v *visit) keepForm(t queue.Task) *keepForm {
	out := &keepForm{Task: t.ID, Open: v.keeps}
	if v.keeps { // what was typed stays, whatever is wrong with it
		out.Number, out.Password = v.form("number"), v.form("password")
		out.NumberBad, out.PasswordBad = !v.goodNumber, out.Password != "" && !goodPassword(out.Password)
	}
	return out
}
