package main

import (
	"context"
	"io"

	"librarian/bots/files"
	"librarian/contacts/library"
)

// keepFile stores a file that staff bring and looks at it at once: they wait for the page that shows it.
func (s *service) keepFile(ctx context.Context, lib library.ID, name string, src io.Reader, limit int64) (files.File, files.Finding, error) {
	f, err := s.store.Put(ctx, lib, src, files.Meta{Name: name}, limit)
	if err != nil {
		return f, files.Finding{}, err
	}
	finding, err := s.inspector.Inspect(ctx, lib, f.ID)
	return f, finding, err
}
