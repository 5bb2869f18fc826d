package email

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// parseParams reads a header such as Content-Type: its value and its parameters by name, in small letters. Values are decoded by RFC 2231 and, though
// they should not be so written, by RFC 2047.
func parseParams(text string) (value string, params map[string]string) {
	pieces := splitParams(text)
	value = strings.ToLower(strings.TrimSpace(pieces[0]))
	params = map[string]string{}
	long := map[string]map[int]string{} // values in pieces
	for _, p := range pieces[1:] {
		name, v, ok := strings.Cut(p, "=")
		name, v = strings.ToLower(strings.TrimSpace(name)), unquote(strings.TrimSpace(v))
		if !ok || name == "" {
			continue
		}
		base, rest, starred := strings.Cut(name, "*")
		if !starred {
			if _, seen := params[name]; !seen {
				params[name] = decodeHeader(v)
			}
			continue
		}
		number, err := strconv.Atoi(strings.TrimSuffix(rest, "*"))
		if err != nil {
			number = 0
		}
		if long[base] == nil {
			long[base] = map[int]string{}
		}
		if strings.HasSuffix(name, "*") {
			v = "*" + v
		}
		long[base][number] = v
	}
	for name, pieces := range long {
		params[name] = joinPieces(pieces)
	}
	return value, params
}

// joinPieces puts a value of RFC 2231 together. Escaped pieces begin with a star.
func joinPieces(pieces map[int]string) string {
	var all strings.Builder
	charset := ""
	for i, number := range slices.Sorted(maps.Keys(pieces)) {
		piece, escaped := strings.CutPrefix(pieces[number], "*")
		if escaped && i == 0 {
			if set, rest, ok := strings.Cut(piece, "'"); ok {
				if _, words, ok := strings.Cut(rest, "'"); ok {
					charset, piece = set, words
				}
			}
		}
		if escaped {
			if plain, err := url.PathUnescape(piece); err == nil {
				piece = plain
			}
		}
		all.WriteString(piece)
	}
	return decodeHeaderIn(all.String(), charset)
}

// splitParams cuts at semicolons that stand in no quotes.
func splitParams(text string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			out = append(out, text[start:i])
			start = i + 1
		}
	}
	return append(out, text[start:])
}

func unquote(text string) string {
	if !strings.HasPrefix(text, `"`) {
		text, _, _ = strings.Cut(text, " (") // a comment
		return text
	}
	text = strings.TrimSuffix(text[1:], `"`)
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
