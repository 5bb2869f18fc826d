package webchat

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// words are what the page itself says, by key without its file's name. A field stands in its braces, for the page's script to fill in.
type words map[string]string

func keys() []string {
	return []string{
		"chat.subtitle", "chat.log", "chat.input", "chat.send", "chat.attach", "chat.camera", "chat.drop", "chat.detach",
		"chat.sending", "chat.waiting", "chat.uploading", "chat.sent", "chat.retry", "chat.remove", "chat.cancel", "chat.files_lost",
		"chat.offline", "chat.typing", "chat.bot", "chat.staff", "chat.you", "chat.newer", "chat.today", "chat.yesterday",
		"chat.day", "chat.day_year", "chat.months", "chat.image", "chat.download", "chat.chosen", "chat.cut", "chat.kilobytes", "chat.megabytes",
		"chat.refused_too_large", "chat.refused_too_many", "chat.refused_other",
		"chat.error_empty", "chat.error_bad_request", "chat.error_too_fast", "chat.error_too_large", "chat.error_origin", "chat.error_other",
		"chat.script_needed", "chat.script_contact", "chat.close", "chat.loading", "chat.text_long", "chat.widget_open", "chat.widget_close",
	}
}

// renderWords renders every word in every language; a field's value is the field.
func renderWords(texts *templates.Texts) (map[library.Lang]words, error) {
	fields := templates.Fields{}
	for _, name := range []string{"day", "month", "year", "name", "size", "percent"} {
		fields[name] = "{" + name + "}"
	}
	out := map[library.Lang]words{}
	for _, lang := range library.Langs() {
		out[lang] = words{}
		for _, key := range keys() {
			said, err := texts.Render(lang, key, fields)
			if err != nil {
				return nil, fmt.Errorf("render words: %w", err)
			}
			out[lang][strings.TrimPrefix(key, "chat.")] = said
		}
	}
	return out, nil
}

// preferred is the first language of the browser that the library offers, or the library's own.
func preferred(r *http.Request, lib library.Library) library.Lang {
	offered := lib.Offered()
	if wanted := library.Preferred(r.Header.Get("Accept-Language"), offered); wanted != "" {
		return wanted
	}
	if own := lib.RecordLang(); slices.Contains(offered, own) {
		return own
	}
	return offered[0]
}
