package library

import (
	"iter"
	"slices"
)

// Registration says what the library asks of those who join. Without Full, Rules, Fields and Eligibility it is the simple one: consent, name, date of
// birth, e-mail or phone.
type Registration struct {
	Consent      Consent     `json:"consent"`
	ConsentPhoto bool        `json:"consent_photo"`    // a photo of the signed consent is asked for
	Series       bool        `json:"series"`           // card numbers come from the library's series; otherwise the registrar types them
	MinAge       int         `json:"min_age"`          // youngest who may join alone; 0 means no limit
	Full         bool        `json:"full,omitempty"`   // signed papers are asked for
	Surety       bool        `json:"surety,omitempty"` // children under SuretyAge are admitted on a surety, one more paper
	Rules        Rules       `json:"rules,omitzero"`   // accepted before the fields
	Fields       []Field     `json:"fields,omitempty"` // what is asked besides, in this order
	Off          []Field     `json:"off,omitempty"`    // what was asked once and may be again, as the library worded it
	Eligibility  Eligibility `json:"eligibility,omitzero"`
	Newcomer     *Newcomer   `json:"newcomer,omitempty"` // who has to take a lesson before the card; nil: nobody
	Wording      Wording     `json:"wording,omitzero"`
}

// Consent is the text that a reader agrees to before giving personal data. The version changes whenever the text does.
type Consent struct {
	Version string          `json:"version"`
	Text    map[Lang]string `json:"text"`
}

// Rules are the library's rules for its readers. The version changes whenever the text does; without a text nobody is asked to accept them.
type Rules struct {
	Version string          `json:"version"`
	Text    map[Lang]string `json:"text"`
}

// SuretyAge is the age in full years from which nobody needs a surety (R5).
const SuretyAge = 14

// NeedsSurety reports whether this person joins on a surety, signed by a parent or guardian.
func (r *Registration) NeedsSurety(p Person) bool {
	return r.Full && r.onSurety(p)
}

func (r *Registration) onSurety(p Person) bool {
	return r.Surety && p.Born.Valid() && Age(p.Born, p.Today) < SuretyAge
}

// Person is who wants to join, as far as it is known.
type Person struct {
	Relation string // self, child, other
	Born     Date
	Today    Date    // in the library's zone
	Answers  Answers // nil: none so far
}

// Answers are what a person has said so far to the library's own questions.
type Answers interface {
	// Answer gives the answer to the field with the key, and whether there is one: a question that was passed over has the empty answer.
	Answer(key string) (value string, given bool)
}

// Given are answers by the key of their field.
type Given map[string]string

// Answer is what Answers want.
func (g Given) Answer(key string) (value string, given bool) {
	value, given = g[key]
	return value, given
}

func (p *Person) answer(key string) (value string, given bool) {
	if p.Answers == nil {
		return "", false
	}
	return p.Answers.Answer(key)
}

// Asked are the fields that are put to this person, in order. One that depends on an answer not yet given is not among them.
func (r *Registration) Asked(p Person) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i := range r.Fields {
			if yes, known := r.holds(r.Fields[i].When, p, i); yes && known && !yield(r.Fields[i]) {
				return
			}
		}
	}
}

// Field is the question with the key, whoever is asked it.
func (r Registration) Field(key string) (Field, bool) {
	for _, f := range r.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Known is the question with the key, asked now, put aside, or shipped: the one by which an answer given before is worded.
func (r Registration) Known(key string) (Field, bool) {
	for _, f := range slices.Concat(r.Fields, r.Off) {
		if f.Key == key {
			return f, true
		}
	}
	return ShippedField(key)
}

// Asks gives the field of the key, if it is put to this person.
func (r *Registration) Asks(key string, p Person) (Field, bool) {
	for i, f := range r.Fields {
		if f.Key == key {
			yes, known := r.holds(f.When, p, i)
			return f, yes && known
		}
	}
	return Field{}, false
}

// Open is the first field put to this person that has no answer yet.
func (r *Registration) Open(p Person) (Field, bool) {
	for i, f := range r.Fields {
		if _, answered := p.answer(f.Key); answered {
			continue
		}
		if yes, known := r.holds(f.When, p, i); yes && known {
			return f, true
		}
	}
	return Field{}, false
}

// keyRelation is the one key of a When that is no field: for whom the registration is.
const keyRelation = "relation"

// answer is the person's answer, and whether it is known already. What this person is not asked has the empty answer. Only the first fields are
// looked at, so that conditions that lead in a circle come to an end.
func (r *Registration) answer(key string, p Person, first int) (value string, known bool) {
	if key == keyRelation {
		return p.Relation, true
	}
	for i, f := range r.Fields[:first] {
		if f.Key != key {
			continue
		}
		asked, known := r.holds(f.When, p, i)
		if !asked || !known {
			return "", known
		}
		return p.answer(key)
	}
	return "", true
}

// holds reports whether the condition is met, and whether that is known already.
func (r *Registration) holds(w When, p Person, first int) (yes, known bool) {
	if w.Under > 0 && p.Born.Valid() && Age(p.Born, p.Today) >= w.Under {
		return false, true
	}
	if w.Key == "" {
		return true, w.Under == 0 || p.Born.Valid()
	}
	value, known := r.answer(w.Key, p, first)
	return known && w.among(value), known
}
