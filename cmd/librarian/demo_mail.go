package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/cmd/librarian/demo/letterbox"
	"librarian/contacts/library"
	"librarian/queue"
)

// demoAddress is where letters to a sample library go. Each has its own: two that read one mailbox would take each other's letters.
func demoAddress(slug string) string {
	if slug == demoSlug {
		return "library@library.example"
	}
	return slug + "@library.example"
}

// demoMailbox gives a new sample library its e-mail channel, which sends to the letter box and reads there.
func (s *service) demoMailbox(ctx context.Context, tx pgx.Tx, box *letterbox.Box, id library.ID, slug string) error {
	secret, err := newEmailSecret("smtp://"+box.Addr()+"?tls=none", box.Mailbox(demoAddress(slug)))
	if err != nil {
		return err
	}
	config, err := demoMailConfig(slug)
	if err != nil {
		return err
	}
	_, err = bots.AddChannel(ctx, tx, s.secrets, bots.Account{Library: id, Kind: bots.Email, Name: "mail", Config: config}, secret)
	return err
}

func demoMailConfig(slug string) (json.RawMessage, error) {
	config, err := json.Marshal(emailConfig{From: demoAddress(slug), Plus: true})
	if err != nil {
		return nil, fmt.Errorf("config of the mailbox: %w", err)
	}
	return config, nil
}

// moveLetterBox tells the mail channel where the letter box listens this time, and by what password. What its Message-IDs are made from stays.
func (s *service) moveLetterBox(ctx context.Context, box *letterbox.Box, slug string) error {
	lib, err := s.libraries.BySlug(ctx, slug)
	if err != nil {
		return err
	}
	mail, err := s.accounts.OfKind(ctx, lib.ID, bots.Email)
	if err != nil || len(mail) == 0 {
		return err
	}
	_, secret, err := openMailbox(ctx, s.secrets, mail[0])
	if err != nil {
		return err
	}
	secret.SMTP, secret.IMAP = "smtp://"+box.Addr()+"?tls=none", box.Mailbox(demoAddress(slug))
	text, err := json.Marshal(secret)
	if err != nil {
		return fmt.Errorf("secret of the mailbox: %w", err)
	}
	config, err := demoMailConfig(slug)
	if err != nil {
		return err
	}
	defer s.accounts.Forget() // what was read just now is not true any more
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := bots.ChangeConfig(ctx, tx, lib.ID, mail[0].ID, config); err != nil {
			return err
		}
		return bots.ChangeToken(ctx, tx, s.secrets, lib.ID, mail[0].ID, string(text))
	})
}

// The department of the sample libraries that is asked by e-mail; the others work at the desk.
const (
	demoWriter      = "Фонд «Сандалы-Бичик»"
	demoWriterEmail = "sandaly@library.example"
)

func demoLetterWriter(ctx context.Context, tx pgx.Tx, lib library.ID) error {
	id, err := queue.DepartmentNamed(ctx, tx, lib, demoWriter)
	if err != nil {
		return err
	}
	dep, err := queue.DepartmentByID(ctx, tx, lib, id)
	if err != nil {
		return err
	}
	dep.Way, dep.Email = queue.WayEmail, demoWriterEmail
	return queue.ChangeDepartment(ctx, tx, queue.Console(), dep)
}
