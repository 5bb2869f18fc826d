package flows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"librarian/contacts/library"
	"librarian/templates"
)

// What the narrowest channel takes, in characters: a button of the web chat, a message and a text beside a file of Telegram.
const (
	labelMost   = 60
	messageMost = 4096
	captionMost = 1024
)

// TestScriptsInEveryLanguage plays each script beside itself in each language: the same buttons are pressed, words of command are those of the
// language, everything else is typed as it stands. The path must be the same, and all that is said must be in the language. With
// LIBRARIAN_TRANSCRIPTS=DIR each conversation is written down for people who speak the language: DIR/<language>/<script>.txt.
func TestScriptsInEveryLanguage(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.script")
	if err != nil || len(paths) == 0 {
		t.Fatalf("scripts: %q, %v", paths, err)
	}
	texts, set := conversations(t)
	commands := commandWords(t)
	for _, path := range paths {
		for _, lang := range library.Langs() {
			name := strings.TrimSuffix(filepath.Base(path), ".script")
			t.Run(name+"/"+string(lang), func(t *testing.T) {
				t.Parallel()
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				base := &player{t: t, texts: texts, set: set, reader: reader(), path: path}
				m := &mirror{player: &player{t: t, texts: texts, set: set, reader: reader(), path: path}, base: base, lang: lang, commands: commands[lang]}
				m.reader.Lang = lang
				base.follow = m.give
				base.play(bufio.NewScanner(bytes.NewReader(raw)))
				m.keep(os.Getenv("LIBRARIAN_TRANSCRIPTS"), name)
			})
		}
	}
}

// commandWords are the words of each language for each command.
func commandWords(t *testing.T) map[library.Lang]map[templates.Command][]string {
	t.Helper()
	out := map[library.Lang]map[templates.Command][]string{}
	for _, lang := range library.Langs() {
		lists := map[templates.Command][]string{}
		if _, err := toml.DecodeFile("../templates/words/"+string(lang)+".toml", &lists); err != nil {
			t.Fatal(err)
		}
		out[lang] = lists
	}
	return out
}

// mirror plays in its own language what another player plays.
type mirror struct {
	*player
	base       *player
	lang       library.Lang
	commands   map[templates.Command][]string
	typed      [][2]string // words of command: in the script, and in the language
	own        []string    // what is nobody's text: names, answers, what staff wrote
	transcript strings.Builder
}

// give does what the script had the base do, and compares what came of it.
func (m *mirror) give(who, what string) {
	m.line, m.out = m.base.line, Turn{}
	switch who {
	case "lang":
		_, guessed := strings.CutPrefix(what, "guessed ")
		m.reader.Chosen = !guessed
		return
	case "reader":
		m.own = append(m.own, what, m.base.sent.Text)
		in := m.translated(m.base.sent)
		fmt.Fprintf(&m.transcript, "\nreader> %s\n", m.heard(what, in))
		m.turn(in)
	case "answer":
		raw, err := json.Marshal(answers(m.reader)[what])
		if err != nil {
			m.fatal("%v", err)
		}
		m.own = append(m.own, string(raw))
		m.own = append(m.own, stringsIn(raw)...)
		m.act(who, what)
	default:
		m.own = append(m.own, what)
		if who == "staff" || who == "later" {
			fmt.Fprintf(&m.transcript, "\n(%s: %s)\n", who, what)
		}
		m.act(who, what)
		m.own = slices.AppendSeq(m.own, maps.Values(m.news.Fields))
	}
	m.compare()
	m.said, m.asked = nil, ""
}

// stringsIn are the texts of an answer, such as the title of a book.
func stringsIn(raw []byte) (out []string) {
	for tokens := json.NewDecoder(bytes.NewReader(raw)); ; {
		token, err := tokens.Token()
		if err != nil {
			return out
		}
		if text, ok := token.(string); ok && strings.Contains(text, " ") {
			out = append(out, text)
		}
	}
}

// translated is the input as a reader of the language gives it.
func (m *mirror) translated(in Input) Input {
	cmd, isWord := m.texts.Word(in.Text)
	switch {
	case in.Choice != "" && in.Text != "":
		for _, b := range slices.Concat(m.current, m.old) {
			if b.choice == in.Choice {
				in.Text = b.label
				return in
			}
		}
		m.fatal("%s: no button %s", m.lang, in.Choice)
	case isWord && in.Choice == "" && !strings.HasPrefix(in.Text, "/"):
		word := m.word(cmd, in.Text)
		m.typed = append(m.typed, [2]string{in.Text, word})
		in.Text = word
	}
	return in
}

// word is the word of the language for the command that is most like the one that was typed: the same, or of as many words.
func (m *mirror) word(cmd templates.Command, typed string) string {
	list := m.commands[cmd]
	if slices.Contains(list, typed) {
		return typed
	}
	for _, w := range list {
		if len(strings.Fields(w)) == len(strings.Fields(typed)) {
			return w
		}
	}
	return list[0]
}

// heard is what the reader did, as it is read.
func (m *mirror) heard(what string, in Input) string {
	switch {
	case in.Choice != "" && in.Text != "":
		return "[" + in.Text + "]"
	case strings.HasPrefix(what, "("):
		return what
	}
	return in.Text
}

