package main

import (
	"context"
	"encoding/hex"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue/web"
)

// proof gathers what shows how the registration came about. The hashes are those of the bytes as they were received, also of files that are gone.
func (s *service) proof(ctx context.Context, lib library.ID, registration int64) (web.Proof, error) {
	reg, err := contacts.RegistrationByID(ctx, s.pool, lib, registration)
	if err != nil {
		return web.Proof{}, missing(err)
	}
	consent, err := contacts.ConsentByID(ctx, s.pool, lib, reg.ConsentID)
	if err != nil {
		return web.Proof{}, missing(err)
	}
	made, err := papers.Of(ctx, s.pool, lib, registration)
	if err != nil {
		return web.Proof{}, err
	}
	pages, err := s.papersOf(ctx, lib, registration)
	if err != nil {
		return web.Proof{}, err
	}
	out := web.Proof{
		Consent: web.ProofConsent{Version: consent.Version, Text: consent.Text, Hash: consent.Hash, Lang: consent.Lang, At: consent.At},
		Pages:   pages, Photos: reg.Photos,
	}
	if out.Rules, _, err = s.rulesOf(ctx, lib, registration); err != nil {
		return web.Proof{}, err
	}
	replaced, err := papers.ReplacedScans(ctx, s.pool, lib, registration)
	if err != nil {
		return web.Proof{}, err
	}
	for _, r := range replaced {
		out.Replaced = append(out.Replaced, web.ProofReplaced{Kind: string(r.Kind), Number: r.Number, File: string(r.File)})
	}
	for _, p := range made {
		out.Papers = append(out.Papers, web.ProofPaper{
			Kind: string(p.Kind), Lang: p.Lang, Version: p.Version, TextHash: p.TextHash, File: string(p.File), Pages: p.Pages, Made: p.MadeAt,
		})
	}
	out.Files, err = s.proofFiles(ctx, lib, out)
	return out, err
}

// proofFiles tells what is known of the files that the proof names.
func (s *service) proofFiles(ctx context.Context, lib library.ID, p web.Proof) (map[string]web.ProofFile, error) {
	var ids []files.ID
	for _, paper := range p.Papers {
		ids = append(ids, files.ID(paper.File))
	}
	for _, page := range p.Pages {
		ids = append(ids, files.ID(page.File))
	}
	for _, r := range p.Replaced {
		ids = append(ids, files.ID(r.File))
	}
	for _, photo := range p.Photos {
		ids = append(ids, files.ID(photo))
	}
	found, err := s.store.FindAll(ctx, lib, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]web.ProofFile, len(found))
	for id, f := range found {
		out[string(id)] = web.ProofFile{Name: f.Name, MediaType: f.MediaType, Hash: hex.EncodeToString(f.SHA256), Size: f.Size, Received: f.CreatedAt}
	}
	return out, nil
}
