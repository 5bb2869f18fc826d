package web

// rulesFile is the text of the rules that were accepted, byte for byte.
const rulesFile = "rules.txt"

// rules is the acceptance of the library's rules, where there were any.
func (a *account) rules() {
	r := a.proof.Rules
	if r.Version == "" {
		return
	}
	a.section(a.t("desk_rules.title"))
	a.line(a.t("desk_rules.version"), r.Version)
	if r.Lang != "" {
		a.line(a.t("desk_proof.language"), a.langName(r.Lang))
	}
	a.line(a.t("desk_rules.day"), a.Texts.Date(a.lang, r.Day))
	if r.Text != "" {
		a.line(a.t("desk_proof.file"), rulesFile)
	}
	a.line(a.t("desk_proof.wording"), r.Hash)
	if r.Signed {
		a.say(a.t("desk_rules.on_form"))
	}
}

// replaced are the photos that are no page's newest any more.
func (a *account) replaced() {
	if len(a.proof.Replaced) == 0 {
		return
	}
	a.section(a.t("desk_rules.replaced"))
	for _, r := range a.proof.Replaced {
		file := a.proof.Files[r.File]
		a.line(a.pageName(r.Kind, r.Number), a.whereabouts(r.File), a.exact(file.Received), file.Hash)
	}
}
