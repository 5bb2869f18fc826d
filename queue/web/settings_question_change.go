package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"librarian/contacts/library"
)

// changeQuestion sets what one question says and offers, and whether it is asked. A new one gets its key here.
func changeQuestion(v *visit) error {
	if err := v.fresh(); err != nil {
		return err
	}
	before, err := v.placedQuestion(v.r.PathValue("key"))
	if err != nil {
		return err
	}
	typed, faults, err := v.typedQuestion(before)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showQuestion(&typed, faults, http.StatusUnprocessableEntity)
	}
	saved := placed{named(typed.field), typed.state}
	err = v.revise(func(s *library.Settings) ([]string, error) {
		was := s.Registration
		all := placedIn(was)
		if i := slices.IndexFunc(all, func(p placed) bool { return p.field.Key == saved.field.Key }); i >= 0 {
			all[i] = saved
		} else {
			all = append(all, saved)
		}
		arrange(&s.Registration, all)
		return differing(was, s.Registration), nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showQuestion(&typed, faults, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/questions?did=saved")
}

// typedQuestion is the question as the form has it.
func (v *visit) typedQuestion(before placed) (typed placed, faults map[string]string, err error) {
	faults = map[string]string{}
	f := before.field
	typed.state = v.form("state")
	if !slices.Contains([]string{questionOff, questionOptional, questionRequired}, typed.state) {
		return typed, nil, errForm
	}
	_, shipped := library.ShippedField(f.Key)
	f.Label = v.typedIn("label", library.Langs(), mostLabel, faults)
	f.Ask = v.typedIn("ask", library.Langs(), mostSentence, faults)
	v.complete("label", f.Label, shipped, faults)
	v.complete("ask", f.Ask, shipped, faults)
	if len(f.Label) == 0 {
		f.Label = nil
	}
	if len(f.Ask) == 0 {
		f.Ask = nil
	}
	if listable(f.Key) {
		f.Choices, f.Gone = v.typedChoices(f, faults)
		f.Several, f.Other = v.form("several") != "" && len(f.Choices) > 0, v.form("other") != "" && len(f.Choices) > 0
		if shipped && len(f.Choices) == 0 {
			faults["choices"] = v.t("desk_settings.fault_choices")
		}
	}
	typed.field = f
	return typed, faults, nil
}

// complete holds that words of the library's own are in every language that it offers. Where there are shipped ones it may have none at all.
func (v *visit) complete(name string, words map[library.Lang]string, mayLack bool, faults map[string]string) {
	if mayLack && len(words) == 0 {
		return
	}
	for _, lang := range v.lib.Offered() {
		if field := name + "." + string(lang); words[lang] == "" && faults[field] == "" {
			faults[field] = v.t("desk_settings.fault_language")
		}
	}
}

// typedChoices are the answers that are switched on, with those that were added, and those in the library's own words that are offered no more.
func (v *visit) typedChoices(f library.Field, faults map[string]string) (on, off []library.Choice) {
	for _, known := range v.choiceFields(f, nil) {
		label := v.typedIn("choice."+known.ID, library.Langs(), mostLabel, faults)
		blank := slices.Contains(blanks(), known.ID)
		if blank && len(label) == 0 {
			continue
		}
		choice := library.Choice{ID: known.ID}
		if known.Own && (blank || len(label) > 0 || !v.numbered(f, known.ID)) {
			v.complete("choice."+known.ID, label, false, faults)
			choice.Label = label
		}
		switch {
		case blank || v.form("on."+known.ID) != "":
			on = append(on, choice)
		case known.Own:
			off = append(off, choice)
		}
	}
	return on, off
}

// numbered reports whether the answer needs no words, such as the number of a year.
func (v *visit) numbered(f library.Field, id string) bool {
	return f.Has(id) && f.ChoiceName(id).Plain == id
}

// named gives what is new its key and ids. They are drawn: one that was taken away and one that comes later are never called the same in an answer.
func named(f library.Field) library.Field {
	if f.Key == "" {
		f.Key = drawnName()
	}
	f.Choices = slices.Clone(f.Choices)
	for i, c := range f.Choices {
		if slices.Contains(blanks(), c.ID) {
			f.Choices[i].ID = drawnName()
		}
	}
	return f
}

func drawnName() string { return "own_" + strings.ToLower(rand.Text()[:10]) }
