package stock

import "regexp"

const (
	partWord = `(?i:т|том|ч|часть|частина|кн|книга|вып|выпуск|вип|випуск|кинигэ|чааһа|таһаарыы|vol|volume|pt|part|bd|book)`
	// What stands behind the number: nothing, a sign that begins something else, a further number, or a further part.
	partEnd = `(?:\s*$|\s*[.:;/(\[=]|\s*[–—-]\s*[0-9IVX]|-[йяа]|\s*,\s*(?:[0-9]|` + partWord + `[.\s]))`
)

// partTitle is a title that only says which part of a work it is, perhaps with the part's own: "Т. 2", "Ч. III : Проза", "Вып. 39 (2'2015)". The letters of
// "Novel" and "Nixon" are no Roman numbers, nor are initials, and "Книга 1001 ночи" is a title.
var partTitle = regexp.MustCompile(`^(?:` + partWord + `(?:\.?\s*[0-9]{1,4}|(?:\.\s*|\s+)[IVXL]+)(?:\s+\p{Lu}|` + partEnd + `)|(?i:№|no?)\.?\s*[0-9]{1,5}` + partEnd + `)`)
