package templates

import (
	"fmt"
	"io/fs"
	"strings"

	"librarian/contacts/library"
)

// reasonLimit is the length in bytes of a line that is understood; a longer one is a sentence that a person has to read.
const reasonLimit = 120

// Reason is why a department has nothing to send, where the first line says so in any language: a key of reasons/<lang>.toml; empty for any other words.
func (t *Texts) Reason(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > reasonLimit {
		return ""
	}
	return t.reasons[bare(line)]
}

func (t *Texts) loadReasons(files fs.FS, lang library.Lang) error {
	path := "reasons/" + string(lang) + ".toml"
	lists := map[string][]string{}
	if err := decode(files, path, &lists); err != nil {
		return err
	}
	for reason, list := range lists {
		for _, written := range list {
			words := bare(written)
			if other, ok := t.reasons[words]; words == "" || ok && other != reason {
				return fmt.Errorf("load %s: %q means nothing or both %s and %s", path, written, other, reason)
			}
			t.reasons[words] = reason
		}
	}
	return nil
}
