package papers

import (
	"crypto/rand"
	"strconv"
	"strings"

	"librarian/bots/files"
)

// The parts of a code, all of letters that QR's alphanumeric mode has: "LR1.", token, ".", letter of the kind, page.
const (
	tokenLength = 26
	mostPages   = 99
)

// NewToken makes the word that names a set of papers on its pages: 26 characters of A-Z and 2-7, 128 random bits or more. It gives no right to see anything.
func NewToken() string { return rand.Text() }

// Code is the text of the code on a page.
func Code(token string, page Page) string {
	return files.CodePrefix + token + "." + letterOf(page.Kind) + strconv.Itoa(page.Number)
}

// ReadCode takes a code apart; false for what Code never gives.
func ReadCode(text string) (token string, page Page, ok bool) {
	rest, ok := strings.CutPrefix(text, files.CodePrefix)
	if !ok {
		return "", Page{}, false
	}
	token, last, ok := strings.Cut(rest, ".")
	if !ok || !validToken(token) || last == "" {
		return "", Page{}, false
	}
	page.Kind = kindOf(last[:1])
	n, err := strconv.Atoi(last[1:])
	if err != nil || page.Kind == "" || n < 1 || n > mostPages || strconv.Itoa(n) != last[1:] {
		return "", Page{}, false
	}
	page.Number = n
	return token, page, true
}

func validToken(s string) bool {
	if len(s) != tokenLength {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

func letterOf(k Kind) string {
	switch k {
	case Form:
		return "F"
	case Application:
		return "A"
	case Consent:
		return "C"
	case Surety:
		return "S"
	}
	return ""
}

func kindOf(letter string) Kind {
	for _, k := range []Kind{Form, Application, Consent, Surety} {
		if letterOf(k) == letter {
			return k
		}
	}
	return ""
}
