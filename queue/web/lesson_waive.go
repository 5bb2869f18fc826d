package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
)

// waiveLesson lets somebody have a card without the lesson. The reason is for the library's own records.
func waiveLesson(v *visit) error {
	if _, err := v.registration(); err != nil {
		return err
	}
	reason, cut := bots.Clean(strings.TrimSpace(v.form("reason")))
	if reason == "" || cut || len([]rune(reason)) > maxReason {
		v.problem = v.t("desk_lesson.problem_reason")
		return v.showLessons(http.StatusConflict)
	}
	return v.decideLesson(lessonDecision{
		act: func(ctx context.Context, tx pgx.Tx, registration int64) error {
			return contacts.WaiveLesson(ctx, tx, v.lib.ID, registration, reason, int64(v.me()), v.at)
		},
		news: queue.NewsLessonCertified, outcome: outcomeWaived, did: "waived", card: true,
	})
}
