package web

import (
	"net/http"
	"slices"
	"strings"

	"librarian/contacts/library"
	"librarian/queue"
)

type departmentsPage struct {
	settingsPage
	Departments []departmentRow
}

type departmentRow struct {
	ID                  int64
	Name, Way, Purposes string
	Off, Trusted        bool
}

func showDepartments(v *visit) error {
	f, err := v.settingsFrame(v.t("desk_departments.title"))
	if err != nil {
		return err
	}
	list, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	page := departmentsPage{settingsPage: f}
	for _, d := range list {
		page.Departments = append(page.Departments, departmentRow{
			d.ID, d.Title(v.lang, v.lib.RecordLang()), v.wayName(d.Way), v.purposeNames(d.Purposes), d.State == "off", d.Trusted,
		})
	}
	return v.show("settings_departments", http.StatusOK, page)
}

func (v *visit) wayName(way queue.Way) string {
	return v.t(map[queue.Way]string{
		queue.WayDesk: "desk_departments.way_desk", queue.WayEmail: "desk_departments.way_email", queue.WayTelegram: "desk_departments.way_telegram",
	}[way])
}

func (v *visit) purposeName(purpose queue.Purpose) string {
	return v.t(map[queue.Purpose]string{
		queue.ForFragment: "desk_departments.for_fragment", queue.ForArticle: "desk_departments.for_article",
		queue.ForBibliographic: "desk_departments.for_bibliographic", queue.ForRegional: "desk_departments.for_regional",
		queue.ForContent: "desk_departments.for_content", queue.ForDigitisation: "desk_departments.for_digitisation", queue.ForTechnical: "desk_departments.for_technical",
	}[purpose])
}

func (v *visit) purposeNames(purposes []queue.Purpose) string {
	out := make([]string, len(purposes))
	for i, p := range purposes {
		out[i] = v.purposeName(p)
	}
	return strings.Join(out, ", ")
}

type departmentPage struct {
	settingsPage
	ID             int64 // 0: a new one
	Names          []labelField
	Email, Listed  string
	Ways, Purposes []choiceOf
	Chats          int  // bound by its people, where they get requests in Telegram
	InChat         bool // it gets its requests there
	Hours          hoursForm
	Trusted, On    bool
}

func showNewDepartment(v *visit) error {
	return v.showDepartment(queue.Department{Way: queue.WayDesk, State: "on", Version: 1}, nil, http.StatusOK)
}

func showDepartment(v *visit) error {
	dep, err := v.department()
	if err != nil {
		return err
	}
	return v.showDepartment(dep, nil, http.StatusOK)
}

// department is the one in the address.
func (v *visit) department() (queue.Department, error) {
	id, err := v.id()
	if err != nil {
		return queue.Department{}, err
	}
	return v.Desk.GetDepartment(v.ctx(), v.lib.ID, id)
}

// showDepartment shows the department, or what was typed of it. Its version is the one in force.
func (v *visit) showDepartment(dep queue.Department, faults map[string]string, status int) error {
	title := v.t("desk_departments.new")
	if dep.ID != 0 {
		title = dep.Title(v.lang, v.lib.RecordLang())
	}
	f, err := v.settingsFrame(title)
	if err != nil {
		return err
	}
	page := departmentPage{
		settingsPage: f, ID: dep.ID, Email: v.typedOr("email", dep.Email), Listed: v.typedOr("listed", strings.Join(dep.Listed, "\n")),
		Hours: v.hoursForm(dep.Hours), Trusted: dep.Trusted, On: dep.State == "on",
	}
	chats, err := queue.DepartmentChats(v.ctx(), v.Pool, v.lib.ID, dep.ID)
	if err != nil {
		return err
	}
	page.Chats, page.InChat = len(chats), dep.Way == queue.WayTelegram
	page.Base, page.Saved = dep.Version, !v.changes()
	if faults != nil {
		page.Faults = faults
	}
	for _, lang := range v.languagesOf(dep.Name) {
		field := "name." + string(lang)
		page.Names = append(page.Names, labelField{lang, v.langName(lang), field, v.typedOr(field, dep.Name[lang])})
	}
	for _, way := range queue.Ways() {
		page.Ways = append(page.Ways, choiceOf{string(way), v.wayName(way), way == dep.Way})
	}
	for _, p := range queue.Purposes() {
		page.Purposes = append(page.Purposes, choiceOf{string(p), v.purposeName(p), slices.Contains(dep.Purposes, p)})
	}
	return v.show("settings_department", status, page)
}

// departmentWords are the departments in one line each.
func (v *visit) departmentWords(list []queue.Department) []string {
	var out []string
	for _, d := range list {
		if line := d.Title(v.lang, v.lib.RecordLang()); d.State == "on" {
			if len(d.Purposes) > 0 {
				line += ": " + v.purposeNames(d.Purposes)
			}
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return []string{v.t("desk_departments.none")}
	}
	return out
}

// recordFault says that the name lacks in the language in which the library keeps its records.
func (v *visit) recordFault(texts map[library.Lang]string, field string, faults map[string]string) {
	record := v.lib.RecordLang()
	if name := field + "." + string(record); texts[record] == "" && faults[name] == "" {
		faults[name] = v.t("desk_settings.fault_record")
	}
}
