package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// beginSession checks the password. The session it opens can do nothing but give the second factor.
func beginSession(v *visit) error {
	if lang := library.Lang(v.form("lang")); lang.Known() {
		v.lang = lang
	}
	login := v.form("login")
	back, wait := v.tries.take(v.Proxies.Client(v.r), v.at)
	if wait > 0 {
		return v.tooManyTries(login, wait)
	}
	token, session, err := v.Desk.SignIn(v.ctx(), login, v.form("password"), v.r.UserAgent())
	if !errors.Is(err, queue.ErrSignIn) && !errors.Is(err, queue.ErrLocked) {
		back()
	}
	switch {
	case errors.Is(err, queue.ErrSignIn):
		v.problem = v.t("desk.sign_in_wrong")
		return v.askPassword(login, http.StatusUnauthorized)
	case errors.Is(err, queue.ErrLocked):
		v.problem = v.t("desk.sign_in_locked")
		return v.askPassword(login, http.StatusTooManyRequests)
	case err != nil:
		return err
	}
	v.session, v.lib.ID = session, session.Library
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		return v.audit(ctx, tx, v.object("staff", int64(v.me())), nil)
	})
	if err != nil {
		return err
	}
	v.Admit(v.w, token)
	return v.to(factorPage(session.Staff))
}
