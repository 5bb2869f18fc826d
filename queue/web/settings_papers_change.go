package web

import (
	"errors"
	"maps"
	"net/http"
	"strings"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/templates"
)

type wordingPage struct {
	settingsPage
	InForce, Version string
	Papers           []paperWords
	History          []versionView
}

// paperWords are the sentences of one paper.
type paperWords struct {
	Kind, Title string
	Child       bool // it is worded otherwise for a child
	Sentences   []sentenceWords
}

type sentenceWords struct {
	Title string
	Own   bool
	Texts []sentenceText
}

type sentenceText struct {
	Field, Language string
	Lang            library.Lang
	Text, Shipped   string
}

// typedWording is what was typed.
type typedWording struct {
	library.Wording
	faults map[string]string
}

func showWording(v *visit) error { return v.showWording(nil, http.StatusOK) }

// showWording shows what was typed, if something was.
func (v *visit) showWording(typed *typedWording, status int) error {
	f, err := v.settingsFrame(v.t("desk_settings.papers_title"))
	if err != nil {
		return err
	}
	now := v.lib.Settings.Registration.Wording
	page := wordingPage{settingsPage: f, InForce: now.Version}
	if page.History, page.Version, err = v.history(contacts.TextPapers); err != nil {
		return err
	}
	if typed != nil {
		now, page.Version, page.Faults, page.Saved = typed.Wording, typed.Version, typed.faults, false
	}
	for _, kind := range papersOrder() {
		page.Papers = append(page.Papers, v.paperWords(kind, now))
	}
	return v.show("settings_papers", status, page)
}

func (v *visit) paperWords(kind string, now library.Wording) paperWords {
	paper := paperWords{Kind: kind, Title: v.paperName(kind), Child: kind == "application" || kind == "consent"}
	for _, sentence := range library.Sentences(kind) {
		_, own := now.Own(sentence)
		words := sentenceWords{Title: v.sentenceName(sentence), Own: own}
		for _, lang := range v.languagesOf(now.Text[sentence]) {
			words.Texts = append(words.Texts, sentenceText{
				sentence + "." + string(lang), v.langName(lang), lang, now.Text[sentence][lang], v.shippedSentence(lang, sentence),
			})
		}
		paper.Sentences = append(paper.Sentences, words)
	}
	return paper
}

// shippedSentence is the sentence as it is printed where the library has none of its own, with the mark for its name.
func (v *visit) shippedSentence(lang library.Lang, sentence string) string {
	said, err := v.Texts.Render(lang, "papers_print."+sentence, templates.Fields{"library": library.SentenceField})
	if err != nil {
		v.Log.ErrorContext(v.ctx(), "desk: text", "key", sentence, "error", err)
	}
	return said
}

// typedWording are the sentences as the form has them.
func (v *visit) typedWording() *typedWording {
	typed := &typedWording{faults: map[string]string{}}
	typed.Version = v.typedVersion(typed.faults)
	record := v.lib.RecordLang()
	for _, kind := range papersOrder() {
		for _, sentence := range library.Sentences(kind) {
			texts := v.typedIn(sentence, library.Langs(), mostSentence, typed.faults)
			if len(texts) == 0 {
				continue
			}
			for lang, text := range texts {
				if strings.ContainsAny(strings.ReplaceAll(text, library.SentenceField, ""), "{}") {
					typed.faults[sentence+"."+string(lang)] = v.t("desk_settings.fault_mark", "mark", library.SentenceField)
				}
			}
			if texts[record] == "" {
				typed.faults[sentence+"."+string(record)] = v.t("desk_settings.fault_record")
			}
			if typed.Text == nil {
				typed.Text = map[string]map[library.Lang]string{}
			}
			typed.Text[sentence] = texts
		}
	}
	return typed
}

// changeWording puts the library's own sentences in force. Papers that were asked for before keep the words that they were asked for with.
func changeWording(v *visit) error {
	if err := v.fresh(); err != nil {
		return err
	}
	typed := v.typedWording()
	if len(typed.faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showWording(typed, http.StatusUnprocessableEntity)
	}
	err := v.revise(func(s *library.Settings) ([]string, error) {
		now := &s.Registration.Wording
		equal := func(a, b map[library.Lang]string) bool { return maps.Equal(a, b) }
		if maps.EqualFunc(now.Text, typed.Text, equal) {
			return nil, nil
		}
		if *now = typed.Wording; len(now.Text) == 0 {
			*now = library.Wording{}
		}
		return []string{string(contacts.TextPapers), typed.Version}, nil
	})
	if errors.Is(err, contacts.ErrTextVersion) || errors.Is(err, contacts.ErrVersionUsed) {
		typed.faults["version"] = v.t("desk_settings.fault_used")
		v.problem = v.t("desk_settings.problem_faults")
		return v.showWording(typed, http.StatusUnprocessableEntity)
	}
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showWording(typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/papers?did=in-force")
}
