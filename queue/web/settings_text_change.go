package web

import (
	"errors"
	"maps"
	"net/http"

	"librarian/contacts"
	"librarian/contacts/library"
)

// legalText is one of the two texts that readers are shown and say yes to.
type legalText struct {
	kind        contacts.TextKind
	title, help string   // keys
	chat        string   // key of the message in which the chat shows it
	ways        []string // keys of the buttons under it
	href        string
	needed      bool // nobody can join without it
}

// typedLegal is what was typed.
type typedLegal struct {
	version string
	text    map[library.Lang]string
	faults  map[string]string
	preview bool
}

func consentPage() legalText {
	return legalText{
		kind: contacts.TextConsent, title: "desk_settings.consent_title", help: "desk_settings.consent_help", chat: "register.consent",
		ways: []string{"register.agree", "register.decline"}, href: "/desk/settings/consent", needed: true,
	}
}

func rulesPage() legalText {
	return legalText{
		kind: contacts.TextRules, title: "desk_settings.rules_title", help: "desk_settings.rules_help", chat: "register.rules",
		ways: []string{"register.rules_accept", "register.rules_decline"}, href: "/desk/settings/rules",
	}
}

func showConsentText(v *visit) error   { return v.showLegal(consentPage(), nil, http.StatusOK) }
func showRulesText(v *visit) error     { return v.showLegal(rulesPage(), nil, http.StatusOK) }
func changeConsentText(v *visit) error { return v.changeLegal(consentPage()) }
func changeRulesText(v *visit) error   { return v.changeLegal(rulesPage()) }

// place is where the text stands in the settings.
func (l legalText) place(r *library.Registration) (version *string, text *map[library.Lang]string) {
	if l.kind == contacts.TextRules {
		return &r.Rules.Version, &r.Rules.Text
	}
	return &r.Consent.Version, &r.Consent.Text
}

func (v *visit) showLegal(l legalText, typed *typedLegal, status int) error {
	f, err := v.settingsFrame(v.t(l.title))
	if err != nil {
		return err
	}
	version, text := l.place(&v.lib.Settings.Registration)
	page := textPage{settingsPage: f, Action: l.href, Help: v.t(l.help), InForce: *version}
	if page.History, page.Version, err = v.history(l.kind); err != nil {
		return err
	}
	shown := *text
	if typed != nil {
		page.Version, page.Faults, page.Saved, shown = typed.version, typed.faults, false, typed.text
	}
	for _, lang := range v.languagesOf(*text, shown) {
		field := textField{Name: "text." + string(lang), Label: v.langName(lang), Lang: lang, Text: shown[lang]}
		if field.Text != "" {
			field.Preview = v.inChat(lang, l.chat, field.Text)
			for _, way := range l.ways {
				field.Buttons = append(field.Buttons, v.inChat(lang, way, ""))
			}
		}
		page.Texts = append(page.Texts, field)
	}
	return v.show("settings_text", status, page)
}

// changeLegal puts a new version of the text in force, or shows how the chat would say it.
func (v *visit) changeLegal(l legalText) error {
	faults := map[string]string{}
	typed := &typedLegal{
		version: v.typedVersion(faults), text: v.typedIn("text", library.Langs(), mostText, faults), faults: faults, preview: v.form("do") == "preview",
	}
	record := v.lib.RecordLang()
	if typed.text[record] == "" && (l.needed || len(typed.text) > 0) {
		faults["text."+string(record)] = v.t("desk_settings.fault_record")
	}
	if typed.preview {
		return v.showLegal(l, typed, http.StatusOK)
	}
	if len(faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showLegal(l, typed, http.StatusUnprocessableEntity)
	}
	err := v.revise(func(s *library.Settings) ([]string, error) {
		version, text := l.place(&s.Registration)
		if maps.Equal(*text, typed.text) {
			return nil, nil
		}
		*version, *text = typed.version, typed.text
		if len(typed.text) == 0 {
			*version = ""
		}
		return []string{string(l.kind), typed.version}, nil
	})
	if errors.Is(err, contacts.ErrTextVersion) || errors.Is(err, contacts.ErrVersionUsed) {
		faults["version"] = v.t("desk_settings.fault_used")
		v.problem = v.t("desk_settings.problem_faults")
		return v.showLegal(l, typed, http.StatusUnprocessableEntity)
	}
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showLegal(l, typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to(l.href + "?did=in-force")
}
