package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// utterance is one message of a reader, and how each of its answers begins.
type utterance struct {
	text   string
	choice string // the id of a button
	label  string // and what stands on it
	file   []byte
	photo  bool // sent as a picture where the channel tells pictures from documents
	edits  bool // the text takes the place of what was said last
	want   []string
}

// heard is one answer as the reader's side saw it.
type heard struct {
	text   string
	turn   int // the turn that offered the choices
	offers []string
	copies int  // how often it came
	menu   bool // what the menu holds is understood, though it is not listed
}

// mouth is a reader's side of a channel.
type mouth interface {
	say(ctx context.Context, number int, l utterance, hasty bool) (id string, err error) // nil: it is with the provider
	heard() []heard
	await(ctx context.Context, answers int) error
	address() string // as the library knows it
	finish(ctx context.Context) error
}

// reader walks through a script and notes what it said and what has to come back.
type reader struct {
	mouth
	c         *crash
	number    int
	rng       *rand.Rand
	hasty     bool // does not wait for an answer before the next message
	registers bool
	aside     bool // a librarian speaks with them: what they write is kept, and nobody answers here

	ids   []string // of the messages, as the channel names them
	want  []string
	files map[[sha256.Size]byte]bool
	notes []string // what was added to the question, the question first

	adds, agreed, registered int
}

// run goes on from one dialogue to the next until it is over, and then waits for what is still to come.
func (r *reader) run(ctx context.Context, over <-chan struct{}) error {
	var script []utterance
	if len(r.ids) == 0 {
		script = append(r.opening(), r.script(0)...)
	}
	for dialogue := 1; ; dialogue++ {
		for _, l := range script {
			if err := r.tell(ctx, l); err != nil {
				return fmt.Errorf("reader %d, message %d: %w", r.number, len(r.ids), err)
			}
		}
		if err := r.await(ctx, len(r.want)); err != nil {
			return fmt.Errorf("reader %d after %d messages: %w", r.number, len(r.ids), err)
		}
		select {
		case <-over:
			return r.finish(ctx)
		default:
		}
		script = r.script(dialogue)
	}
}

func (r *reader) tell(ctx context.Context, l utterance) error {
	wait := time.Duration(r.rng.Int64N(int64(r.c.pace)))
	if r.aside {
		wait *= 5 // otherwise there would be nothing but them
	}
	pause := time.NewTimer(wait)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if all := r.heard(); l.label != "" && !r.hasty && !all[len(all)-1].menu && !slices.Contains(all[len(all)-1].offers, l.label) {
		return fmt.Errorf("the last answer %q does not offer %q", all[len(all)-1].text, l.label)
	}
	id, err := r.say(ctx, len(r.ids), l, r.hasty)
	if err != nil {
		return err
	}
	r.ids, r.want = append(r.ids, id), append(r.want, l.want...)
	if l.file != nil {
		r.files[sha256.Sum256(l.file)] = true
	}
	if r.hasty {
		return nil
	}
	return r.await(ctx, len(r.want))
}

func (r *reader) opening() []utterance {
	first := utterance{text: "/start"}
	if _, ok := r.mouth.(*webReader); ok {
		first = utterance{choice: "start"}
	}
	first.want = r.c.texts("menu.hello")
	return []utterance{first}
}

func (r *reader) telegram() bool { _, ok := r.mouth.(*telegramReader); return ok }

func (r *reader) whatsapp() bool { _, ok := r.mouth.(*phoneReader); return ok }

func (r *reader) button(id, label string, want ...string) utterance {
	return utterance{choice: id, label: r.c.text(label, nil), want: r.c.texts(want...)}
}

func (r *reader) script(dialogue int) []utterance {
	switch {
	case r.aside:
		return r.remarks()
	case r.registers:
		return r.registration(dialogue)
	case dialogue == 0:
		return r.question()
	}
	return r.additions(2 + r.rng.IntN(3))
}

// question is asked in free words, confirmed, and added to.
func (r *reader) question() []utterance {
	text := fmt.Sprintf("Do you have volume %d of the annals?", r.number)
	r.notes = append(r.notes, text)
	confirm := r.c.text("question.confirm", templates.Fields{"text": text})
	return append([]utterance{
		{text: text, want: []string{confirm}},
		r.button("yes", "question.pass", "question.sent"),
	}, r.additions(2)...)
}

