package web

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

var errBlocked = errors.New("the sender is blocked")

// passLetter makes a letter a message of its sender, whom the bot or a librarian answers.
func passLetter(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	if l.Waits && !l.Speaks {
		return v.letterAgain(v.t("desk_tray.problem_silent"))
	}
	end, err := v.settleLetter(l, func(ctx context.Context, tx pgx.Tx) (LetterEnd, error) {
		conv, err := v.Letters.Pass(ctx, v.lib.ID, l.ID) // a transaction of its own, which a second try repeats without harm
		if err != nil {
			return LetterEnd{}, err
		}
		if conv == 0 {
			return LetterEnd{}, errBlocked
		}
		header, err := v.Conversations.Header(ctx, v.lib.ID, conv)
		if err == nil && header.Blocked {
			err = errBlocked
		}
		return LetterEnd{Conversation: conv}, err
	})
	problem := v.letterProblem(err)
	if errors.Is(err, errBlocked) {
		problem = v.t("desk_tray.problem_blocked")
	}
	if problem != "" {
		return v.letterAgain(problem)
	}
	if err != nil {
		return err
	}
	return v.to(conversationAddress(end.Conversation) + "?did=letter-passed")
}
