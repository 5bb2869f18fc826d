package stock

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const wordMost = 40 // letters; PostgreSQL refuses words of more than 2046 bytes

// cut is the text or its first n letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	letters := []rune(s)
	return string(letters[:min(len(letters), n)])
}

// fold gives the words of a text as they are stored and searched: lower case, letters and digits alone, without marks above letters, Sakha letters as they are
// typed where the keyboard lacks them. What is written alike becomes alike: ё and е, two alphabets mixed in one word.
func fold(s string) []string {
	words := strings.FieldsFunc(strings.Map(foldRune, norm.NFC.String(s)), func(r rune) bool { return r == ' ' })
	for i, w := range words {
		words[i] = cut(softened.Replace(oneAlphabet(w)), wordMost)
	}
	return words
}

// foldRune gives the letter to store, a space between words, or -1 for what stands inside a word and is not written.
func foldRune(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case 'ё':
		return 'е'
	case 'ґ', 'ҕ':
		return 'г'
	case 'ҥ':
		return 'н'
	case 'ө':
		return 'о'
	case 'ү':
		return 'у'
	case 'һ':
		return 'х'
	case 'й', 'ў':
		return r
	case '\'', '’', 'ʼ', '`', '\u00ad':
		return -1
	}
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) { // marks above letters, and what is not seen at all
		return -1
	}
	if r > unicode.MaxASCII {
		r = []rune(norm.NFKD.String(string(r)))[0]
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return unicode.ToLower(r)
	}
	return ' '
}

// Letters that look the same; h is how Sakha һ is typed.
var (
	looksCyrillic = strings.NewReplacer("a", "а", "c", "с", "e", "е", "o", "о", "p", "р", "x", "х", "y", "у", "k", "к", "m", "м", "t", "т", "b", "в", "h", "х")
	looksLatin    = strings.NewReplacer("а", "a", "с", "c", "е", "e", "о", "o", "р", "p", "х", "x", "у", "y", "к", "k", "м", "m", "т", "t", "в", "b")
)

// softened writes soft syllables as Russian does: Ньургун is Нюргун there.
var softened = strings.NewReplacer("ьу", "ю", "ьа", "я", "ьы", "и")

// oneAlphabet writes a word of two alphabets in the one that most of its letters are of.
func oneAlphabet(word string) string {
	cyrillic, latin := 0, 0
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case cyrillic == 0 || latin == 0:
		return word
	case cyrillic < latin:
		return looksLatin.Replace(word)
	}
	return looksCyrillic.Replace(word)
}

// stop reports a word that says nothing of a book: a search does without it where there are others.
func stop(word string) bool {
	return len([]rune(word)) == 1 && !unicode.IsDigit([]rune(word)[0]) || slices.Contains([]string{
		"во", "на", "со", "ко", "об", "от", "до", "по", "за", "из", "не", "но", "то", "что", "как", "для", "или", "при",
		"та", "що", "як", "від", "про", "уонна", "the", "of", "and", "an", "in", "on", "to", "for", "by",
		"книга", "книгу", "книги", "книжка", "роман", "повесть", "автор", "автора", "кинигэ", "book", "novel", // as people ask
	}, word)
}
