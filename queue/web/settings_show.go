package web

import (
	"net/http"
	"strings"

	"librarian/contacts/library"
)

type overviewPage struct {
	settingsPage
	Sections []overviewSection
}

// overviewSection is one matter with what is in force, in sentences.
type overviewSection struct {
	Title, Href string
	Lines       []string
}

// showSettings says in plain words what the library asks of those who join.
func showSettings(v *visit) error {
	f, err := v.settingsFrame(v.t("desk_settings.title"))
	if err != nil {
		return err
	}
	r := v.lib.Settings.Registration
	departments, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	sigla, err := v.Desk.ListSigla(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	channels, err := v.channelViews()
	if err != nil {
		return err
	}
	page := overviewPage{f, []overviewSection{
		{v.t("desk_channel.title"), "/desk/channels", channelLines(channels)},
		{v.t("desk_settings.way_title"), "/desk/settings/way", v.wayWords(r)},
		{v.t("desk_settings.consent_title"), "/desk/settings/consent", v.textWords(r.Consent.Version, r.Consent.Text)},
		{v.t("desk_settings.rules_title"), "/desk/settings/rules", v.textWords(r.Rules.Version, r.Rules.Text)},
		{v.t("desk_settings.questions_title"), "/desk/settings/questions", v.questionWords(r)},
		{v.t("desk_settings.joining_title"), "/desk/settings/joining", v.joiningWords(r)},
		{v.t("desk_settings.papers_title"), "/desk/settings/papers", v.wordingWords(r.Wording)},
		{v.t("desk_departments.title"), "/desk/settings/departments", v.departmentWords(departments)},
		{v.t("desk_departments.sigla_title"), "/desk/settings/sigla", v.siglaWords(sigla, departments)},
		{v.t("desk_policy.asking_title"), "/desk/settings/asking", v.askingWords(v.lib.Settings.Policy)},
		{v.t("desk_policy.copying_title"), "/desk/settings/copying", v.copyingWords(v.lib.Settings.Policy)},
		{v.t("desk_policy.promises_title"), "/desk/settings/promises", v.promiseWords(v.lib.Settings)},
	}}
	return v.show("settings", http.StatusOK, page)
}

func (v *visit) wayWords(r library.Registration) []string {
	way := v.t("desk_settings.way_simple")
	switch {
	case r.Full:
		way = v.t("desk_settings.way_full")
	case r.ConsentPhoto:
		way = v.t("desk_settings.way_photo")
	}
	if v.lib.Settings.Address == "" {
		return []string{way, v.t("desk_settings.post_none")}
	}
	return []string{way, v.t("desk_settings.post_to", "address", v.lib.Settings.Address)}
}

// textWords says which version of a text is in force, and in which languages.
func (v *visit) textWords(version string, text map[library.Lang]string) []string {
	var langs []string
	for _, lang := range library.Langs() {
		if text[lang] != "" {
			langs = append(langs, v.langName(lang))
		}
	}
	if len(langs) == 0 {
		return []string{v.t("desk_settings.text_none")}
	}
	return []string{v.t("desk.consent_version", "version", version), strings.Join(langs, ", ")}
}

func (v *visit) questionWords(r library.Registration) []string {
	if len(r.Fields) == 0 {
		return []string{v.t("desk_settings.questions_none")}
	}
	var required, optional []string
	for _, f := range r.Fields {
		if name := v.fieldName(f.Key); f.Required {
			required = append(required, name)
		} else {
			optional = append(optional, name)
		}
	}
	var out []string
	if len(required) > 0 {
		out = append(out, v.t("desk_settings.list_required", "questions", strings.Join(required, ", ")))
	}
	if len(optional) > 0 {
		out = append(out, v.t("desk_settings.list_optional", "questions", strings.Join(optional, ", ")))
	}
	return out
}

func (v *visit) joiningWords(r library.Registration) []string {
	var out []string
	if r.MinAge > 0 {
		out = append(out, v.t("desk_settings.alone_from", "age", r.MinAge))
	}
	if r.Surety {
		out = append(out, v.t("desk_settings.surety_on"))
	}
	for _, rule := range r.Eligibility.Rules {
		out = append(out, v.ruleWords(rule))
	}
	out = append(out, v.lendingWords(r.Eligibility.Lending)...)
	if len(out) == 0 {
		return []string{v.t("desk_settings.joining_all")}
	}
	return out
}

func (v *visit) lendingWords(l library.Lending) (out []string) {
	if l.MinAge > 0 {
		out = append(out, v.t("desk_settings.lending_from", "age", l.MinAge))
	}
	if who := v.whenWords(l.Resident); who != "" {
		out = append(out, v.t("desk_settings.lending_who", "who", who))
	}
	return out
}

func (v *visit) wordingWords(w library.Wording) []string {
	if len(w.Text) == 0 {
		return []string{v.t("desk_settings.papers_shipped")}
	}
	return []string{v.t("desk_settings.papers_own", "count", len(w.Text)), v.t("desk.consent_version", "version", w.Version)}
}
