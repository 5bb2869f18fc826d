package email

import (
	"bytes"
	"encoding/base64"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// field is one header field, unfolded, as its bytes came.
type field struct{ name, value string }

// header is a header section. Letters break its rules in every way: what is no field is passed over.
type header []field

func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) []string {
	var out []string
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

func (h header) has(name string) bool { return len(h.all(name)) > 0 }

// readHeader takes the fields off the beginning of the source and gives the rest.
func readHeader(raw []byte) (h header, body []byte) {
	for len(raw) > 0 {
		text, rest := cutLine(raw)
		if len(text) == 0 {
			return h, rest
		}
		name, value, ok := bytes.Cut(text, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		switch {
		case (text[0] == ' ' || text[0] == '\t') && len(h) > 0:
			h[len(h)-1].value += " " + string(bytes.TrimSpace(text))
		case ok && fieldName(name):
			h = append(h, field{string(name), string(bytes.TrimSpace(value))})
		case len(h) == 0 && (bytes.HasPrefix(text, []byte("From ")) || bytes.HasPrefix(text, []byte(">From "))): // as a mailbox file begins
		case len(h) == 0:
			return nil, raw
		case !ok: // the empty line is missing
			return h, raw
		}
		raw = rest
	}
	return h, nil
}

func fieldName(name []byte) bool {
	if len(name) == 0 || len(name) > 100 {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// cutLine cuts off the first line, however it ends.
func cutLine(raw []byte) (text, rest []byte) {
	end := bytes.IndexByte(raw, '\n')
	if end < 0 {
		return bytes.TrimRight(raw, "\r"), nil
	}
	return bytes.TrimRight(raw[:end], "\r"), raw[end+1:]
}

var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([BbQq])\?([^?]*)\?=`)

// decodeHeader gives the words of a header: encoded ones decoded wherever they stand, bare bytes in the charset that they seem to be in.
func decodeHeader(text string) string { return decodeHeaderIn(text, "") }

// decodeHeaderIn takes bare bytes as being in the charset that the letter's body names.
func decodeHeaderIn(text, bare string) string {
	if notASCII(bare) {
		bare = ""
	}
	var out strings.Builder
	var pending []byte // of words whose characters may go on in the next
	charset, last := "", 0
	flush := func() {
		out.WriteString(decodeText(pending, charset))
		pending = nil
	}
	for _, at := range encodedWord.FindAllStringSubmatchIndex(text, -1) {
		between := text[last:at[0]]
		set, _, _ := strings.Cut(strings.ToLower(text[at[2]:at[3]]), "*") // RFC 2231 puts a language behind it
		if last == 0 || strings.TrimSpace(between) != "" || set != charset {
			flush()
		}
		if last == 0 || strings.TrimSpace(between) != "" {
			out.WriteString(decodeText([]byte(between), bare))
		}
		charset = set
		pending = append(pending, decodeWord(text[at[4]:at[5]], text[at[6]:at[7]])...)
		last = at[1]
	}
	flush()
	out.WriteString(decodeText([]byte(text[last:]), bare))
	return out.String()
}

func decodeWord(way, text string) []byte {
	if strings.EqualFold(way, "B") {
		return decodeBase64([]byte(text))
	}
	return decodeQuoted([]byte(strings.ReplaceAll(text, "_", " ")))
}

// decodeBase64 decodes what can be decoded: other characters, missing padding and a broken end do not matter.
func decodeBase64(text []byte) []byte {
	out := make([]byte, 0, len(text)/4*3+3)
	quad := make([]byte, 0, 4)
	flush := func() {
		var plain [3]byte
		n, _ := base64.RawStdEncoding.Decode(plain[:], quad) // what it cannot decode is left out
		out, quad = append(out, plain[:n]...), quad[:0]
	}
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			if quad = append(quad, c); len(quad) == 4 {
				flush()
			}
		case c == '=':
			flush() // several encoded pieces may follow each other
		}
	}
	flush()
	return out
}

// decodeQuoted decodes quoted-printable; a broken escape stays as it is.
func decodeQuoted(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		ended := end >= 0
		if !ended {
			end = len(text)
		}
		row := bytes.TrimRight(text[:end], " \t\r")
		if !ended {
			row = text[:end]
		}
		soft := len(row) > 0 && row[len(row)-1] == '='
		if soft {
			row = row[:len(row)-1]
		}
		out = appendQuoted(out, row)
		if ended && !soft {
			out = append(out, '\n')
		}
		text = text[min(len(text), end+1):]
	}
	return out
}

func appendQuoted(out, row []byte) []byte {
	for i := 0; i < len(row); i++ {
		if row[i] == '=' && i+2 < len(row) {
			if v, err := strconv.ParseUint(string(row[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, row[i])
	}
	return out
}

var messageID = regexp.MustCompile(`<([^<>\s]+)>`)

const maxID = 900 // bytes; a header line holds 998

// messageIDs finds the ids of a header. Some programs leave out the angle brackets.
func messageIDs(text string) []string {
	var out []string
	for _, m := range messageID.FindAllStringSubmatch(text, maxIDs) {
		if len(m[1]) <= maxID {
			out = append(out, strings.ToValidUTF8(m[1], "\uFFFD"))
		}
	}
	if bare := strings.TrimSpace(text); out == nil && bare != "" && len(bare) <= maxID && strings.Contains(bare, "@") && !strings.ContainsAny(bare, " \t<>") {
		out = append(out, strings.ToValidUTF8(bare, "\uFFFD"))
	}
	return out
}

// parseDate is the zero time where there is none that can be read.
func parseDate(text string) time.Time {
	at, err := mail.ParseDate(strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// addresses finds those that can be written to.
func addresses(values []string) []string {
	var out []string
	for _, v := range values {
		for _, one := range splitAddresses(decodeHeader(v)) {
			if address, _ := mailbox(one); address != "" && len(out) < maxMailTos {
				out = append(out, address)
			}
		}
	}
	return out
}

// sender gives the first address of the header with the name beside it.
func sender(text string) (address, name string) {
	for _, one := range splitAddresses(text) {
		if address, name = mailbox(one); address != "" {
			return address, name
		}
	}
	return "", ""
}

// splitAddresses cuts at commas that stand in no quotes, brackets or comments; the frames of groups fall away.
func splitAddresses(text string) []string {
	var out []string
	start, quoted, angle, comment := 0, false, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && (quoted || comment > 0):
			i++
		case c == '"' && comment == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			comment++
		case c == ')':
			comment = max(0, comment-1)
		case comment > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case (c == ',' || c == ';') && !angle:
			out = append(out, text[start:i])
			start = i + 1
		case c == ':' && !angle: // the name of a group
			start = i + 1
		}
	}
	return append(out, text[min(start, len(text)):])
}

// mailbox reads one address with its name, by whatever rule it is written.
func mailbox(text string) (address, name string) {
	text = strings.TrimSpace(text)
	inner := text
	if end := strings.LastIndexByte(text, '>'); end > 0 {
		if start := strings.LastIndexByte(text[:end], '<'); start >= 0 {
			inner, name = text[start+1:end], text[:start]
		}
	}
	if open := strings.IndexByte(inner, '('); open >= 0 && name == "" {
		inner, name = inner[:open], strings.Trim(inner[open:], "()")
	}
	address, err := ParseAddress(strings.Trim(inner, ` "'`))
	if err != nil {
		return "", ""
	}
	name = strings.Trim(strings.TrimSpace(strings.ReplaceAll(name, `\"`, `"`)), `"' `)
	return address, line(name, maxName)
}
