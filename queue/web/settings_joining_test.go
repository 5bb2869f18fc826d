package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"testing"

	"librarian/contacts/library"
)

// conditions is the form of who may join, as it stands.
func (h *house) conditions(lib library.ID) url.Values {
	h.t.Helper()
	r := h.settings(lib).Settings.Registration
	form := h.revision(lib, "min_age", "", "lending_age", strconv.Itoa(r.Eligibility.Lending.MinAge))
	form["resident"] = r.Eligibility.Lending.Resident.Is
	if r.Surety {
		form.Set("surety", "yes")
	}
	for i, rule := range r.Eligibility.Rules {
		name := "rule." + strconv.Itoa(i)
		raw, err := json.Marshal(rule)
		if err != nil {
			h.t.Fatal(err)
		}
		form.Add("rule", name)
		form.Set(name+".raw", string(raw))
		switch shapeOf(rule) {
		case shapeAge:
			form.Set(name+".number", strconv.Itoa(rule.MinAge))
			form[name+".who"] = rule.Unless[0].Is
		case shapeDays:
			form.Set(name+".number", strconv.Itoa(rule.MaxDays))
			form[name+".who"] = rule.If[0].Is
		case shapeDocument:
			form.Set(name+".document", rule.Document)
			form[name+".who"] = rule.If[0].Is
		}
	}
	return form
}

func TestConditionsAreEdited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	other := library.Rule{If: []library.When{{Key: "relation", Is: []string{"child"}, Under: 6}}, Then: library.Refuse, Why: map[library.Lang]string{library.Russian: "Рано."}}
	h.setting(lib, func(s *library.Settings) {
		s.Registration.Eligibility.Rules[0].Why = map[library.Lang]string{library.Russian: "С восемнадцати."}
		s.Registration.Eligibility.Rules = append(s.Registration.Eligibility.Rules, other)
	})
	const page = "/desk/settings/joining"
	head.get(page).has(t, http.StatusOK, "Age: from 18", "It stays as it is", "My child", "younger than 6")
	head.post(page, h.conditions(lib)).has(t, http.StatusUnprocessableEntity, "nothing to save")
	form := h.conditions(lib)
	form.Set("rule.0.number", "16")
	form["rule.0.who"] = []string{"student"}
	form.Set("rule.1.remove", "yes")
	form.Set("rule.2.document", "passport")
	form.Set("add.document.add", "yes")
	form.Set("add.document.document", "military_id")
	form["add.document.who"] = []string{"worker", "jobless"}
	form.Set("min_age", "15")
	form.Del("surety")
	form.Set("lending_age", "")
	form["resident"] = []string{"city", "elsewhere"}
	head.post(page, form).leads(t, page+"?did=saved")
	r := h.settings(lib).Settings.Registration
	want := []library.Rule{
		{MinAge: 16, Unless: []library.When{{Key: "category", Is: []string{"student"}}}, Then: library.Refuse, Why: map[library.Lang]string{library.Russian: "С восемнадцати."}},
		{If: []library.When{{Key: "category", Is: []string{"student", "college_last", "college"}}}, Then: library.AskDocument, Document: "passport"},
		other,
		{If: []library.When{{Key: "category", Is: []string{"worker", "jobless"}}}, Then: library.AskDocument, Document: "military_id"},
	}
	if !reflect.DeepEqual(r.Eligibility.Rules, want) {
		t.Errorf("rules: %+v", r.Eligibility.Rules)
	}
	lending := library.Lending{Resident: library.When{Key: "residence", Is: []string{"city", "elsewhere"}}}
	if r.MinAge != 15 || r.Surety || !reflect.DeepEqual(r.Eligibility.Lending, lending) {
		t.Errorf("joining: %d %v, lending %+v", r.MinAge, r.Surety, r.Eligibility.Lending)
	}
}

func TestBadConditionsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/joining"
	for _, c := range []struct {
		field, value, want string
		status             int
	}{
		{"rule.0.number", "eighteen", "A whole number from 1 to 120", http.StatusUnprocessableEntity},
		{"rule.1.number", "-5", "A whole number from 0", http.StatusUnprocessableEntity},
		{"rule.1.who", "", "Tick at least one answer", http.StatusUnprocessableEntity},
		{"rule.2.document", "pupil_card", "rests on the answer", http.StatusUnprocessableEntity},
		{"min_age", "500", "A whole number from 0 to 120", http.StatusUnprocessableEntity},
		{"rule.0.raw", "{", "", http.StatusBadRequest},
		{"base", "1", "Somebody else has changed", http.StatusConflict},
	} {
		form := h.conditions(lib)
		form.Set(c.field, c.value)
		form.Set("lending_age", "44")
		got := head.post(page, form)
		got.has(t, c.status, c.want)
		if c.status != http.StatusBadRequest {
			got.has(t, c.status, `value="44"`)
		}
	}
	form := h.conditions(lib)
	form.Set("rule.0.number", "nonsense")
	form.Set("rule.0.remove", "yes") // nothing is asked of what goes
	head.post(page, form).leads(t, page+"?did=saved")
	if n := len(h.settings(lib).Settings.Registration.Eligibility.Rules); n != 2 {
		t.Errorf("%d rules", n)
	}
}
