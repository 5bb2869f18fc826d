package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"librarian/contacts/library"
)

// questionnaire is the form of all questions as they stand, with some set otherwise: key and state by turns.
func (h *house) questionnaire(lib library.ID, states ...string) url.Values {
	h.t.Helper()
	form := h.revision(lib)
	for _, p := range placedIn(h.settings(lib).Settings.Registration) {
		form.Add("key", p.field.Key)
		form.Set("state."+p.field.Key, p.state)
	}
	for i := 0; i < len(states); i += 2 {
		form.Set("state."+states[i], states[i+1])
	}
	return form
}

func (h *house) asked(lib library.ID) string {
	h.t.Helper()
	var out []string
	for _, f := range h.settings(lib).Settings.Registration.Fields {
		mark := ""
		if f.Required {
			mark = "*"
		}
		out = append(out, f.Key+mark)
	}
	return strings.Join(out, " ")
}

func TestQuestionsAreSwitchedAndOrdered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/questions"
	head.post(page, h.questionnaire(lib, "title", "off", "phone", "required", "address", "optional")).leads(t, page+"?did=saved")
	const want = "document* residence* deregistered* education* category* profession* institution* faculty year* school* class* phone* address"
	if got := h.asked(lib); got != want {
		t.Errorf("asked: %s", got)
	}
	up := h.questionnaire(lib, "title", "optional")
	up.Set("up", "address")
	shown := head.post(page, up)
	shown.has(t, http.StatusOK, "This is not saved yet")
	if strings.Index(shown.body, `id="q-address"`) > strings.Index(shown.body, `id="q-phone"`) {
		t.Error("the question has not moved up")
	}
	if got := h.asked(lib); got != want {
		t.Errorf("a move is saved: %s", got)
	}
	swapped := h.questionnaire(lib)
	keys := swapped["key"]
	i := slices.Index(keys, "phone")
	keys[i], keys[i+1] = keys[i+1], keys[i]
	head.post(page, swapped).leads(t, page+"?did=saved")
	if got := h.asked(lib); !strings.HasSuffix(got, " address phone*") {
		t.Errorf("asked: %s", got)
	}
}

func TestDependenciesAreRefusedInWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/questions"
	head.post(page, h.questionnaire(lib, "category", "off")).
		has(t, http.StatusUnprocessableEntity, "“Profession” is asked depending on the answer to “Category”", "This is not saved yet")
	before := h.questionnaire(lib)
	keys := before["key"]
	i, j := slices.Index(keys, "category"), slices.Index(keys, "school")
	keys[i], keys[j] = keys[j], keys[i]
	head.post(page, before).has(t, http.StatusUnprocessableEntity, "“School” is asked depending on the answer to “Category”")
	form := h.revision(lib, "state", "required")
	for _, c := range library.ShippedChoices("category") {
		if c.ID != "pupil" {
			form.Set("on."+c.ID, "yes")
		}
	}
	head.post(page+"/category", form).has(t, http.StatusUnprocessableEntity, "“School” is asked of those who answered", "This is not saved yet")
	head.post(page, h.questionnaire(lib, "deregistered", "off")).has(t, http.StatusUnprocessableEntity, "One of the rules about who may join rests on")
	document := h.revision(lib, "state", "required", "on.passport", "yes", "several", "yes")
	head.post(page+"/document", document).has(t, http.StatusUnprocessableEntity, "rests on the answer “Student card”")
	head.post(page+"/document", h.revision(lib, "state", "required")).has(t, http.StatusUnprocessableEntity, "Leave at least one answer")
	if got := h.settings(lib).Version; got != 2 {
		t.Errorf("the settings are of version %d", got)
	}
}

