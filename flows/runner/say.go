package runner

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"librarian/bots"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/templates"
)

// offersKept bounds how many turns' buttons stand at the same time.
const offersKept = 4

// messages words what the turn says, takes numbers for it, and brings the conversation's state up to date.
func (r *Runner) messages(t *turn) ([]bots.Message, error) {
	t.turn++
	t.stored.State = t.out.State
	if t.input.Kind == flows.Resume && t.out.WakeAt.IsZero() && !t.out.State.Reminded {
		t.say = nil // nothing is unfinished: who only talked to a person is not sent the menu
	}
	var out []bots.Message
	var choices, words []offered
	open := false // the latest message may be gone on with
	for _, say := range t.say {
		bodies, given, err := r.bodies(t, say, len(choices))
		if err != nil {
			return nil, err
		}
		choices, words = append(choices, given.numbered...), append(words, given.unnumbered()...)
		for _, b := range bodies {
			b.Send = t.input.News.Send()
			m := bots.Message{
				Library: t.libID, Conversation: t.id, Seq: t.nextOut, Channel: bots.ChannelID(t.party.Channel), Kind: outKind(say), Epoch: t.epoch, Body: b,
			}
			if strings.Contains(b.Text, bots.SecretMark) {
				m.Secret = say.Secret
			}
			if open && goesOn(&out[len(out)-1], &m, t.limits) {
				continue
			}
			t.nextOut++
			out = append(out, m)
			open = t.kind == bots.Email || len(b.Files) == 0
		}
		open = open && (t.kind == bots.Email || len(say.Choices) == 0)
	}
	t.keepOffers(append(choices, words...))
	return out, nil
}

// goesOn adds the second message to the first where one can say both: nobody wants to be called to the phone for each sentence.
func goesOn(first, second *bots.Message, l bots.Limits) bool {
	a, b := &first.Body, second.Body
	most := l.Text
	if len(b.Files) > 0 {
		most = min(most, l.Caption)
	}
	text := strings.TrimSpace(a.Text + "\n\n" + b.Text)
	if first.Kind != second.Kind || first.Secret+second.Secret != "" || len(a.Files)+len(b.Files) > l.Files || utf8.RuneCountInString(text) > most {
		return false
	}
	a.Text, a.Files, a.Choices = text, append(a.Files, b.Files...), b.Choices
	return true
}

func outKind(say flows.Say) bots.OutKind {
	switch {
	case say.Notice:
		return bots.OutNotice
	case say.Remind:
		return bots.OutReminder
	}
	return bots.OutBot
}

// keepOffers notes what may be chosen now. A message answers what was asked; anything else leaves it standing.
func (t *turn) keepOffers(choices []offered) {
	if t.input.Kind == flows.Message {
		t.stored.Offers = nil
	}
	if len(choices) > 0 {
		t.stored.Offers = append(t.stored.Offers, offer{t.turn, choices})
	}
	if n := len(t.stored.Offers); n > offersKept {
		t.stored.Offers = t.stored.Offers[n-offersKept:]
	}
}

// bodies are the provider's messages that one thing said becomes on the turn's channel. So many choices of the turn stand before it.
func (r *Runner) bodies(t *turn, say flows.Say, before int) ([]bots.Body, given, error) {
	var lines []string
	for _, l := range say.Lines {
		text, err := r.text(t.lib, t.lang, l.Key, l.Fields)
		if err != nil {
			return nil, given{}, err
		}
		lines = append(lines, text)
	}
	body := bots.Body{Lang: t.lang, Text: strings.Join(lines, "\n"), Turn: t.turn, Files: append(r.exampleFile(t, say.Example), say.Files...)}
	choices, offers, err := r.choices(t, say)
	if err != nil {
		return nil, given{}, err
	}
	if t.limits.Buttons {
		body.Choices = choices
		return split(body, t.limits), given{numbered: offers}, nil
	}
	g := r.divide(offers)
	if body.Text, err = r.listed(t, body.Text, g, before); err != nil {
		return nil, given{}, err
	}
	return split(body, t.limits), g, nil
}

