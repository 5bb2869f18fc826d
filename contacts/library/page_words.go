package library

import (
	"strings"
	"unicode"
)

// pageWords are the words that may stand among pages, by what they are.
var pageWords = map[string]int{
	"с": pageUnit, "c": pageUnit, "сс": pageUnit, "cc": pageUnit, "стр": pageUnit, "страница": pageUnit, "страницы": pageUnit, "страницу": pageUnit, "странице": pageUnit,
	"страницей": pageUnit, "страницам": pageUnit, "страницами": pageUnit, "страницах": pageUnit, "страничка": pageUnit, "странички": pageUnit, "страничку": pageUnit,
	"страниц": pageMany, "страничек": pageMany, "от": pageUnit, "со": pageUnit,
	"стор": pageUnit, "сторінка": pageUnit, "сторінки": pageUnit, "сторінку": pageUnit, "сторінці": pageUnit, "сторінкою": pageUnit, "сторінкам": pageUnit,
	"сторінками": pageUnit, "сторінках": pageUnit, "сторінок": pageMany, "від": pageUnit, "з": pageUnit, "із": pageUnit,
	"сирэй": pageUnit, "сирэйэ": pageUnit, "сирэйи": pageUnit, "сирэйин": pageUnit, "сирэйгэ": pageUnit, "сирэйтэн": pageDash, "сирэйиттэн": pageDash, "сирэйигэр": pageUnit,
	"сирэйдэр": pageUnit, "сирэйдэрэ": pageUnit, "сирэйдэри": pageUnit, "сирэйдэрин": pageUnit, "сирэйдэргэ": pageUnit, "диэри": pageUnit, "дылы": pageUnit,
	"p": pageUnit, "pp": pageUnit, "page": pageUnit, "pages": pageUnit, "from": pageUnit, "pg": pageUnit, "pgs": pageUnit,
	"по": pageDash, "до": pageDash, "to": pageDash, "through": pageDash, "thru": pageDash, "till": pageDash, "until": pageDash,
	"и": pageGap, "та": pageGap, "і": pageGap, "й": pageGap, "and": pageGap, "уонна": pageGap,
}

// pageEndings are what may be written to a number that is said in words, by what it means: "5-я", "10-ю", "5-та", "5th", "5-с", and "from the 5th" in Sakha.
// Those that stand without a hyphen too are no letters of a page such as 12а.
var pageEndings = map[string]int{
	"-я": pageUnit, "я": pageUnit, "-ая": pageUnit, "ая": pageUnit, "-й": pageUnit, "-ой": pageUnit, "ой": pageUnit, "-ей": pageUnit, "-ю": pageUnit, "ю": pageUnit,
	"-ую": pageUnit, "ую": pageUnit, "-ью": pageUnit, "-е": pageUnit, "-ые": pageUnit, "-ьи": pageUnit, "-ом": pageUnit,
	"-а": pageUnit, "-та": pageUnit, "-ша": pageUnit, "-га": pageUnit, "-ма": pageUnit, "-у": pageUnit, "-ту": pageUnit, "-шу": pageUnit, "-гу": pageUnit, "-му": pageUnit,
	"-ї": pageUnit, "-ої": pageUnit, "-ій": pageUnit, "-і": pageUnit, "-ті": pageUnit,
	"st": pageUnit, "nd": pageUnit, "rd": pageUnit, "th": pageUnit, "-st": pageUnit, "-nd": pageUnit, "-rd": pageUnit, "-th": pageUnit,
	"-с": pageUnit, "-ис": pageUnit, "-ыс": pageUnit, "-ус": pageUnit, "-үс": pageUnit, "-гэ": pageUnit, "-ҕа": pageUnit, "-ҕэ": pageUnit, "-ҕо": pageUnit, "-ҕө": pageUnit,
	"-ҥа": pageUnit, "-кэ": pageUnit, "-ка": pageUnit,
	"-тан": pageDash, "-тэн": pageDash, "-тон": pageDash, "-төн": pageDash, "-ттан": pageDash, "-ттэн": pageDash, "-иттэн": pageDash, "-ыттан": pageDash,
}

// pageEnding gives what is written to the number that ends here, and where the text goes on.
func pageEnding(runes []rune, end int) (kind, next int, ok bool) {
	from := end
	hyphen := from < len(runes) && strings.ContainsRune("-‐‑", runes[from])
	if hyphen {
		from++
	}
	for next = from; next < len(runes) && unicode.IsLetter(runes[next]); next++ {
	}
	ending := string(runes[from:next])
	if hyphen {
		ending = "-" + ending
	}
	kind, ok = pageEndings[ending]
	if ending == "-с" && !goesOn(runes[next:]) {
		ok = false
	}
	return kind, next, ok
}

// goesOn reports that a word follows, or a comma: "5-с сирэй" is the fifth page, but "12-с. 20" and "12-с 20" are pages 12 to 20.
func goesOn(rest []rune) bool {
	text := strings.TrimLeftFunc(string(rest), unicode.IsSpace)
	return strings.HasPrefix(text, ",") || len(text) < len(string(rest)) && strings.IndexFunc(text, unicode.IsLetter) == 0
}
