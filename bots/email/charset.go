package email

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// decodeText gives the text in UTF-8. A charset that is missing, unknown or plainly wrong is told from the bytes.
func decodeText(raw []byte, charset string) string {
	if ascii(raw) && !notASCII(charset) {
		return string(raw)
	}
	found := find(charset)
	if utf8.Valid(raw) && (found == nil || eightBit(found)) {
		return string(raw) // no text in an 8-bit charset is UTF-8 by chance
	}
	if found == nil {
		if mostlyUTF8(raw) {
			return strings.ToValidUTF8(string(raw), "\uFFFD")
		}
		found = guess(raw)
	}
	out, err := found.NewDecoder().Bytes(raw)
	if err != nil {
		out = raw
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(out), "\ufeff"), "\uFFFD")
}

func ascii(raw []byte) bool {
	for _, c := range raw {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// notASCII knows the charsets in which bytes of ASCII may be something else.
func notASCII(charset string) bool {
	charset = strings.ToLower(charset)
	for _, family := range []string{"utf-16", "utf-32", "utf-7", "ucs", "iso-2022"} {
		if strings.HasPrefix(charset, family) {
			return true
		}
	}
	return false
}

// find is nil for UTF-8, which is checked and not converted, for ASCII, which has no such bytes, and for what nobody knows.
func find(charset string) encoding.Encoding {
	charset = strings.ToLower(strings.Trim(strings.TrimSpace(charset), `"'`))
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unicode-1-1-utf-8", "default", "unknown", "unknown-8bit", "x-unknown", "binary":
		return nil
	case "cp-1251", "win-1251", "win1251", "windows1251", "cp1251", "x-cp1251":
		return charmap.Windows1251
	case "utf-16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "cp866", "ibm866", "cp-866":
		return charmap.CodePage866
	}
	if e, err := htmlindex.Get(charset); err == nil {
		if name, err := htmlindex.Name(e); err == nil && (name == "replacement" || name == "utf-8") {
			return nil
		}
		return e
	}
	if e, err := ianaindex.MIME.Encoding(charset); err == nil {
		return e // nil where it is known and not supported
	}
	return nil
}

func eightBit(e encoding.Encoding) bool {
	_, ok := e.(*charmap.Charmap)
	return ok
}

// mostlyUTF8 reports that the bytes are UTF-8 with something broken in it.
func mostlyUTF8(raw []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			bad++
		case size > 1:
			good++
		}
		i += size
	}
	return good > bad
}

// guess tells the Cyrillic charsets apart: people write in small letters, which each of them has in another place.
func guess(raw []byte) encoding.Encoding {
	var win, koi, iso int
	for _, c := range raw {
		switch {
		case c >= 0xe0: // small in Windows-1251; capital in KOI8-R; ISO-8859-5 has them up to 0xef
			win++
			if c < 0xf0 {
				iso++
			}
		case c >= 0xc0:
			koi++
			if c >= 0xd0 {
				iso++
			}
		}
	}
	switch {
	case iso > win && iso > koi:
		return charmap.ISO8859_5
	case koi > win:
		return charmap.KOI8R
	}
	return charmap.Windows1251
}
