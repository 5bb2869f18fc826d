package flows

import (
	"strings"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
)

// The steps of an order (F1, F6). The flow that orders a fragment is called KindFragment, the one that orders an article KindArticle.
const (
	orderFind     = "find"
	orderYear     = "year"   // of an article alone
	orderNumber   = "number" // likewise
	orderWhich    = "which"
	orderDescribe = "describe"
	orderPages    = "pages"
	orderWant     = "want"
	orderNotice   = "notice"
	orderLimit    = "limit"
	orderDone     = "done"
)

// The events of an order.
const (
	toFindBook  = "to_find"
	toYear      = "to_year"
	toNumber    = "to_number"
	toWhichBook = "to_which"
	toDescribe  = "to_describe"
	toPages     = "to_pages"
	toWant      = "to_want"
	toNotice    = "to_notice"
	toLimit     = "to_limit"
	toOrdered   = "to_done"
)

// The choices of an order.
const (
	orderFor     = "for:"  // and the number of a reader
	bookPrefix   = "book:" // and the number of an edition
	bookAgain    = "book:again"
	bookWords    = "book:words"
	bookKeep     = "book:keep"
	wantPhoto    = "want:photo"
	wantScan     = "want:scan"
	choicePages  = "pages"
	limitFirst   = "limit:first"
	limitPermit  = "limit:permit"
	choiceUnsure = choiceSkip // the reader does not know the year or the number
)

// What an order remembers between its steps.
const (
	varFor        = "for"        // the reader for whom it is
	varWords      = "words"      // the book in the reader's words
	varPeriodical = "periodical" // with varYear and varNumber; "-" for what the reader does not know
	varYear       = "year"
	varNumber     = "number"
	varArticle    = "article" // its title, where pages are given too
	varFound      = "found"   // books of the catalogue, JSON
	varBook       = "book"    // the chosen one, likewise
	varPages      = "pages"   // as library.Pages.String, or the reader's words
	varWant       = "want"
	varLimit      = "limit"  // why it was not placed, JSON
	varPermit     = "permit" // the department is asked for more than the limit
	varTitlePage  = "title_page"
)

// Of what the reader writes and the catalogue gives so many characters are kept.
const (
	wordsMost = 300
	lineMost  = 400
	shortMost = 60 // a button of the narrowest channel
	booksMost = 6
)

// fragment orders pages of a book. An article is ordered likewise.
func fragment() *Flow {
	return &Flow{
		Name: KindFragment, Start: orderFind,
		Moves: fsm.Events{
			{Name: toFindBook, Src: []string{orderFind, orderWhich, orderDescribe}, Dst: orderFind},
			{Name: toWhichBook, Src: []string{orderFind, orderWhich, orderDescribe, orderPages}, Dst: orderWhich},
			{Name: toDescribe, Src: []string{orderFind, orderWhich, orderPages}, Dst: orderDescribe},
			{Name: toPages, Src: []string{orderFind, orderWhich, orderDescribe, orderWant, orderNotice, orderLimit}, Dst: orderPages},
			{Name: toWant, Src: []string{orderFind, orderWhich, orderDescribe, orderPages, orderNotice}, Dst: orderWant},
			{Name: toNotice, Src: []string{orderFind, orderWhich, orderDescribe, orderPages, orderWant, orderLimit}, Dst: orderNotice},
			{Name: toLimit, Src: []string{orderNotice, orderLimit}, Dst: orderLimit},
			{Name: toOrdered, Src: []string{orderNotice, orderLimit}, Dst: orderDone},
		},
		Steps: map[string]Step{
			orderFind:     {Ask: findBookAsk, Take: findBookTake, Prefix: orderFor, Files: true, Back: findBookBack},
			orderWhich:    {Ask: whichBookAsk, Take: whichBookTake, Prefix: bookPrefix, Files: true, Back: leadsTo(toFindBook)},
			orderDescribe: {Ask: describeAsk, Take: describeTake, Choices: []string{bookKeep}, Files: true, Back: describeBack},
			orderPages:    {Ask: pagesAsk, Take: pagesTake, Choices: []string{choiceBack}, Files: true, Back: pagesBack},
			orderWant:     {Ask: wantAsk, Take: wantTake, Choices: []string{wantPhoto, wantScan}, Picks: true, Back: leadsTo(toPages)},
			orderNotice:   {Ask: noticeAsk, Take: noticeTake, Choices: []string{choiceYes, choicePages}, Picks: true, Back: leadsTo(toWant)},
			orderLimit:    {Ask: limitAsk, Take: limitTake, Choices: []string{limitFirst, choicePages, limitPermit}, Picks: true, Back: leadsTo(toNotice)},
		},
		Final: []string{orderDone},
	}
}

