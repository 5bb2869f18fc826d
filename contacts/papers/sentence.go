package papers

import (
	"maps"
	"slices"
	"strings"

	"librarian/contacts/library"
)

// sentence says a sentence with legal weight, in the library's own words if it has any. A translation that the library has not made is not taken from
// elsewhere.
func (d *draft) sentence(key string) {
	own, has := d.order.Wording.Own(strings.TrimPrefix(key, "papers_print."))
	if !has {
		d.paragraph(key)
		return
	}
	own = maps.Clone(own)
	for lang, text := range own {
		own[lang] = strings.ReplaceAll(text, library.SentenceField, d.order.Library.Title(lang))
	}
	d.paragraphs(d.pick(own))
}

// ownWords reports whether something on the paper may be said in the library's own words.
func (o Order) ownWords(kind Kind) bool {
	return slices.ContainsFunc(library.Sentences(string(kind)), func(sentence string) bool {
		_, own := o.Wording.Own(sentence)
		return own
	})
}

// versionOf is the version of what the paper says in the library's own words.
func (o Order) versionOf(kind Kind) string {
	switch own := o.ownWords(kind); {
	case own && kind == Consent:
		return o.Version + " / " + o.Wording.Version
	case own:
		return o.Wording.Version
	case kind == Consent:
		return o.Version
	}
	return ""
}
