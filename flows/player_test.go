package flows

import (
	"bufio"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"librarian/templates"
)

// player plays one script.
type player struct {
	t      *testing.T
	texts  *templates.Texts
	set    *Set
	reader *Reader
	path   string
	line   int

	state   []byte // as it is stored
	wake    time.Time
	said    []message // not yet matched
	last    message   // matched last
	asked   string    // not yet matched
	ask     Ask       // not yet answered
	facts   []Fact    // since the last input
	current []button
	old     []button

	sent   Input                  // the reader's latest
	news   News                   // likewise of staff
	out    Turn                   // the latest
	follow func(who, what string) // is told of each line that was given, when it was played; may be nil
}

// message is a Say as the reader sees it.
type message struct {
	text   string
	labels []string
}

type button struct {
	label  string
	choice string
}

func (p *player) fatal(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s:%d: %s", p.path, p.line, fmt.Sprintf(format, args...))
}

func (p *player) play(lines *bufio.Scanner) {
	for lines.Scan() {
		p.line++
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		who, what, ok := strings.Cut(text, "> ")
		expects := false
		if w, rest, less := strings.Cut(text, "< "); less && (!ok || len(w) < len(who)) {
			who, what, ok, expects = w, rest, true, true
		}
		if !ok {
			p.fatal("no line of a script")
		}
		what = strings.TrimSpace(what)
		if expects {
			p.expect(who, what)
		} else {
			p.give(who, what)
		}
	}
	p.settled()
	if p.line == 0 || lines.Err() != nil {
		p.fatal("an empty script, or %v", lines.Err())
	}
}

// settled fails when something was said or asked for that the script does not mention.
func (p *player) settled() {
	if len(p.said) > 0 || p.asked != "" {
		p.fatal("the script does not have: bot< %q, ask< %q", p.said, p.asked)
	}
}

func (p *player) expect(who, what string) {
	switch who {
	case "bot":
		if strings.HasPrefix(what, "[") {
			if got := "[" + strings.Join(p.last.labels, "] [") + "]"; got != what {
				p.fatal("buttons %s, want %s", got, what)
			}
			return
		}
		if len(p.said) == 0 {
			p.fatal("nothing was said; want %q", what)
		}
		p.last, p.said = p.said[0], p.said[1:]
		start, open := strings.CutSuffix(what, "…")
		if p.last.text != what && (!open || !strings.HasPrefix(p.last.text, start)) {
			p.fatal("bot< %s\nwant %s", p.last.text, what)
		}
	case "ask":
		if p.asked != what {
			p.fatal("ask< %s\nwant %s", p.asked, what)
		}
		p.asked = ""
	case "fact":
		if !slices.ContainsFunc(p.facts, func(f Fact) bool { return f.Kind == what }) {
			p.fatal("facts %v, want %s", p.facts, what)
		}
	default:
		p.fatal("nobody is called %s", who)
	}
}

func (p *player) give(who, what string) {
	p.settled()
	p.act(who, what)
	if p.follow != nil {
		p.follow(who, what)
	}
}

func (p *player) act(who, what string) {
	p.out = Turn{}
	if p.ask != nil && who != "answer" {
		p.fatal("the ask waits for its answer")
	}
	switch who {
	case "lang", "library", "channel", "clock", "known":
		p.prepare(who, what)
	case "reader":
		p.sent = p.message(what)
		p.turn(p.sent)
	case "staff":
		p.staff(what)
	case "answer":
		answer, ok := answers(p.reader)[what]
		if p.ask == nil || !ok {
			p.fatal("no answer %q, or nothing was asked", what)
		}
		p.note(answer)
		p.turn(Input{Kind: Reply, Answer: answer})
	case "later":
		d, err := time.ParseDuration(strings.NewReplacer(" hours", "h", " minutes", "m").Replace(what))
		if err != nil {
			p.fatal("%v", err)
		}
		p.reader.Now = p.reader.Now.Add(d)
		if d > 12*time.Hour { // as the runner counts them
			p.reader.Dialogue++
		}
		if !p.wake.IsZero() && !p.wake.After(p.reader.Now) {
			p.turn(Input{Kind: Timeout})
		}
	default:
		p.fatal("nobody is called %s", who)
	}
}

