package web

import (
	"errors"
	"net/http"

	"librarian/queue"
)

func changePassword(v *visit) error {
	fresh := v.form("new")
	if fresh != v.form("again") {
		v.problem = v.t("desk.password_differ")
		return v.askNewPassword(http.StatusUnprocessableEntity)
	}
	err := v.Desk.ChangePassword(v.ctx(), v.session, v.form("old"), fresh)
	switch {
	case err == nil:
		return v.to(v.home() + "?did=password")
	case errors.Is(err, queue.ErrWeakPassword):
		v.problem = v.t("desk.password_weak")
	case errors.Is(err, queue.ErrWrongPassword):
		v.problem = v.t("desk.password_wrong")
	case errors.Is(err, queue.ErrLocked):
		v.problem = v.t("desk.sign_in_locked")
	default:
		return err
	}
	return v.askNewPassword(http.StatusUnprocessableEntity)
}
