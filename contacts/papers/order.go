package papers

import (
	"errors"
	"fmt"

	"librarian/contacts/library"
)

// Order is what is to be drawn, and for whom. Library is not kept with a stored order: whoever draws it reads the library anew.
type Order struct {
	Library  library.Library         `json:"-"`
	Lang     library.Lang            `json:"lang"`  // the reader's
	Token    string                  `json:"token"` // of NewToken
	Kinds    []Kind                  `json:"kinds"`
	Name     string                  `json:"name"`
	Born     library.Date            `json:"born"`
	Contact  string                  `json:"contact"`  // e-mail or phone
	Relation string                  `json:"relation"` // self, child, other: a child's papers are signed by a parent
	Answers  []Line                  `json:"answers"`  // in the order in which they are printed
	Consent  map[library.Lang]string `json:"consent"`  // the library's text; paragraphs are lines
	Version  string                  `json:"version"`  // of that text
	Wording  library.Wording         `json:"wording"`  // the library's own sentences
	Day      library.Date            `json:"day"`      // printed as the day on which the papers were made
}

// Line is one answer with its question. A language that is missing is not printed, but for the record's, which another stands for.
type Line struct {
	Label map[library.Lang]string `json:"label"`
	Value map[library.Lang]string `json:"value"`
}

// Drawn is one paper.
type Drawn struct {
	Kind     Kind
	Lang     library.Lang // of record: the text that counts
	PDF      []byte
	Pages    int
	Version  string // of the library's own text on it: the consent, its own sentences, or both; empty where all of it is shipped
	TextHash string // SHA-256, hex, of the wording in the language of record, without what the reader filled in
}

// check refuses what could not be drawn, or not be found again by its code.
func (o Order) check() error {
	if !validToken(o.Token) {
		return errors.New("token has not the form of one")
	}
	if len(o.Kinds) == 0 {
		return errors.New("no papers are ordered")
	}
	for i, k := range o.Kinds {
		if letterOf(k) == "" {
			return fmt.Errorf("paper %q is unknown", k)
		}
		for _, other := range o.Kinds[:i] {
			if other == k {
				return fmt.Errorf("paper %s is ordered twice", k)
			}
		}
	}
	return nil
}

// blank is the order without what the reader filled in and chose: its wording is the same for all readers.
func (o Order) blank() Order {
	o.Lang, o.Name, o.Born, o.Contact = o.Library.RecordLang(), "", library.Date{}, ""
	lines := make([]Line, len(o.Answers))
	for i, l := range o.Answers {
		lines[i].Label = l.Label
	}
	o.Answers = lines
	return o
}
