package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"librarian/contacts/library"
)

// What can be wrong with a text that Render gives all the same.
var (
	ErrNoText  = errors.New("no such text in the language")
	ErrNoField = errors.New("field missing or of a kind that has no words")
)

// Keys of the texts that every conversation and channel shares. The labels are for buttons; Word understands them when they are typed.
const (
	LabelBack     = "common.back"
	LabelCancel   = "common.cancel"
	LabelMenu     = "common.menu"
	LabelYes      = "common.yes"
	LabelNo       = "common.no"
	LabelSkip     = "common.skip"
	LabelHuman    = "common.human"
	LabelLanguage = "common.language"

	NotUnderstood = "common.not_understood" // and what to do about it
	ChooseNumber  = "common.choose_number"  // stands before numbered choices where the channel has no buttons
	ChooseWord    = "common.choose_word"    // and this below them: words that lead out of the question
	QuotedWord    = "common.quoted_word"    // one of those
	AlwaysHelp    = "common.help"           // the words that work anywhere
)

// countField names the field by which a text chooses its plural form.
const countField = "count"

// Fields are the values of a text's fields, by name: strings, integers, a library.Date (written out as by Date), a time.Time (as by
// Moment, in its own zone), a fmt.Stringer, or library.Words, one or several, which are put into the same language.
type Fields map[string]any

// message is what Render must know of a text beside its wording.
type message struct {
	plural bool
	fields map[string]bool // over all forms
}

// Render is the text of the key in the language, with its fields filled in. It always gives the best text there is: where the language
// has none the Russian, then the English one, with ErrNoText; where a field is missing the text without it, with ErrNoField. Only a key
// that exists nowhere gives an empty text.
func (t *Texts) Render(lang library.Lang, key string, fields Fields) (string, error) {
	for _, try := range [...]library.Lang{lang, library.Russian, library.English} {
		k := t.tongues[try]
		if k == nil {
			continue
		}
		m, ok := k.messages[key]
		if !ok {
			continue
		}
		said, err := k.render(key, m, t.spell(lang, fields))
		if try != lang {
			err = errors.Join(ErrNoText, err)
		}
		if err != nil {
			err = fmt.Errorf("render %s in %s: %w", key, lang, err)
		}
		return said, err
	}
	return "", fmt.Errorf("render %s in %s: %w", key, lang, ErrNoText)
}

func (k *tongue) render(key string, m message, fields Fields) (string, error) {
	config := i18n.LocalizeConfig{MessageID: key, TemplateData: filling{fields, k.calendar}, TemplateParser: fieldParser{}}
	var uncounted error
	if m.plural {
		switch n := fields[countField].(type) {
		case int, int8, int16, int32, int64:
			config.PluralCount = n
		default:
			uncounted = fmt.Errorf("%w: %s", ErrNoField, countField)
		}
	}
	said, err := k.localizer.Localize(&config)
	if err == nil {
		err = uncounted
	}
	return said, err
}

func (t *Texts) loadMessages(files fs.FS) error {
	bundle := i18n.NewBundle(language.Make(string(library.Russian)))
	paths, err := fs.Glob(files, "messages/*/*.toml")
	if err != nil {
		return fmt.Errorf("list messages: %w", err)
	}
	for _, file := range paths {
		if err := t.loadFile(files, bundle, file); err != nil {
			return fmt.Errorf("load %s: %w", file, err)
		}
	}
	for lang, k := range t.tongues {
		k.localizer = i18n.NewLocalizer(bundle, string(lang))
	}
	return nil
}

func (t *Texts) loadFile(files fs.FS, bundle *i18n.Bundle, file string) error {
	lang := library.Lang(path.Base(path.Dir(file)))
	if !lang.Known() {
		return fmt.Errorf("unknown language %q", lang)
	}
	raw, err := fs.ReadFile(files, file)
	if err != nil {
		return err
	}
	messages, err := i18n.ParseMessageBytes(raw, toml.Unmarshal)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(path.Base(file), ".toml")
	for _, m := range messages {
		if !isName(m.ID) {
			return fmt.Errorf("%q is no id for a text", m.ID)
		}
		m.ID = name + "." + m.ID
		known, err := examine(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.ID, err)
		}
		t.tongues[lang].messages[m.ID] = known
	}
	return bundle.AddMessages(language.Make(string(lang)), messages...)
}

// examine trims the forms of a text and refuses what could not be rendered.
func examine(m *i18n.Message) (message, error) {
	out := message{fields: map[string]bool{}}
	for _, form := range forms(m) {
		*form.text = strings.TrimSpace(*form.text)
		parsed, err := parseText(*form.text)
		if err != nil {
			return out, fmt.Errorf("form %s: %w", form.name, err)
		}
		for _, field := range parsed.fields() {
			out.fields[field] = true
		}
		out.plural = out.plural || *form.text != "" && form.name != "other"
	}
	if m.Other == "" {
		return out, errors.New("the form other is missing")
	}
	return out, nil
}

type form struct {
	name string
	text *string
}

func forms(m *i18n.Message) []form {
	return []form{
		{"zero", &m.Zero},
		{"one", &m.One},
		{"two", &m.Two},
		{"few", &m.Few},
		{"many", &m.Many},
		{"other", &m.Other},
	}
}
