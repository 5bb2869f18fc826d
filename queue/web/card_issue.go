package web

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// minFirstPassword and maxFirstPassword are in characters.
const (
	minFirstPassword = 8
	maxFirstPassword = 64
)

// goodPassword refuses what could not be typed back: white space and control characters.
func goodPassword(password string) bool {
	n := utf8.RuneCountInString(password)
	return n >= minFirstPassword && n <= maxFirstPassword && utf8.ValidString(password) &&
		!strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r >= 0x7f && r <= 0xa0 })
}

// issueCard gives the reader the number and the first password. The password goes into the reader's message and nowhere else.
func issueCard(v *visit) error {
	number, password := strings.TrimSpace(v.form("number")), v.form("password")
	v.goodNumber = true
	err := v.issueCard(number, password)
	switch {
	case errors.Is(err, ErrNumberTaken):
		return v.cardAgain("desk.number_taken", false)
	case errors.Is(err, ErrNumberForm):
		return v.cardAgain("desk.number_form", false)
	case errors.Is(err, errPassword):
		return v.cardAgain("desk.first_password_bad", true)
	}
	return err
}

var errPassword = errors.New("the first password cannot be used")

func (v *visit) issueCard(number, password string) error {
	if !goodPassword(password) {
		return errPassword
	}
	return v.decide(decision{queue.KindCard, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		issued, err := v.IssueCard(ctx, tx, v.lib.ID, t.Registration, v.me(), number, password)
		return queue.News{
			Kind: queue.NewsCard, Fields: map[string]string{"number": number}, Secret: issued.Secret, Files: issued.Files,
		}, err
	}, outcomeIssued, "issued"})
}

// cardAgain shows the form with what was typed and what is wrong. The keys are those of issueCard.
func (v *visit) cardAgain(key string, goodNumber bool) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	v.goodNumber = goodNumber
	return v.again(t.ID, v.t(key))
}
