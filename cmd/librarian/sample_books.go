package main

import (
	"context"
	_ "embed"
	"strings"

	"librarian/queue/stock"
)

// sampleBooks is the catalogue of the sample libraries: real authors and titles, editions and numbers made up.
//
//go:embed demo/books.csv
var sampleBooks string

// demoBooks takes the sample catalogue over, as any library's; at a later start it changes nothing.
func (s *service) demoBooks(ctx context.Context, slug string) error {
	lib, err := s.libraries.BySlug(ctx, slug)
	if err != nil {
		return err
	}
	records, _, err := stock.CSV(strings.NewReader(sampleBooks))
	if err != nil {
		return err
	}
	_, err = stock.New(s.pool).Import(ctx, lib.ID, records, func(r *stock.Refusal) { s.log.Error("sample catalogue", "err", r) })
	return err
}
