package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

type siglaPage struct {
	settingsPage
	Seen        string // the table as the page shows it in force
	Rows        []siglumForm
	Departments bool // there are some
}

// siglumForm is one row of the table in its form.
type siglumForm struct {
	Number             int // of the row on the page, from 1
	Siglum, Fund, Rank string
	Departments        []choiceOf
	New, Removed       bool
	Fault              string
}

// freshRows are the empty rows at the end, for what is to be added; more come with each save.
const freshRows = 3

func showSigla(v *visit) error { return v.showSigla(nil, http.StatusOK) }

// showSigla shows what was typed, if something was.
func (v *visit) showSigla(typed []siglumForm, status int) error {
	f, err := v.settingsFrame(v.t("desk_departments.sigla_title"))
	if err != nil {
		return err
	}
	departments, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	table, err := v.Desk.ListSigla(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	seen, err := json.Marshal(table)
	if err != nil {
		return err
	}
	page := siglaPage{settingsPage: f, Seen: string(seen), Rows: typed, Departments: len(departments) > 0}
	page.Saved = typed == nil
	if typed == nil {
		for _, s := range table {
			page.Rows = append(page.Rows, siglumForm{Siglum: s.Siglum, Fund: s.Fund, Rank: strconv.Itoa(s.Rank), Departments: v.holders(departments, s.Department)})
		}
		for range freshRows {
			page.Rows = append(page.Rows, siglumForm{New: true, Departments: v.holders(departments, 0)})
		}
	}
	for i := range page.Rows {
		page.Rows[i].Number = i + 1
	}
	return v.show("settings_sigla", status, page)
}

// holders are the departments to choose from; one that is off only where it is chosen already.
func (v *visit) holders(departments []queue.Department, chosen int64) []choiceOf {
	var out []choiceOf
	for _, d := range departments {
		if d.State == "on" || d.ID == chosen {
			out = append(out, choiceOf{strconv.FormatInt(d.ID, 10), d.Title(v.lang, v.lib.RecordLang()), d.ID == chosen})
		}
	}
	return out
}

// siglaWords says by department what each holds.
func (v *visit) siglaWords(table []queue.Siglum, departments []queue.Department) []string {
	var out []string
	for _, d := range departments {
		var holds []string
		for _, s := range table {
			if s.Department == d.ID {
				holds = append(holds, strings.TrimSpace(s.Siglum+" "+s.Fund))
			}
		}
		if len(holds) > 0 {
			out = append(out, d.Title(v.lang, v.lib.RecordLang())+": "+strings.Join(holds, ", "))
		}
	}
	if len(out) == 0 {
		return []string{v.t("desk_departments.sigla_none")}
	}
	return out
}

// changeSigla saves the whole table, over what its page showed.
func changeSigla(v *visit) error {
	var seen []queue.Siglum
	if err := json.Unmarshal([]byte(v.form("seen")), &seen); err != nil {
		return errForm
	}
	rows, typed, err := v.typedSigla()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(typed, func(r siglumForm) bool { return r.Fault != "" }) {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showSigla(typed, http.StatusUnprocessableEntity)
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		return queue.SetSigla(ctx, tx, v.session.Staff, v.lib.ID, seen, rows)
	})
	if errors.Is(err, queue.ErrChanged) {
		v.problem = v.t("desk_settings.problem_meanwhile")
		return v.showSigla(typed, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/sigla?did=saved")
}

// mostRank is the largest that can be typed.
const mostRank = 99

// typedSigla is the table as it is to be, and the rows as they were typed, with what is wrong with them. A new row that is left empty is none.
func (v *visit) typedSigla() ([]queue.Siglum, []siglumForm, error) {
	departments, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return nil, nil, err
	}
	form := v.r.PostForm
	count := len(form["siglum"])
	if len(form["fund"]) != count || len(form["department"]) != count || len(form["rank"]) != count {
		return nil, nil, errForm
	}
	var rows []queue.Siglum
	typed := make([]siglumForm, count)
	for i := range typed {
		number := strconv.Itoa(i + 1)
		id, _ := strconv.ParseInt(form["department"][i], 10, 64) // what is no number is no department
		typed[i] = siglumForm{
			Siglum: form["siglum"][i], Fund: form["fund"][i], Rank: form["rank"][i], Departments: v.holders(departments, id),
			New: slices.Contains(form["new"], number), Removed: slices.Contains(form["remove"], number),
		}
		empty := typed[i].New && queue.Siglum{Siglum: typed[i].Siglum, Fund: typed[i].Fund}.Same(queue.Siglum{}) && id == 0
		if empty || typed[i].Removed {
			continue
		}
		row := queue.Siglum{Siglum: typed[i].Siglum, Fund: typed[i].Fund, Department: id}
		row.Rank, typed[i].Fault = v.typedSiglum(row, rows, typed[i].Rank, departments)
		rows = append(rows, row)
	}
	return rows, typed, nil
}

// typedSiglum gives the rank of a row, and what is wrong with it.
func (v *visit) typedSiglum(row queue.Siglum, before []queue.Siglum, rank string, departments []queue.Department) (int, string) {
	number, err := strconv.Atoi(rank)
	if rank == "" {
		number, err = 1, nil
	}
	switch {
	case (queue.Siglum{Siglum: row.Siglum}).Same(queue.Siglum{}):
		return 0, v.t("desk_departments.fault_siglum")
	case len([]rune(row.Siglum)) > mostLabel || len([]rune(row.Fund)) > mostLabel:
		return 0, v.t("desk_settings.fault_long", "count", mostLabel)
	case !slices.ContainsFunc(departments, func(d queue.Department) bool { return d.ID == row.Department }):
		return 0, v.t("desk_departments.fault_department")
	case err != nil || number < 1 || number > mostRank:
		return 0, v.t("desk_settings.fault_number", "least", 1, "most", mostRank)
	case slices.ContainsFunc(before, row.Same):
		return 0, v.t("desk_departments.fault_twice")
	}
	return number, ""
}