// message is what the reader sends.
func (p *player) message(what string) Input {
	in := Input{Kind: Message}
	switch {
	case strings.HasPrefix(what, "["):
		label := strings.Trim(what, "[]")
		for i, offered := range [][]button{p.current, p.old} {
			for _, b := range offered {
				if b.label == label {
					in.Choice, in.Text, in.Stale = b.choice, label, i == 1
					return in
				}
			}
		}
		p.fatal("nobody offered [%s]", label)
	case what == "(opens)":
		in.Choice = ChoiceStart
	case strings.HasPrefix(what, "(own phone "):
		in.Phone = strings.TrimSuffix(strings.TrimPrefix(what, "(own phone "), ")")
	case strings.HasPrefix(what, "(pastes "):
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(what, "(pastes "), " letters)"))
		if err != nil {
			p.fatal("%v", err)
		}
		in.Text = strings.Repeat("ы", n)
	case strings.HasPrefix(what, "("):
		list, text, _ := strings.Cut(strings.TrimPrefix(what, "("), ")")
		in.Text = strings.TrimSpace(text)
		for i, f := range strings.Split(list, ", ") {
			kind, problem, _ := strings.Cut(f, " ")
			if kind == "photo" {
				kind = "image"
			}
			sheet := Sheet{Number: 1}
			if code, ok := strings.CutPrefix(problem, "of "); ok {
				sheet.Code, problem = code, ""
			}
			sheet.Problem = problem
			found := Finding{File: fmt.Sprintf("f%d-%d", p.line, i), Kind: kind, Problem: problem}
			if problem == "unsupported" || problem == problemVoice { // what a messenger can send, by its name
				found.Name = kind
			}
			if kind == "image" || kind == "pdf" {
				found.Sheets = []Sheet{sheet}
			}
			in.Files = append(in.Files, found)
		}
	default:
		in.Text = what
	}
	return in
}

// turn advances the conversation by one input and checks what holds for every turn.
func (p *player) turn(in Input) {
	var before State
	if p.state != nil {
		if err := json.Unmarshal(p.state, &before); err != nil {
			p.fatal("%v", err)
		}
	}
	in.At = p.reader.Now
	out, err := p.set.Advance(before, p.reader, in)
	if err != nil {
		p.fatal("%v", err)
	}
	for i := range p.reader.People { // as the library numbers them
		p.reader.People[i].ID = int64(i + 1)
	}
	if p.state, err = json.Marshal(out.State); err != nil {
		p.fatal("%v", err)
	}
	if in.Kind == Notice && !reflect.DeepEqual(out.State, before.copy()) && before.Flow != "" {
		p.fatal("news moved the conversation from %v to %v", before, out.State)
	}
	p.out = out
	p.wake, p.ask, p.facts = out.WakeAt, out.Ask, append(p.facts, out.Facts...)
	if in.Kind != Reply {
		p.facts = out.Facts
	}
	if out.Ask != nil {
		p.asked = words(out.Ask)
	}
	p.hear(in, out)
	if in.Kind != Notice && len(out.Say) > 0 {
		p.reader.First = false
	}
}

// hear takes in what was said.
func (p *player) hear(in Input, out Turn) {
	var offered []button
	for i, say := range out.Say {
		m := message{text: p.render(say)}
		for _, c := range say.Choices {
			label := c.Plain
			if label == "" {
				label = p.text(c.Key, c.Fields)
			}
			m.labels = append(m.labels, label)
			offered = append(offered, button{label, c.ID})
		}
		if i == len(out.Say)-1 && out.Ask == nil && len(m.labels) == 0 {
			p.fatal("no way on from %q", m.text)
		}
		if say.Notice != (in.Kind == Notice) || say.Remind != (in.Kind == Timeout) {
			p.fatal("%q: notice %v, reminder %v", m.text, say.Notice, say.Remind)
		}
		p.said = append(p.said, m)
	}
	switch {
	case in.Kind == Notice:
		p.current = append(offered, p.current...)
	case len(offered) > 0:
		p.current, p.old = offered, append(p.current, p.old...)
	}
}

func (p *player) render(say Say) string {
	var lines []string
	for _, l := range say.Lines {
		text := p.text(l.Key, l.Fields)
		if say.Secret != "" {
			text = strings.ReplaceAll(text, secretMark, "(secret "+say.Secret+")")
		}
		if strings.ContainsAny(text, "{}") {
			p.fatal("a brace in %q", text)
		}
		lines = append(lines, strings.Split(text, "\n")...)
	}
	if say.Example != "" {
		lines = append(lines, "(example "+say.Example+")")
	}
	for _, f := range say.Files {
		lines = append(lines, "(file "+f+")")
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	return strings.Join(lines, " / ")
}

func (p *player) text(key string, fields templates.Fields) string {
	local := templates.Fields{}
	for k, v := range fields {
		if at, ok := v.(time.Time); ok {
			v = at.In(p.reader.Library.Zone)
		}
		local[k] = v
	}
	text, err := p.texts.Render(p.reader.Lang, key, local)
	if err != nil {
		p.fatal("%v", err)
	}
	return text
}