func leadsTo(event Event) func(*Reader, Vars) Event {
	return func(*Reader, Vars) Event { return event }
}

func findBookAsk(r *Reader, v Vars, out *Turn) {
	key := "fragment.find"
	if out.State.Flow == KindArticle {
		key = "fragment.find_article"
	}
	if !v.asksWho(r, out) {
		out.say(key, nil, choice(choiceCancel, "common.cancel"))
	}
}

// findBookTake hears for whom it is and what is looked for.
func findBookTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(BooksFound); ok {
		return v.found(a)
	}
	if id, ok := strings.CutPrefix(in.Choice, orderFor); ok {
		v[varFor] = id
		findBookAsk(r, v, out) // asks again for whom, if it is nobody's number
		return ""
	}
	if _, known := v.orderer(r); !known && len(r.orderers()) > 0 {
		out.say("common.choose", nil)
		findBookAsk(r, v, out)
		return ""
	}
	return v.search(r, in, out, findBookAsk)
}

// search begins the book anew, with the words or the photo that came. Without any the question is put again.
func (v Vars) search(r *Reader, in Input, out *Turn, ask func(*Reader, Vars, *Turn)) Event {
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	if !usable && !hasWords(text) {
		ask(r, v, out)
		return ""
	}
	for _, name := range []string{varWords, varPeriodical, varYear, varNumber, varArticle, varFound, varBook, varPages, varTitlePage} {
		delete(v, name)
	}
	if usable {
		v.keepTitlePage(in.Files)
		text, v[varPages] = cutPages(text)
		if !hasWords(text) { // staff, and whoever looks at the copy later, need a title
			return toDescribe
		}
		v.keepWords(varWords, text, out)
		return v.missing()
	}
	if out.State.Flow == KindArticle {
		return v.readArticle(r, text, out)
	}
	text, v[varPages] = cutPages(text)
	v.keepWords(varWords, text, out)
	out.Ask = FindBook{Words: v[varWords], Kind: KindFragment}
	return ""
}

// findBookBack asks once more for whom it is, where several can order, or leaves.
func findBookBack(r *Reader, v Vars) Event {
	if v[varFor] == "" || len(r.orderers()) < 2 {
		return ""
	}
	delete(v, varFor)
	return toFindBook
}

// keepWords remembers what the reader wrote, as far as it is kept.
func (v Vars) keepWords(name, text string, out *Turn) {
	v[name] = strings.Join(strings.Fields(text), " ")
	if runes := []rune(v[name]); len(runes) > wordsMost {
		v[name] = string(runes[:wordsMost])
		out.sayCut()
	}
}

// keepTitlePage remembers files that show which book it is.
func (v Vars) keepTitlePage(files []Finding) {
	kept := append(strings.Fields(v[varTitlePage]), fileIDs(files)...)
	v[varTitlePage] = strings.Join(kept[:min(len(kept), photosMost)], " ")
}

// fileIDs are the files that a person can look at.
func fileIDs(files []Finding) []string {
	var out []string
	for _, f := range files {
		if f.File != "" && canBeSeen(f.Problem) {
			out = append(out, f.File)
		}
	}
	return out
}

// book is the chosen edition.
func (v Vars) book() (Book, bool) {
	if chosen := recall[Book](v, varBook); len(chosen) > 0 {
		return chosen[0], true
	}
	return Book{}, false
}

// title is the book as the order names it: the catalogue's words, or the reader's. An article stands before the periodical.
func (v Vars) title() string {
	title := v[varWords]
	if b, ok := v.book(); ok {
		title = b.Line
	}
	if v[varArticle] != "" {
		title = v[varArticle] + " // " + title
	}
	return title
}

// titleWords is the title for the reader; of a book that was only photographed it says so.
func (v Vars) titleWords() library.Words { return titleWords(v.title()) }

func titleWords(title string) library.Words {
	if title == "" {
		return library.Words{Key: "fragment.photo_title"}
	}
	return library.Words{Plain: title}
}

// pages are the ordered pages, if they were given by number.
func (v Vars) pages() (library.Pages, bool) { return library.ParsePages(v[varPages]) }

// missing is the first question that has no answer yet.
func (v Vars) missing() Event {
	if v[varPages] == "" && v[varArticle] != "" {
		v[varPages] = v[varArticle]
		delete(v, varArticle)
	}
	switch {
	case v[varPages] == "":
		return toPages
	case v[varWant] == "":
		return toWant
	}
	return toNotice
}
