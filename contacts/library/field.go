package library

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Field is one question that the library asks of those who join, beyond name, birth and address. The texts of known keys are shipped; a library may
// give its own for these, and must for keys of its own.
type Field struct {
	Key      string          `json:"key"`
	Required bool            `json:"required,omitempty"` // cannot be passed over
	Choices  []Choice        `json:"choices,omitempty"`  // the answer is one of these; empty: any text
	Gone     []Choice        `json:"gone,omitempty"`     // offered no more; answers given before still have their words
	Several  bool            `json:"several,omitempty"`  // one or more of the choices
	Other    bool            `json:"other,omitempty"`    // besides the choices any text will do
	When     When            `json:"when,omitzero"`      // asked of these alone
	Label    map[Lang]string `json:"label,omitempty"`
	Ask      map[Lang]string `json:"ask,omitempty"`
}

// Choice is one answer of a list.
type Choice struct {
	ID    string          `json:"id"`
	Label map[Lang]string `json:"label,omitempty"`
}

// When says of whom something holds: those whose answer to Key is one of Is (any answer where Is is empty), and who are younger than Under. The zero
// value holds of everybody. Key is an earlier field, or "relation": self, child, other.
type When struct {
	Key   string   `json:"key,omitempty"`
	Is    []string `json:"is,omitempty"`
	Under int      `json:"under,omitempty"` // full years; 0: of any age
}

// The keys of fields whose answers are read as something else than words.
const (
	KeyPhone        = "phone"        // with + and the country's code
	KeyDeregistered = "deregistered" // the day when the registration of residence ended, YYYY-MM-DD
	KeyDocument     = "document"     // what is shown in the library; its choices are the documents that a rule may ask for
)

// Words are words for a field: a shipped text, or the library's own, or what the reader wrote, or a day.
type Words struct {
	Key   string          // of a shipped text
	Own   map[Lang]string // in some of the languages at least
	Plain string          // the same in every language
	Day   Date
}

// In is the own or plain text in the language, or in another in which there is one.
func (w Words) In(lang Lang) string {
	if text := w.Own[lang]; text != "" {
		return text
	}
	for _, l := range Langs() {
		if text := w.Own[l]; text != "" {
			return text
		}
	}
	return w.Plain
}

// Name is what the answer is called on forms and in lists.
func (f Field) Name() Words { return worded(f.Label, "field."+f.Key, f.Key) }

// Question is how the reader is asked for it.
func (f Field) Question() Words { return worded(f.Ask, "field."+f.Key+"_ask", f.Key) }

// ChoiceName is what the choice is called. One without any text, such as the number of a year, is called by its id.
func (f Field) ChoiceName(id string) Words {
	for _, c := range slices.Concat(f.Choices, f.Gone) {
		if c.ID == id {
			return worded(c.Label, "field."+f.Key+"_"+id, id)
		}
	}
	return worded(nil, "field."+f.Key+"_"+id, id)
}

func worded(own map[Lang]string, key, plain string) Words {
	switch {
	case len(own) > 0:
		return Words{Own: own}
	case shippedTexts[key]:
		return Words{Key: key}
	}
	return Words{Plain: plain}
}

// otherMark stands before the text that a reader wrote instead of choosing; it is always the last of an answer.
const otherMark = "other:"

// List is the answer that the ids, and the text if there is one, make.
func (f Field) List(ids []string, other string) string {
	answer := strings.Join(ids, " ")
	if other != "" {
		answer = strings.TrimSpace(answer + " " + otherMark + other)
	}
	return answer
}

// Picked are the ids of an answer from a list, and the text written instead of one.
func (f Field) Picked(answer string) (ids []string, other string) {
	before, other, _ := strings.Cut(answer, otherMark)
	return strings.Fields(before), other
}

// Has reports whether the id is one of the choices.
func (f Field) Has(id string) bool {
	return slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.ID == id })
}

// Say is an answer as stored, in words; none for an empty one.
func (f Field) Say(answer string) []Words {
	if answer == "" {
		return nil
	}
	ids, other := f.Picked(answer)
	if !slices.ContainsFunc(ids, f.words) && (other == "" || len(f.Choices)+len(f.Gone) == 0) { // written, not chosen
		if day, ok := ParseDate(answer); ok && f.Key == KeyDeregistered {
			return []Words{{Day: day}}
		}
		return []Words{{Plain: answer}}
	}
	var out []Words
	for _, id := range ids {
		out = append(out, f.ChoiceName(id))
	}
	if other != "" {
		out = append(out, Words{Plain: other})
	}
	return out
}

