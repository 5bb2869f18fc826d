package web

func endSession(v *visit) error {
	if err := v.Desk.SignOut(v.ctx(), v.session); err != nil {
		return err
	}
	v.setCookie(v.w, cookieSession, "", -1)
	return v.to("/desk/sign-in")
}
