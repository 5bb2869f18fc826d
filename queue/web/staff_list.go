package web

import (
	"net/http"

	"librarian/contacts/library"
	"librarian/queue"
)

type staffPage struct {
	frame
	Fresh     *freshAccess
	Open      bool // the form
	New       queue.NewStaff
	Roles     []choiceOf
	Languages []choiceOf
	Members   []memberView
}

// freshAccess is a one-time password, shown this once.
type freshAccess struct{ Name, Login, Password string }

type memberView struct {
	ID                       queue.StaffID
	Name, Email, Role, Login string
	Off, Waits, Me           bool
}

func listStaff(v *visit) error { return v.listStaff(staffPage{}, http.StatusOK) }

// listStaff fills in the rest of the page.
func (v *visit) listStaff(page staffPage, status int) (err error) {
	if page.frame, err = v.frame(v.ctx(), v.t("desk.staff_title")); err != nil {
		return err
	}
	for _, role := range queue.Roles() {
		if role != queue.RoleOperator {
			page.Roles = append(page.Roles, choiceOf{string(role), v.roleName(role), role == page.New.Role || page.New.Role == "" && role == queue.RoleLibrarian})
		}
	}
	chosen := page.New.Lang
	if chosen == "" {
		chosen = v.lib.RecordLang()
	}
	page.Languages = v.languages(chosen)
	members, err := v.Desk.ListStaff(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		page.Members = append(page.Members, memberView{
			m.ID, m.Name, m.Email, v.roleName(m.Role), m.Login, m.State == "off", m.MustChange || !m.HasTOTP, m.ID == v.me(),
		})
	}
	return v.show("staff", status, page)
}

func (v *visit) newStaff() queue.NewStaff {
	lib := v.lib.ID
	return queue.NewStaff{
		Library: &lib, Login: v.form("login"), Name: v.form("name"), Email: v.form("email"), Role: queue.Role(v.form("role")),
		Lang: library.Lang(v.form("lang")), NotifyEmail: v.form("email") != "",
	}
}
