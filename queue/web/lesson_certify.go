package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/queue"
)

// certifyLesson lets the registrar go on: the newcomer has passed the lesson or the test.
func certifyLesson(v *visit) error {
	how := v.form("how")
	if how != contacts.ByLesson && how != contacts.ByTest {
		return errForm
	}
	return v.decideLesson(lessonDecision{
		act: func(ctx context.Context, tx pgx.Tx, registration int64) error {
			return contacts.Certify(ctx, tx, v.lib.ID, registration, how, int64(v.me()), v.at)
		},
		news: queue.NewsLessonCertified, outcome: outcomeCertified, did: "certified", card: true, detail: map[string]any{"how": how},
	})
}
