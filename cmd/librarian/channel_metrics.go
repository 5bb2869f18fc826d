package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"librarian/bots"
)

// countChannels shows which channels work. One that is switched off is not looked for.
func (s *service) countChannels(ctx context.Context, names backlogNames, gauge func(name *prometheus.Desc, value float64, labels ...string)) error {
	all, err := s.accounts.All(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.State == "off" {
			continue
		}
		lib, err := s.libraries.ByID(ctx, a.Library)
		if err != nil {
			return err
		}
		labels := []string{lib.Slug, a.Name, string(a.Kind)}
		works := a.State == "on"
		if a.Kind == bots.WhatsApp {
			link, err := s.links.Link(ctx, a.Library, a.ID)
			if err != nil {
				return err
			}
			works = works && link.State == bots.LinkConnected && link.Held
			if link.Heard != nil {
				gauge(names.heard, float64(link.Heard.Unix()), labels...)
			}
			if link.Said != nil {
				gauge(names.said, float64(link.Said.Unix()), labels...)
			}
		}
		up := 0.0
		if works {
			up = 1
		}
		gauge(names.up, up, labels...)
	}
	return nil
}
