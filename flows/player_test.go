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

	"librarian/contacts/library"
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

func (p *player) prepare(who, what string) {
	settings := &p.reader.Library.Settings
	switch who + "> " + what {
	case "library> consent photo":
		settings.Registration.ConsentPhoto = true
	case "library> new consent":
		settings.Registration.Consent.Version += "1"
		for i := range p.reader.People {
			p.reader.People[i].Agreed, p.reader.People[i].ConsentOld = true, true
		}
	case "library> agreed":
		for i := range p.reader.People {
			p.reader.People[i].Agreed = true
		}
	case "library> no mail":
		p.reader.CanMail = false
	case "library> one language":
		settings.Languages = []library.Lang{library.Russian}
	case "library> from age 18":
		settings.Registration.MinAge = 18
	case "library> full registration":
		settings.Registration = fullRegistration(settings.Registration.Consent)
	case "library> rules reworded":
		settings.Registration.Rules.Text = map[library.Lang]string{
			library.Russian: "Новый текст правил.", library.Sakha: "Саҥа быраабыла тиэкиһэ.", library.Ukrainian: "Новий текст правил бібліотеки.", library.English: "New text of the rules.",
		}
	case "library> own words":
		settings.Registration.Eligibility.Rules[0].Why = map[library.Lang]string{library.Russian: "Нам пока нельзя записывать младше 18."}
		settings.Registration.Eligibility.Else = map[library.Lang]string{library.Russian: "Ждём вас в детской библиотеке."}
		settings.Registration.Eligibility.Lending.Why = map[library.Lang]string{library.Russian: "Абонемент для жителей города."}
		settings.Registration.Fields = append(settings.Registration.Fields, library.Field{
			Key: "motto", Label: map[library.Lang]string{library.Russian: "Девиз"}, Ask: map[library.Lang]string{library.Russian: "Ваш девиз?"},
		})
	case "library> surety":
		settings.Registration.Surety = true
		settings.Registration.Fields = []library.Field{{Key: "guardian", Required: true, When: library.When{Under: library.SuretyAge}}}
		settings.Registration.Rules, settings.Registration.Eligibility.Lending = library.Rules{}, library.Lending{}
	case "library> from age 18 without exception":
		settings.Registration.Eligibility.Rules = []library.Rule{{MinAge: 18, Then: library.Refuse}}
	case "library> lesson for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
		settings.Registration.Newcomer.Test = nil
	case "library> lesson or test for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
	case "library> test for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
		settings.Registration.Newcomer.Lessons = nil
	case "library> orders":
		p.reader.May = map[string]bool{KindFragment: true, KindArticle: true}
	case "library> nothing to order":
		p.reader.May = nil
	case "library> fragments alone":
		p.reader.May = map[string]bool{KindFragment: true}
	case "known> asked for order 12":
		p.reader.Slips = []int64{12}
	case "known> asked for orders 12 and 14":
		p.reader.Slips = []int64{12, 14}
	case "known> has orders":
		p.reader.HasOrders = true
	case "library> no fields":
		settings.Registration.Fields = nil
	case "library> no rules to judge by":
		settings.Registration.Eligibility = library.Eligibility{}
	case "channel> own phone":
		p.reader.CanPhone = true
	default:
		switch who {
		case "lang":
			lang, guessed := strings.CutPrefix(what, "guessed ")
			p.reader.Lang, p.reader.Chosen = library.Lang(lang), !guessed
		case "clock":
			at, err := time.ParseInLocation("2006-01-02 15:04", what, p.reader.Library.Zone)
			if err != nil {
				p.fatal("%v", err)
			}
			p.reader.Now = at
		case "known":
			p.know(what)
		default:
			p.fatal("no setting %s", what)
		}
	}
}

