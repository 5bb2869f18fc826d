package templates

import (
	"fmt"
	"strconv"
	"strings"

	"librarian/contacts/library"
)

// numbers are the numbers of choices as people write them in the words of one language: what is a number in one may be a friend in another.
type numbers struct {
	words   map[string]int  // folded: "two", "the second"
	beside  map[string]bool // folded words that may stand beside one and say nothing: "option"
	endings map[string]bool // folded; behind digits they make a number the same number: "2nd"
}

func newNumbers() numbers {
	return numbers{words: map[string]int{}, beside: map[string]bool{}, endings: map[string]bool{}}
}

// What stands in words/<lang>.toml besides commands, and the numbers from 1.
const (
	besideNumbers = "beside_numbers"
	numberEndings = "number_endings"
)

// add takes a list of the language's words in; it reports false where the list is of no such kind.
func (n *numbers) add(kind string, list []string) (bool, error) {
	value, err := strconv.Atoi(kind)
	if err != nil && kind != besideNumbers && kind != numberEndings {
		return false, nil
	}
	for _, written := range list {
		word := bare(written)
		if word == "" {
			return true, fmt.Errorf("%q means nothing", written)
		}
		switch kind {
		case besideNumbers:
			n.beside[word] = true
		case numberEndings:
			n.endings[word] = true
		default:
			if other, ok := n.words[word]; ok && other != value {
				return true, fmt.Errorf("%q means both %d and %d", written, other, value)
			}
			n.words[word] = value
		}
	}
	return true, nil
}

// ChoiceWord is the number, from 1, of a choice that the whole text names in words of the language: "two", "the second", "option 2", "2nd".
func (t *Texts) ChoiceWord(lang library.Lang, text string) (int, bool) {
	own, ok := t.tongues[lang]
	if !ok || len(text) > wordLimit {
		return 0, false
	}
	var said []string
	for word := range strings.FieldsSeq(bare(text)) {
		if word = strings.TrimRight(word, ".,:"); !own.numbers.beside[word] {
			said = append(said, word)
		}
	}
	whole := strings.Join(said, " ")
	if n, ok := own.numbers.words[whole]; ok {
		return n, true
	}
	ending := strings.TrimLeft(whole, "0123456789")
	if ending != "" && !own.numbers.endings[strings.TrimLeft(ending, "- ")] {
		return 0, false
	}
	return ChoiceNumber(strings.TrimSuffix(whole, ending))
}
