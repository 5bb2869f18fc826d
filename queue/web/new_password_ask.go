package web

import "net/http"

type passwordPage struct {
	frame
	Forced bool
	Login  string // for the browser's own store of passwords
}

func askNewPassword(v *visit) error { return v.askNewPassword(http.StatusOK) }

func (v *visit) askNewPassword(status int) error {
	f, err := v.frame(v.ctx(), v.t("desk.password_title"))
	if err != nil {
		return err
	}
	return v.show("password", status, passwordPage{f, v.session.Staff.MustChange, v.session.Staff.Login})
}
