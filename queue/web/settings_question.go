package web

import (
	"net/http"
	"slices"

	"librarian/contacts"
	"librarian/contacts/library"
)

// newQuestion stands in the address for a question that the library has not yet.
const newQuestion = "new"

// blankChoices is how many answers may be added at once.
const blankChoices = 3

type questionPage struct {
	settingsPage
	Key, State string
	Own        bool // the texts are the library's; otherwise there are shipped ones
	When       string
	Texts      []wordsField
	List       bool // answers may be chosen
	Choices    []choiceField
	Several    bool
	Other      bool
	Shown      []shownQuestion
}

// wordsField are name and question in one language.
type wordsField struct {
	Lang       library.Lang
	Language   string
	Label, Ask string
	NoLabel    string // the shipped ones
	NoAsk      string
}

// choiceField is one answer of a list.
type choiceField struct {
	ID, Name string
	On, Own  bool
	Labels   []labelField
}

type labelField struct {
	Lang                  library.Lang
	Language, Field, Text string
}

// shownQuestion is the question as readers of one language get it.
type shownQuestion struct {
	Lang     library.Lang
	Language string
	Ask      string
	Choices  []string
}

func showQuestion(v *visit) error { return v.showQuestion(nil, nil, http.StatusOK) }

// showQuestion shows what was typed, if something was.
func (v *visit) showQuestion(typed *placed, faults map[string]string, status int) error {
	f, err := v.settingsFrame("")
	if err != nil {
		return err
	}
	p, err := v.placedQuestion(v.r.PathValue("key"))
	if err != nil {
		return err
	}
	page := questionPage{settingsPage: f}
	if typed != nil {
		p, page.Faults, page.Saved = *typed, faults, false
	}
	_, shipped := library.ShippedField(p.field.Key)
	page.Key, page.State, page.Own, page.When = v.r.PathValue("key"), p.state, !shipped, v.whenWords(p.field.When)
	page.Several, page.Other = p.field.Several, p.field.Other
	if page.Title = v.Texts.Words(v.lang, p.field.Name()); page.Title == "" {
		page.Title = v.t("desk_settings.question_new")
	}
	langs := v.languagesOf(p.field.Label, p.field.Ask)
	for _, lang := range langs {
		words := wordsField{Lang: lang, Language: v.langName(lang), Label: p.field.Label[lang], Ask: p.field.Ask[lang]}
		if shipped {
			plain := library.Field{Key: p.field.Key}
			words.NoLabel, words.NoAsk = v.Texts.Words(lang, plain.Name()), v.Texts.Words(lang, plain.Question())
		}
		page.Texts = append(page.Texts, words)
	}
	page.List = listable(p.field.Key)
	if page.List {
		page.Choices = v.choiceFields(p.field, langs)
	}
	page.Shown = v.shownQuestion(p.field)
	return v.show("settings_question", status, page)
}

// placedQuestion is the question with the key, or a blank one.
func (v *visit) placedQuestion(key string) (placed, error) {
	if key == newQuestion {
		return placed{state: questionOptional}, nil
	}
	for _, p := range placedIn(v.lib.Settings.Registration) {
		if p.field.Key == key {
			return p, nil
		}
	}
	return placed{}, errMissing
}

// listable reports whether the question may have answers to choose from: all but the shipped ones that are answered in writing.
func listable(key string) bool {
	_, shipped := library.ShippedField(key)
	return !shipped || len(library.ShippedChoices(key)) > 0
}

// choiceFields are the answers that are offered, those that could be, and some blank ones.
func (v *visit) choiceFields(f library.Field, langs []library.Lang) []choiceField {
	shipped := library.ShippedChoices(f.Key)
	isShipped := func(id string) bool {
		return slices.ContainsFunc(shipped, func(c library.Choice) bool { return c.ID == id })
	}
	var out []choiceField
	add := func(c library.Choice, on bool) {
		field := choiceField{ID: c.ID, Name: v.Texts.Words(v.lang, f.ChoiceName(c.ID)), On: on, Own: len(c.Label) > 0 || !isShipped(c.ID)}
		if len(c.Label) == 0 && field.Own {
			field.Name = ""
		}
		for _, lang := range langs {
			if field.Own {
				field.Labels = append(field.Labels, labelField{lang, v.langName(lang), "choice." + c.ID + "." + string(lang), c.Label[lang]})
			}
		}
		out = append(out, field)
	}
	for _, c := range f.Choices {
		add(c, true)
	}
	for _, c := range f.Gone {
		add(c, false)
	}
	for _, c := range shipped {
		if !f.Has(c.ID) && !gone(f, c.ID) {
			add(c, false)
		}
	}
	for _, id := range blanks() {
		if !f.Has(id) {
			add(library.Choice{ID: id}, false)
		}
	}
	return out
}

func gone(f library.Field, id string) bool {
	return slices.ContainsFunc(f.Gone, func(c library.Choice) bool { return c.ID == id })
}

// blanks are what answers are called before they have an id.
func blanks() []string {
	out := make([]string, blankChoices)
	for i := range out {
		out[i] = "new" + string(rune('1'+i))
	}
	return out
}

// shownQuestion is how the chat asks it, in every language that the library offers.
func (v *visit) shownQuestion(f library.Field) []shownQuestion {
	if v.Texts.Words(v.lang, f.Question()) == "" {
		return nil
	}
	var out []shownQuestion
	for _, lang := range v.lib.Offered() {
		shown := shownQuestion{Lang: lang, Language: v.langName(lang), Ask: v.Texts.Words(lang, f.Question())}
		for _, c := range f.Choices {
			shown.Choices = append(shown.Choices, v.Texts.Words(lang, f.ChoiceName(c.ID)))
		}
		if f.Other {
			shown.Choices = append(shown.Choices, v.inChat(lang, "field.another", ""))
		}
		out = append(out, shown)
	}
	return out
}

// fresh reads the library as it is now, for a form that is to be read against it.
func (v *visit) fresh() error {
	lib, err := contacts.Current(v.ctx(), v.Pool, v.lib.ID)
	if err == nil {
		v.lib = lib
	}
	return err
}