func TestChoicesOfAListAreSwitched(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	form := h.revision(lib, "state", "required", "several", "yes", "on.passport", "yes", "on.student_card", "yes", "on.pupil_card", "yes")
	for _, lang := range library.Langs() {
		form.Set("choice.new1."+string(lang), "Own paper "+string(lang))
	}
	head.get("/desk/settings/questions/document").has(t, http.StatusOK, "Birth certificate", "Военный билет", "Паспорт")
	head.post("/desk/settings/questions/document", form).leads(t, "/desk/settings/questions?did=saved")
	asked := h.settings(lib).Settings.Registration
	f, _ := asked.Field("document")
	if len(f.Choices) != 4 || f.Choices[2].ID != "pupil_card" || f.Choices[3].Label[library.Sakha] != "Own paper sah" || f.Other || !f.Several {
		t.Errorf("document: %+v", f)
	}
	own := f.Choices[3].ID
	if id := own; !strings.HasPrefix(id, "own_") {
		t.Errorf("the new answer is called %s", id)
	}
	again := h.revision(lib, "state", "required", "several", "yes", "on.passport", "yes", "on.student_card", "yes", "on."+f.Choices[3].ID, "yes")
	again.Set("choice."+own+".ru", "Только по-русски")
	head.post("/desk/settings/questions/document", again).has(t, http.StatusUnprocessableEntity, "Только по-русски", "fill it in in this language")
	off := h.revision(lib, "state", "required", "several", "yes", "on.passport", "yes", "on.student_card", "yes")
	for _, lang := range library.Langs() {
		off.Set("choice."+own+"."+string(lang), "Own paper "+string(lang))
	}
	head.post("/desk/settings/questions/document", off).leads(t, "/desk/settings/questions?did=saved")
	f, _ = h.settings(lib).Settings.Registration.Field("document")
	if said := f.Say("passport " + own); f.Has(own) || len(said) != 2 || said[1].In(library.English) != "Own paper en" {
		t.Errorf("an answer of before is called %+v", said)
	}
	head.get("/desk/settings/questions/document").has(t, http.StatusOK, "Own paper en", `name="on.`+own+`" value="yes">`)
	off.Set("base", strconv.Itoa(h.settings(lib).Version))
	off.Set("on."+own, "yes")
	head.post("/desk/settings/questions/document", off).leads(t, "/desk/settings/questions?did=saved")
	if f, _ = h.settings(lib).Settings.Registration.Field("document"); !f.Has(own) || len(f.Gone) != 0 {
		t.Errorf("offered again: %+v", f)
	}
}

func TestAnOwnQuestionIsAddedPutAsideAndAskedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/questions"
	form := h.revision(lib, "state", "required", "label.ru", "Откуда узнали")
	head.post(page+"/new", form).has(t, http.StatusUnprocessableEntity, "Откуда узнали", "fill it in in this language")
	for _, lang := range library.Langs() {
		form.Set("label."+string(lang), "Source "+string(lang))
		form.Set("ask."+string(lang), "How did you learn of us? "+string(lang))
		form.Set("choice.new1."+string(lang), "From friends "+string(lang))
		form.Set("choice.new2."+string(lang), "From the site "+string(lang))
	}
	head.post(page+"/new", form).leads(t, page+"?did=saved")
	fields := h.settings(lib).Settings.Registration.Fields
	own := fields[len(fields)-1]
	if !own.Required || own.Ask[library.Ukrainian] != "How did you learn of us? uk" || len(own.Choices) != 2 || own.Choices[0].ID == own.Choices[1].ID {
		t.Fatalf("own question: %+v", own)
	}
	head.get(page).has(t, http.StatusOK, "Source en", "From friends en")
	head.post(page, h.questionnaire(lib, own.Key, "off")).leads(t, page+"?did=saved")
	if strings.Contains(h.asked(lib), own.Key) {
		t.Fatal("it is still asked")
	}
	if f, known := h.settings(lib).Settings.Registration.Known(own.Key); !known || f.Say(own.Choices[0].ID)[0].In(library.English) != "From friends en" {
		t.Errorf("answers of before have lost their words: %+v", f)
	}
	head.get(page+"/"+own.Key).has(t, http.StatusOK, "How did you learn of us? sah")
	head.post(page, h.questionnaire(lib, own.Key, "optional")).leads(t, page+"?did=saved")
	f, asked := h.settings(lib).Settings.Registration.Field(own.Key)
	if !asked || f.Required || f.Choices[1].Label[library.English] != "From the site en" {
		t.Errorf("asked again: %+v", f)
	}
	if got := head.get(page + "/nothing"); got.status != http.StatusNotFound {
		t.Errorf("an unknown question: %d", got.status)
	}
}
