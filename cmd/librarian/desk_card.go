package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/cards"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue"
	"librarian/queue/web"
	"librarian/templates"
)

// issueCard makes the card, keeps the hash of the first password, and the password itself as a secret until it has been sent.
func (s *service) issueCard(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, password string) (web.Issued, error) {
	return s.card(ctx, tx, lib, id, password, cards.New{Number: number, By: int64(by)}, "mail.card")
}

// keepCard notes the card that the reader has had all along.
func (s *service) keepCard(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, password string) (web.Issued, error) {
	return s.card(ctx, tx, lib, id, password, cards.New{Number: number, By: int64(by), Elsewhere: true}, "corrections.mail_kept")
}

// card ends the registration with the card. The letter is the text for who has proven an e-mail.
func (s *service) card(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, password string, card cards.New, letter string) (web.Issued, error) {
	tenant, err := s.libraries.ByID(ctx, lib)
	if err != nil {
		return web.Issued{}, err
	}
	if err := contacts.CardFree(ctx, tx, lib, id); err != nil { // it waits for the lesson for new readers
		return web.Issued{}, deskProblem(err)
	}
	reg, err := contacts.Decide(ctx, tx, lib, id, "accepted", "done", "", card.By, s.now())
	if err != nil {
		return web.Issued{}, deskProblem(err)
	}
	reader, err := contacts.ReaderByID(ctx, tx, lib, reg.ReaderID)
	if err != nil {
		return web.Issued{}, missing(err)
	}
	if password != "" {
		if card.PasswordHash, err = cards.HashPassword(password); err != nil {
			return web.Issued{}, err
		}
	}
	picture, sheet, err := s.cardFiles(ctx, tenant, reader.Name, card.Number)
	if err != nil {
		return web.Issued{}, err
	}
	card.Reader, card.Picture, card.At = reg.ReaderID, picture, s.now()
	_, err = cards.Issue(ctx, tx, tenant, card)
	switch {
	case errors.Is(err, cards.ErrNumberTaken):
		return web.Issued{}, web.ErrNumberTaken
	case errors.Is(err, cards.ErrNumberForm):
		return web.Issued{}, web.ErrNumberForm
	case errors.Is(err, cards.ErrHasCard):
		return web.Issued{}, web.ErrState
	case err != nil:
		return web.Issued{}, err
	}
	if err := papers.Close(ctx, tx, lib, id, s.now()); err != nil {
		return web.Issued{}, err
	}
	if err := files.Link(ctx, tx, lib, files.ID(picture), files.ID(sheet)); err != nil {
		return web.Issued{}, err
	}
	out := web.Issued{Files: []string{picture, sheet}}
	if password != "" {
		if out.Secret, err = s.secrets.Put(ctx, tx, lib, bots.PurposePassword, password); err != nil {
			return web.Issued{}, err
		}
	}
	return out, s.mailCard(ctx, tx, tenant, reg, reader, letter, card.Number, picture, sheet)
}

// mailCard sends the number, never the password, to an e-mail that the reader has proven.
func (s *service) mailCard(ctx context.Context, tx pgx.Tx, lib library.Library, reg contacts.Registration, reader contacts.Reader, letter, number string, files ...string) error {
	if !reader.EmailProven {
		return nil
	}
	lang, err := s.runner.Lang(ctx, lib.ID, bots.ConversationID(reg.AddressID))
	if err != nil {
		return err
	}
	fields := templates.Fields{"library": lib.Title(lang), "name": reader.Name, "number": number}
	return s.runner.MailNotice(ctx, tx, lib, lang, reader.Email, "mail.card_subject", letter, fields, files)
}
