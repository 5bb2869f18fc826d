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
	out.say("fragment.title", templates.Fields{"title": v.titleWords()}, backButton())
	if b, ok := v.book(); ok && b.Pages > 0 && out.State.Flow == KindFragment {
		out.line("fragment.book_pages", templates.Fields{"pages": b.Pages})
	}
	out.line(key, nil)
}

// pagesTake hears the pages by number, or a chapter in words.
func pagesTake(r *Reader, v Vars, in Input, out *Turn) Event {
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

// tooFar says that the book has no such pages. Of an issue of a periodical the number may go on through the year.
func (v Vars) tooFar(out *Turn) bool {
	b, chosen := v.book()
	pages, numbered := v.pages()
	if !chosen || !numbered || b.Pages == 0 || pages.Max() <= b.Pages || out.State.Flow == KindArticle {
		return false
	}
	out.say("fragment.too_far", templates.Fields{"pages": b.Pages, "last": pages.Max()})
	return true
}

// pagesBack goes to what was found, or to the words for the book.
func pagesBack(_ *Reader, v Vars) Event {
	switch {
	case v[varFound] != "":
		return toWhichBook
	case v[varWords] != "" && v[varTitlePage] == "":
		return toDescribe
	}
	return toFindBook
}

// pageList is numbers of pages; a number of four digits is no further one, but a year.
const pageList = `\d{1,4}(?:\s*(?:[-‐‑‒–—…]|\.{2,3}|по|до|to)\s*\d{1,4})?(?:\s*,\s*\d{1,3}(?:\s*[-‐‑‒–—…]\s*\d{1,3})?)*`

var (
	// pagesIn are pages in the middle of something else, with the word for pages on one side.
	pagesWithin = regexp.MustCompile(`(?i)(?:^|[\s,.;:(–—-])(?:(?:сс?|cc?|стр|страниц[аыу]|стор|сторінк[аиу]|сирэй\p{L}*|pp?|pages?)\.?\s*(` + pageList + `)` +
		`|(\d{1,4}\s*[-‐‑‒–—]\s*\d{1,4})\s*(?:сс?|стр|стор|страниц\p{L}*|сторін\p{L}*|сирэй\p{L}*|pp?|pages?)\.?)(?:[\s,.;:)]|$)`)

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
	from, until := at[2], at[3]
	if from < 0 {
		from, until = at[4], at[5]
	}
	read, ok := library.ParsePages(text[from:until])
	rest = strings.Trim(text[:at[0]], " ,.;:(–—-") + ", " + strings.TrimLeft(text[at[1]:], " ,.;:)–—-")
	rest = strings.Trim(rest, ", ")
	if !ok || !hasWords(rest) {
		return text, ""
	}
	return rest, read.String()
}
