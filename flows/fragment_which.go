package flows

import (
	"strconv"
	"strings"

	"librarian/templates"
)

// found remembers what the catalogue has, as far as it fits a stored conversation.
func (v Vars) found(a BooksFound) Event {
	books := make([]Book, min(len(a.Books), booksMost))
	for i := range books {
		books[i] = a.Books[i]
		books[i].Line, books[i].Short = shortened(a.Books[i].Line, lineMost), shortened(a.Books[i].Short, shortMost)
	}
	v.remember(varFound, books)
	return toWhichBook
}

// shortened is the text with at most so many characters.
func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return text
}

// whichBookAsk offers what was found. Where two books have the same short name the whole descriptions tell them apart.
func whichBookAsk(_ *Reader, v Vars, out *Turn) {
	books := recall[Book](v, varFound)
	again, words := choice(bookAgain, "fragment.again"), choice(bookWords, "fragment.in_words")
	if len(books) == 0 {
		out.say("fragment.none", templates.Fields{"title": v.title()}, again, words, choice(bookNeed, "need.missing"))
		return
	}
	key := "fragment.found"
	if out.State.Flow == KindArticle {
		key = "fragment.found_article"
	}
	out.say(key, nil)
	alike := sameNames(books)
	for i, b := range books {
		label := b.Short
		if alike {
			number := " (" + strconv.Itoa(i+1) + ")"
			label = shortened(b.Short, shortMost-len(number)) + number
			out.line("fragment.line", templates.Fields{"number": i + 1, "book": b.Line})
		}
		out.offer(Choice{ID: bookPrefix + strconv.FormatInt(b.ID, 10), Plain: label})
	}
	out.offer(again, words)
}

// sameNames reports whether two books could not be told apart by what is on their buttons.
func sameNames(books []Book) bool {
	seen := map[string]bool{}
	for _, b := range books {
		name := strings.ToLower(b.Short)
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

func whichBookTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(BooksFound); ok {
		return v.found(a)
	}
	if a, ok := in.Answer.(NeedNoted); ok {
		sayNeed(a, v.missingBook().Words, out)
		out.offer(choice(bookAgain, "fragment.again"), choice(bookWords, "fragment.in_words"))
		return ""
	}
	switch in.Choice {
	case bookNeed:
		out.Ask = v.missingBook()
		return ""
	case bookAgain:
		return toFindBook
	case bookWords:
		return toDescribe
	}
	for _, b := range recall[Book](v, varFound) {
		if in.Choice == bookPrefix+strconv.FormatInt(b.ID, 10) {
			v.remember(varBook, []Book{b})
			if v.tooFar(out) {
				delete(v, varPages)
			}
			return v.missing()
		}
	}
	if in.Choice == "" && (hasWords(in.Text) || len(in.Files) > 0) { // other words: it is looked for anew
		return v.search(r, in, out, whichBookAsk)
	}
	out.say("common.choose", nil)
	whichBookAsk(r, v, out)
	return ""
}

func describeAsk(_ *Reader, v Vars, out *Turn) {
	if v[varWords] == "" {
		out.say("fragment.name_photo", nil)
	} else {
		out.say("fragment.describe", nil)
		out.line("fragment.described", templates.Fields{"title": v[varWords]})
		out.offer(choice(bookKeep, "fragment.keep"))
	}
	out.offer(backButton())
}

// describeBack leads to what was found, or to where the photo came.
func describeBack(_ *Reader, v Vars) Event {
	if v[varTitlePage] != "" && v[varFound] == "" {
		return toFindBook
	}
	return toWhichBook
}

// describeTake adds to the words that the catalogue did not know.
func describeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	switch {
	case in.Choice == bookKeep && v[varWords] != "":
		text = ""
	case !usable && !hasWords(text):
		describeAsk(r, v, out)
		return ""
	}
	delete(v, varBook)
	v.keepTitlePage(in.Files)
	if v[varWords] == "" && !hasWords(text) {
		describeAsk(r, v, out)
		return ""
	}
	if hasWords(text) {
		v.keepWords(varWords, strings.TrimPrefix(v[varWords]+". "+text, ". "), out)
	}
	return v.missing()
}
