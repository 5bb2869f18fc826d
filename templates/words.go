package templates

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"librarian/contacts/library"
)

// Command is what a reader may ask for at any moment by a single word, in any language.
type Command string

// The commands; their words are in words/<lang>.toml.
const (
	Hello    Command = "hello" // a greeting and nothing else
	Cancel   Command = "cancel"
	Back     Command = "back"
	Restart  Command = "restart"
	Human    Command = "human" // a librarian, not the bot
	Help     Command = "help"
	Menu     Command = "menu"
	Yes      Command = "yes"
	No       Command = "no"
	Language Command = "language"
	Skip     Command = "skip"
	Card     Command = "card"     // the reader's own card
	Withdraw Command = "withdraw" // the consent to the use of personal data
)

// Commands are all commands.
func Commands() []Command {
	return []Command{Hello, Cancel, Back, Restart, Human, Help, Menu, Yes, No, Language, Skip, Card, Withdraw}
}

// wordLimit is the length in bytes above which a message is not looked at: no command is near as long.
const wordLimit = 200

// Word is the command that the whole message is, whatever its language; part of a sentence never is one. Case, punctuation and pictures
// around it, ё for е and Sakha letters typed on a Russian keyboard (о for ө) make no difference. Of /cancel@some_bot the name is dropped;
// /start with something after it is no word.
func (t *Texts) Word(text string) (Command, bool) {
	if len(text) > wordLimit {
		return "", false
	}
	c, ok := t.words[bare(text)]
	return c, ok
}

func (t *Texts) loadWords(files fs.FS, lang library.Lang) error {
	path := "words/" + string(lang) + ".toml"
	lists := map[Command][]string{}
	if err := decode(files, path, &lists); err != nil {
		return err
	}
	for _, c := range Commands() {
		if len(lists[c]) == 0 {
			return fmt.Errorf("load %s: no words for %s", path, c)
		}
		for _, written := range lists[c] {
			word := bare(written)
			if other, ok := t.words[word]; word == "" || ok && other != c {
				return fmt.Errorf("load %s: %q means nothing or both %s and %s", path, written, other, c)
			}
			t.words[word] = c
		}
		delete(lists, c)
	}
	for c, list := range lists {
		known, err := t.tongues[lang].numbers.add(string(c), list)
		switch {
		case err != nil:
			return fmt.Errorf("load %s: %w", path, err)
		case !known:
			return fmt.Errorf("load %s: unknown command %q", path, c)
		}
	}
	return nil
}

// bare is the folded text without what surrounds its words. A slash before the first word stays.
func bare(text string) string {
	s := strings.TrimFunc(Fold(text), func(r rune) bool { return r != '/' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if strings.HasPrefix(s, "/") {
		s, _, _ = strings.Cut(s, "@")
	}
	return s
}

// Fold makes alike what people write differently and mean the same: case, spaces, composed letters, and letters that a keyboard lacks.
func Fold(text string) string {
	s := strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); r {
		case 'ё':
			return 'е'
		case 'ө':
			return 'о'
		case 'ү':
			return 'у'
		case 'ҕ':
			return 'г'
		case 'ҥ':
			return 'н'
		case 'һ':
			return 'х'
		}
		if unicode.Is(unicode.Cf, r) { // joiners and direction marks cannot be seen
			return -1
		}
		return r
	}, norm.NFC.String(text))
	return strings.Join(strings.Fields(s), " ")
}

// choiceLimit is the number of digits above which an answer is not the number of a choice.
const choiceLimit = 3

// ChoiceNumber is the number, from 1, by which a reader picks from a numbered list: "2", "2.", "2)", "№2" or its keycap.
func ChoiceNumber(text string) (int, bool) {
	if len(text) > wordLimit {
		return 0, false
	}
	s := strings.NewReplacer("\ufe0f", "", "\u20e3", "", "🔟", "10").Replace(text)
	s = strings.TrimSpace(strings.TrimLeft(s, "№#( \t\r\n\u00a0"))
	s = strings.TrimRight(s, ".,;:!) \t\r\n\u00a0")
	if s == "" || len(s) > choiceLimit || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}