func (p *player) know(what string) {
	relation, rest, _ := strings.Cut(what, " ")
	name, state, ok := strings.Cut(rest, ", ")
	if !ok {
		p.fatal("known> relation name, state")
	}
	person := Person{ID: int64(len(p.reader.People) + 1), Registration: int64(len(p.reader.People) + 3), Relation: relation, Name: name, State: state}
	if card, ok := strings.CutPrefix(state, "card "); ok {
		person.State, person.Card, person.Picture = "done", card, "card-"+card
	}
	if lesson, ok := strings.CutPrefix(state, "lesson "); ok {
		person.State, person.Lesson = "accepted", &Lesson{State: lesson}
		if lesson == "booked" {
			*person.Lesson = tuesdayLesson(p.reader)
		}
	}
	p.reader.People = append(p.reader.People, person)
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

func (p *player) staff(what string) {
	act, reason, _ := strings.Cut(what, ": ")
	news := News{Fields: map[string]string{}}
	if n := len(p.reader.People); n > 0 {
		news.Reader = p.reader.People[n-1].ID
	}
	words := strings.Fields(act)
	switch {
	case act == "hands back":
		p.turn(Input{Kind: Resume})
		return
	case act == "answered":
		p.reader.Question = 0
		return
	case act == "accepted":
		news.Kind = NewsAccepted
	case strings.HasPrefix(act, "lesson "):
		news.Kind = "lesson." + words[1]
		news.Fields["at"] = tuesdayLesson(p.reader).At.Format(time.RFC3339)
	case words[0] == "order":
		p.orderNews(&news, words[1], reason)
	case act == "passed on":
		news.Kind, news.Reader = NewsQuestionPassed, 0
		news.Fields["department"], news.Fields["due"] = reason, p.reader.Now.Add(72*time.Hour).Format(time.RFC3339)
	case act == "papers made":
		news.Kind, news.Files = NewsPapers, []string{"form.pdf", "consent.pdf"}
	case act == "sent back":
		news.Kind, news.Fields["pages"] = NewsReturned, reason
	case act == "corrected":
		var all []correction
		for _, one := range strings.Split(reason, "; ") {
			change, why, _ := strings.Cut(one, " because ")
			key, values, _ := strings.Cut(change, " ")
			old, now, ok := strings.Cut(values, " -> ")
			if !ok {
				p.fatal("staff> corrected: key old -> new; key old -> new because why")
			}
			all = append(all, correction{key, strings.Trim(old, "-"), strings.Trim(now, "-")})
			news.Fields["reason"] = why
		}
		changes, err := json.Marshal(all)
		if err != nil {
			p.fatal("%v", err)
		}
		news.Kind, news.Fields["changes"] = NewsCorrected, string(changes)
		if n := len(p.reader.People); n > 0 && all[0].Key == "name" {
			p.reader.People[n-1].Name = all[0].New
		}
	case act == "double":
		news.Kind, news.Fields["name"] = NewsDouble, reason
	case act == "redrawn":
		news.Kind = NewsRedrawn
	case act == "papers arrived":
		news.Kind = NewsArrived
	case act == "refused":
		news.Kind, news.Fields["reason"] = NewsRefused, reason
	case words[0] == "card" && words[1] == "kept":
		news.Kind, news.Fields["number"], news.Files = NewsKept, words[2], []string{"card-" + words[2]}
		if len(words) > 3 {
			news.Secret = "17"
		}
	case words[0] == "card":
		news.Kind, news.Fields["number"], news.Files = NewsCard, words[1], []string{"card-" + words[1]}
		if len(words) > 2 {
			news.Secret = "17"
		}
	default:
		p.fatal("staff do not do %q", what)
	}
	p.news = news
	p.update(news)
	p.turn(Input{Kind: Notice, News: news})
}

// update makes the person what the news says they are.
func (p *player) update(n News) {
	if len(p.reader.People) == 0 {
		return
	}
	person := &p.reader.People[len(p.reader.People)-1]
	switch n.Kind {
	case NewsReturned, NewsRedrawn:
		person.State = "papers"
	case NewsArrived:
		person.State = "sent"
	case NewsAccepted:
		person.State = "accepted"
	case NewsLesson:
		person.State, person.Lesson = "accepted", &Lesson{State: "needed"}
	case NewsLessonOff:
		person.Lesson = &Lesson{State: "needed"}
	case NewsLessonMissed:
		person.Lesson = &Lesson{State: "missed"}
	case NewsLessonCertified:
		person.Lesson = nil
	case NewsRefused:
		person.State = "refused"
	case NewsCard, NewsKept:
		person.State, person.Card = "done", n.Fields["number"]
	}
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
