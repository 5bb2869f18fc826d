package web

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"librarian/contacts/library"
)

// How a question stands.
const (
	questionOff      = "off"
	questionOptional = "optional"
	questionRequired = "required"
)

type questionsPage struct {
	settingsPage
	On, Off []questionView
}

type questionView struct {
	Key, Name, Ask string
	State          string
	When           string // of whom it is asked; empty: of everybody
	Choices        string
	First, Last    bool
}

// placed is a question with how it stands.
type placed struct {
	field library.Field
	state string
}

func showQuestions(v *visit) error { return v.showQuestions(nil, http.StatusOK) }

// showQuestions shows what was typed, if something was. Those that are asked stand first, in their order.
func (v *visit) showQuestions(typed []placed, status int) error {
	f, err := v.settingsFrame(v.t("desk_settings.questions_title"))
	if err != nil {
		return err
	}
	page := questionsPage{settingsPage: f}
	if typed == nil {
		typed = placedIn(v.lib.Settings.Registration)
	} else {
		page.Saved = false
	}
	for _, p := range typed {
		view := v.questionView(p)
		if p.state == questionOff {
			page.Off = append(page.Off, view)
		} else {
			page.On = append(page.On, view)
		}
	}
	if n := len(page.On); n > 0 {
		page.On[0].First, page.On[n-1].Last = true, true
	}
	return v.show("settings_questions", status, page)
}

func (v *visit) questionView(p placed) questionView {
	names := make([]string, len(p.field.Choices))
	for i, c := range p.field.Choices {
		names[i] = v.Texts.Words(v.lang, p.field.ChoiceName(c.ID))
	}
	return questionView{
		Key: p.field.Key, Name: v.Texts.Words(v.lang, p.field.Name()), Ask: v.Texts.Words(v.lang, p.field.Question()), State: p.state,
		When: v.whenWords(p.field.When), Choices: strings.Join(names, ", "),
	}
}

// placedIn are the questions that are asked, those put aside, and the shipped ones that never were.
func placedIn(r library.Registration) []placed {
	var out []placed
	known := map[string]bool{}
	for _, f := range r.Fields {
		state := questionOptional
		if f.Required {
			state = questionRequired
		}
		out, known[f.Key] = append(out, placed{f, state}), true
	}
	for _, f := range r.Off {
		out, known[f.Key] = append(out, placed{f, questionOff}), true
	}
	for _, f := range library.ExampleFields() {
		if !known[f.Key] {
			out = append(out, placed{f, questionOff})
		}
	}
	return out
}

// arrange puts the questions into the settings. One that is off is kept if the library has made it its own.
func arrange(r *library.Registration, all []placed) {
	r.Fields, r.Off = nil, nil
	for _, p := range all {
		f := p.field
		if p.state != questionOff {
			f.Required = p.state == questionRequired
			r.Fields = append(r.Fields, f)
			continue
		}
		shipped, _ := library.ShippedField(f.Key)
		if f.Required = shipped.Required; !reflect.DeepEqual(f, shipped) {
			r.Off = append(r.Off, f)
		}
	}
}

// differing are the keys of the questions that are not as they were, and "order" when they stand otherwise.
func differing(was, is library.Registration) []string {
	var out []string
	for _, f := range slices.Concat(is.Fields, is.Off) {
		same := func(o library.Field) bool { return reflect.DeepEqual(o, f) }
		if slices.ContainsFunc(is.Fields, same) != slices.ContainsFunc(was.Fields, same) || slices.ContainsFunc(is.Off, same) != slices.ContainsFunc(was.Off, same) {
			out = append(out, f.Key)
		}
	}
	for _, f := range slices.Concat(was.Fields, was.Off) {
		same := func(o library.Field) bool { return o.Key == f.Key }
		if !slices.ContainsFunc(is.Fields, same) && !slices.ContainsFunc(is.Off, same) {
			out = append(out, f.Key)
		}
	}
	key := func(f library.Field, g library.Field) bool { return f.Key == g.Key }
	if len(out) == 0 && !slices.EqualFunc(was.Fields, is.Fields, key) {
		out = append(out, "order")
	}
	return out
}
