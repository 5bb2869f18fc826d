package web

import (
	"errors"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// checkProblem puts what the checks of the settings found into words.
func (v *visit) checkProblem(err error) string {
	var field *library.FieldError
	var rule *library.RuleError
	var when *library.WhenError
	if !errors.As(err, &when) {
		if errors.As(err, &field) || errors.As(err, &rule) {
			return v.t("desk_settings.problem_check")
		}
		return ""
	}
	asked := v.fieldName(when.Key)
	answer := v.choiceName(when.Key, when.Answer)
	switch {
	case errors.As(err, &field) && when.Answer == "":
		return v.t("desk_settings.problem_order", "question", v.fieldName(field.Key), "asked", asked)
	case errors.As(err, &field):
		return v.t("desk_settings.problem_answer", "question", v.fieldName(field.Key), "asked", asked, "answer", answer)
	case errors.As(err, &rule) && when.Answer == "":
		return v.t("desk_settings.problem_rule_order", "asked", asked)
	case errors.As(err, &rule):
		return v.t("desk_settings.problem_rule_answer", "asked", asked, "answer", answer)
	}
	return ""
}

func (v *visit) fieldName(key string) string {
	if key == "relation" {
		return v.t("register.who")
	}
	f, _ := v.lib.Settings.Registration.Known(key)
	f.Key = key
	return v.Texts.Words(v.lang, f.Name())
}

func (v *visit) choiceName(key, id string) string {
	if key == "relation" {
		keys := map[string]string{"self": "register.for_self", "child": "register.for_child", "other": "register.for_other"}
		if said := keys[id]; said != "" {
			return v.t(said)
		}
	}
	f, _ := v.lib.Settings.Registration.Known(key)
	f.Key = key
	return v.Texts.Words(v.lang, f.ChoiceName(id))
}

// whenWords says of whom something holds: "Category: student, pupil".
func (v *visit) whenWords(w library.When) string {
	var out []string
	if w.Key != "" {
		answers := make([]string, len(w.Is))
		for i, id := range w.Is {
			answers[i] = v.choiceName(w.Key, id)
		}
		if len(w.Is) == 0 {
			answers = []string{v.t("desk_settings.any_answer")}
		}
		out = append(out, v.t("field.answer", "label", strings.TrimRight(v.fieldName(w.Key), "?"), "value", strings.Join(answers, ", ")))
	}
	if w.Under > 0 {
		out = append(out, v.t("desk_settings.under", "age", w.Under))
	}
	return strings.Join(out, "; ")
}

func (v *visit) whensWords(all []library.When) string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = v.whenWords(w)
	}
	return strings.Join(out, "; ")
}

// ruleWords is a rule in one sentence.
func (v *visit) ruleWords(rule library.Rule) string {
	var out []string
	if rule.Then == library.AskDocument {
		out = append(out, v.t("desk_settings.rule_document", "document", v.choiceName(library.KeyDocument, rule.Document)))
	}
	if rule.MinAge > 0 {
		out = append(out, v.t("desk_settings.rule_age", "age", rule.MinAge))
	}
	if rule.Since != "" {
		out = append(out, v.t("desk_settings.rule_days", "question", v.fieldName(rule.Since), "days", rule.MaxDays))
	}
	if len(out) == 0 {
		out = append(out, v.t("desk_settings.rule_refuse"))
	}
	if len(rule.If) > 0 {
		out = append(out, v.t("desk_settings.rule_if", "who", v.whensWords(rule.If)))
	}
	if len(rule.Unless) > 0 {
		out = append(out, v.t("desk_settings.rule_unless", "who", v.whensWords(rule.Unless)))
	}
	return strings.Join(out, " · ")
}

// inChat is how the chat says the library's text in the language.
func (v *visit) inChat(lang library.Lang, key, text string) string {
	said, err := v.Texts.Render(lang, key, templates.Fields{"text": text})
	if err != nil {
		v.Log.ErrorContext(v.ctx(), "desk: text", "key", key, "error", err)
	}
	return said
}
