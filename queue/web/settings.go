package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// settingsPage is what each page of settings has beside its own matter.
type settingsPage struct {
	frame
	Base   int               // version of the settings that the page was made from
	Faults map[string]string // by field: what is wrong with what was typed
	Saved  bool              // false: the page shows what is typed, not what is in force
}

// errUnchanged means that what was typed is what is in force.
var errUnchanged = errors.New("nothing has changed")

// settingsFrame reads the library past what is remembered of it: a page must show what has just been saved. What is typed is saved over what its page showed.
func (v *visit) settingsFrame(title string) (settingsPage, error) {
	lib, err := contacts.Current(v.ctx(), v.Pool, v.lib.ID)
	if err != nil {
		return settingsPage{}, err
	}
	v.lib = lib
	f, err := v.frame(v.ctx(), title)
	return settingsPage{frame: f, Base: lib.Version, Faults: map[string]string{}, Saved: true}, err
}

// revise saves what change makes of the settings, if they are still those that the page was made from. The audit row names what was changed, not its words.
func (v *visit) revise(change func(*library.Settings) (changed []string, err error)) error {
	base, err := strconv.Atoi(v.form("base"))
	if err != nil || base <= 0 {
		return errForm
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		var changed []string
		revision := contacts.Revision{Library: v.lib.ID, Base: base, By: int64(v.me())}
		version, err := contacts.ReviseSettings(ctx, tx, revision, func(s *library.Settings) (err error) {
			if changed, err = change(s); err == nil && len(changed) == 0 {
				err = errUnchanged
			}
			return err
		})
		if err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("library", int64(v.lib.ID)), map[string]any{"changed": strings.Join(changed, " "), "settings": version})
	})
	if err == nil {
		v.Forget()
	}
	return err
}

// settingsProblem is what stood in the way of a save, in words; empty when it is nothing that the person can do something about.
func (v *visit) settingsProblem(err error) string {
	switch {
	case errors.Is(err, contacts.ErrSettingsChanged):
		return v.t("desk_settings.problem_meanwhile")
	case errors.Is(err, errUnchanged):
		return v.t("desk_settings.problem_unchanged")
	}
	return v.checkProblem(err)
}

// statusOf is what the answer to such a save is.
func statusOf(err error) int {
	if errors.Is(err, contacts.ErrSettingsChanged) {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// The most that a text of the library's may have: a message of the chat is cut into several, a sentence has to stay on its page.
const (
	mostText     = 12000
	mostSentence = 1500
	mostLabel    = 200
	mostVersion  = 30
)

// typedText is what was typed, with the line ends that the chat uses.
func (v *visit) typedText(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(v.form(name), "\r\n", "\n"))
}

// typedIn are the texts typed for each of the languages; none for what is left empty. What is too long is a fault.
func (v *visit) typedIn(name string, langs []library.Lang, most int, faults map[string]string) map[library.Lang]string {
	out := map[library.Lang]string{}
	for _, lang := range langs {
		field := name + "." + string(lang)
		text := v.typedText(field)
		if utf8.RuneCountInString(text) > most {
			faults[field] = v.t("desk_settings.fault_long", "count", most)
		}
		if text != "" {
			out[lang] = text
		}
	}
	return out
}

// typedVersion is the name given to a new version of a text. It has no spaces: it stands in one line with the day on which it was accepted.
func (v *visit) typedVersion(faults map[string]string) string {
	version := v.typedText("version")
	if version == "" || utf8.RuneCountInString(version) > mostVersion || len(strings.Fields(version)) != 1 {
		faults["version"] = v.t("desk_settings.fault_version")
	}
	return version
}

// nextVersion proposes a version that was not used before: the year and a number.
func (v *visit) nextVersion(history []contacts.LibraryText) string {
	year, last := strconv.Itoa(v.lib.Today(v.at).Year), 0
	for _, h := range history {
		before, after, ok := strings.Cut(h.Version, "-")
		if number, err := strconv.Atoi(after); ok && err == nil && before == year {
			last = max(last, number)
		}
	}
	return year + "-" + strconv.Itoa(last+1)
}

// languagesOf are those in which the library speaks, with those in which something is said already.
func (v *visit) languagesOf(said ...map[library.Lang]string) []library.Lang {
	langs := v.lib.Offered()
	if record := v.lib.RecordLang(); !slices.Contains(langs, record) {
		langs = append(langs, record)
	}
	for _, texts := range said {
		for lang := range maps.Keys(texts) {
			if lang.Known() && !slices.Contains(langs, lang) {
				langs = append(langs, lang)
			}
		}
	}
	slices.SortFunc(langs, func(a, b library.Lang) int {
		return slices.Index(library.Langs(), a) - slices.Index(library.Langs(), b)
	})
	return langs
}
