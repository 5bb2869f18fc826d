package email

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"unicode"

	"librarian/bots"
)

//go:embed layout
var layouts embed.FS

// layout is how a letter looks, with and without HTML.
type layout struct {
	text *template.Template
	html *htmltemplate.Template
}

func parseLayout() (layout, error) {
	text, err := template.ParseFS(layouts, "layout/letter.txt")
	if err != nil {
		return layout{}, fmt.Errorf("read layout of letters: %w", err)
	}
	html, err := htmltemplate.ParseFS(layouts, "layout/letter.html")
	if err != nil {
		return layout{}, fmt.Errorf("read layout of letters: %w", err)
	}
	return layout{text, html}, nil
}

// words fill a layout.
type words struct {
	Lang, Subject, Text, From string
	Paragraphs                [][]string // the text's lines, by paragraph
}

func newWords(m bots.Outbound, subject, from string) words {
	w := words{Lang: string(m.Lang), Subject: subject, Text: printable(m.Text), From: from}
	for paragraph := range strings.SplitSeq(w.Text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			w.Paragraphs = append(w.Paragraphs, strings.Split(paragraph, "\n"))
		}
	}
	return w
}

// printable keeps line ends and tabs of all control characters.
func printable(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

func (l layout) render(w words) (text, html string, err error) {
	var plain, rich bytes.Buffer
	if err := l.text.Execute(&plain, w); err != nil {
		return "", "", fmt.Errorf("lay out letter: %w", err)
	}
	if err := l.html.Execute(&rich, w); err != nil {
		return "", "", fmt.Errorf("lay out letter: %w", err)
	}
	return plain.String(), rich.String(), nil
}
