package web

import (
	"errors"
	"net/http"
	"strings"

	"librarian/queue"
)

// checkCode takes the second factor; the session goes on under a new token.
func checkCode(v *visit) error {
	token, err := v.Desk.CheckTOTP(v.ctx(), v.session, v.code())
	if problem, status := v.codeProblem(err); problem != "" {
		v.problem = problem
		return v.askCode(status)
	}
	if errors.Is(err, queue.ErrNoSession) {
		return v.to("/desk/sign-in")
	}
	if err != nil {
		return err
	}
	return v.enter(token)
}

// code is what was typed, without the space that authenticator apps show in the middle.
func (v *visit) code() string { return strings.Join(strings.Fields(v.form("code")), "") }

// codeProblem says what is wrong with a code; empty when it is something else.
func (v *visit) codeProblem(err error) (problem string, status int) {
	switch {
	case errors.Is(err, queue.ErrCode):
		return v.t("desk.code_wrong"), http.StatusUnauthorized
	case errors.Is(err, queue.ErrLocked):
		return v.t("desk.sign_in_locked"), http.StatusTooManyRequests
	}
	return "", 0
}