// compare holds the turn against the base's.
func (m *mirror) compare() {
	got, want := m.out, m.base.out
	for a, b := &got.State, &want.State; a != nil || b != nil; a, b = a.Held, b.Held {
		if a == nil || b == nil || a.Flow != b.Flow || a.Step != b.Step {
			m.fatal("%s: the conversation stands at %+v, in the script at %+v", m.lang, got.State, want.State)
		}
	}
	a, b := asksWhat(got.Ask), asksWhat(want.Ask)
	answer := slices.ContainsFunc(m.typed, func(w [2]string) bool { return a == strings.ReplaceAll(b, w[0], w[1]) }) // somebody may be a librarian by profession
	if a != b && !answer {
		m.fatal("%s: asks %q, in the script %q", m.lang, a, b)
	}
	if !slices.Equal(got.Facts, want.Facts) || len(got.Say) != len(want.Say) {
		m.fatal("%s: counts %v and says %d, in the script %v and %d", m.lang, got.Facts, len(got.Say), want.Facts, len(want.Say))
	}
	for i := range got.Say {
		m.compareSay(got.Say[i], want.Say[i], m.said[i])
	}
}

// asksWhat is the ask without the language of a text that is agreed to.
func asksWhat(a Ask) string {
	if c, ok := a.(GiveConsent); ok {
		c.Lang = ""
		a = c
	}
	if a == nil {
		return ""
	}
	return words(a)
}

func (m *mirror) compareSay(got, want Say, said message) {
	if len(got.Lines) != len(want.Lines) || len(got.Choices) != len(want.Choices) || !slices.Equal(got.Files, want.Files) || got.Example != want.Example {
		m.fatal("%s: says %v, in the script %v", m.lang, got, want)
	}
	for i, l := range got.Lines {
		if l.Key != want.Lines[i].Key {
			m.fatal("%s: says %s, in the script %s", m.lang, l.Key, want.Lines[i].Key)
		}
		m.inLanguage(l.Key, l.Fields)
	}
	most := messageMost
	if len(got.Files) > 0 || got.Example != "" {
		most = captionMost
	}
	if n := utf8.RuneCountInString(said.text); n > most {
		m.t.Errorf("%s:%d: %s: a message of %d characters: %s", m.path, m.line, m.lang, n, said.text)
	}
	fmt.Fprintf(&m.transcript, "\nbot< %s\n", strings.ReplaceAll(said.text, " / ", "\n     "))
	seen := map[string]bool{}
	for i, c := range got.Choices {
		label := strings.ToLower(said.labels[i])
		if c.ID != want.Choices[i].ID || seen[label] || label == "" || utf8.RuneCountInString(label) > labelMost {
			m.t.Errorf("%s:%d: %s: button %q (%s), in the script %s", m.path, m.line, m.lang, label, c.ID, want.Choices[i].ID)
		}
		seen[label] = true
		if c.Key != "" && !strings.HasPrefix(c.Key, "language.") { // each language is called by its own name
			m.inLanguage(c.Key, c.Fields)
		}
	}
	if len(said.labels) > 0 {
		fmt.Fprintf(&m.transcript, "     [%s]\n", strings.Join(said.labels, "] ["))
	}
}

var (
	cyrillic = regexp.MustCompile(`\p{Cyrillic}+`)
	russian  = regexp.MustCompile(`[\p{Cyrillic}'’]*[ыэъёЫЭЪЁ][\p{Cyrillic}'’]*`) // letters that Ukrainian does not have
	sentence = regexp.MustCompile(`\p{Cyrillic}{2,}[^\p{L}]+\p{Cyrillic}{2,}`)
)

// alike are the sentences that two languages really share.
var alike = map[string]bool{
	"uk menu.status": true, "uk fragment.unsure": true, "uk fragment.described": true, "uk fragment.person": true, "uk orders.pick": true, "sah orders.pick": true,
}

// inLanguage holds that the text is in the language in which it is said, but for what is nobody's text.
func (m *mirror) inLanguage(key string, fields templates.Fields) {
	lang, text := m.reader.Lang, m.text(key, fields)
	if lang == library.Russian {
		return
	}
	settings, err := json.Marshal(m.reader.Library.Settings)
	if err != nil {
		m.fatal("%v", err)
	}
	own := strings.ToLower(strings.Join(m.own, "\n") + string(settings))
	foreign := map[library.Lang]*regexp.Regexp{library.English: cyrillic, library.Ukrainian: russian}[lang]
	if foreign != nil {
		for _, word := range foreign.FindAllString(text, -1) {
			if !strings.Contains(own, strings.ToLower(word)) {
				m.t.Errorf("%s:%d: %s says %q: %s", m.path, m.line, lang, word, text)
			}
		}
	}
	m.reader.Lang = library.Russian
	same := m.text(key, fields) == text
	m.reader.Lang = lang
	for _, known := range m.own {
		text = strings.ReplaceAll(text, known, "")
	}
	if same && !alike[string(lang)+" "+key] && sentence.MatchString(text) && !strings.Contains(string(settings), text) {
		m.t.Errorf("%s:%d: %s says %s as Russian does: %s", m.path, m.line, lang, key, text)
	}
}

// keep writes the conversation down for people to read.
func (m *mirror) keep(dir, name string) {
	if dir == "" {
		return
	}
	dir = filepath.Join(dir, string(m.lang))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(strings.TrimSpace(m.transcript.String())+"\n"), 0o600); err != nil {
		m.t.Fatal(err)
	}
}
