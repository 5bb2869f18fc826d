package webchat

import (
	"bytes"
	"encoding/json"
	"net/http"

	"librarian/bots"
	"librarian/contacts/library"
)

// page is what the chat's page shows before any of its script has run.
type page struct {
	Lang     library.Lang
	Title    string
	Words    words
	Assets   string // folder
	Embedded bool
	Phone    string
	Email    string
	Settings settings
}

// settings are what the page's script needs to know, as JSON within the page.
type settings struct {
	Slug   string                  `json:"slug"`
	Base   string                  `json:"base"`
	Embed  bool                    `json:"embed"`
	Lang   library.Lang            `json:"lang"`
	Langs  map[library.Lang]tongue `json:"langs"`
	Limits pageLimits              `json:"limits"`
}

// tongue is one language of the page.
type tongue struct {
	Title string `json:"title"` // the library's name
	Words words  `json:"words"`
}

type pageLimits struct {
	Text  int `json:"text"`
	Files int `json:"files"`
	File  int `json:"file"`
}

// pageGet is the chat's page, by itself or within the widget's frame.
func (c *Chat) pageGet(w http.ResponseWriter, r *http.Request) {
	t, ok := c.tenant(w, r)
	if !ok || !c.admit(w, r) {
		return
	}
	c.renew(w, r, t)
	var b bytes.Buffer
	if err := c.assets.page.Execute(&b, c.pageOf(r, t)); err != nil {
		c.failed(r, "write page", err)
		unavailable(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy(t.Settings))
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	_, _ = w.Write(b.Bytes()) // the reader has gone: nobody is left to tell
}

func (c *Chat) pageOf(r *http.Request, t tenant) page {
	lang := preferred(r, t.Library)
	base := "/chat/" + t.Slug
	p := page{
		Lang: lang, Title: t.Title(lang), Words: c.words[lang], Assets: base + "/assets/" + c.assets.hash, Embedded: embedded(r),
		Phone: t.Settings.Phone, Email: t.Settings.Email,
		Settings: settings{
			Slug: t.Slug, Base: base, Embed: embedded(r), Lang: lang, Langs: map[library.Lang]tongue{},
			Limits: pageLimits{bots.MaxText, bots.MaxFiles, bots.MaxFile},
		},
	}
	for _, l := range library.Langs() {
		p.Settings.Langs[l] = tongue{t.Title(l), c.words[l]}
	}
	return p
}

// widgetGet is the script that a library's site includes by one line. It is the same for everybody.
func (c *Chat) widgetGet(w http.ResponseWriter, r *http.Request) {
	t, ok := c.tenant(w, r)
	if !ok {
		return
	}
	labels := map[library.Lang]widgetLabels{}
	for _, l := range library.Langs() {
		labels[l] = widgetLabels{t.Title(l), c.words[l]["widget_open"], c.words[l]["widget_close"]}
	}
	said, err := json.Marshal(labels)
	if err != nil {
		c.failed(r, "write widget", err)
		unavailable(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(bytes.Replace(c.assets.widget, []byte("LABELS"), said, 1)) // the reader has gone
}

type widgetLabels struct {
	Title string `json:"title"`
	Open  string `json:"open"`
	Close string `json:"close"`
}
