package web

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// sendPapersBack closes the task and asks the reader for what was returned, and only for that.
func sendPapersBack(v *visit) error {
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		pages, err := v.SendBack(ctx, tx, v.lib.ID, t.Registration, v.me())
		if err != nil {
			return queue.News{}, err
		}
		lines := returnedLines(pages)
		if len(lines) == 0 { // nothing to ask for: the reader must not wait for ever
			return queue.News{}, fmt.Errorf("send back papers of registration %d: no page is returned: %w", t.Registration, ErrState)
		}
		return queue.News{Kind: queue.NewsPapersReturned, Fields: map[string]string{"pages": strings.Join(lines, "\n")}}, nil
	}, outcomeReturned, "sent-back"})
}

func returnedLines(pages []PaperPage) []string {
	var out []string
	for _, p := range pages {
		if p.State == pageReturned {
			out = append(out, fmt.Sprintf("%s:%d:%s", p.Kind, p.Number, p.Reason))
		}
	}
	return out
}
