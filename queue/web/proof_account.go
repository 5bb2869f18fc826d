package web

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"librarian/queue"
)

// account is the text that a pack is read by, in the library's language of record.
type account struct {
	*visit
	*pack
	out strings.Builder
}

func (v *visit) account(p *pack) string {
	record := *v
	record.lang = v.lib.RecordLang()
	a := &account{visit: &record, pack: p}
	a.say(a.t("desk_proof.title", "number", p.reg.ID))
	a.line(a.t("desk_proof.library"), a.lib.Title(a.lang))
	a.line(a.t("desk_proof.made"), a.exact(a.at), a.names[a.me()])
	a.reader()
	a.consent()
	a.rules()
	a.papersSent()
	a.pagesReceived()
	a.replaced()
	a.fileList()
	a.doings()
	return a.out.String()
}

// say writes one line. What people wrote cannot begin another one, nor turn its direction.
func (a *account) say(text string) {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	})
	a.out.WriteString(strings.Join(words, " ") + "\n")
}

// line writes the values that there are.
func (a *account) line(label string, values ...string) {
	if values = slices.DeleteFunc(values, func(s string) bool { return s == "" }); len(values) > 0 {
		a.say(label + ": " + strings.Join(values, ", "))
	}
}

func (a *account) section(title string) {
	a.out.WriteString("\n")
	a.say(title)
	a.say(strings.Repeat("=", utf8.RuneCountInString(title)))
}

// exact is a moment that needs no knowledge of where the library is.
func (a *account) exact(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(a.zone()).Format("2006-01-02 15:04:05 -07:00")
}

func (a *account) reader() {
	a.section(a.t("desk.given_title"))
	for _, field := range a.entryFields(a.reg) {
		a.line(field.Label, field.Value)
	}
	a.line(a.t("desk.given_by"), a.asked(a.reg))
	a.line(a.t("desk.given_sent"), a.exact(a.reg.Sent))
	a.line(a.t("desk_proof.state"), a.registrationState(a.reg.State))
	a.line(a.t("desk.reason"), a.refusalName(a.reg.Reason))
	a.line(a.t("desk.card_number"), a.reg.Card)
	a.mends()
}

// mends are what staff have corrected: the data above are as they are since.
func (a *account) mends() {
	if len(a.mended) == 0 {
		return
	}
	a.section(a.t("desk_correct.journal"))
	for _, c := range a.mended {
		old, now := a.valueText(c.Key, c.Old), a.valueText(c.Key, c.New)
		said := a.t("desk_correct.was", "old", old, "new", now)
		switch {
		case c.Old == "":
			said = a.t("desk_correct.was_added", "new", now)
		case c.New == "":
			said = a.t("desk_correct.was_removed", "old", old)
		}
		a.line(a.valueLabel(c.Key), said, a.exact(c.At), a.names[queue.StaffID(c.By)], c.Reason)
	}
}

// registrationState is how far a registration has come, in words.
func (v *visit) registrationState(state string) string {
	keys := map[string]string{
		"papers": "desk_proof.state_papers", "sent": "desk_proof.state_sent", "accepted": "desk_proof.state_accepted",
		"refused": "desk_proof.state_refused", "done": "desk_proof.state_done", "withdrawn": "desk_proof.state_withdrawn",
	}
	if key := keys[state]; key != "" {
		return v.t(key)
	}
	return state
}

func (a *account) consent() {
	c := a.proof.Consent
	a.section(a.t("desk.given_consent"))
	a.line(a.t("desk_proof.version"), c.Version)
	a.line(a.t("desk_proof.language"), a.langName(c.Lang))
	a.line(a.t("desk_proof.agreed"), a.exact(c.At))
	a.line(a.t("desk_proof.file"), consentFile)
	a.line(a.t("desk_proof.wording"), c.Hash)
}

func (a *account) papersSent() {
	if len(a.proof.Papers) == 0 {
		return
	}
	a.section(a.t("desk_proof.papers"))
	for _, p := range a.proof.Papers {
		a.out.WriteString("\n")
		a.say(a.paperName(p.Kind))
		a.line(a.t("desk_proof.drawn"), a.exact(p.Made))
		a.line(a.t("desk_proof.language"), a.langName(p.Lang))
		a.line(a.t("desk_settings.paper_version"), p.Version)
		a.line(a.t("desk_proof.wording"), p.TextHash)
		a.line(a.t("desk_proof.count"), fmt.Sprint(p.Pages))
		a.line(a.t("desk_proof.file"), a.whereabouts(p.File))
	}
}

