package email

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// ErrAddress means that a text is not an e-mail address that can be written to.
var ErrAddress = errors.New("not an e-mail address")

// The limits of RFC 5321, 4.5.3.1, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
)

// ParseAddress reads an address as people type it, also as "Name <address>" or with mailto: before it. It gives the address with the
// domain in lower case and in its ASCII form; what is before the @ is kept as it was. That part must be ASCII: a Cyrillic letter there
// is nearly always a slip of the keyboard. The only error is ErrAddress.
func ParseAddress(text string) (string, error) {
	text = strings.TrimSpace(strings.Map(visible, text))
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text = text[7:]
	}
	text = strings.TrimRight(text, ".,;")
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return "", ErrAddress
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, host := parsed.Address[:at], parsed.Address[at+1:]
	if !plainLocal(local) {
		return "", ErrAddress
	}
	host, err = asciiDomain(host)
	if err != nil {
		return "", err
	}
	address := local + "@" + host
	if len(address) > maxAddress {
		return "", ErrAddress
	}
	return address, nil
}

// visible drops the marks that copying from a page leaves behind.
func visible(r rune) rune {
	switch r {
	case '\u00ad', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u2060', '\ufeff':
		return -1
	}
	return r
}

// plainLocal reports whether the part before the @ needs no quotes: RFC 5322's dot-atom.
func plainLocal(local string) bool {
	if len(local) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtom) {
			return false
		}
	}
	return true
}

func notAtom(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func asciiDomain(host string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
		idna.StrictDomainName(true), idna.VerifyDNSLength(true))
	host, err := profile.ToASCII(host)
	if err != nil {
		return "", ErrAddress
	}
	last := strings.LastIndexByte(host, '.')
	if last < 0 || !strings.ContainsFunc(host[last+1:], func(r rune) bool { return r > '9' }) {
		return "", ErrAddress // no dot, or the end of an IP address
	}
	return host, nil
}
