package flows

import (
	"regexp"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

func pagesAsk(_ *Reader, v Vars, out *Turn) {
	key := "fragment.pages"
	if out.State.Flow == KindArticle {
		key = "fragment.pages_article"
	}
	out.say("fragment.title", templates.Fields{"title": v.title()}, backButton())
	if b, ok := v.book(); ok && b.Pages > 0 && (!b.Issue || out.State.Flow == KindFragment) {
		out.line("fragment.book_pages", templates.Fields{"pages": b.Pages})
	}
	out.line(key, nil)
}

// pagesTake hears the pages by number, or a chapter in words.
func pagesTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if in.Choice == choiceBack && !isNumber(in.Text) { // "1" is a page, not the number of a button
		return pagesBack(r, v)
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	if usable {
		v.keepTitlePage(in.Files)
		out.say("fragment.photo_kept", nil)
	}
	pages, ok := library.ParsePages(text)
	switch {
	case ok:
		v[varPages] = pages.String()
		if !v.tooFar(out) {
			return v.missing()
		}
		delete(v, varPages)
	case hasWords(text) && !looksLikePages(text):
		v.keepWords(varPages, text, out)
		return v.missing()
	case hasWords(text):
		out.say("fragment.pages_wrong", nil)
	}
	pagesAsk(r, v, out)
	return ""
}

// tooFar says that the book has no such pages. Of an issue of a periodical their numbers may go on through the year, but there are no more of them.
func (v Vars) tooFar(out *Turn) bool {
	b, chosen := v.book()
	pages, numbered := v.pages()
	switch {
	case !chosen || !numbered || b.Pages == 0 || pages.Max() <= b.Pages:
		return false
	case b.Issue && pages.Count() <= b.Pages:
		return false
	case b.Issue:
		out.say("fragment.too_long", templates.Fields{"pages": b.Pages, "number": pages.Count()})
		return true
	}
	out.say("fragment.too_far", templates.Fields{"pages": b.Pages, "last": pages.Max()})
	return true
}

// pagesBack goes to what was found, or to the words for the book.
func pagesBack(_ *Reader, v Vars) Event {
	if v[varFound] != "" {
		return toWhichBook
	}
	return toDescribe
}

// Pages in the middle of something else. After pages by a range anything may follow; after a single number nothing, for that may be "Петров С. 12 рассказов".
// A number of four digits after a comma is no further page, but a year.
const (
	pageRange   = `\d{1,4}\s*(?:[-‐‑‒–—…]|\.{2,3}|по|до|to)\s*\d{1,4}`
	pageMore    = `(?:\s*,\s*\d{1,3}(?:\s*[-‐‑‒–—…]\s*\d{1,3})?)*`
	pageBefore  = `(?:[сc]{1,2}\.|стр\.?|страниц[аыу]|стор\.?|сторінк[аиу]|сирэй\p{L}*|pp?\.|pages?)\s*`
	pageAfter   = `\s*(?:[сc]{1,2}\.?|стр|стор|страниц\p{L}*|сторін\p{L}*|сирэй\p{L}*|pp?|pages?)`
	pageLoosely = `(?:[\s,.;:)]|$)`
	pageAtEnd   = `\s*(?:[,.;:)]|$)`
)

var (
	pagesWithin = regexp.MustCompile(`(?i)(?:^|[\s,.;:(–—-])(?:` + pageBefore + `(` + pageRange + pageMore + `)` + pageLoosely +
		`|` + pageBefore + `(\d{1,4}` + pageMore + `)` + pageAtEnd +
		`|[сc]\s+(` + pageRange + pageMore + `)` + pageAtEnd +
		`|(` + pageRange + `)` + pageAfter + pageLoosely + `)`)

	// pagesOnly is what says nothing but pages, though perhaps none that there can be.
	pagesOnly = regexp.MustCompile(`(?i)^(?:[^\p{L}]|(?:с|c|стр|страниц\p{L}*|стор|сторін\p{L}*|сирэй\p{L}*|pp?|pages?|от|по|до|від|з|from|to|и|і|й|та|and|уонна)(?:[^\p{L}]|$))*$`)
)

// looksLikePages reports whether nothing but pages was meant.
func looksLikePages(text string) bool { return pagesOnly.MatchString(text) }

// cutPages takes the pages out of a text that says more; without any the text is as it was.
func cutPages(text string) (rest, pages string) {
	at := pagesWithin.FindStringSubmatchIndex(text)
	if at == nil {
		return text, ""
	}
	read, ok := library.ParsePages(group(text, at))
	rest = strings.Trim(text[:at[0]], " ,.;:(–—-") + ", " + strings.TrimLeft(text[at[1]:], " ,.;:)–—-")
	rest = strings.Trim(rest, ", ")
	if !ok || !hasWords(rest) {
		return text, ""
	}
	return rest, read.String()
}
