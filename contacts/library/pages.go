package library

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	pagesText    = 400   // bytes; nobody counts off pages at greater length
	pagesMost    = 2000  // in all: more is no fragment of anything
	pagesHighest = 10000 // the number of a page; what is above was a slip, or is no page
)

// PageRange is pages of a book from the first to the last; one page is both.
type PageRange struct{ From, To int }

// Pages are pages of a book in order, no page twice and no two ranges that touch. ParsePages and First make them.
type Pages []PageRange

// ParsePages reads pages as people write them, in any of the languages: "12-20, 33", "с. 12–20", "с 12 по 20", "pages 3 to 7", "12…20".
// It is false for what says anything else beside, for pages that cannot be, for more than 2,000 pages, and for one number before the word
// for pages: "20 pages" may be page 20 or as many pages, but "5-я страница" is one page.
func ParsePages(text string) (Pages, bool) {
	if len(text) > pagesText {
		return nil, false
	}
	tokens, ok := pageTokens(strings.ToLower(text))
	if !ok {
		return nil, false
	}
	if !naming(tokens) {
		return nil, false
	}
	return joinPages(tokens)
}

// naming reports that the numbers are of pages, and not how many they are.
func naming(tokens []pageToken) bool {
	times := map[int]int{}
	for _, t := range tokens {
		times[t.kind]++
	}
	switch {
	case times[pageNumber] != 1:
		return times[pageNumber] > 1
	case times[pageNamed] > 0:
		return true
	}
	return times[pageMany] == 0 && tokens[len(tokens)-1].kind != pageUnit
}

// joinPages makes ranges of the tokens.
func joinPages(tokens []pageToken) (Pages, bool) {
	var out Pages
	before, open := pageGap, false // open: a dash waits for its end
	for _, t := range tokens {
		switch t.kind {
		case pageUnit, pageMany, pageNamed:
			continue
		case pageNumber:
			if !open {
				out = append(out, PageRange{t.number, t.number})
				break
			}
			last := &out[len(out)-1]
			last.From, last.To = min(last.From, t.number), max(last.To, t.number)
			if open = false; last.To-last.From >= pagesMost {
				return nil, false
			}
			before = pageRangeEnd
			continue
		case pageDash:
			if before != pageNumber {
				return nil, false
			}
			open = true
		case pageGap:
			if open {
				return nil, false
			}
		}
		before = t.kind
	}
	if open {
		return nil, false
	}
	if out = merged(out); out.Count() > pagesMost || len(out.String()) > pagesText { // it has to be readable again
		return nil, false
	}
	return out, true
}

// merged sorts the ranges and makes one of those that touch.
func merged(pages Pages) Pages {
	slices.SortFunc(pages, func(a, b PageRange) int { return cmp.Compare(a.From, b.From) })
	out := pages[:0]
	for _, p := range pages {
		if n := len(out); n > 0 && p.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, p.To)
			continue
		}
		out = append(out, p)
	}
	return out
}

// Count is how many pages they are.
func (p Pages) Count() int {
	n := 0
	for _, r := range p {
		n += r.To - r.From + 1
	}
	return n
}

// Max is the highest of the pages; 0 where there are none.
func (p Pages) Max() int {
	if len(p) == 0 {
		return 0
	}
	return p[len(p)-1].To
}

// First are the first n of the pages, or all where they are fewer.
func (p Pages) First(n int) Pages {
	var out Pages
	for _, r := range p {
		if n <= 0 {
			break
		}
		r.To = min(r.To, r.From+n-1)
		n -= r.To - r.From + 1
		out = append(out, r)
	}
	return out
}

// String is the pages as people read them and ParsePages too: "12–20, 33".
func (p Pages) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = strconv.Itoa(r.From)
		if r.To > r.From {
			parts[i] = fmt.Sprintf("%d–%d", r.From, r.To)
		}
	}
	return strings.Join(parts, ", ")
}

// What a text about pages is made of.
const (
	pageGap = iota
	pageNumber
	pageDash
	pageUnit
	pageMany     // the word that stands with a number of pages, but with pages themselves too: "страниц 12-20"
	pageNamed    // one page beyond doubt: "5-я"
	pageRangeEnd // no token: a range is complete, and no dash may follow it
)

type pageToken struct{ kind, number int }

// pageTokens takes the text apart; false if there is something that does not belong among pages.
func pageTokens(text string) (out []pageToken, ok bool) {
	runes := []rune(text)
	for i := 0; i < len(runes); {
		end := i + 1
		switch r := runes[i]; {
		case isDigit(r):
			for end < len(runes) && isDigit(runes[end]) {
				end++
			}
			n, err := strconv.Atoi(string(runes[i:end]))
			if err != nil || n < 1 || n > pagesHighest {
				return nil, false
			}
			out = append(out, pageToken{pageNumber, n})
			if kind, next, ok := pageEnding(runes, end); ok {
				if end = next; kind == pageUnit {
					kind = pageNamed
				}
				out = append(out, pageToken{kind: kind})
			}
		case unicode.IsLetter(r):
			for end < len(runes) && unicode.IsLetter(runes[end]) {
				end++
			}
			kind, known := pageWords[string(runes[i:end])]
			if !known {
				return nil, false
			}
			out = append(out, pageToken{kind: kind})
		default:
			for end < len(runes) && runes[end] == '.' && r == '.' {
				end++
			}
			kind, known := pageMark(r, end-i)
			if !known || r == '.' && end == i+1 && between(runes, i) {
				return nil, false
			}
			if kind != pageUnit { // a mark that says nothing
				out = append(out, pageToken{kind: kind})
			}
		}
		i = end
	}
	return out, true
}

// pageMark is what a mark means that stands so many times.
func pageMark(r rune, times int) (kind int, known bool) {
	switch {
	case strings.ContainsRune("-‐‑‒–—−…~", r), r == '.' && times > 1:
		return pageDash, true
	case strings.ContainsRune(",;+&\n", r):
		return pageGap, true
	case strings.ContainsRune(".:() \t\r\u00a0\u202f", r):
		return pageUnit, true
	}
	return 0, false
}

// between reports whether digits stand on both sides.
func between(runes []rune, i int) bool {
	return i > 0 && i+1 < len(runes) && isDigit(runes[i-1]) && isDigit(runes[i+1])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
