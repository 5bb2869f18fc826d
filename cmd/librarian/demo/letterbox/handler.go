package letterbox

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"librarian/bots/email/letter"
)

const home = "/demo/mail"

// Handler serves the list of letters at GET /demo/mail, and below it each letter and its files, and what is written to a library.
func (b *Box) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+home, b.list)
	mux.HandleFunc("GET "+home+"/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, home, http.StatusSeeOther)
	})
	mux.HandleFunc("GET "+home+"/write", b.write)
	mux.Handle("POST "+home, http.NewCrossOriginProtection().Handler(http.HandlerFunc(b.send)))
	mux.HandleFunc("GET "+home+"/{id}", b.letter)
	mux.HandleFunc("GET "+home+"/{id}/files/{n}", b.file)
	mux.HandleFunc("GET "+home+"/events", b.events)
	for _, name := range []string{"letterbox.css", "letterbox.js", "write.js"} {
		mux.HandleFunc("GET "+home+"/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, assets, "page/"+name)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// listPage is the data of list.html.
type listPage struct {
	Words   Words
	Home    string
	Newest  int
	Sent    bool // a letter has just been
	Writes  bool // there is a library to write to
	Letters []row
}

type row struct {
	Number            int
	Subject, To, From string
	At                when
}

func (b *Box) list(w http.ResponseWriter, r *http.Request) {
	words := b.pages.words(r)
	newest, _ := b.newest()
	page := listPage{Words: words, Home: home, Newest: newest, Sent: r.URL.Query().Has("sent"), Writes: len(b.imap.libraries) > 0}
	numbers, err := b.numbers()
	if err != nil {
		fail(w, r, err)
		return
	}
	for _, number := range numbers {
		l, err := b.read(number, letter.Head)
		if errors.Is(err, ErrNoLetter) {
			continue // dropped meanwhile
		}
		// A letter that cannot be read is listed without what it says.
		page.Letters = append(page.Letters, row{number, l.Subject, b.short(l.To), b.short(l.From), words.when(l.Date)})
	}
	b.show(w, r, http.StatusOK, "list.html", page)
}

// short is the name of who wrote or got a letter, or the address where there is none; a library's without what makes it long.
func (b *Box) short(who string) string {
	name, address, _ := strings.Cut(who, "<")
	if name = strings.Trim(name, ` "`); name == "" {
		name = strings.Trim(address, "<> ")
	}
	return cmp.Or(b.imap.library(name), name)
}

// letterPage is the data of letter.html.
type letterPage struct {
	Words  Words
	Letter letter.Letter
	Home   string
	Number int
	At     when
	Files  []fileRow
	Answer *writePage // nil: to a letter that no library has written
}

type fileRow struct {
	Name, Size, Link string
}

func (b *Box) letter(w http.ResponseWriter, r *http.Request) {
	number, l, err := b.find(r)
	if err != nil {
		fail(w, r, err)
		return
	}
	words := b.pages.words(r)
	page := letterPage{Words: words, Letter: l, Home: home, Number: number, At: words.when(l.Date)}
	for n, f := range l.Files {
		link := fmt.Sprintf("%s/%d/files/%d", home, number, n)
		page.Files = append(page.Files, fileRow{f.Name, words.size(len(f.Content)), link})
	}
	if d, ok := b.answer(number, l); ok {
		form, err := b.writePage(words, d)
		if err != nil {
			fail(w, r, err)
			return
		}
		page.Answer = &form
	}
	b.show(w, r, http.StatusOK, "letter.html", page)
}

func (b *Box) file(w http.ResponseWriter, r *http.Request) {
	_, l, err := b.find(r)
	n, bad := strconv.Atoi(r.PathValue("n"))
	if err == nil && (bad != nil || n < 0 || n >= len(l.Files)) {
		err = ErrNoLetter
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	f := l.Files[n]
	w.Header().Set("Content-Type", "application/octet-stream") // to be kept, never shown as a page of ours
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
}

func (b *Box) find(r *http.Request) (int, letter.Letter, error) {
	number, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || number < 1 {
		return 0, letter.Letter{}, ErrNoLetter
	}
	l, err := b.read(number, letter.Parse)
	return number, l, err
}

// events tells the list the newest letter's number: at once, and whenever there is a newer one.
func (b *Box) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	// The server's limit on writing an answer would end the stream.
	if err := out.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		fail(w, r, err)
		return
	}
	for {
		newest, changed := b.newest()
		if _, err := fmt.Fprintf(w, "event: letter\ndata: %d\n\n", newest); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-b.ctx.Done():
			return
		}
	}
}

func (b *Box) show(w http.ResponseWriter, r *http.Request, status int, name string, page any) {
	var out bytes.Buffer
	if err := b.pages.templates.ExecuteTemplate(&out, name, page); err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a browser that has gone needs no answer
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNoLetter) {
		http.NotFound(w, r)
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError) // the demo's user is its operator
}
