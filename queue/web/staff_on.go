package web

func switchStaffOn(v *visit) error { return v.switchStaff(v.Desk.SwitchOn) }
