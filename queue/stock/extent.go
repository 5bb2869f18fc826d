package stock

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	yearPattern     = regexp.MustCompile(`(?:^|[^0-9])(1[0-9]{3}|20[0-9]{2})(?:[^0-9]|$)`)
	rangePattern    = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:сс?|cc?|стр|стор|pp?|pages|ss?)\.?\s*([0-9]+)\s*[-–—]\s*([0-9]+)`)
	extentPattern   = regexp.MustCompile(`(?i)((?:[0-9]+|\[[0-9]+\]|[ivxlcdm]+)(?:\s*,\s*(?:[0-9]+|\[[0-9]+\]|[ivxlcdm]+))*)\s*(?:сс?|c|стр|стор|страниц|сторінок|сирэй|pp?|pages|s)(?:[^\pL]|$)`)
	sequencePattern = regexp.MustCompile(`\[?[0-9]+\]?`)
)

// yearIn is the first year that a date such as [1985] or 1905-1907 names, or 0.
func yearIn(s string) int {
	found := yearPattern.FindStringSubmatch(s)
	if found == nil {
		return 0
	}
	year, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return year
}

// pagesIn is how many pages an extent has: 245 of "245 с.", "xii, 245 p." and "245, [3] с., 16 л. ил.", 9 of "С. 12–20", or 0. Pages in Roman numbers and
// uncounted ones are left out, so that a share of the book is rather too small than too big.
func pagesIn(s string) int {
	if found := rangePattern.FindStringSubmatch(s); found != nil {
		from, errFrom := strconv.Atoi(found[1])
		to, errTo := strconv.Atoi(found[2])
		if errFrom == nil && errTo == nil && to >= from {
			return to - from + 1
		}
	}
	found := extentPattern.FindStringSubmatch(s)
	if found == nil {
		return 0
	}
	sum, uncounted := 0, 0
	for _, part := range sequencePattern.FindAllString(found[1], -1) {
		n, err := strconv.Atoi(strings.Trim(part, "[]"))
		if err != nil {
			return 0
		}
		if strings.HasPrefix(part, "[") {
			uncounted += n
		} else {
			sum += n
		}
	}
	if sum == 0 {
		return uncounted
	}
	return sum
}
