package templates

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"

	"librarian/contacts/library"
)

// fieldParser makes go-i18n read {name} fields and nothing else.
type fieldParser struct{}

// Cacheable is true: a text is parsed the first time it is said.
func (fieldParser) Cacheable() bool { return true }

// Parse ignores the delimiters, which belong to Go's templates.
func (fieldParser) Parse(src, _, _ string) (template.ParsedTemplate, error) { return parseText(src) }

// text is a parsed text.
type text []part

// part is literal, or the name of a field.
type part struct {
	literal string
	field   string
}

func parseText(src string) (text, error) {
	var out text
	for src != "" {
		open := strings.IndexAny(src, "{}")
		if open < 0 {
			return append(out, part{literal: src}), nil
		}
		if open > 0 {
			out = append(out, part{literal: src[:open]})
		}
		end := strings.IndexByte(src, '}')
		if src[open] == '}' || end < 0 || !isName(src[open+1:end]) {
			return nil, fmt.Errorf("a brace that is no {field} in %q", src)
		}
		out = append(out, part{field: src[open+1 : end]})
		src = src[end+1:]
	}
	return out, nil
}

// isName reports whether s may name a field or a text.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func (t text) fields() []string {
	var out []string
	for _, p := range t {
		if p.field != "" {
			out = append(out, p.field)
		}
	}
	return out
}

// filling is what a text is filled with, and the calendar in which dates are written.
type filling struct {
	fields   Fields
	calendar *calendar
}

// Execute gives the text filled with data, a filling. What a field holds is not read again: braces in it are only braces.
func (t text) Execute(data any) (string, error) {
	with, ok := data.(filling)
	if !ok {
		return "", fmt.Errorf("fill a text with %T", data)
	}
	if len(t) == 1 && t[0].field == "" {
		return t[0].literal, nil
	}
	var out strings.Builder
	var missing []string
	for _, p := range t {
		if p.field == "" {
			out.WriteString(p.literal)
			continue
		}
		said, ok := with.calendar.words(with.fields[p.field])
		if !ok {
			missing = append(missing, p.field)
		}
		out.WriteString(said)
	}
	if missing != nil {
		return out.String(), fmt.Errorf("%w: %s", ErrNoField, strings.Join(missing, ", "))
	}
	return out.String(), nil
}

// words puts the value of a field into words; false if there are none for its kind.
func (c *calendar) words(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case library.Date:
		return c.date(v), true
	case time.Time:
		return c.moment(v), true
	case fmt.Stringer:
		return v.String(), true
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return r.String(), true
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10), true
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10), true
	}
	return "", false
}
