package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/web"
)

// letters is what the desk does with letters that matched nothing.
func (s *service) letters() web.Letters {
	return web.Letters{
		Count: func(ctx context.Context, lib library.ID) (int, bool, error) { return email.CountTray(ctx, s.pool, lib) },
		Tray: func(ctx context.Context, lib library.ID, limit int) ([]web.Letter, error) {
			all, err := email.Tray(ctx, s.pool, lib, limit)
			out := make([]web.Letter, len(all))
			for i, l := range all {
				out[i] = deskLetter(l)
			}
			return out, err
		},
		ByID: func(ctx context.Context, lib library.ID, id int64) (web.Letter, error) {
			l, err := s.trayLetter(ctx, lib, id)
			return deskLetter(l), err
		},
		Words: s.letterWords, Files: s.letterFiles, Look: s.lookAtFile, Pass: s.passLetter,
		Hold: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64) error {
			_, err := email.HoldLetter(ctx, tx, lib, email.LetterID(id))
			return settled(err)
		},
		Settle: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, end web.LetterEnd) error {
			to := email.Settlement{State: email.StateIgnored, Conversation: end.Conversation, Order: int64(end.Order), Words: end.Words, By: int64(by)}
			switch {
			case end.Order != 0:
				to.State = email.StateReturned
			case end.Conversation != 0:
				to.State = email.StateEvent
			}
			return settled(email.Settle(ctx, tx, lib, email.LetterID(id), to, s.now()))
		},
	}
}

// settled is the desk's word for a letter that waits no longer.
func settled(err error) error {
	if errors.Is(err, email.ErrNoLetter) {
		return web.ErrState
	}
	return err
}

// trayLetter is a letter that waits or that a person has settled: others are nobody's to see here.
func (s *service) trayLetter(ctx context.Context, lib library.ID, id int64) (email.TrayLetter, error) {
	l, err := email.FindLetter(ctx, s.pool, lib, email.LetterID(id))
	if errors.Is(err, email.ErrNoLetter) || err == nil && !l.Waits() && l.SettledAt == nil {
		return l, fmt.Errorf("letter %d: %w", id, queue.ErrNotFound)
	}
	return l, err
}

func deskLetter(l email.TrayLetter) web.Letter {
	out := web.Letter{
		ID: int64(l.ID), Sender: l.Sender, Name: l.Name, Subject: l.Subject, Why: l.Reason, Received: l.ReceivedAt, Files: l.Files, Source: l.Raw, Waits: l.Waits(),
		Speaks: l.Sender != "" && l.Reason != email.ReasonEmpty && l.Reason != email.ReasonUnreadable, By: queue.StaffID(l.SettledBy),
		End: web.LetterEnd{Order: fragments.ID(l.Order), Conversation: l.Conversation, Words: l.Words},
	}
	if l.SettledAt != nil {
		out.Settled = *l.SettledAt
	}
	return out
}

// reread is what is understood of the letter.
func (s *service) reread(ctx context.Context, lib library.ID, l email.TrayLetter) (email.Letter, error) {
	account, err := s.accounts.ByID(ctx, l.Channel)
	if err != nil {
		return email.Letter{}, err
	}
	config, err := mailboxConfig(account)
	if err != nil {
		return email.Letter{}, err
	}
	return email.Reread(ctx, s.store, lib, l, config.From)
}

func (s *service) letterWords(ctx context.Context, lib library.ID, id int64) (string, error) {
	l, err := s.trayLetter(ctx, lib, id)
	if err != nil {
		return "", err
	}
	letter, err := s.reread(ctx, lib, l)
	if errors.Is(err, email.ErrLetter) || errors.Is(err, files.ErrPurged) {
		return "", nil
	}
	return letter.Text, err
}

func (s *service) letterFiles(ctx context.Context, lib library.ID, ids []files.ID) ([]files.File, error) {
	known, err := s.store.FindAll(ctx, lib, ids)
	if err != nil {
		return nil, err
	}
	out := make([]files.File, len(ids))
	for i, id := range ids {
		f, ok := known[id]
		if !ok {
			f = files.File{ID: id, State: files.Purged}
		}
		out[i] = f
	}
	return out, nil
}

// lookAtFile finds out what a stored file is.
func (s *service) lookAtFile(ctx context.Context, lib library.ID, id files.ID) (files.File, files.Finding, error) {
	finding, err := s.inspector.Inspect(ctx, lib, id)
	if errors.Is(err, files.ErrPurged) {
		err = queue.ErrNotFound
	}
	if err != nil {
		return files.File{}, files.Finding{}, missing(err)
	}
	f, err := s.store.Find(ctx, lib, id)
	return f, finding, missing(err)
}

// passLetter makes the letter a message of its sender.
func (s *service) passLetter(ctx context.Context, lib library.ID, id int64) (bots.ConversationID, error) {
	l, err := s.trayLetter(ctx, lib, id)
	if err != nil {
		return 0, err
	}
	letter, err := s.reread(ctx, lib, l)
	if err != nil {
		return 0, err
	}
	return email.Pass(ctx, s.pool, s.receive, lib, l, letter)
}