// words reports whether there is a choice of the id, or was one.
func (f Field) words(id string) bool {
	of := func(c Choice) bool { return c.ID == id }
	return f.Has(id) || slices.ContainsFunc(f.Gone, of) || id != "ask" && shippedTexts["field."+f.Key+"_"+id]
}

// among reports whether the answer is one that the condition names.
func (w When) among(answer string) bool {
	if answer == "" || len(w.Is) == 0 {
		return answer != ""
	}
	before, _, _ := strings.Cut(answer, otherMark)
	for id := range strings.FieldsSeq(before) {
		if slices.Contains(w.Is, id) {
			return true
		}
	}
	return false
}

// nameBytes bounds keys and ids: both travel in a button, which Telegram limits to 64 bytes.
const nameBytes = 20

var (
	errName  = errors.New("must be made of 1 to 20 small Latin letters, digits and underscores")
	errTaken = errors.New("key is taken")
)

// FieldError says which question cannot be as it is.
type FieldError struct {
	Key string
	Err error
}

func (e *FieldError) Error() string { return fmt.Sprintf("field %q: %v", e.Key, e.Err) }

// Unwrap gives what is wrong with it.
func (e *FieldError) Unwrap() error { return e.Err }

// RuleError says which rule cannot be as it is.
type RuleError struct {
	Rule int // its place, from 0; below 0: the rule of lending
	Err  error
}

func (e *RuleError) Error() string {
	if e.Rule < 0 {
		return fmt.Sprintf("lending: %v", e.Err)
	}
	return fmt.Sprintf("rule %d: %v", e.Rule+1, e.Err)
}

// Unwrap gives what is wrong with it.
func (e *RuleError) Unwrap() error { return e.Err }

// WhenError is a condition on a question that is not asked before, or on an answer that it has not.
type WhenError struct {
	Key    string
	Answer string // empty: the question itself is not asked before
}

func (e *WhenError) Error() string {
	if e.Answer == "" {
		return fmt.Sprintf("depends on %q, which is not asked before", e.Key)
	}
	return fmt.Sprintf("depends on %q, which is no answer to %q", e.Answer, e.Key)
}

// Check reports the first fault of the questions and rules: a key given twice, a condition that looks ahead, a document that is not on the list. What is
// wrong with a question is a FieldError, with a rule a RuleError.
func (r Registration) Check() error {
	seen := map[string]Field{}
	for _, f := range r.Fields {
		if err := f.check(seen); err != nil {
			return &FieldError{f.Key, err}
		}
		seen[f.Key] = f
	}
	for _, f := range r.Off {
		if _, twice := seen[f.Key]; twice {
			return &FieldError{f.Key, errTaken}
		}
	}
	for i, rule := range r.Eligibility.Rules {
		if err := rule.check(seen); err != nil {
			return &RuleError{i, err}
		}
	}
	if err := r.Eligibility.Lending.Resident.check(seen); err != nil {
		return &RuleError{-1, err}
	}
	if len(r.Rules.Text) > 0 && r.Rules.Version == "" {
		return errors.New("rules without a version")
	}
	if r.Newcomer != nil {
		if err := r.Newcomer.check(seen); err != nil {
			return fmt.Errorf("newcomer: %w", err)
		}
	}
	return r.Wording.check()
}

func (f Field) check(seen map[string]Field) error {
	_, twice := seen[f.Key]
	switch {
	case !isName(f.Key):
		return fmt.Errorf("key %w", errName)
	case twice || slices.Contains([]string{keyRelation, "rules", "name", "born", "contact"}, f.Key):
		return errTaken
	case f.Name().Plain != "" || f.Question().Plain != "":
		return errors.New("neither shipped nor own texts")
	case len(f.Choices) == 0 && (f.Several || f.Other):
		return errors.New("several or other without choices")
	}
	ids := map[string]bool{}
	for _, c := range slices.Concat(f.Choices, f.Gone) {
		if !isName(c.ID) || ids[c.ID] || c.ID == "other" || c.ID == "ask" {
			return fmt.Errorf("choice %q is taken, or: it %w", c.ID, errName)
		}
		ids[c.ID] = true
	}
	return f.When.check(seen)
}

func (w When) check(seen map[string]Field) error {
	if w.Key == "" || w.Key == keyRelation {
		return nil
	}
	f, ok := seen[w.Key]
	if !ok {
		return &WhenError{Key: w.Key}
	}
	for _, id := range w.Is {
		if !f.Has(id) {
			return &WhenError{w.Key, id}
		}
	}
	return nil
}

func isName(s string) bool {
	return s != "" && len(s) <= nameBytes && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
