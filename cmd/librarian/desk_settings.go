package main

import (
	"context"
	"fmt"
	"strings"

	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue/web"
	"librarian/templates"
)

// samplePaper draws one paper for an invented reader, with the code of no registration.
func (s *service) samplePaper(ctx context.Context, sample web.PaperSample) ([]byte, error) {
	lib := sample.Library
	r := lib.Settings.Registration
	say := func(key string) string {
		said, err := s.texts.Render(lib.RecordLang(), key, templates.Fields{})
		if err != nil {
			s.log.ErrorContext(ctx, "text of a sample", "key", key, "err", err)
		}
		return said
	}
	day := lib.Today(s.now())
	order := papers.Order{
		Library: lib, Lang: sample.Lang, Token: strings.Repeat("A", 26), Kinds: []papers.Kind{papers.Kind(sample.Paper)}, Relation: "self",
		Name: say("desk_settings.sample_name"), Born: library.Date{Year: day.Year - 30, Month: 5, Day: 17}, Contact: "reader@example.org",
		Consent: r.Consent.Text, Version: r.Consent.Version, Wording: r.Wording, Day: day, Answers: s.sampleAnswers(r, lib.RecordLang(), sample.Lang),
	}
	if sample.Child {
		order.Relation, order.Born.Year = "child", day.Year-10
	}
	drawn, err := s.press.Draw(order)
	if err != nil {
		return nil, fmt.Errorf("sample of library %d: %w", lib.ID, err)
	}
	return drawn[0].PDF, nil
}

// sampleAnswers are the library's questions with the first of their answers; what is written in one's own words is left open.
func (s *service) sampleAnswers(r library.Registration, langs ...library.Lang) []papers.Line {
	var out []papers.Line
	for _, f := range r.Fields {
		line := papers.Line{Label: map[library.Lang]string{}, Value: map[library.Lang]string{}}
		for _, lang := range langs {
			line.Label[lang], line.Value[lang] = s.texts.Words(lang, f.Name()), "…"
			if len(f.Choices) > 0 {
				line.Value[lang] = s.texts.Words(lang, f.ChoiceName(f.Choices[0].ID))
			}
		}
		out = append(out, line)
	}
	return out
}
