package web

import (
	"net/http"
	"strconv"

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

	Departments []choiceOf
}

// freshAccess is a one-time password, shown this once.
type freshAccess struct{ Name, Login, Password string }

type memberView struct {
	ID                       queue.StaffID
	Name, Email, Role, Login string
	Off, Waits, Me           bool
	Department               string     // empty: of none
	Departments              []choiceOf // nil: the role belongs to none
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
	departments, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	page.Departments = append([]choiceOf{{"0", v.t("desk_departments.no_department"), page.New.Department == 0}}, v.holders(departments, page.New.Department)...)
	for _, m := range members {
		page.Members = append(page.Members, v.memberView(m, departments))
	}
	return v.show("staff", status, page)
}

func (v *visit) memberView(m queue.Staff, departments []queue.Department) memberView {
	out := memberView{
		ID: m.ID, Name: m.Name, Email: m.Email, Role: v.roleName(m.Role), Login: m.Login, Off: m.State == "off", Waits: m.MustChange || !m.HasTOTP, Me: m.ID == v.me(),
	}
	if !m.Role.OfDepartment() || len(departments) == 0 {
		return out
	}
	out.Departments = append([]choiceOf{{"0", v.t("desk_departments.no_department"), m.Department == 0}}, v.holders(departments, m.Department)...)
	for _, d := range departments {
		if d.ID == m.Department {
			out.Department = d.Title(v.lang, v.lib.RecordLang())
		}
	}
	return out
}

func (v *visit) newStaff() queue.NewStaff {
	lib := v.lib.ID
	department, _ := strconv.ParseInt(v.form("department"), 10, 64) // what is no number is none
	if !queue.Role(v.form("role")).OfDepartment() {
		department = 0 // chosen before the role was
	}
	return queue.NewStaff{
		Library: &lib, Department: department, Login: v.form("login"), Name: v.form("name"), Email: v.form("email"), Role: queue.Role(v.form("role")),
		Lang: library.Lang(v.form("lang")), NotifyEmail: v.form("email") != "",
	}
}
