package flows

import (
	"librarian/contacts/library"
)

// person is the applicant as the library's rules see them.
func (v Vars) person(r *Reader) library.Person {
	born, _ := v.born() // not valid before it is answered
	return library.Person{Relation: v[varRelation], Born: born, Today: r.Today(), Answers: v}
}

// Answer is what was said to the library's question with the key.
func (v Vars) Answer(key string) (value string, given bool) {
	value, given = v[varAnswer+key]
	if !given && key == library.KeyPhone { // the one question that the address answers too
		value = v[varPhone]
		given = value != ""
	}
	return value, given
}

// answered goes on after an answer: by the event, or to what is left when a single answer was changed. Who may not join is told at once.
func (v Vars) answered(r *Reader, event Event) Event {
	if v[varEdit] == "" && v.refused(r) != nil {
		delete(v, varField)
		return toDenied
	}
	return v.next(r, event)
}

// refused is the rule by which the person may not join; nil: none so far.
func (v Vars) refused(r *Reader) *library.Rule {
	return r.Library.Settings.Registration.Judge(v.person(r)).Refused
}

// ahead goes to the first thing that is not answered yet, or to the review when there is none.
func (v Vars) ahead(r *Reader) Event {
	delete(v, varEdit)
	registration, p := &r.Library.Settings.Registration, v.person(r)
	if registration.Judge(p).Refused != nil {
		return toDenied
	}
	if v[varEmail] == "" && v[varPhone] == "" {
		return toContact
	}
	if !v.accepted(r) {
		return toRules
	}
	if f, ok := registration.Open(p); ok {
		v[varField] = f.Key
		return toField
	}
	delete(v, varField)
	return toReview
}

// before goes back to the last question that stands before the field, or to what comes before all of them.
func (v Vars) before(r *Reader, key string) Event {
	last := ""
	for f := range r.Library.Settings.Registration.Asked(v.person(r)) {
		if f.Key == key {
			break
		}
		if f.Key != library.KeyPhone || v[varPhone] == "" {
			last = f.Key
		}
	}
	if last != "" {
		v[varField] = last
		return toField
	}
	delete(v, varField)
	if _, ok := rulesText(r); ok {
		return toRules
	}
	return toContact
}

// answers are what was answered to the library's questions, as it is handed in.
func (v Vars) answers(r *Reader) []Answered {
	var out []Answered
	for f := range r.Library.Settings.Registration.Asked(v.person(r)) {
		if value := v[varAnswer+f.Key]; value != "" {
			out = append(out, Answered{Key: f.Key, Value: value})
		}
	}
	return out
}
