package stock

import (
	"slices"
	"strings"
)

// isbnKey gives thirteen digits of an ISBN however it is written, eight characters of an ISSN, or nothing.
func isbnKey(s string) string {
	s = strings.NewReplacer("-", "", " ", "", "–", "", "‑", "", "‐", "", "Х", "X", "х", "X").Replace(strings.ToUpper(strings.TrimSpace(s)))
	s = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(s, "ISBN"), "ISSN"), ":")
	if len(s) == 0 || strings.Trim(s[:len(s)-1], "0123456789") != "" || strings.Trim(s[len(s)-1:], "0123456789X") != "" {
		return ""
	}
	switch len(s) {
	case 8, 13:
		return s
	case 10:
		return thirteen("978" + s[:9])
	}
	return ""
}

// thirteen adds the last digit of an ISBN-13 to the twelve before.
func thirteen(twelve string) string {
	sum := 0
	for i, d := range twelve {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return twelve + string(rune('0'+(10-sum%10)%10))
}

// isbnKeys are the keys of all ISBN and ISSN in a text that may say other things too.
func isbnKeys(s string) []string {
	if key := isbnKey(s); key != "" {
		return []string{key}
	}
	var out []string
	add := func(text string) bool {
		key := isbnKey(text)
		if key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
		return key != ""
	}
	for _, piece := range strings.FieldsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789XxХх-–‑‐ ", r) }) {
		if add(strings.Trim(piece, "-–‑‐ ")) {
			continue
		}
		for _, word := range strings.Fields(piece) {
			add(strings.Trim(word, "-–‑‐"))
		}
	}
	return out
}

// isbnFirst is the key that the text is known by, or nothing.
func isbnFirst(s string) string {
	if keys := isbnKeys(s); len(keys) > 0 {
		return keys[0]
	}
	return ""
}
