package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"librarian/contacts/library"
)

type promisesPage struct {
	settingsPage
	Kinds []promiseForm
}

// promiseForm is the working time promised for one kind of work, in hours.
type promiseForm struct{ Kind, Name, Hours, Usual string }

func showPromises(v *visit) error { return v.showPromises(nil, http.StatusOK) }

// showPromises shows what was typed, if something was.
func (v *visit) showPromises(faults map[string]string, status int) error {
	f, err := v.settingsFrame(v.t("desk_policy.promises_title"))
	if err != nil {
		return err
	}
	page := promisesPage{settingsPage: f}
	if faults != nil {
		page.Faults = faults
	}
	page.Saved = !v.changes()
	for _, kind := range library.Promised() {
		hours := ""
		if p := v.lib.Settings.Promise[kind]; p.Minutes > 0 {
			hours = v.hoursText(p.Minutes)
		}
		usual := library.Settings{}.Work(kind)
		page.Kinds = append(page.Kinds, promiseForm{kind, v.requestName(kind), v.typedOr("hours."+kind, hours), v.hoursText(int(usual.Minutes()))})
	}
	return v.show("settings_promises", status, page)
}

// hoursText are minutes in hours as the visitor's language writes them: 90 is 1.5, or 1,5.
func (v *visit) hoursText(minutes int) string {
	text := strconv.FormatFloat(math.Round(float64(minutes)/60*100)/100, 'f', -1, 64)
	if v.lang != library.English {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// mostHours is the longest working time that can be promised: about a year.
const mostHours = 2000

// readHours takes 1.5 and 1,5; the result is in minutes, at least one.
func readHours(text string) (int, bool) {
	hours, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
	if err != nil || !(hours*60 >= 1 && hours <= mostHours) {
		return 0, false
	}
	return int(hours*60 + 0.5), true
}

// changePromises sets the working time within which things are done.
func changePromises(v *visit) error {
	typed, faults := map[string]int{}, map[string]string{}
	for _, kind := range library.Promised() {
		text := v.typedText("hours." + kind)
		if text == "" {
			continue
		}
		minutes, ok := readHours(text)
		if !ok {
			faults["hours."+kind] = v.t("desk_policy.fault_hours", "most", mostHours)
		}
		typed[kind] = minutes
	}
	if len(faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showPromises(faults, http.StatusUnprocessableEntity)
	}
	err := v.revise(func(s *library.Settings) (changed []string, err error) {
		if s.Promise == nil {
			s.Promise = map[string]library.Promise{}
		}
		for _, kind := range library.Promised() {
			if s.Promise[kind].Minutes != typed[kind] {
				changed = append(changed, "promise "+kind)
			}
			if s.Promise[kind] = (library.Promise{Minutes: typed[kind]}); typed[kind] == 0 {
				delete(s.Promise, kind)
			}
		}
		return changed, nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showPromises(nil, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/promises?did=saved")
}

func (v *visit) promiseWords(s library.Settings) []string {
	var out []string
	for _, kind := range library.Promised() {
		out = append(out, v.requestName(kind)+": "+v.t("desk_policy.hours", "hours", v.hoursText(int(s.Work(kind).Minutes()))))
	}
	return out
}
