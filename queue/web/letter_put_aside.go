package web

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// maxAside bounds the word why a letter is put aside, in characters.
const maxAside = 300

// putLetterAside takes a letter with which nothing is to be done out of the tray.
func putLetterAside(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	words, cut := bots.Clean(strings.TrimSpace(v.form("words")))
	if words == "" || cut || len([]rune(words)) > maxAside {
		return v.letterAgain(v.t("desk_tray.problem_words"))
	}
	_, err = v.settleLetter(l, func(context.Context, pgx.Tx) (LetterEnd, error) { return LetterEnd{Words: words}, nil })
	if problem := v.letterProblem(err); problem != "" {
		return v.letterAgain(problem)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/tray?did=letter-aside")
}
