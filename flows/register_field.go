package flows

import (
	"slices"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// What stands before a field's key, and before a choice of it, in a button.
const (
	choiceField  = "f."
	choiceChange = "change"
	fieldOther   = "other" // instead of the id of a choice: the reader will write
)

// answerRunes bounds a typed answer: more has no room on a form.
const answerRunes = 300

// field is the question that is being asked; none when the library has dropped all that were left.
func (v Vars) field(r *Reader) (library.Field, bool) {
	registration, p := &r.Library.Settings.Registration, v.person(r)
	if f, ok := registration.Asks(v[varField], p); ok {
		return f, true
	}
	return registration.Open(p)
}

func fieldAsk(r *Reader, v Vars, out *Turn) {
	f, ok := v.field(r)
	if !ok {
		out.say("field.done", nil, choice(choiceSkip, "common.next"), backButton())
		return
	}
	question := f.Question()
	if question.Key != "" {
		out.say(question.Key, nil, v.fieldWays(r, f)...)
	} else {
		out.say("field.own_text", templates.Fields{"text": question}, v.fieldWays(r, f)...)
	}
	if f.Several {
		out.line("field.several", nil)
	}
}

// fieldWays are the answers of a list, and the ways on from any question.
func (v Vars) fieldWays(r *Reader, f library.Field) []Choice {
	var ways []Choice
	picked, other := v.picked(f)
	for _, c := range f.Choices {
		way := wordedChoice(choiceID(f, c.ID), f.ChoiceName(c.ID), r.Lang)
		if slices.Contains(picked, c.ID) {
			way = Choice{ID: way.ID, Key: "field.picked", Fields: templates.Fields{"value": f.ChoiceName(c.ID)}}
		}
		ways = append(ways, way)
	}
	switch {
	case other != "":
		ways = append(ways, Choice{ID: choiceID(f, fieldOther), Key: "field.picked", Fields: templates.Fields{"value": other}})
	case f.Other:
		ways = append(ways, choice(choiceID(f, fieldOther), "field.another"))
	}
	if f.Key == library.KeyPhone && r.CanPhone {
		ways = append(ways, Choice{ID: sharePhone, Key: "register.share_phone", Phone: true})
	}
	if len(picked) > 0 || other != "" {
		ways = append(ways, choice(choiceSkip, "common.next"))
	} else if !f.Required {
		ways = append(ways, choice(choiceSkip, "common.skip"))
	}
	ways = append(ways, backButton())
	if fieldLiteral(v, templates.Human) {
		ways = append(ways, choice(choiceHuman, "common.human"))
	}
	return ways
}

// picked are the choices of a list that takes several, as far as they have been made.
func (v Vars) picked(f library.Field) (ids []string, other string) {
	if !f.Several {
		return nil, ""
	}
	return f.Picked(v[varAnswer+f.Key])
}

// wordedChoice is a button with the library's own words or shipped ones.
func wordedChoice(id string, w library.Words, lang library.Lang) Choice {
	if w.Key != "" {
		return choice(id, w.Key)
	}
	return Choice{ID: id, Plain: w.In(lang)}
}

// fieldLiteral: words that call a librarian are professions too.
func fieldLiteral(v Vars, cmd templates.Command) bool {
	return cmd == templates.Human && slices.Contains([]string{"profession", "work", "title"}, v[varField])
}

// fieldPicks: what is near an answer of the list is meant for it, though other words may be written too.
func fieldPicks(r *Reader, v Vars) bool {
	f, ok := v.field(r)
	return ok && len(f.Choices) > 0
}

func fieldTake(r *Reader, v Vars, in Input, out *Turn) Event {
	f, ok := v.field(r)
	if !ok {
		return v.ahead(r)
	}
	v[varField] = f.Key
	if len(f.Choices) == 0 && isNumber(in.Text) && !strings.HasPrefix(in.Choice, choiceField) { // a class, not the number of a button
		in.Choice = ""
	}
	switch in.Choice {
	case choiceBack:
		return fieldBack(r, v)
	case choiceSkip, choiceNo: // there is none, or no more
		return v.skip(r, f, out)
	}
	if len(f.Choices) == 0 && (in.Choice == "" || in.Choice == sharePhone) {
		return v.typed(r, f, in, out)
	}
	return v.chosen(r, f, in, out)
}

func fieldBack(r *Reader, v Vars) Event {
	if v[varEdit] != "" {
		return v.ahead(r)
	}
	return v.before(r, v[varField])
}

// skip passes over a question that may be left open, and ends a list of which several were chosen.
func (v Vars) skip(r *Reader, f library.Field, out *Turn) Event {
	ids, other := v.picked(f)
	switch {
	case len(ids) > 0 || other != "":
		return v.ahead(r)
	case f.Required:
		out.say("field.required", nil)
		fieldAsk(r, v, out)
		out.offer(choice(choiceHuman, "common.human"))
		return ""
	}
	return v.answer(r, f, "", out)
}

// chosen takes an answer from a list, or one written instead.
func (v Vars) chosen(r *Reader, f library.Field, in Input, out *Turn) Event {
	id, mine := strings.CutPrefix(in.Choice, choiceID(f, ""))
	if number := strings.Map(digit, in.Text); in.Choice == "" && f.Has(number) { // "2nd year"
		id, mine = number, true
	}
	ids, other := v.picked(f)
	switch {
	case mine && f.Has(id) && !f.Several:
		return v.answer(r, f, id, out)
	case mine && f.Has(id):
		return v.pick(r, f, toggled(ids, id), other, out)
	case mine && id == fieldOther && other != "": // taken back
		return v.pick(r, f, ids, "", out)
	case mine && id == fieldOther && f.Other:
		out.say("field.another_ask", nil, backButton())
		return ""
	case in.Choice != "" || !f.Other:
		out.say("common.choose", nil)
		fieldAsk(r, v, out)
		return ""
	}
	text, problem := typedText(in.Text)
	switch {
	case problem != "":
		out.say(problem, nil, v.fieldWays(r, f)...)
		return ""
	case f.Several:
		return v.pick(r, f, ids, text, out)
	}
	return v.answer(r, f, f.List(nil, text), out)
}

// pick notes what has been chosen so far, and asks for more.
func (v Vars) pick(r *Reader, f library.Field, ids []string, other string, out *Turn) Event {
	if v[varAnswer+f.Key] = f.List(ids, other); v[varAnswer+f.Key] == "" {
		delete(v, varAnswer+f.Key)
	}
	fieldAsk(r, v, out)
	return ""
}

// toggled are the ids with one more, or without the one that was among them.
func toggled(ids []string, id string) []string {
	if slices.Contains(ids, id) {
		return slices.DeleteFunc(ids, func(have string) bool { return have == id })
	}
	return append(ids, id)
}

// typed takes an answer in the reader's own words.
func (v Vars) typed(r *Reader, f library.Field, in Input, out *Turn) Event {
	var value, problem string
	switch f.Key {
	case library.KeyPhone:
		value, problem = phoneAnswer(r, in)
	case library.KeyDeregistered:
		day, err := r.words.ParseDate(in.Text, r.Today())
		if value = day.String(); err != nil {
			problem = dateProblem(err)
		}
	default:
		value, problem = typedText(in.Text)
	}
	if problem != "" {
		out.say(problem, nil, v.fieldWays(r, f)...)
		return ""
	}
	return v.answer(r, f, value, out)
}

func phoneAnswer(r *Reader, in Input) (value, problem string) {
	text := in.Text
	if in.Phone != "" {
		text = in.Phone
	}
	phone, ok := parsePhone(text, r.Library.Settings.Region)
	switch {
	case ok:
		return phone, ""
	case in.Phone != "": // a country's new numbers, which the channel knows before we do
		return in.Phone, ""
	}
	return "", "field.phone_form"
}

// typedText is the text on one line, or what is wrong with it.
func typedText(text string) (value, problem string) {
	value = strings.Join(strings.Fields(strings.Map(visible, text)), " ")
	switch {
	case !hasWords(value):
		return "", "field.text_form"
	case len([]rune(value)) > answerRunes:
		return "", "field.too_long"
	}
	return value, ""
}

// isNumber reports whether the text is a number of one or two digits, as those of buttons are.
func isNumber(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && len(text) <= 2 && strings.Map(digit, text) == text
}

// answer notes the answer and goes on. A document that is needed because of it is told at once.
func (v Vars) answer(r *Reader, f library.Field, value string, out *Turn) Event {
	registration := &r.Library.Settings.Registration
	p := v.person(r)
	before := registration.Judge(p)
	v[varAnswer+f.Key] = value
	after := registration.Judge(p)
	needed := slices.DeleteFunc(after.Documents, func(id string) bool { return before.Refused == nil && slices.Contains(before.Documents, id) })
	if len(needed) > 0 && after.Refused == nil {
		out.say("field.needed", templates.Fields{"document": documents(r, needed)})
	}
	return v.ahead(r)
}

// documents are the names of documents, by their ids.
func documents(r *Reader, ids []string) []library.Words {
	field, _ := r.Library.Settings.Registration.Field(library.KeyDocument)
	out := make([]library.Words, len(ids))
	for i, id := range ids {
		out[i] = field.ChoiceName(id)
	}
	return out
}

// choiceID is the button of a choice, which names its question too: an old one must not answer another.
func choiceID(f library.Field, id string) string { return choiceField + f.Key + "." + id }
