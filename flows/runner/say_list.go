package runner

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"librarian/flows"
	"librarian/templates"
)

// given is what one thing said offers where there are no buttons: answers, which have numbers, and ways out of the question, which have a word. A list of
// answers is read; "Back" as the only line of one is in the way. What the menu holds is not listed each time, and understood all the same.
type given struct{ numbered, words, menu []offered }

// divide finds the choices whose label is a word that does the same everywhere. What may be skipped is one of the answers where there are others.
func (r *Runner) divide(all []offered) given {
	var g given
	for _, o := range all {
		word, ok := r.Texts.Word(o.Label)
		switch {
		case o.menu:
			o.Word = true
			g.menu = append(g.menu, o)
		case ok && flows.Aside(o.ID, word):
			o.Word = true
			g.words = append(g.words, o)
		default:
			g.numbered = append(g.numbered, o)
		}
	}
	if len(g.numbered) == 1 && flows.Skips(g.numbered[0].ID) {
		g.numbered[0].Word = true
		g.words, g.numbered = slices.Concat(g.numbered, g.words), nil
	}
	return g
}

// unnumbered are the choices that a word alone stands for.
func (g given) unnumbered() []offered { return slices.Concat(g.words, g.menu) }

// listed writes what may be answered below the text. The numbers go on where those of the turn's earlier messages end.
func (r *Runner) listed(t *turn, text string, g given, before int) (string, error) {
	gap := "\n\n"
	if len(g.numbered) > 0 {
		lead, err := r.text(t.lib, t.lang, templates.ChooseNumber, nil)
		if err != nil {
			return "", err
		}
		text += gap + lead
		for i, o := range g.numbered {
			text += fmt.Sprintf("\n%d. %s", before+i+1, o.Label)
		}
		gap = "\n"
	}
	words, err := r.wordsFor(t, g)
	if err != nil || len(words) == 0 {
		return text, err
	}
	lead, err := r.text(t.lib, t.lang, templates.ChooseWord, templates.Fields{"words": strings.Join(words, ", ")})
	if err != nil {
		return "", err
	}
	return text + gap + lead, nil
}

// wordsFor are the words that may be written, as they stand in the text.
func (r *Runner) wordsFor(t *turn, g given) ([]string, error) {
	var labels, words []string
	for _, o := range g.words {
		labels = append(labels, o.Label)
	}
	if len(g.menu) > 0 {
		menu, err := r.text(t.lib, t.lang, templates.LabelMenu, nil)
		if err != nil {
			return nil, err
		}
		labels = append(labels, menu)
	}
	for _, label := range labels {
		first, n := utf8.DecodeRuneInString(label)
		word, err := r.text(t.lib, t.lang, templates.QuotedWord, templates.Fields{"word": string(unicode.ToLower(first)) + label[n:]})
		if err != nil {
			return nil, err
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words, nil
}
