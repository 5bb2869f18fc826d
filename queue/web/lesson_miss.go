package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/queue"
)

// missLesson asks the newcomer, who did not come, to choose again.
func missLesson(v *visit) error {
	return v.decideLesson(lessonDecision{
		act: func(ctx context.Context, tx pgx.Tx, registration int64) error {
			return contacts.MissLesson(ctx, tx, v.lib.ID, registration, int64(v.me()), v.at)
		},
		news: queue.NewsLessonMissed, outcome: outcomeMissed, did: "missed",
	})
}
