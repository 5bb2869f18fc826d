package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func addDepartment(v *visit) error {
	dep, faults := v.typedDepartment(queue.Department{Library: v.lib.ID, Version: 1})
	return v.saveDepartment(dep, faults, func(ctx context.Context, tx pgx.Tx) error {
		_, err := queue.AddDepartment(ctx, tx, v.session.Staff, dep)
		return err
	})
}

func changeDepartment(v *visit) error {
	now, err := v.department()
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(v.form("base"))
	if err != nil {
		return errForm
	}
	dep, faults := v.typedDepartment(now)
	return v.saveDepartment(dep, faults, func(ctx context.Context, tx pgx.Tx) error {
		dep.Version = seen
		return queue.ChangeDepartment(ctx, tx, v.session.Staff, dep)
	})
}

func (v *visit) saveDepartment(dep queue.Department, faults map[string]string, save func(ctx context.Context, tx pgx.Tx) error) error {
	if len(faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showDepartment(dep, faults, http.StatusUnprocessableEntity)
	}
	err := v.write(save)
	if errors.Is(err, queue.ErrChanged) {
		v.problem = v.t("desk_settings.problem_meanwhile")
		return v.showDepartment(dep, nil, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/departments?did=saved")
}

// The most that may be typed of addresses.
const mostListed = 50

// typedDepartment is the department as the form has it, with what is wrong.
func (v *visit) typedDepartment(dep queue.Department) (queue.Department, map[string]string) {
	faults := map[string]string{}
	dep.Name = v.typedIn("name", v.languagesOf(dep.Name), mostLabel, faults)
	v.recordFault(dep.Name, "name", faults)
	dep.Email, dep.Listed = v.typedText("email"), nil
	if dep.Email != "" && !queue.GoodAddress(dep.Email) {
		faults["email"] = v.t("desk_departments.fault_email")
	}
	for _, line := range strings.FieldsFunc(v.typedText("listed"), func(r rune) bool { return strings.ContainsRune(" \n\t,;", r) }) {
		if !queue.GoodListed(line) {
			faults["listed"] = v.t("desk_departments.fault_listed", "line", line)
		}
		dep.Listed = append(dep.Listed, line)
	}
	if len(dep.Listed) > mostListed {
		faults["listed"] = v.t("desk_departments.fault_many", "count", mostListed)
	}
	if dep.Way = queue.Way(v.form("way")); !slices.Contains(queue.Ways(), dep.Way) {
		faults["way"] = v.t("desk_departments.fault_way")
	}
	if dep.Way == queue.WayEmail && dep.Email == "" {
		faults["email"] = v.t("desk_departments.fault_no_email")
	}
	dep.Purposes = nil
	for _, p := range queue.Purposes() {
		if slices.Contains(v.r.PostForm["purpose"], string(p)) {
			dep.Purposes = append(dep.Purposes, p)
		}
	}
	dep.Hours = v.typedHours(faults)
	dep.Trusted, dep.State = v.form("trusted") != "", "off"
	if v.form("on") != "" {
		dep.State = "on"
	}
	return dep, faults
}
