package web

import (
	"net/http"
	"strconv"
	"strings"

	"librarian/contacts/library"
)

// drawWording shows a paper as it would be printed with what is typed.
func drawWording(v *visit) error {
	if err := v.fresh(); err != nil {
		return err
	}
	kind, child := strings.CutSuffix(v.form("sample"), "-child")
	if len(library.Sentences(kind)) == 0 {
		return errForm
	}
	typed := v.typedWording()
	if len(typed.faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showWording(typed, http.StatusUnprocessableEntity)
	}
	sample := PaperSample{Library: v.lib, Lang: v.lang, Paper: kind, Child: child || kind == "surety"}
	registration := &sample.Library.Settings.Registration
	registration.Wording = typed.Wording
	if kind == "consent" && (library.Words{Own: registration.Consent.Text}).In(v.lib.RecordLang()) == "" {
		v.problem = v.t("desk_settings.problem_consent")
		return v.showWording(typed, http.StatusUnprocessableEntity)
	}
	pdf, err := v.Sample(v.ctx(), sample)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", "inline; filename="+kind+".pdf")
	h.Set("Content-Security-Policy", "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'") // the browser's own viewer
	h.Set("Content-Length", strconv.Itoa(len(pdf)))
	_, _ = v.w.Write(pdf) // the visitor may be gone; nobody is left to be told
	return nil
}
