package runner

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
)

// wantPapers lets the papers of a registration be drawn: the form with all that was answered, the application, the consent; for a child a surety (R2, R5).
func (r *Runner) wantPapers(ctx context.Context, tx pgx.Tx, a asked[flows.Register], reg contacts.Registration) error {
	settings := a.lib.Settings.Registration
	kinds := []papers.Kind{papers.Form, papers.Application, papers.Consent}
	today := a.lib.Today(a.now)
	if settings.NeedsSurety(library.Person{Relation: a.ask.Relation, Born: a.ask.Born, Today: today}) {
		kinds = append(kinds, papers.Surety)
	}
	order := papers.Order{
		Lang: a.lang, Kinds: kinds, Name: a.ask.Name, Born: a.ask.Born, Contact: cmp.Or(a.ask.Email, a.ask.Phone), Relation: a.ask.Relation,
		Answers: r.lines(a), Consent: settings.Consent.Text, Version: settings.Consent.Version, Wording: settings.Wording, Day: today,
	}
	return papers.Want(ctx, tx, a.libID, reg.ID, int64(a.id), order, a.now)
}

// lines are the answers as they are printed: in the language of record and in the reader's.
func (r *Runner) lines(a asked[flows.Register]) []papers.Line {
	var out []papers.Line
	for _, given := range a.ask.Answers {
		field, known := a.lib.Settings.Registration.Field(given.Key)
		if !known || given.Value == "" { // such as the acceptance of the rules, which is no line of the form
			continue
		}
		line := papers.Line{Label: map[library.Lang]string{}, Value: map[library.Lang]string{}}
		for _, lang := range []library.Lang{a.lib.RecordLang(), a.lang} {
			line.Label[lang] = r.Texts.Words(lang, field.Name())
			line.Value[lang] = r.Texts.WordsList(lang, field.Say(given.Value))
		}
		out = append(out, line)
	}
	return out
}
