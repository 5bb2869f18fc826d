package papers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// Keys of the texts on paper.
const (
	textForm        = "papers_print.form"
	textApplication = "papers_print.application"
	textConsent     = "papers_print.consent"
	textSurety      = "papers_print.surety"

	textMade       = "papers_print.made"
	textTranslated = "papers_print.translated"
	textPage       = "papers_print.page"
	textSign       = "papers_print.sign"
	textSignParent = "papers_print.sign_parent"
	textHint       = "papers_print.hint"
	textDate       = "papers_print.date"

	textName          = "papers_print.name"
	textBorn          = "papers_print.born"
	textContact       = "papers_print.contact"
	textParent        = "papers_print.parent"
	textParentKin     = "papers_print.parent_kin"
	textParentAddress = "papers_print.parent_address"
	textParentContact = "papers_print.parent_contact"

	textFormTrue          = "papers_print.form_true"
	textFormRules         = "papers_print.form_rules"
	textApplicationAsk    = "papers_print.application_ask"
	textApplicationParent = "papers_print.application_parent"
	textApplicationDuty   = "papers_print.application_duty"
	textConsentGive       = "papers_print.consent_give"
	textConsentParent     = "papers_print.consent_parent"
	textConsentVersion    = "papers_print.consent_version"
	textSuretyAsk         = "papers_print.surety_ask"
	textSuretyDuty        = "papers_print.surety_duty"
	textWordingVersion    = "papers_print.wording_version"
)

// said is a text in the language of record and in the reader's; the latter is empty where it would say the same.
type said struct{ record, reader string }

type shape int

const (
	paragraph shape = iota
	field           // a label with its value
	byHand          // a label with a line to write on
)

// block is one thing on a paper, from above.
type block struct {
	shape       shape
	text, value said
}

// paper is what is said on a paper, before it is cut into pages.
type paper struct {
	kind               Kind
	title, made        said
	signer, hint, date said
	blocks             []block
}

// draft writes a paper in both languages. The first error stays.
type draft struct {
	texts          *templates.Texts
	order          Order
	record, reader library.Lang
	paper          paper
	err            error
}

func (p *Press) compose(o Order, kind Kind) (paper, error) {
	d := &draft{texts: p.texts, order: o, record: o.Library.RecordLang(), reader: o.Lang, paper: paper{kind: kind}}
	if !d.reader.Known() {
		d.reader = d.record
	}
	d.paper.made, d.paper.hint, d.paper.date, d.paper.signer = d.say(textMade), d.say(textHint), d.say(textDate), d.say(textSign)
	if o.Relation == "child" || kind == Surety {
		d.paper.signer = d.say(textSignParent)
	}
	switch kind {
	case Form:
		d.form()
	case Application:
		d.application()
	case Consent:
		d.consent()
	case Surety:
		d.surety()
	}
	if o.ownWords(kind) {
		d.paragraph(textWordingVersion)
	}
	if d.reader != d.record {
		d.add(block{text: said{reader: d.say(textTranslated).reader}})
	}
	return d.paper, d.err
}

// say renders the text in both languages.
func (d *draft) say(key string) said {
	text := said{record: d.render(d.record, key)}
	if d.reader != d.record {
		text.reader = d.render(d.reader, key)
	}
	return text.tidy()
}

func (d *draft) render(lang library.Lang, key string) string {
	text, err := d.texts.Render(lang, key, templates.Fields{
		"name": d.order.Name, "library": d.order.Library.Title(lang), "version": d.order.Version, "day": d.order.Day,
		"wording": d.order.Wording.Version,
	})
	if err != nil && d.err == nil {
		d.err = err
	}
	return text
}

// pick takes both languages from what the library or the reader wrote.
func (d *draft) pick(texts map[library.Lang]string) said {
	return said{library.Words{Own: texts}.In(d.record), texts[d.reader]}.tidy()
}

func (s said) tidy() said {
	if s.reader == s.record {
		s.reader = ""
	}
	return s
}

func (d *draft) add(b block)           { d.paper.blocks = append(d.paper.blocks, b) }
func (d *draft) paragraph(key string)  { d.add(block{text: d.say(key)}) }
func (d *draft) writtenIn(key string)  { d.add(block{shape: byHand, text: d.say(key)}) }
func (d *draft) field(label, val said) { d.add(block{shape: field, text: label, value: val}) }

// person says whose paper it is.
func (d *draft) person() {
	o := d.order
	d.field(d.say(textName), said{record: o.Name})
	born := said{}
	if o.Born.Valid() {
		born = said{d.texts.Date(d.record, o.Born), d.texts.Date(d.reader, o.Born)}.tidy()
	}
	d.field(d.say(textBorn), born)
	d.field(d.say(textContact), said{record: o.Contact})
}

// parent is who signs for a child. Their name is not asked for in the chat.
func (d *draft) parent() {
	if d.order.Relation == "child" {
		d.writtenIn(textParent)
	}
}

func (d *draft) form() {
	d.paper.title = d.say(textForm)
	d.person()
	for _, line := range d.order.Answers {
		d.field(d.pick(line.Label), d.pick(line.Value))
	}
	d.parent()
	d.sentence(textFormTrue)
	d.sentence(textFormRules)
}

func (d *draft) application() {
	d.paper.title = d.say(textApplication)
	d.person()
	d.parent()
	if d.order.Relation == "child" {
		d.sentence(textApplicationParent)
	} else {
		d.sentence(textApplicationAsk)
	}
	d.sentence(textApplicationDuty)
}

func (d *draft) consent() {
	d.paper.title = d.say(textConsent)
	d.person()
	d.parent()
	if d.order.Relation == "child" {
		d.sentence(textConsentParent)
	} else {
		d.sentence(textConsentGive)
	}
	text := d.pick(d.order.Consent)
	if text.record == "" && d.err == nil {
		d.err = ErrNoConsent
	}
	d.paragraphs(text)
	d.paragraph(textConsentVersion)
}

func (d *draft) surety() {
	d.paper.title = d.say(textSurety)
	for _, key := range []string{textParent, textParentKin, textParentAddress, textParentContact} {
		d.writtenIn(key)
	}
	d.sentence(textSuretyAsk)
	d.person()
	d.sentence(textSuretyDuty)
}

// paragraphs puts each paragraph's translation under it where there are as many, and else all of it after the text.
func (d *draft) paragraphs(text said) {
	record, reader := lines(text.record), lines(text.reader)
	aligned := len(record) == len(reader)
	for i, p := range record {
		b := block{text: said{record: p}}
		if aligned {
			b.text.reader = reader[i]
		}
		d.add(b)
	}
	if aligned {
		return
	}
	for _, p := range reader {
		d.add(block{text: said{reader: p}})
	}
}

// lines are the lines of a text that say something.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// textHash is the hash of what the paper says in the language of record to any reader.
func (p *Press) textHash(o Order, kind Kind) (string, error) {
	blank, err := p.compose(o.blank(), kind)
	if err != nil {
		return "", fmt.Errorf("wording: %w", err)
	}
	hash := sha256.New()
	say := func(text string) { fmt.Fprintln(hash, text) }
	say(blank.title.record)
	for _, b := range blank.blocks {
		say(b.text.record)
	}
	say(blank.signer.record)
	return hex.EncodeToString(hash.Sum(nil)), nil
}
