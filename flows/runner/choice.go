package runner

import (
	"slices"
	"strings"
	"unicode"

	"librarian/contacts"
	"librarian/templates"
)

// How far a text may be from a label that it is meant for.
const (
	mistakeFrom  = 4  // letters of a label in which one mistake is overlooked
	mistakesFrom = 8  // and two
	beginsFrom   = 4  // letters of a beginning
	wordFrom     = 3  // letters of a word
	meantMost    = 80 // letters of a text that is looked at
)

// denials turn what stands beside them into its opposite.
var denials = []string{"не", "нет", "ни", "ні", "немає", "без", "суох", "no", "not", "dont", "without"}

// plainChoice is a text or a label without what people leave out or write differently.
type plainChoice struct {
	words   []string
	letters []rune // all of them, digits too
	digits  string
	denied  int
}

func newPlainChoice(text string) plainChoice {
	var p plainChoice
	for _, field := range strings.Fields(strings.ReplaceAll(templates.Fold(text), "й", "и")) {
		word := strings.Map(func(c rune) rune {
			if unicode.IsLetter(c) || unicode.IsDigit(c) {
				return c
			}
			return -1
		}, field)
		if word == "" {
			continue
		}
		if slices.Contains(denials, word) {
			p.denied++
		}
		p.words, p.letters = append(p.words, word), append(p.letters, []rune(word)...)
		p.digits += strings.Map(onlyDigits, word)
	}
	return p
}

func onlyDigits(c rune) rune {
	if unicode.IsDigit(c) {
		return c
	}
	return -1
}

// same reports that nothing but case, spaces, marks and letters that a keyboard lacks differs.
func (p plainChoice) same(label plainChoice) bool { return slices.Equal(p.letters, label.letters) }

// mistaken reports that the text is the whole label with a mistake or two, the second in another word than the first: two letters in one word can be its
// opposite, as in "isnt" and "is". Neither its first letter nor a number is taken for a mistake.
func (p plainChoice) mistaken(label plainChoice, most int) bool {
	n := len(label.letters)
	if n < mistakeFrom || p.letters[0] != label.letters[0] || p.digits != label.digits {
		return false
	}
	if n < mistakesFrom || len(p.words) != len(label.words) {
		most = min(most, 1)
	}
	return contacts.Distance(p.letters, label.letters) <= most && (most == 1 || p.slips(label))
}

// slips reports that no word differs in more than one letter from the one in its place.
func (p plainChoice) slips(label plainChoice) bool {
	for i, word := range p.words {
		if contacts.Distance([]rune(word), []rune(label.words[i])) > 1 {
			return false
		}
	}
	return true
}

// partOf reports that the text is how the label begins, or one of its words.
func (p plainChoice) partOf(label plainChoice) bool {
	n := len(p.letters)
	if n >= beginsFrom && n < len(label.letters) && slices.Equal(p.letters, label.letters[:n]) {
		return !unicode.IsDigit(p.letters[n-1]) || !unicode.IsDigit(label.letters[n])
	}
	return len(p.words) == 1 && n >= wordFrom && slices.Contains(label.words, p.words[0])
}

// picked is the place of the one label that the text is meant for; it reports false where there is none or more than one. Where the reader's own words are
// understood too (free) they are theirs, unless they are a long label with a single mistake: a name may be near "Back".
func picked(text string, labels []string, free bool) (int, bool) {
	p := newPlainChoice(text)
	if len(p.letters) == 0 || len(p.letters) > meantMost {
		return 0, false
	}
	plain := make([]plainChoice, len(labels))
	for i, label := range labels {
		plain[i] = newPlainChoice(label)
	}
	at, fit := which(plain, p.same)
	if fit == 0 {
		at, fit = which(plain, func(label plainChoice) bool {
			switch {
			case p.denied != label.denied:
				return false
			case free:
				return len(label.letters) >= mistakesFrom && p.mistaken(label, 1)
			}
			return p.mistaken(label, 2) || p.partOf(label)
		})
	}
	return at, fit == 1
}

// which is the place of the last label that fits, and how many do.
func which(labels []plainChoice, fits func(plainChoice) bool) (at, fit int) {
	for i, label := range labels {
		if len(label.letters) > 0 && fits(label) {
			at, fit = i, fit+1
		}
	}
	return at, fit
}
