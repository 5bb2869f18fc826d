package main

import (
	"context"
	"errors"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue/web"
	"librarian/templates"
)

// rulesOf is what was accepted with the registration, and whether the form on which that stands was signed; none where the library asked for nothing.
func (s *service) rulesOf(ctx context.Context, lib library.ID, registration int64) (web.ProofRules, bool, error) {
	given, err := contacts.AcceptanceOf(ctx, s.pool, lib, registration)
	if errors.Is(err, contacts.ErrNotFound) {
		return web.ProofRules{}, false, nil
	}
	if err != nil {
		return web.ProofRules{}, false, err
	}
	stand, err := papers.Stand(ctx, s.pool, lib, registration)
	if err != nil {
		return web.ProofRules{}, false, err
	}
	signed := papers.SignedPaper(stand, papers.Form)
	return web.ProofRules{Version: given.Version, Text: given.Text, Hash: given.Hash, Lang: given.Lang, Day: given.Day, Signed: signed}, true, nil
}

// rulesAnswer is the acceptance as it stands among the answers, in the language of record.
func (s *service) rulesAnswer(ctx context.Context, lib library.Library, registration int64) ([]web.Answer, error) {
	given, ok, err := s.rulesOf(ctx, lib.ID, registration)
	if err != nil || !ok {
		return nil, err
	}
	key := "desk_rules.accepted"
	if given.Signed {
		key = "desk_rules.signed"
	}
	value, err := s.texts.Render(lib.RecordLang(), key, templates.Fields{"day": given.Day, "version": given.Version})
	if err != nil {
		return nil, err
	}
	return []web.Answer{{Label: s.texts.Words(lib.RecordLang(), library.Words{Key: "desk_rules.title"}), Value: value}}, nil
}
