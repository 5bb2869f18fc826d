package stock

import (
	"slices"
	"strings"
)

// Key is what a title or a topic is known by however it is written: its words as a search writes them, each once, in the order of the alphabet.
// It is empty when there is no letter or digit in the text.
func Key(text string) string {
	words := fold(text)
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}
