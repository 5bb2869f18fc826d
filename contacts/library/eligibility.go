package library

import (
	"fmt"
	"slices"
	"time"
)

// Eligibility says who may join, and who may borrow (R4). The zero value admits everybody.
type Eligibility struct {
	Rules   []Rule          `json:"rules,omitempty"`
	Lending Lending         `json:"lending,omitzero"`
	Else    map[Lang]string `json:"else,omitempty"` // what remains possible for who may not join; a shipped text where it is empty
}

// Rule is one condition of joining. It is broken by who is younger than MinAge, or whose day Since is more than MaxDays ago or not given; a rule with
// neither is broken by everybody whom it concerns.
type Rule struct {
	If       []When          `json:"if,omitempty"`       // it concerns those of whom all of these hold
	Unless   []When          `json:"unless,omitempty"`   // but nobody of whom one of these holds
	MinAge   int             `json:"min_age,omitempty"`  // full years
	Since    string          `json:"since,omitempty"`    // key of a field that is a day
	MaxDays  int             `json:"max_days,omitempty"` //
	Then     Then            `json:"then"`
	Document string          `json:"document,omitempty"` // what who breaks it has to show: an id of the field document
	Why      map[Lang]string `json:"why,omitempty"`      // in the library's own words; a shipped text where it is empty
}

// Then is what a broken rule leads to.
type Then string

// What a broken rule leads to.
const (
	Refuse      Then = "refuse"
	AskDocument Then = "document" // one more document has to be shown
)

// Lending says who may take books home.
type Lending struct {
	MinAge   int             `json:"min_age,omitempty"`
	Resident When            `json:"resident,omitzero"` // the answer by which one is a resident; without a key anybody may
	Why      map[Lang]string `json:"why,omitempty"`
}

// Judgement is what the rules say of a person by the answers so far.
type Judgement struct {
	Refused   *Rule    // the first rule by which they may not join; nil: none so far
	Documents []string // ids of the documents that they have to show, beyond those they named
	NoLending bool     // books are not lent home
}

// Judge applies the rules to what is known: a rule about an answer not yet given says nothing. A child who joins on a surety is of no age too low.
func (r *Registration) Judge(p Person) Judgement {
	var out Judgement
	named, _ := p.answer(KeyDocument)
	shown, _ := Field{}.Picked(named)
	for i := range r.Eligibility.Rules {
		rule := &r.Eligibility.Rules[i]
		if !r.broken(rule, p) {
			continue
		}
		switch {
		case rule.Then != AskDocument:
			if out.Refused == nil {
				out.Refused = rule
			}
		case !slices.Contains(shown, rule.Document) && !slices.Contains(out.Documents, rule.Document):
			out.Documents = append(out.Documents, rule.Document)
		}
	}
	l := r.Eligibility.Lending
	resident, known := r.holds(l.Resident, p, len(r.Fields))
	out.NoLending = l.MinAge > 0 && p.Born.Valid() && Age(p.Born, p.Today) < l.MinAge || known && !resident
	return out
}

// broken reports whether the rule is certainly broken.
func (r *Registration) broken(rule *Rule, p Person) bool {
	if rule.MinAge > 0 && (!p.Born.Valid() || Age(p.Born, p.Today) >= rule.MinAge || r.onSurety(p)) {
		return false
	}
	for _, w := range rule.If {
		if yes, known := r.holds(w, p, len(r.Fields)); !yes || !known {
			return false
		}
	}
	for _, w := range rule.Unless {
		if yes, known := r.holds(w, p, len(r.Fields)); yes || !known {
			return false
		}
	}
	if rule.Since == "" {
		return true
	}
	answer, known := r.answer(rule.Since, p, len(r.Fields))
	day, given := ParseDate(answer)
	return known && (!given || days(day, p.Today) > rule.MaxDays)
}

// days is the number of days from one day to a later one.
func days(from, to Date) int {
	return int(to.Time(time.UTC).Sub(from.Time(time.UTC)) / (24 * time.Hour))
}

func (rule Rule) check(seen map[string]Field) error {
	for _, w := range append(slices.Clone(rule.If), rule.Unless...) {
		if err := w.check(seen); err != nil {
			return err
		}
	}
	switch _, asked := seen[rule.Since]; {
	case rule.Since != "" && (!asked || rule.Since != KeyDeregistered):
		return &WhenError{Key: rule.Since}
	case rule.Then == Refuse:
		return nil
	case rule.Then != AskDocument:
		return fmt.Errorf("leads to %q", rule.Then)
	case !seen[KeyDocument].Has(rule.Document):
		return &WhenError{KeyDocument, rule.Document}
	}
	return nil
}
