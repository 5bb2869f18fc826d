package web

import (
	"errors"

	"librarian/queue"
)

// confirmFactor sets the second factor up once a code proves that the app has it.
func confirmFactor(v *visit) error {
	token, err := v.Desk.ConfirmTOTP(v.ctx(), v.session, v.code())
	if problem, status := v.codeProblem(err); problem != "" {
		v.problem = problem
		return v.offerFactor(status)
	}
	switch {
	case errors.Is(err, queue.ErrNoSession):
		return v.to("/desk/sign-in")
	case errors.Is(err, queue.ErrHasTOTP):
		return v.to("/desk/sign-in/code")
	case err != nil:
		return err
	}
	return v.enter(token)
}
