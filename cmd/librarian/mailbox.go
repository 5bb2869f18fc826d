package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/contacts/library"
)

// withPassword puts the password of the file into the server's URL, so that it stands in no command line.
func withPassword(server, file string, bad error) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", bad // the cause would show what stands in the URL
	}
	if file != "" {
		password, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		u.User = url.UserPassword(u.User.Username(), strings.TrimSpace(string(password)))
	}
	return u.String(), nil
}

// newEmailSecret is what is kept encrypted of a mailbox.
func newEmailSecret(smtp, imap string) (string, error) {
	text, err := json.Marshal(emailSecret{SMTP: smtp, IMAP: imap, Seed: rand.Text()})
	if err != nil {
		return "", fmt.Errorf("secret of the mailbox: %w", err)
	}
	return string(text), nil
}

// mailboxConfig reads what is kept of the account beside its secret.
func mailboxConfig(a bots.Account) (emailConfig, error) {
	var c emailConfig
	if err := json.Unmarshal(a.Config, &c); err != nil {
		return emailConfig{}, fmt.Errorf("config: %w", err)
	}
	return c, nil
}

// openMailbox reads what is kept of the account.
func openMailbox(ctx context.Context, secrets *bots.Secrets, a bots.Account) (emailConfig, emailSecret, error) {
	c, err := mailboxConfig(a)
	if err != nil {
		return emailConfig{}, emailSecret{}, err
	}
	text, err := secrets.Open(ctx, a.Library, a.Secret)
	if err != nil {
		return emailConfig{}, emailSecret{}, err
	}
	var secret emailSecret
	if json.Unmarshal([]byte(text), &secret) != nil {
		return emailConfig{}, emailSecret{}, errMailSecret
	}
	return c, secret, nil
}

// switchOnEmail gives what receives, or nothing to do where the account only sends.
func (s *service) switchOnEmail(ctx context.Context, a bots.Account) (func(context.Context) error, error) {
	c, secret, err := openMailbox(ctx, s.secrets, a)
	if err != nil {
		return nil, err
	}
	lib, err := s.libraries.ByID(ctx, a.Library)
	if err != nil {
		return nil, err
	}
	out := email.Config{
		Library: a.Library, Channel: a.ID, SMTP: secret.SMTP, From: c.From, FromName: lib.Title(lib.RecordLang()), Secret: []byte(secret.Seed),
		Plus: c.Plus, Open: s.openFile, Now: s.now,
	}
	if secret.IMAP != "" {
		out.Earlier = func(ctx context.Context, m bots.Outbound) (email.Thread, error) {
			return email.Past(ctx, s.pool, m.Library, m.Conversation)
		}
	}
	mail, err := email.New(out)
	if err != nil {
		return nil, err
	}
	if secret.IMAP == "" {
		s.registry.Set(a.ID, mail)
		return func(context.Context) error { return nil }, nil
	}
	in, err := s.newIntake(a, c, secret, mail)
	if err != nil {
		return nil, err
	}
	s.registry.Set(a.ID, mail)
	return in.Poll, nil
}

// newIntake makes what receives the letters of the account.
func (s *service) newIntake(a bots.Account, c emailConfig, secret emailSecret, mail *email.Email) (*email.Intake, error) {
	return email.NewIntake(email.IntakeConfig{
		Library: a.Library, Channel: a.ID, IMAP: secret.IMAP, Address: c.From, Pool: s.pool, Store: s.store, Receive: s.receive, Now: s.now, Log: s.log,
		MessageID: mail.MessageID,
		Inspect: func(ctx context.Context, lib library.ID, id files.ID) error {
			_, err := s.inspector.Inspect(ctx, lib, id)
			return err
		},
		Bounced: func(ctx context.Context, tx pgx.Tx, sent bots.Sent, problem string, gone bool) error {
			return s.sender.Bounced(ctx, tx, sent, problem, gone)
		},
		Returned: func(ctx context.Context, l email.Stored) (bool, error) { return s.runner.Returned(ctx, a.Library, l) },
		Listed:   s.runner.ListedSender,
		Lock:     func(ctx context.Context) (func(), bool, error) { return s.holdLock(ctx, pollLock, int32(a.ID)) },
		Report:   s.reportChannel(a.ID),
	})
}
