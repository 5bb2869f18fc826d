package runner

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
)

// printed is a registration as its papers show it.
type printed struct {
	lib      library.Library
	lang     library.Lang // the reader's
	conv     bots.ConversationID
	relation string
	name     string
	born     library.Date
	contact  string // e-mail or phone
	answers  []contacts.Answer
}

func printedOf(a asked[flows.Register], reg contacts.Registration) printed {
	return printed{a.lib, a.lang, a.id, a.ask.Relation, a.ask.Name, a.ask.Born, cmp.Or(a.ask.Email, a.ask.Phone), reg.Answers}
}

// wantPapers lets the papers of a registration be drawn: the form with all that was answered, the application, the consent; for a child a surety (R2, R5).
func (r *Runner) wantPapers(ctx context.Context, tx pgx.Tx, registration int64, p printed, at time.Time) error {
	settings := p.lib.Settings.Registration
	kinds := []papers.Kind{papers.Form, papers.Application, papers.Consent}
	today := p.lib.Today(at)
	if settings.NeedsSurety(library.Person{Relation: p.relation, Born: p.born, Today: today}) {
		kinds = append(kinds, papers.Surety)
	}
	order := papers.Order{
		Lang: p.lang, Kinds: kinds, Name: p.name, Born: p.born, Contact: p.contact, Relation: p.relation,
		Answers: r.lines(p), Consent: settings.Consent.Text, Version: settings.Consent.Version, Wording: settings.Wording, Day: today,
	}
	return papers.Want(ctx, tx, p.lib.ID, registration, int64(p.conv), order, at)
}

// lines are the answers as they are printed: in the language of record and in the reader's.
func (r *Runner) lines(p printed) []papers.Line {
	var out []papers.Line
	for _, given := range p.answers {
		field, known := p.lib.Settings.Registration.Field(given.Key)
		if !known || given.Value == "" { // dropped by the library meanwhile, or not answered: no line of the form
			continue
		}
		line := papers.Line{Label: map[library.Lang]string{}, Value: map[library.Lang]string{}}
		for _, lang := range []library.Lang{p.lib.RecordLang(), p.lang} {
			line.Label[lang] = r.Texts.Words(lang, field.Name())
			line.Value[lang] = r.Texts.WordsList(lang, field.Say(given.Value))
		}
		out = append(out, line)
	}
	return out
}

// RedrawPapers lets the papers of a registration that staff look at be drawn anew, with its data as they are by now: what was signed is void, and the
// registration waits again. ErrState of contacts when staff do not look at it.
func (r *Runner) RedrawPapers(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	reg, err := contacts.Move(ctx, tx, lib, registration, "sent", "papers")
	if err != nil {
		return err
	}
	conv, err := lock(ctx, tx, lib, bots.ConversationID(reg.AddressID)) // the desk holds it: this reads its language
	if err != nil {
		return err
	}
	tenant, err := r.Libraries.ByID(ctx, lib)
	if err != nil {
		return err
	}
	reader, err := contacts.ReaderByID(ctx, tx, lib, reg.ReaderID)
	if err != nil {
		return err
	}
	p := printed{tenant, conv.lang, conv.id, reg.Relation, reader.Name, library.Date{}, cmp.Or(reader.Email, reader.Phone), reg.Answers}
	if reader.Born != nil {
		p.born = library.DateOf(*reader.Born)
	}
	return r.wantPapers(ctx, tx, registration, p, r.Now())
}