// additions never hold two files in a row: those would be one input, or two, as time allows.
func (r *reader) additions(n int) []utterance {
	var out []utterance
	for i := range n {
		l := utterance{want: r.c.texts("question.added")}
		switch what := r.rng.IntN(10); {
		case what < 3 && i%2 == 1:
			l.file, l.photo = r.picture(), true
		case what < 5 && i%2 == 1:
			l.file = fmt.Appendf(nil, "Reader %d encloses a list, %d.\n", r.number, r.rng.Uint64())
		case what == 9 && r.whatsapp() && i > 0 && out[i-1].text != "":
			l.text, l.edits = fmt.Sprintf("Reader %d writes %d anew.", r.number, r.adds), true
			r.notes = append(r.notes, l.text)
		default:
			l.text = fmt.Sprintf("Reader %d adds %d.", r.number, r.adds)
			r.notes = append(r.notes, l.text)
		}
		r.adds++
		out = append(out, l)
	}
	return out
}

// registration goes to its end, or every third time is given up at the photo; by WhatsApp each time, where there are many messages between two photos as it is.
func (r *reader) registration(dialogue int) []utterance {
	join, whom, relation, of := "menu.register", "register.for_self", "self", ""
	if r.registered > 0 {
		join, whom, relation, of = "menu.register_other", "register.for_other", "other", "_of_other"
	}
	photo := utterance{file: r.picture(), photo: true, want: []string{r.c.text("register.photo_kept", templates.Fields{"count": 1})}}
	r.agreed++
	out := []utterance{
		r.button("register", join, "register.who"),
		r.button(relation, whom, "register.consent"),
		r.button("yes", "register.agree", "register.photo"),
		photo,
	}
	if dialogue%3 == 1 || r.whatsapp() {
		return append(out, utterance{text: "cancel", want: r.c.texts("common.stopped")})
	}
	r.registered++
	contact := "register.contact"
	if r.telegram() {
		contact = "register.contact_share"
	}
	name := "Reader " + letters(r.number) + letters(dialogue)
	return append(out,
		utterance{text: name, want: r.c.texts("register.born" + of)},
		utterance{text: "05.03.1987", want: r.c.texts(contact)},
		utterance{text: "+7 914 123-45-67", want: r.c.texts("register.review")},
		utterance{choice: "yes", label: r.c.text("register.send", nil), want: []string{r.c.text("register.sent", templates.Fields{"name": name})}},
	)
}

// letters write a number as a name can bear it.
func letters(n int) string {
	return strings.Map(func(c rune) rune { return c - '0' + 'a' }, fmt.Sprintf("%03d", n))
}

// sheet is drawn once: what makes each picture another one is the comment that it bears.
var sheet = sync.OnceValues(func() ([]byte, error) {
	const side = 640
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetGray(x, y, color.Gray{Y: uint8(130 + 120*((x/9+y/9)%2))})
		}
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 40})
	return out.Bytes(), err
})

// picture is a JPEG that was never sent before.
func (r *reader) picture() []byte {
	comment := fmt.Appendf(nil, "reader %d, %x", r.number, r.rng.Uint64())
	out := append([]byte(nil), r.c.sheet[:2]...)           // after the mark with which it starts
	out = append(out, 0xff, 0xfe, 0, byte(len(comment)+2)) // the length counts itself
	out = append(out, comment...)
	return append(out, r.c.sheet[2:]...)
}

// text is how the text begins, up to what the time of day makes of it.
func (c *crash) text(key string, fields templates.Fields) string {
	all := templates.Fields{"library": "Demo", "text": "We keep what you tell us."}
	for k, v := range fields {
		all[k] = v
	}
	var both [2]string
	for i := range both {
		all["due"] = time.Date(2000+11*i, time.Month(1+5*i), 1+8*i, 3+10*i, 0, 0, 0, time.UTC)
		said, err := c.words.Render(library.English, key, all)
		if err != nil {
			c.Errorf("text %s: %v", key, err)
		}
		both[i] = said
	}
	n := 0
	for n < min(len(both[0]), len(both[1])) && both[0][n] == both[1][n] {
		n++
	}
	return both[0][:n]
}

func (c *crash) texts(keys ...string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = c.text(k, nil)
	}
	return out
}
