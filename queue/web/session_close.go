package web

// closeSession ends another session of one's own: a browser left open elsewhere.
func closeSession(v *visit) error {
	if err := v.Desk.EndSession(v.ctx(), v.me(), v.r.PathValue("id")); err != nil {
		return err
	}
	return v.to("/desk/account?did=ended")
}