func (a *account) pagesReceived() {
	if len(a.proof.Pages) == 0 {
		return
	}
	a.section(a.t("desk_proof.pages"))
	for _, p := range a.proof.Pages {
		a.out.WriteString("\n")
		a.say(a.pageName(p.Kind, p.Number))
		a.line(a.t("desk_proof.state"), a.pageState(p.State))
		if p.State == pageWanted {
			continue
		}
		how := a.howName(p.How)
		if p.How == "code" {
			how = a.t("desk_proof.how_code")
		}
		a.line(a.t("desk_proof.came"), a.exact(p.Received), how)
		if p.How != "post" {
			a.line(a.t("desk_proof.file"), a.whereabouts(p.File))
			a.line(a.t("desk_proof.sheet"), fmt.Sprint(p.Sheet))
		}
		if p.Unsigned {
			a.say(a.t("desk_papers.unsigned"))
		}
		a.line(a.t("desk_proof.decided"), a.exact(p.Decided), a.names[p.By])
		a.line(a.t("desk.reason"), a.reasonName(p.Reason))
	}
}

func (v *visit) pageName(kind string, number int) string {
	return v.t("desk_papers.page", "paper", v.paperName(kind), "number", number)
}

func (v *visit) pageState(state string) string {
	switch state {
	case pageWanted:
		return v.t("desk_papers.state_wanted")
	case pageReceived:
		return v.t("desk_papers.state_received")
	case pageAccepted:
		return v.t("desk_papers.state_accepted")
	case pageReturned:
		return v.t("desk_papers.state_returned")
	}
	return state
}

// whereabouts is where in the pack the file is; one without an id was forgotten with its term.
func (a *account) whereabouts(id string) string {
	i := slices.IndexFunc(a.files, func(e enclosure) bool { return e.id == id })
	if i < 0 {
		return a.t("desk_proof.gone")
	}
	return a.files[i].path
}

// fileList has each file's hash as programs that check hashes read them, and what became of those that are not there.
func (a *account) fileList() {
	a.section(a.t("desk_proof.files"))
	a.out.WriteString(a.proof.Consent.Hash + "  " + consentFile + "\n")
	if a.proof.Rules.Text != "" {
		a.out.WriteString(a.proof.Rules.Hash + "  " + rulesFile + "\n")
	}
	for _, e := range a.files {
		if e.fate == "" {
			a.out.WriteString(e.Hash + "  " + e.path + "\n")
		}
	}
	for _, e := range a.files {
		if e.fate != "" {
			a.line(e.path, a.fateName(e.fate), e.Hash)
		}
	}
	a.section(a.t("desk_proof.arrived"))
	for _, e := range a.files {
		a.line(e.path, a.exact(e.Received), a.size(e.Size), e.Name)
	}
}

func (a *account) fateName(f fate) string {
	switch f {
	case fateInfected:
		return a.t("desk_proof.infected")
	case fateDamaged:
		return a.t("desk_proof.damaged")
	}
	return a.t("desk_proof.gone")
}

// looks are the acts that change nothing.
func looks() []string {
	return []string{"registration.looked", "registration.exported", "registration.proof", "file.looked", "file.downloaded"}
}

// doings are who did and who saw what.
func (a *account) doings() {
	var did, seen []queue.AuditRow
	for _, row := range a.trail {
		if slices.Contains(looks(), row.Act) {
			seen = append(seen, row)
		} else {
			did = append(did, row)
		}
	}
	a.trailOf(a.t("desk_proof.did"), did)
	a.trailOf(a.t("desk_proof.seen"), seen)
}

func (a *account) trailOf(title string, rows []queue.AuditRow) {
	a.section(title)
	if len(rows) == 0 {
		a.say(a.t("desk_proof.nobody"))
	}
	for _, row := range rows {
		who := row.StaffName
		if who == "" {
			who = a.t("desk.audit_program")
		}
		reason := ""
		if ready, ok := row.Detail["reason"].(string); ok && slices.Contains(reasons(), ready) {
			reason = a.reasonName(ready)
		}
		a.line(a.exact(row.At), who, a.actName(row.Act), a.about(row), reason)
	}
}

// about is what of the registration the act was about; empty when it was all of it.
func (a *account) about(row queue.AuditRow) string {
	id, isFile := strings.CutPrefix(row.Object, "file ")
	for _, e := range a.files {
		if isFile && e.id == id {
			return e.path
		}
	}
	for _, p := range a.proof.Pages {
		if isFile && p.Preview == id || row.Detail["page"] == fmt.Sprintf("%s %d", p.Kind, p.Number) {
			return a.pageName(p.Kind, p.Number)
		}
	}
	return ""
}
