package web

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// maxPageReason is in characters: the reasons of all pages go in one message.
const maxPageReason = 300

// returnPaper notes why the page has to be sent again. The reader hears of it when all that is returned is sent back together.
func returnPaper(v *visit) error {
	cause, reason := v.form("cause"), v.form("cause")
	if cause == reasonOther {
		words, cut := bots.Clean(strings.Join(strings.Fields(v.form("words")), " ")) // one line: the reasons are told as a list
		if words == "" || cut || len([]rune(words)) > maxPageReason {
			return v.pageProblem(v.t("desk_papers.problem_reason"))
		}
		reason = words
	} else if !slices.Contains(reasons(), cause) {
		return errForm
	}
	return v.decidePage(verdict{state: pageReturned, cause: cause, act: func(ctx context.Context, tx pgx.Tx, t queue.Task, seen PageSeen) error {
		return v.ReturnPage(ctx, tx, v.lib.ID, t.Registration, seen, v.me(), reason)
	}})
}
