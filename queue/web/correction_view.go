package web

import (
	"slices"
	"strings"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// correctionForm is everything in a registration that may be put right.
type correctionForm struct {
	Task   queue.TaskID
	Rows   []correctionRow
	Reason string
	Open   bool // something was wrong with it
}

// correctionRow is one value with what was typed in its place.
type correctionRow struct {
	Key, Label string
	Old        string // as it is stored, for the form to carry
	Text       string // in the field, or beside the choices
	Choices    []choiceOf
	Several    bool
	Other      bool // something else may be written beside the choices
	Problem    string
}

// changeView is a line of the journal.
type changeView struct {
	Label, Old, New string
	Reason, By      string
	At              *moment
}

// given are the values of a registration, and what staff have made of them.
type givenValues struct {
	now     []contacts.Value
	changes []contacts.Change
}

func (v *visit) givenValues(registration int64) (out givenValues, err error) {
	if out.now, err = contacts.Given(v.ctx(), v.Pool, v.lib.ID, registration); err != nil {
		return out, err
	}
	out.changes, err = contacts.ChangesOf(v.ctx(), v.Pool, v.lib.ID, registration)
	return out, err
}

// value is that of the key by now.
func (g givenValues) value(key string) string {
	for _, one := range g.now {
		if one.Key == key {
			return one.Value
		}
	}
	return ""
}

// first is the value of the key as the reader gave it.
func (g givenValues) first(key string) string {
	for _, c := range g.changes {
		if c.Key == key {
			return c.Old
		}
	}
	return g.value(key)
}

// person is the applicant as the library's rules see them, by values of either kind.
func (g givenValues) person(relation string, today library.Date, value func(key string) string) library.Person {
	born, _ := library.ParseDate(value(contacts.KeyBorn))
	said := library.Given{}
	if phone := value(contacts.KeyPhone); phone != "" { // the one question that the address answers too
		said[library.KeyPhone] = phone
	}
	for _, one := range g.now {
		if key, ok := contacts.AnsweredField(one.Key); ok {
			said[key] = value(one.Key)
		}
	}
	return library.Person{Relation: relation, Born: born, Today: today, Answers: said}
}

// fieldOf is the library's question whose answer has the key.
func (v *visit) fieldOf(key string) (library.Field, bool) {
	name, ok := contacts.AnsweredField(key)
	if !ok {
		return library.Field{}, false
	}
	return v.lib.Settings.Registration.Known(name)
}

// valueLabel is what the value of the key is called.
func (v *visit) valueLabel(key string) string {
	switch key {
	case contacts.KeyName:
		return v.t("desk.given_name")
	case contacts.KeyBorn:
		return v.t("desk.given_born")
	case contacts.KeyEmail:
		return v.t("desk.given_email")
	case contacts.KeyPhone:
		return v.t("desk.given_phone")
	}
	if f, ok := v.fieldOf(key); ok {
		return v.Texts.Words(v.lang, f.Name())
	}
	name, _ := contacts.AnsweredField(key) // the library has dropped the question since
	return name
}

// valueText is a stored value in words.
func (v *visit) valueText(key, value string) string {
	if day, ok := library.ParseDate(value); ok && key == contacts.KeyBorn {
		return v.dateOf(day)
	}
	if f, ok := v.fieldOf(key); ok {
		return v.Texts.WordsList(v.lang, f.Say(value))
	}
	return value
}

// changesView is the journal of a registration, with the names of who corrected.
func (v *visit) changesView(changes []contacts.Change) ([]changeView, error) {
	var who []queue.StaffID
	for _, c := range changes {
		who = append(who, queue.StaffID(c.By))
	}
	if len(who) == 0 {
		return nil, nil
	}
	names, err := queue.StaffNames(v.ctx(), v.Pool, who...)
	if err != nil {
		return nil, err
	}
	var out []changeView
	for _, c := range changes {
		out = append(out, changeView{
			v.valueLabel(c.Key), v.valueText(c.Key, c.Old), v.valueText(c.Key, c.New), c.Reason, names[queue.StaffID(c.By)], v.plainly(c.At),
		})
	}
	return out, nil
}

// correctionForm offers every value of the registration, and the questions that are put to this person but were passed over.
func (v *visit) correctionForm(t queue.Task, reg Registration, g givenValues) *correctionForm {
	out := &correctionForm{Task: t.ID}
	for _, key := range v.correctable(reg, g) {
		out.Rows = append(out.Rows, v.correctionRow(key, g.value(key)))
	}
	if v.corrected != nil { // what was typed stays, whatever is wrong with it
		out.Reason, out.Open = v.form("reason"), true
		for i := range out.Rows {
			out.Rows[i].typed(v)
		}
	}
	return out
}

// correctable are the keys of what may be put right, in the order in which they are shown.
func (v *visit) correctable(reg Registration, g givenValues) []string {
	out := []string{contacts.KeyName, contacts.KeyBorn, contacts.KeyEmail, contacts.KeyPhone}
	p := g.person(reg.Relation, v.lib.Today(v.at), g.value)
	for _, f := range v.lib.Settings.Registration.Fields {
		_, given := p.Answers.Answer(f.Key)
		if _, asked := v.lib.Settings.Registration.Asks(f.Key, p); asked || given && g.value(contacts.AnswerKey(f.Key)) != "" {
			out = append(out, contacts.AnswerKey(f.Key))
		}
	}
	return out
}

func (v *visit) correctionRow(key, value string) correctionRow {
	row := correctionRow{Key: key, Label: v.valueLabel(key), Old: value, Text: value}
	f, _ := v.fieldOf(key)
	if day, ok := library.ParseDate(value); ok && (key == contacts.KeyBorn || f.Key == library.KeyDeregistered) {
		row.Text = day.Time(v.zone()).Format("02.01.2006")
	}
	if len(f.Choices) == 0 {
		return row
	}
	ids, other := f.Picked(value)
	row.Several, row.Other, row.Text = f.Several, f.Other || other != "", other
	if !f.Several {
		row.Choices = append(row.Choices, choiceOf{"", "—", len(ids) == 0})
	}
	for _, c := range f.Choices {
		row.Choices = append(row.Choices, choiceOf{c.ID, v.Texts.Words(v.lang, f.ChoiceName(c.ID)), slices.Contains(ids, c.ID)})
	}
	return row
}

// typed puts back what the form has brought, with what is wrong with it.
func (r *correctionRow) typed(v *visit) {
	r.Problem = v.corrected[r.Key]
	if _, came := v.r.PostForm["old."+r.Key]; !came {
		return
	}
	r.Text = v.form("text." + r.Key)
	for i := range r.Choices {
		r.Choices[i].Chosen = slices.Contains(v.r.PostForm["pick."+r.Key], r.Choices[i].Value)
	}
}

// doubts are what the corrections have brought about that the library's rules do not allow, or that needs another paper (R4, R5).
func (v *visit) doubts(reg Registration, g givenValues) []string {
	if len(g.changes) == 0 {
		return nil
	}
	registration, today := v.lib.Settings.Registration, v.lib.Today(v.at)
	before, now := g.person(reg.Relation, today, g.first), g.person(reg.Relation, today, g.value)
	was, is := registration.Judge(before), registration.Judge(now)
	var out []string
	if is.Refused != nil && was.Refused == nil || tooYoung(registration, now) && !tooYoung(registration, before) {
		out = append(out, v.t("desk_correct.not_eligible"))
	}
	if is.NoLending && !was.NoLending {
		out = append(out, v.t("desk_correct.no_lending"))
	}
	if documents := slices.DeleteFunc(is.Documents, func(id string) bool { return slices.Contains(was.Documents, id) }); len(documents) > 0 {
		f, _ := registration.Field(library.KeyDocument)
		out = append(out, v.t("desk_correct.document", "documents", v.Texts.WordsList(v.lang, f.Say(strings.Join(documents, " ")))))
	}
	if registration.NeedsSurety(now) && !registration.NeedsSurety(before) {
		out = append(out, v.t("desk_correct.surety"))
	}
	if registration.NeedsLesson(now) && !registration.NeedsLesson(before) {
		out = append(out, v.t("desk_correct.lesson"))
	}
	return out
}

// tooYoung reports whether the person may not register alone yet.
func tooYoung(registration library.Registration, p library.Person) bool {
	return p.Relation != "child" && p.Born.Valid() && library.Age(p.Born, p.Today) < max(library.SuretyAge, registration.MinAge)
}

// outdated are the values that were corrected since the papers were ordered: they show the old ones.
func (v *visit) outdated(pages []PaperPage, changes []contacts.Change) string {
	var labels []string
	for _, c := range changes {
		label := v.valueLabel(c.Key)
		if len(pages) > 0 && !pages[0].Ordered.IsZero() && c.At.After(pages[0].Ordered) && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return strings.Join(labels, ", ")
}
