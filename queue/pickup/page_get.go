package pickup

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"

	"librarian/contacts/library"
	"librarian/queue/fragments"
	"librarian/templates"
)

// page is what is shown of a link: what it leads to with a button, or why it leads nowhere and the way on.
type page struct {
	Lang    library.Lang
	Library string
	Style   string // address
	Title   string
	Words   []string
	Facts   []fact
	Button  string // empty: there is nothing to download
	Note    string
	Contact []string
}

type fact struct{ Name, Value string }

// pageGet shows what the link leads to. It changes nothing.
func (c *Counter) pageGet(w http.ResponseWriter, r *http.Request) {
	p, err := c.find(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, fragments.ErrNotFound):
		c.showUnknown(w, r)
	case err != nil:
		c.failed(r, "find link", err)
		c.showFailure(w, r)
	case p.Left(c.Now()) == 0:
		c.showOver(w, r, p)
	default:
		c.showReady(w, r, p)
	}
}

func (c *Counter) showReady(w http.ResponseWriter, r *http.Request, p parcel) {
	say := c.in(p.Lang)
	out := c.pageOf(p)
	out.Title, out.Note = say("pickup.title", nil), say("pickup.note", nil)
	size := templates.Fields{"size": int((p.file.Size + 1<<20 - 1) >> 20)}
	out.Button = say("pickup.download", size)
	out.Facts = []fact{
		{say("pickup.what", nil), p.Title},
		{say("pickup.pages", nil), p.Pages},
		{say("pickup.size", nil), say("pickup.megabytes", size)},
		{say("pickup.until", nil), c.Texts.Moment(p.Lang, p.Until.In(p.library.Zone))},
		{say("pickup.left", nil), say("pickup.times", templates.Fields{"count": p.Left(c.Now())})},
	}
	c.show(w, r, http.StatusOK, out)
}

// showOver says why a link is over, and how to come by a new one.
func (c *Counter) showOver(w http.ResponseWriter, r *http.Request, p parcel) {
	say := c.in(p.Lang)
	out := c.pageOf(p)
	out.Title = say("pickup.over_title", nil)
	switch {
	case p.File == "":
		out.Words = []string{say("pickup.over_gone", nil), say("pickup.order_again", nil)}
	case !c.Now().Before(p.Until):
		out.Words = []string{say("pickup.over_old", nil), say("pickup.ask_again", nil)}
	default:
		out.Words = []string{say("pickup.over_used", nil), say("pickup.ask_again", nil)}
	}
	c.show(w, r, http.StatusGone, out)
}

func (c *Counter) showUnknown(w http.ResponseWriter, r *http.Request) {
	lang := preferred(r)
	say := c.in(lang)
	c.show(w, r, http.StatusNotFound, page{Lang: lang, Style: c.assets.path, Title: say("pickup.over_title", nil), Words: []string{say("pickup.unknown", nil), say("pickup.ask_again", nil)}})
}

func (c *Counter) showFailure(w http.ResponseWriter, r *http.Request) {
	lang := preferred(r)
	say := c.in(lang)
	c.show(w, r, http.StatusServiceUnavailable, page{Lang: lang, Style: c.assets.path, Title: say("pickup.failed_title", nil), Words: []string{say("pickup.failed", nil)}})
}

// pageOf is what stands on every page of a library.
func (c *Counter) pageOf(p parcel) page {
	out := page{Lang: p.Lang, Library: p.library.Title(p.Lang), Style: c.assets.path}
	for _, way := range []string{p.library.Settings.Phone, p.library.Settings.Email} {
		if way != "" {
			out.Contact = append(out.Contact, way)
		}
	}
	return out
}

// in words keys in the language. A text that is incomplete is said as far as it goes, and noted.
func (c *Counter) in(lang library.Lang) func(key string, fields templates.Fields) string {
	return func(key string, fields templates.Fields) string {
		said, err := c.Texts.Render(lang, key, fields)
		if err != nil {
			c.Log.Error("text is incomplete", "key", key, "lang", lang, "err", err)
		}
		return said
	}
}

func (c *Counter) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	var b bytes.Buffer
	if err := c.assets.page.Execute(&b, p); err != nil {
		c.failed(r, "write page", err)
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	c.guard(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone: nobody is left to tell
}

// guard keeps the page and the file out of caches, search and other sites' logs: its address is all that is needed to open it.
func (c *Counter) guard(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if c.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// preferred is the first language of the browser that we speak, where nobody knows whose link it was.
func preferred(r *http.Request) library.Lang {
	return cmp.Or(library.Preferred(r.Header.Get("Accept-Language"), library.Langs()), library.Russian)
}