// choices are the ways on that the channel can show.
func (r *Runner) choices(t *turn, say flows.Say) (shown []bots.Choice, offers []offered, err error) {
	for _, c := range say.Choices {
		if c.Phone && !t.limits.Phone {
			continue
		}
		label, err := r.label(t, c)
		if err != nil {
			return nil, nil, err
		}
		shown = append(shown, bots.Choice{ID: c.ID, Label: label, Phone: c.Phone, URL: c.URL})
		offers = append(offers, offered{ID: c.ID, Label: label, Phone: c.Phone, menu: c.Menu})
	}
	return shown, offers, nil
}

func (r *Runner) label(t *turn, c flows.Choice) (string, error) {
	label := c.Plain
	if label == "" {
		var err error
		if label, err = r.text(t.lib, t.lang, c.Key, c.Fields); err != nil {
			return "", err
		}
	}
	if runes := []rune(label); len(runes) > t.limits.Label && t.limits.Label > 1 {
		label = string(runes[:t.limits.Label-1]) + "…"
	}
	return label, nil
}

// text words a key. A text that is missing in one language is said in another and noted: the reader must not be left without an answer.
func (r *Runner) text(lib library.Library, lang library.Lang, key string, fields templates.Fields) (string, error) {
	local := make(templates.Fields, len(fields))
	for k, v := range fields {
		if at, ok := v.(time.Time); ok {
			v = at.In(lib.Zone)
		}
		local[k] = v
	}
	text, err := r.Texts.Render(lang, key, local)
	if err == nil {
		return text, nil
	}
	if text == "" || !errors.Is(err, templates.ErrNoText) && !errors.Is(err, templates.ErrNoField) {
		return "", fmt.Errorf("text %s: %w", key, err)
	}
	r.Log.Error("text is incomplete", "key", key, "lang", lang, "err", err)
	return text, nil
}

// split makes messages that the channel can carry. The choices stand under the last one; files go with the text if there is room.
func split(b bots.Body, l bots.Limits) []bots.Body {
	var out []bots.Body
	texts := cut(b.Text, l.Text)
	for _, text := range texts {
		out = append(out, bots.Body{Lang: b.Lang, Subject: b.Subject, Text: text, Turn: b.Turn})
	}
	files := b.Files
	if len(texts) == 1 && len([]rune(b.Text)) <= l.Caption && len(files) > 0 {
		n := min(len(files), max(l.Files, 1))
		out[0].Files, files = files[:n], files[n:]
	}
	for len(files) > 0 {
		n := min(len(files), max(l.Files, 1))
		out = append(out, bots.Body{Lang: b.Lang, Subject: b.Subject, Turn: b.Turn, Files: files[:n]})
		files = files[n:]
	}
	out[len(out)-1].Choices = b.Choices
	return out
}

// cut divides a text into pieces of at most most runes, at the end of a line or a word where there is one.
func cut(text string, most int) []string {
	runes := []rune(text)
	if most <= 0 || len(runes) <= most {
		return []string{text}
	}
	var out []string
	for len(runes) > most {
		at := most
		for i := most; i > most/2; i-- {
			if runes[i] == '\n' || runes[i] == ' ' && at == most {
				at = i
				if runes[i] == '\n' {
					break
				}
			}
		}
		out = append(out, strings.TrimSpace(string(runes[:at])))
		runes = runes[at:]
	}
	return append(out, strings.TrimSpace(string(runes)))
}

// ledger are the turn's facts.
func (t *turn) ledger() []ledger.Fact {
	var out []ledger.Fact
	for _, f := range t.facts {
		fact := ledger.Fact{Library: t.libID, At: t.now, Day: t.lib.Today(t.now), Kind: f.Kind, Channel: string(t.kind)}
		if f.Once != "" {
			fact.Once = fmt.Sprintf("%s:%d:%d", f.Once, t.id, t.dial)
		}
		out = append(out, fact)
	}
	return out
}
