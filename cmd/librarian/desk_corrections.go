package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots/email"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/web"
)

// readGiven reads what staff type for a reader as the conversations read the reader's own words.
func (s *service) readGiven(lib library.Library, today library.Date, key, text string) (string, bool) {
	value, ok := flows.ReadGiven(s.texts, lib, today, key, text)
	if !ok || key != contacts.KeyEmail {
		return value, ok
	}
	value, err := email.ParseAddress(value) // as registrations keep it
	return value, err == nil
}

// redrawPapers lets the papers be drawn with what was corrected.
func (s *service) redrawPapers(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	return deskProblem(s.runner.RedrawPapers(ctx, tx, lib, registration))
}

// reopenPage takes back what was decided about a page.
func (s *service) reopenPage(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen web.PageSeen) error {
	return deskProblem(papers.ReopenPage(ctx, tx, lib, s.look(registration, seen, 0)))
}

// double refuses a registration whose reader is one already.
func (s *service) double(ctx context.Context, tx pgx.Tx, lib library.ID, id, of int64, by queue.StaffID) error {
	if err := contacts.Double(ctx, tx, lib, id, contacts.ReaderID(of), s.now()); err != nil {
		return deskProblem(err)
	}
	return s.refuseRegistration(ctx, tx, lib, id, by, queue.ReasonDouble)
}
