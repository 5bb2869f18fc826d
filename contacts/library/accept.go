package library

import (
	"slices"

	"golang.org/x/text/language"
)

// Preferred is the first of the languages that a browser asks for by its header Accept-Language; empty where it asks for none of them.
func Preferred(accept string, offered []Lang) Lang {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return "" // a header that cannot be read says nothing
	}
	for _, tag := range wanted {
		base, _ := tag.Base()
		if lang := Lang(base.String()); slices.Contains(offered, lang) {
			return lang
		}
	}
	return ""
}
