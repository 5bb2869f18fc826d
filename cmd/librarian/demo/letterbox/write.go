package letterbox

import (
	"errors"
	"net/http"
	netmail "net/mail"
	"slices"
	"strconv"
	"strings"

	"librarian/bots/email/letter"
)

const (
	maxFiles = 18 << 20 // bytes of a letter's files together: packed for the post they grow by a third, and then libraries take them
	inMemory = 1 << 20  // bytes of a form; the rest waits on disk
)

// writePage is the data of write.html, and of the form in letter.html.
type writePage struct {
	Words     Words
	Home      string
	Draft     draft
	Writers   []string // addresses that have received letters
	Libraries []string
	Limit     int    // bytes of files
	Most      string // the limit in words
	TooLarge  string // what to say beyond it
	Problem   string // why the letter was not sent; empty: nobody has tried
}

func (b *Box) writePage(words Words, d draft) (writePage, error) {
	page := writePage{Words: words, Home: home, Draft: d, Libraries: b.imap.libraries, Limit: maxFiles}
	page.Most, page.TooLarge = words.megabytes(words.FilesHelp, maxFiles), words.megabytes(words.TooLarge, maxFiles)
	numbers, err := b.numbers()
	if err != nil {
		return writePage{}, err
	}
	for _, number := range numbers {
		l, err := b.read(number, letter.Head)
		if err != nil {
			continue // dropped meanwhile, or not to be read
		}
		to, err := netmail.ParseAddress(l.Header.Get("To"))
		if err == nil && b.imap.library(to.Address) == "" && !slices.Contains(page.Writers, to.Address) {
			page.Writers = append(page.Writers, to.Address)
		}
	}
	return page, nil
}

// answer is the draft of an answer to the letter; ok is false where no library would read it.
func (b *Box) answer(number int, l letter.Letter) (d draft, ok bool) {
	d = draft{To: answerTo(l), Subject: answerSubject(l), Answers: number, quotes: l}
	if from, err := netmail.ParseAddress(l.Header.Get("To")); err == nil {
		d.From = from.Address
	}
	return d, b.imap.library(d.To) != "" && b.imap.library(d.From) == ""
}

// write shows the form for a new letter.
func (b *Box) write(w http.ResponseWriter, r *http.Request) {
	b.showForm(w, r, draft{}, "")
}

func (b *Box) showForm(w http.ResponseWriter, r *http.Request, d draft, problem string) {
	page, err := b.writePage(b.pages.words(r), d)
	if err != nil {
		fail(w, r, err)
		return
	}
	if page.Problem = problem; problem == "" {
		b.show(w, r, http.StatusOK, "write.html", page)
		return
	}
	if len(d.files) > 0 { // which a browser does not put into a form again
		page.Problem += " " + page.Words.ChooseAgain
	}
	b.show(w, r, http.StatusUnprocessableEntity, "write.html", page)
}

// send posts what was written, or shows it again and says what is amiss.
func (b *Box) send(w http.ResponseWriter, r *http.Request) {
	words := b.pages.words(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxLetter)
	err := r.ParseMultipartForm(inMemory)
	var beyond *http.MaxBytesError
	if errors.As(err, &beyond) {
		b.showForm(w, r, draft{}, words.megabytes(words.TooLarge, maxFiles))
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files, which the machine clears as well
	d, err := b.drafted(r)
	if err != nil {
		fail(w, r, err)
		return
	}
	if problem := b.check(&d, words); problem != "" {
		b.showForm(w, r, d, problem)
		return
	}
	if err := b.post(r.Context(), d.compose(words)); err != nil {
		b.showForm(w, r, d, words.NotSent)
		return
	}
	http.Redirect(w, r, home+"?sent=1", http.StatusSeeOther)
}

// drafted reads the form. Where an answer goes the letter says that it answers, not the form.
func (b *Box) drafted(r *http.Request) (draft, error) {
	d := draft{To: r.PostFormValue("to")}
	if text := r.PostFormValue("answers"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 {
			return draft{}, ErrNoLetter
		}
		l, err := b.read(number, letter.Parse)
		if err != nil {
			return draft{}, err
		}
		d, _ = b.answer(number, l) // whether somebody reads it is checked with the rest
	}
	d.From, d.Subject = strings.TrimSpace(r.PostFormValue("from")), strings.TrimSpace(r.PostFormValue("subject"))
	d.Text = strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	for _, f := range r.MultipartForm.File["files"] {
		if f.Filename != "" { // an empty field comes as a file without a name
			d.files = append(d.files, f)
		}
	}
	return d, nil
}

// check says what keeps the letter from being sent, in words.
func (b *Box) check(d *draft, words Words) string {
	from, err := netmail.ParseAddress(d.From)
	size := int64(0)
	for _, f := range d.files {
		size += f.Size
	}
	switch {
	case err != nil || b.imap.library(from.Address) != "":
		return words.BadFrom
	case b.imap.library(d.To) == "":
		return words.BadTo
	case d.Text == "" && len(d.files) == 0:
		return words.Nothing
	case size > maxFiles:
		return words.megabytes(words.TooLarge, maxFiles)
	}
	d.From = from.Address
	return ""
}
