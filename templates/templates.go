// Package templates is what we say, and how we understand what everybody says alike: messages, dates, the words that work anywhere.
//
// # Adding a text
//
// Write it under an id of its own in messages/<lang>/<file>.toml for each language; its key is "<file>.<id>".
// An id is made of lower-case letters, digits and underscores.
//
//	hello = "Здравствуйте, {name}!"
//
//	[waiting]
//	one   = "Перед вами {count} человек"
//	few   = "Перед вами {count} человека"
//	many  = "Перед вами {count} человек"
//	other = "Перед вами {count} человека"
//
// A field is a name in braces and nothing else is special; a brace that is no field is refused by Load.
// A text with plurals chooses its form by the field named count and has the forms of its language: one, few, many and other in Russian
// and Ukrainian, one and other in English, other alone in Sakha. Space around a text is dropped.
//
// The tests hold that every language has every key with the same fields, and that every key stands somewhere in the Go or HTML sources,
// whole and quoted. Who chooses a key while running lists all its values as constants, or as a table, beside the choice.
//
// # Texts changed by staff
//
// A library's own wording would be a row (library, language, key, form, text). What a person types would be parsed as the shipped texts
// are, and refused with the same errors when it has a stray brace or a field that the shipped text has not. Rendering would look it up
// before the shipped one. There are no conditions, loops or calls in a text, so that no wording can run away or read anything.
package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"librarian/contacts/library"
)

// Texts are all texts and words of all languages. They do not change after Load and may be used by many goroutines at once.
type Texts struct {
	tongues map[library.Lang]*tongue
	words   map[string]Command    // folded
	reasons map[string]string     // folded, of all languages
	months  map[string]time.Month // folded, of all languages
	fillers map[string]bool       // folded; words of a date that carry no meaning
}

// tongue is one language: its messages, by key, and its calendar.
type tongue struct {
	localizer *i18n.Localizer
	messages  map[string]message
	calendar  *calendar
	numbers   numbers
}

// Load reads the texts that are built into the program. An error names the file, and the key where it is about one.
func Load() (*Texts, error) { return load(shipped) }

func load(files fs.FS) (*Texts, error) {
	t := &Texts{
		tongues: map[library.Lang]*tongue{},
		words:   map[string]Command{},
		reasons: map[string]string{},
		months:  map[string]time.Month{},
		fillers: map[string]bool{},
	}
	for _, lang := range library.Langs() {
		t.tongues[lang] = &tongue{messages: map[string]message{}, numbers: newNumbers()}
		if err := errors.Join(t.loadCalendar(files, lang), t.loadWords(files, lang), t.loadReasons(files, lang)); err != nil {
			return nil, err
		}
	}
	for word := range t.fillers {
		if _, clash := t.months[word]; clash {
			return nil, fmt.Errorf("load calendars: %q is both a month and a filler", word)
		}
	}
	if err := t.loadMessages(files); err != nil {
		return nil, err
	}
	return t, nil
}

// tongue is the language itself or, where there are no texts in it, Russian.
func (t *Texts) tongue(lang library.Lang) *tongue {
	if k := t.tongues[lang]; k != nil {
		return k
	}
	return t.tongues[library.Russian]
}

// decode reads a TOML file into v and refuses what v has no place for: a misspelt key would otherwise be lost in silence.
func decode(files fs.FS, path string, v any) error {
	meta, err := toml.DecodeFS(files, path, v)
	if err != nil {
		return fmt.Errorf("load %s: %w", path, err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return fmt.Errorf("load %s: unknown key %s", path, extra[0])
	}
	return nil
}
