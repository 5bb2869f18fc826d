package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"librarian/contacts/library"
)

// The most that may be typed as a number.
const (
	mostAge  = 120
	mostDays = 3650
)

// changeJoining sets who may join and who may borrow. Words that the library gave to a rule, and rules of other shapes, stay as they are.
func changeJoining(v *visit) error {
	if err := v.fresh(); err != nil {
		return err
	}
	typed, err := v.typedJoining()
	if err != nil {
		return err
	}
	if len(typed.faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showJoining(typed, http.StatusUnprocessableEntity)
	}
	err = v.revise(func(s *library.Settings) ([]string, error) {
		was := s.Registration
		typed.apply(&s.Registration)
		return joiningChanged(was, s.Registration), nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showJoining(typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/joining?did=saved")
}

func (t *typedJoining) apply(r *library.Registration) {
	r.MinAge, r.Surety = t.minAge, t.surety
	r.Eligibility.Rules = nil
	for _, rule := range t.rules {
		if !rule.removed && (rule.added || !isAdd(rule.name)) {
			r.Eligibility.Rules = append(r.Eligibility.Rules, rule.rule)
		}
	}
	r.Eligibility.Lending.MinAge = t.lending.MinAge
	if !residentEditable(r.Eligibility.Lending.Resident) {
		return
	}
	r.Eligibility.Lending.Resident = library.When{}
	if len(t.resident) > 0 {
		r.Eligibility.Lending.Resident = library.When{Key: keyResidence, Is: t.resident}
	}
}

func joiningChanged(was, is library.Registration) (changed []string) {
	if was.MinAge != is.MinAge {
		changed = append(changed, "min_age")
	}
	if was.Surety != is.Surety {
		changed = append(changed, "surety")
	}
	same := func(a, b library.Rule) bool { return reflect.DeepEqual(a, b) }
	if !slices.EqualFunc(was.Eligibility.Rules, is.Eligibility.Rules, same) {
		changed = append(changed, "eligibility")
	}
	if !reflect.DeepEqual(was.Eligibility.Lending, is.Eligibility.Lending) {
		changed = append(changed, "lending")
	}
	return changed
}

// typedJoining is the form. Each rule brings itself as it was on the page, so that nothing is mixed up when the rules have changed meanwhile.
func (v *visit) typedJoining() (*typedJoining, error) {
	typed := &typedJoining{surety: v.form("surety") != "", resident: v.chosenAnswers("resident", keyResidence), faults: map[string]string{}}
	typed.minAge = v.typedNumber("min_age", 0, mostAge, typed.faults)
	typed.lending.MinAge = v.typedNumber("lending_age", 0, mostAge, typed.faults)
	for _, name := range v.r.PostForm["rule"] {
		var rule library.Rule
		if err := json.Unmarshal([]byte(v.form(name+".raw")), &rule); err != nil || isAdd(name) {
			return nil, errForm
		}
		typed.rules = append(typed.rules, v.typedRule(typedRule{name: name, shape: shapeOf(rule), rule: rule}, typed.faults))
	}
	for _, add := range v.addable() {
		typed.rules = append(typed.rules, v.typedRule(add, typed.faults))
	}
	return typed, nil
}

// typedRule reads the fields of a rule. Of one that goes, or is not to be added, nothing is asked.
func (v *visit) typedRule(r typedRule, faults map[string]string) typedRule {
	r.removed, r.added = v.form(r.name+".remove") != "", v.form(r.name+".add") != ""
	if r.removed || isAdd(r.name) && !r.added {
		faults = map[string]string{}
	}
	number := r.name + ".number"
	switch r.shape {
	case shapeAge:
		r.rule.MinAge, r.rule.Unless = v.typedNumber(number, 1, mostAge, faults), nil
		if who := v.chosenAnswers(r.name+".who", keyCategory); len(who) > 0 {
			r.rule.Unless = []library.When{{Key: keyCategory, Is: who}}
		}
	case shapeDays:
		r.rule.MaxDays = v.typedNumber(number, 0, mostDays, faults)
		r.rule.If = v.typedWho(r.name, keyResidence, faults)
	case shapeDocument:
		r.rule.If = v.typedWho(r.name, keyCategory, faults)
		if r.rule.Document = v.form(r.name + ".document"); r.rule.Document == "" {
			faults[r.name+".document"] = v.t("desk_settings.fault_document")
		}
	}
	return r
}

func (v *visit) typedWho(name, key string, faults map[string]string) []library.When {
	who := v.chosenAnswers(name+".who", key)
	if len(who) == 0 {
		faults[name+".who"] = v.t("desk_settings.fault_who")
	}
	return []library.When{{Key: key, Is: who}}
}

// chosenAnswers are the boxes that are ticked, in the order of the question's answers.
func (v *visit) chosenAnswers(field, key string) []string {
	f, _ := v.lib.Settings.Registration.Field(key)
	var out []string
	for _, c := range f.Choices {
		if slices.Contains(v.r.PostForm[field], c.ID) {
			out = append(out, c.ID)
		}
	}
	return out
}

// typedNumber is a whole number within the bounds; an empty field is 0, if that is.
func (v *visit) typedNumber(field string, least, most int, faults map[string]string) int {
	text := v.typedText(field)
	number, err := strconv.Atoi(text)
	if text == "" && least == 0 {
		return 0
	}
	if err != nil || number < least || number > most {
		faults[field] = v.t("desk_settings.fault_number", "least", least, "most", most)
		return least
	}
	return number
}
