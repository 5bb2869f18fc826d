package library

import (
	"errors"
	"fmt"
	"slices"
)

// Wording are the library's own sentences on the papers that are signed, by the sentence's name and language. A sentence that is not among them is the shipped
// one. The version changes whenever one of them does.
type Wording struct {
	Version string                     `json:"version"`
	Text    map[string]map[Lang]string `json:"text"`
}

// SentenceField stands in a sentence of the library's own for the library's name.
const SentenceField = "{library}"

// Sentences are the sentences with legal weight on a paper (form, application, consent, surety), by name, in their order. A library may say them in its own
// words.
func Sentences(paper string) []string {
	switch paper {
	case "form":
		return []string{"form_true", "form_rules"}
	case "application":
		return []string{"application_ask", "application_parent", "application_duty"}
	case "consent":
		return []string{"consent_give", "consent_parent"}
	case "surety":
		return []string{"surety_ask", "surety_duty"}
	}
	return nil
}

// Own gives the library's own sentence, if it has one.
func (w Wording) Own(sentence string) (map[Lang]string, bool) {
	said := w.Text[sentence]
	return said, Words{Own: said}.In(Russian) != ""
}

func (w Wording) check() error {
	all := slices.Concat(Sentences("form"), Sentences("application"), Sentences("consent"), Sentences("surety"))
	for sentence := range w.Text {
		if !slices.Contains(all, sentence) {
			return fmt.Errorf("papers have no sentence %q", sentence)
		}
	}
	if len(w.Text) > 0 && w.Version == "" {
		return errors.New("wording of papers without a version")
	}
	return nil
}
