package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue/fragments"
)

// How often things are tidied.
const (
	tellEvery = 15 * time.Second
	tidyEvery = 10 * time.Minute
	tidyLock  = 0x7469 // "ti": one process tidies at a time
)

// The terms where a library has set none of its own.
const (
	draftDays  = 90
	papersDays = 1096 // three years
)

// housekeep calls for help with channels, tells staff of new and late tasks, and removes what is past its term.
func (s *service) housekeep(ctx context.Context) error {
	tell, tidy := time.NewTicker(tellEvery), time.NewTicker(tidyEvery)
	defer tell.Stop()
	defer tidy.Stop()
	s.tidy(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tell.C:
			s.watchChannels(ctx)
			if err := s.desk.TellStaff(ctx, s.deliverNotice); err != nil && ctx.Err() == nil {
				s.log.Error("staff are not told of tasks", "err", err)
			}
		case <-tidy.C:
			s.tidy(ctx)
		}
	}
}

// tidy removes, each apart from the others, what nobody may keep any longer, and closes what only time can close.
func (s *service) tidy(ctx context.Context) {
	release, ok, err := s.holdLock(ctx, tidyLock, 0)
	if err != nil && ctx.Err() == nil {
		s.log.Error("nothing is tidied", "err", err)
	}
	if err != nil || !ok {
		return
	}
	defer release()
	for name, do := range map[string]func(context.Context) error{
		"secrets":  func(ctx context.Context) error { _, err := s.secrets.Expire(ctx); return err },
		"codes":    func(ctx context.Context) error { _, err := contacts.ForgetCodes(ctx, s.pool, s.now()); return err },
		"sessions": s.desk.Purge,
		"letters":  func(ctx context.Context) error { _, err := s.outbox.Settle(ctx); return err },
		"files":    func(ctx context.Context) error { _, err := s.store.Sweep(ctx); return err },
		"drafts":   s.forgetDrafts,
		"papers":   s.purgePapers,
		"orders":   s.purgeOrders,
	} {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("not tidied", "what", name, "err", err)
		}
	}
}

// forgetDrafts ends conversations that were left in the middle long ago.
func (s *service) forgetDrafts(ctx context.Context) error {
	all, err := s.libraries.All(ctx)
	if err != nil {
		return err
	}
	for _, lib := range all {
		days := lib.Settings.PurgeDrafts
		if days == 0 {
			days = draftDays
		}
		if _, err := s.runner.ForgetDrafts(ctx, lib.ID, s.now().AddDate(0, 0, -days)); err != nil {
			return err
		}
	}
	return nil
}

// pastMost bounds what one transaction removes; the rest goes the next time.
const pastMost = 100

// purgePapers removes the papers of registrations that ended longer ago than the library keeps them.
func (s *service) purgePapers(ctx context.Context) error {
	all, err := s.libraries.All(ctx)
	if err != nil {
		return err
	}
	for _, lib := range all {
		days := lib.Settings.Retention.PapersDays
		if days == 0 {
			days = papersDays
		}
		before := s.now().AddDate(0, 0, -days)
		if err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.purgePast(ctx, tx, lib.ID, before) }); err != nil {
			return err
		}
	}
	return nil
}

// purgeOrders removes the pages of orders that were over longer ago than the library keeps them.
func (s *service) purgeOrders(ctx context.Context) error {
	all, err := s.libraries.All(ctx)
	if err != nil {
		return err
	}
	for _, lib := range all {
		days := lib.Settings.Retention.OfOrders()
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			past, err := fragments.Past(ctx, tx, lib.ID, s.now().AddDate(0, 0, -days), pastMost)
			if err != nil {
				return err
			}
			return s.purgeFiles(ctx, tx, lib.ID, past)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeFiles removes the files, whatever is left of them.
func (s *service) purgeFiles(ctx context.Context, tx pgx.Tx, lib library.ID, past []files.ID) error {
	for _, id := range past {
		if err := files.Purge(ctx, tx, lib, id, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// purgePast removes the photos of signed consents, the papers and all that came for them.
func (s *service) purgePast(ctx context.Context, tx pgx.Tx, lib library.ID, before time.Time) error {
	past, err := papers.Past(ctx, tx, lib, before, pastMost)
	if err != nil {
		return err
	}
	photos, err := contacts.PhotosPast(ctx, tx, lib, before, pastMost)
	if err != nil {
		return err
	}
	for _, id := range photos {
		past = append(past, files.ID(id))
	}
	return s.purgeFiles(ctx, tx, lib, past)
}
