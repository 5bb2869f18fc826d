package templates

import (
	"maps"

	"librarian/contacts/library"
)

// Words puts a library's field or answer into the language.
func (t *Texts) Words(lang library.Lang, w library.Words) string {
	if w.Key != "" {
		said, err := t.Render(lang, w.Key, nil)
		if said == "" && err != nil {
			return w.Key // no such text, which the tests rule out for all that are shipped
		}
		return said
	}
	if w.Day.Valid() {
		return t.Date(lang, w.Day)
	}
	return w.In(lang)
}

// WordsList puts several into the language, as List does.
func (t *Texts) WordsList(lang library.Lang, all []library.Words) string {
	said := make([]string, len(all))
	for i, w := range all {
		said[i] = t.Words(lang, w)
	}
	return t.List(lang, said)
}

// spell gives the fields with their library.Words spelled out. Fields without any are given back as they are.
func (t *Texts) spell(lang library.Lang, fields Fields) Fields {
	var out Fields
	for name, v := range fields {
		var said string
		switch v := v.(type) {
		case library.Words:
			said = t.Words(lang, v)
		case []library.Words:
			said = t.WordsList(lang, v)
		default:
			continue
		}
		if out == nil {
			out = maps.Clone(fields)
		}
		out[name] = said
	}
	if out == nil {
		return fields
	}
	return out
}
