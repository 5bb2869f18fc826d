package templates

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"librarian/contacts/library"
)

// Why a birth date is not taken; each has a sentence of its own for the reader.
var (
	ErrDateForm   = errors.New("not a date")
	ErrDateDay    = errors.New("no such day")
	ErrDateFuture = errors.New("a day to come")
	ErrDateOld    = errors.New("more than 120 years ago")
)

const (
	dateLimit = 200 // bytes; nobody writes a date longer
	ageLimit  = 120 // full years
)

// ParseDate reads a birth date as people write it, in any language, the day before the month unless that cannot be: "5.3.1987",
// "5 марта 1987 г.", "March 5, 1987", "1987-03-05", "1987 сыл кулун тутар 5 күнэ", "05031987". A year of two digits is the latest one
// that is not to come. The errors are ErrDateForm, ErrDateDay, ErrDateFuture and ErrDateOld, as they are.
func (t *Texts) ParseDate(text string, today library.Date) (library.Date, error) {
	numbers, month, ok := t.dateParts(text)
	if !ok {
		return library.Date{}, ErrDateForm
	}
	problem := ErrDateForm
	for i, r := range readings(numbers, month, strings.Contains(text, "/")) {
		d, err := r.date(today)
		if err == nil {
			return d, nil
		}
		if i == 0 {
			problem = err
		}
	}
	return library.Date{}, problem
}

// dateParts are the numbers of the text in their order, and the month if it is a word.
func (t *Texts) dateParts(text string) (numbers []string, month time.Month, ok bool) {
	if len(text) > dateLimit {
		return nil, 0, false
	}
	tokens, ok := dateTokens(Fold(text))
	for i := 0; ok && i < len(tokens); i++ {
		token := tokens[i]
		if isDigit(rune(token[0])) {
			numbers = append(numbers, token)
			continue
		}
		named, known := t.months[token]
		if i+1 < len(tokens) { // the Sakha months of two words
			if pair, ok := t.months[token+" "+tokens[i+1]]; ok {
				named, known = pair, true
				i++
			}
		}
		if known && month == 0 {
			month = named
		} else if known || !t.fillers[token] {
			return nil, 0, false
		}
	}
	return numbers, month, ok
}

// dateTokens are the runs of digits and of letters; false if there is anything else but the marks that people put between them.
func dateTokens(s string) (tokens []string, ok bool) {
	const none, digit, letter = 0, 1, 2
	start, last := 0, none
	for i, r := range s + " " {
		kind := none
		switch {
		case isDigit(r):
			kind = digit
		case unicode.IsLetter(r):
			kind = letter
		case !strings.ContainsRune(" .,/-–—:;()!\"'’`«»", r):
			return nil, false
		}
		if kind == last {
			continue
		}
		if last != none {
			tokens = append(tokens, s[start:i])
		}
		start, last = i, kind
	}
	return tokens, true
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// reading is one way to take the numbers of a text, each as it was written.
type reading struct{ day, month, year string }

// readings are the ways to take the numbers, the likeliest first; none if they make no date.
func readings(n []string, month time.Month, slashes bool) []reading {
	switch {
	case month != 0 && len(n) == 2:
		name := strconv.Itoa(int(month))
		if len(n[0]) == 4 || above(n[0], 31) {
			return []reading{{n[1], name, n[0]}}
		}
		return []reading{{n[0], name, n[1]}}
	case month != 0:
		return nil
	case len(n) == 3 && len(n[0]) == 4:
		return []reading{{n[2], n[1], n[0]}}
	case len(n) == 3 && slashes && above(n[1], 12):
		return []reading{{n[1], n[0], n[2]}} // the American order, where it cannot be the other
	case len(n) == 3:
		return []reading{{n[0], n[1], n[2]}}
	case len(n) == 1 && len(n[0]) == 8:
		s := n[0]
		return []reading{{s[:2], s[2:4], s[4:]}, {s[6:], s[4:6], s[:4]}}
	case len(n) == 1 && len(n[0]) == 6:
		s := n[0]
		return []reading{{s[:2], s[2:4], s[4:]}}
	}
	return nil
}

func above(number string, limit int) bool {
	n, err := strconv.Atoi(number)
	return err == nil && n > limit
}

func (r reading) date(today library.Date) (library.Date, error) {
	if len(r.day) > 2 || len(r.month) > 2 || len(r.year) != 2 && len(r.year) != 4 {
		return library.Date{}, ErrDateForm
	}
	day, err1 := strconv.Atoi(r.day)
	month, err2 := strconv.Atoi(r.month)
	year, err3 := strconv.Atoi(r.year)
	if errors.Join(err1, err2, err3) != nil {
		return library.Date{}, ErrDateForm
	}
	d := library.Date{Year: year, Month: time.Month(month), Day: day}
	if len(r.year) == 2 {
		d.Year += today.Year / 100 * 100
		if today.Before(d) {
			d.Year -= 100
		}
	}
	switch {
	case d.Year == 0:
		return library.Date{}, ErrDateOld
	case !d.Valid():
		return library.Date{}, ErrDateDay
	case today.Before(d):
		return library.Date{}, ErrDateFuture
	case library.Age(d, today) > ageLimit:
		return library.Date{}, ErrDateOld
	}
	return d, nil
}
