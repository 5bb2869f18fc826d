package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

func chooseLanguage(v *visit) error {
	lang := library.Lang(v.form("lang"))
	if !lang.Known() {
		return errForm
	}
	return v.changeOwn(func(c *queue.OwnChange) { c.Lang = lang })
}

// changeOwn changes one thing of one's own account and keeps the rest.
func (v *visit) changeOwn(set func(*queue.OwnChange)) error {
	me := v.session.Staff
	change := queue.OwnChange{Lang: me.Lang, NotifyEmail: me.NotifyEmail}
	set(&change)
	err := v.write(func(ctx context.Context, tx pgx.Tx) error { return v.Desk.UpdateOwn(ctx, tx, me, change) })
	if err != nil {
		return err
	}
	return v.to("/desk/account?did=saved")
}
