package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"librarian/contacts/library"
)

// The questions on which the rules that can be edited here rest.
const (
	keyCategory  = "category"
	keyResidence = "residence"
)

// The shapes of rules that can be edited here. Others are shown in words and stay as they are.
const (
	shapeAge      = "age"      // from an age on, except some categories
	shapeDays     = "days"     // who is registered nowhere: not longer than some days
	shapeDocument = "document" // some categories bring one more document
	shapeOther    = "other"
)

type joiningPage struct {
	settingsPage
	MinAge, LendingAge string
	Surety             bool
	Rules, Adds        []ruleForm
	Residents          []choiceOf
	ResidentQuestion   string
	ResidentKept       string // in words; it cannot be edited here
}

// ruleFields is what the fields of a rule are made of.
type ruleFields struct {
	Rule   ruleForm
	Faults map[string]string
}

// Fields brings a rule together with what is wrong with it.
func (p joiningPage) Fields(rule ruleForm) ruleFields { return ruleFields{rule, p.Faults} }

// ruleForm is one rule in its form.
type ruleForm struct {
	Name, Shape, Words string
	Raw                string // as it is stored, so that the form says what it changes
	Number             string
	Question           string // on whose answers it rests
	Who                []choiceOf
	Documents          []choiceOf
	Removed, Added     bool
}

// typedJoining is what was typed; the numbers stand in the form.
type typedJoining struct {
	minAge   int
	surety   bool
	rules    []typedRule // those that are in force, and those that may be added
	lending  library.Lending
	resident []string
	faults   map[string]string
}

type typedRule struct {
	name, shape    string
	rule           library.Rule
	removed, added bool
}

func showJoining(v *visit) error { return v.showJoining(nil, http.StatusOK) }

// showJoining shows what was typed, if something was.
func (v *visit) showJoining(typed *typedJoining, status int) error {
	f, err := v.settingsFrame(v.t("desk_settings.joining_title"))
	if err != nil {
		return err
	}
	page := joiningPage{settingsPage: f}
	now := v.joiningNow()
	if typed != nil {
		now, page.Faults, page.Saved = typed, typed.faults, false
	}
	page.MinAge, page.LendingAge = v.numberText("min_age", now.minAge), v.numberText("lending_age", now.lending.MinAge)
	page.Surety = now.surety
	for _, r := range now.rules {
		form, err := v.ruleForm(r)
		if err != nil {
			return err
		}
		if isAdd(r.name) {
			page.Adds = append(page.Adds, form)
		} else {
			page.Rules = append(page.Rules, form)
		}
	}
	switch {
	case !residentEditable(v.lib.Settings.Registration.Eligibility.Lending.Resident):
		page.ResidentKept = v.whenWords(v.lib.Settings.Registration.Eligibility.Lending.Resident)
	default:
		page.ResidentQuestion, page.Residents = v.fieldName(keyResidence), v.answersOf(keyResidence, now.resident)
	}
	return v.show("settings_joining", status, page)
}

// joiningNow is what is in force, as if it were typed.
func (v *visit) joiningNow() *typedJoining {
	r := v.lib.Settings.Registration
	now := &typedJoining{minAge: r.MinAge, surety: r.Surety, lending: r.Eligibility.Lending, resident: r.Eligibility.Lending.Resident.Is}
	for i, rule := range r.Eligibility.Rules {
		now.rules = append(now.rules, typedRule{name: "rule." + strconv.Itoa(i), shape: shapeOf(rule), rule: rule})
	}
	now.rules = append(now.rules, v.addable()...)
	return now
}

// addable are the rules that may be added: those on whose questions readers are asked.
func (v *visit) addable() []typedRule {
	out := []typedRule{{name: "add." + shapeAge, shape: shapeAge, rule: library.Rule{MinAge: 18, Then: library.Refuse}}}
	asks := func(key string) bool { _, asked := v.lib.Settings.Registration.Field(key); return asked }
	if asks(keyResidence) && asks(library.KeyDeregistered) {
		out = append(out, typedRule{name: "add." + shapeDays, shape: shapeDays, rule: library.Rule{
			If: []library.When{{Key: keyResidence, Is: []string{"none"}}}, Since: library.KeyDeregistered, MaxDays: 10, Then: library.Refuse,
		}})
	}
	if asks(keyCategory) && asks(library.KeyDocument) {
		out = append(out, typedRule{name: "add." + shapeDocument, shape: shapeDocument, rule: library.Rule{If: []library.When{{Key: keyCategory}}, Then: library.AskDocument}})
	}
	return out
}

func isAdd(name string) bool { return len(name) > 4 && name[:4] == "add." }

// shapeOf tells which of the shapes a rule has.
func shapeOf(r library.Rule) string {
	on := func(all []library.When, key string) bool {
		return len(all) == 1 && all[0].Key == key && len(all[0].Is) > 0 && all[0].Under == 0
	}
	switch {
	case r.Then == library.Refuse && r.MinAge > 0 && r.Since == "" && len(r.If) == 0 && (len(r.Unless) == 0 || on(r.Unless, keyCategory)):
		return shapeAge
	case r.Then == library.Refuse && r.MinAge == 0 && r.Since == library.KeyDeregistered && on(r.If, keyResidence) && len(r.Unless) == 0:
		return shapeDays
	case r.Then == library.AskDocument && r.MinAge == 0 && r.Since == "" && on(r.If, keyCategory) && len(r.Unless) == 0:
		return shapeDocument
	}
	return shapeOther
}

func residentEditable(w library.When) bool {
	return w.Under == 0 && (w.Key == "" || w.Key == keyResidence && len(w.Is) > 0)
}

func (v *visit) ruleForm(r typedRule) (ruleForm, error) {
	raw, err := json.Marshal(r.rule)
	if err != nil {
		return ruleForm{}, err
	}
	form := ruleForm{Name: r.name, Shape: r.shape, Words: v.ruleWords(r.rule), Raw: string(raw), Removed: r.removed, Added: r.added}
	picked := func(all []library.When) []string {
		if len(all) == 0 {
			return nil
		}
		return all[0].Is
	}
	switch r.shape {
	case shapeAge:
		form.Number, form.Question, form.Who = v.numberText(r.name+".number", r.rule.MinAge), v.fieldName(keyCategory), v.answersOf(keyCategory, picked(r.rule.Unless))
	case shapeDays:
		form.Number, form.Question, form.Who = v.numberText(r.name+".number", r.rule.MaxDays), v.fieldName(keyResidence), v.answersOf(keyResidence, picked(r.rule.If))
	case shapeDocument:
		form.Question, form.Who = v.fieldName(keyCategory), v.answersOf(keyCategory, picked(r.rule.If))
		form.Documents = v.answersOf(library.KeyDocument, []string{r.rule.Document})
	}
	return form, nil
}

// numberText is the number as it was typed, or as it is in force; nothing for none.
func (v *visit) numberText(field string, number int) string {
	switch {
	case v.changes() && v.r.PostForm.Has(field):
		return v.form(field)
	case number == 0:
		return ""
	}
	return strconv.Itoa(number)
}

// answersOf are the answers to a question that is asked.
func (v *visit) answersOf(key string, chosen []string) []choiceOf {
	f, _ := v.lib.Settings.Registration.Field(key)
	var out []choiceOf
	for _, c := range f.Choices {
		out = append(out, choiceOf{c.ID, v.choiceName(key, c.ID), slices.Contains(chosen, c.ID)})
	}
	return out
}
