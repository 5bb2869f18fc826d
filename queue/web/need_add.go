package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
	"librarian/queue/stock"
)

// addNeed notes what somebody misses who told it to staff, and no chat.
func addNeed(v *visit) error {
	words, cut := bots.Clean(strings.Join(strings.Fields(v.form("words")), " "))
	n := queue.NewNeed{
		Library: v.lib.ID, Kind: queue.NeedKind(v.form("kind")), Words: words, Key: stock.Key(words), Category: v.categoryTyped(strings.TrimSpace(v.form("category"))),
		By: v.me(), Who: strings.TrimSpace(v.form("who")), At: v.at,
	}
	err := queue.ErrInvalid
	if !cut {
		err = v.write(func(ctx context.Context, tx pgx.Tx) error {
			id, err := queue.AddNeed(ctx, tx, n)
			if err != nil {
				return err
			}
			return v.audit(ctx, tx, v.object("need", int64(id)), nil)
		})
	}
	if errors.Is(err, queue.ErrInvalid) {
		v.problem = v.t("desk_need.problem_words", "most", queue.NeedWordsMost)
		return v.listNeeds(needForm{Open: true, Words: v.form("words"), Who: v.form("who"), Category: v.form("category")}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/needs?did=need-noted")
}

// categoryTyped is what was typed as a registration would have it, so that both count together; otherwise it stays as it is.
func (v *visit) categoryTyped(text string) string {
	f, asked := v.lib.Settings.Registration.Segment()
	if !asked {
		return text
	}
	for _, c := range f.Choices {
		if strings.EqualFold(text, v.Texts.Words(v.lang, f.ChoiceName(c.ID))) {
			return c.ID
		}
	}
	return text
}
