package email

import (
	"bytes"
	"fmt"
	"strings"
)

// part is one part of a letter with its source.
type part struct {
	header      header
	body        []byte // as it was on the way
	kind        string // media type
	params      map[string]string
	disposition string
	name        string // of a file; empty where none is given
}

func readPart(raw []byte) (part, error) {
	h, body := readHeader(raw)
	if len(raw)-len(body) > maxHeader {
		return part{}, fmt.Errorf("%w: its headers are too long", ErrLetter)
	}
	p := part{header: h, body: body}
	p.kind, p.params = parseParams(h.get("Content-Type"))
	family, sub, ok := strings.Cut(p.kind, "/")
	if !ok || family == "" || sub == "" || strings.ContainsAny(p.kind, " \t") {
		p.kind = "text/plain" // RFC 2045, 5.2
	}
	var about map[string]string
	p.disposition, about = parseParams(h.get("Content-Disposition"))
	p.name = about["filename"]
	if p.name == "" {
		p.name = p.params["name"]
	}
	return p, nil
}

// content is the body decoded.
func (p *part) content() []byte {
	way, _, _ := strings.Cut(strings.ToLower(p.header.get("Content-Transfer-Encoding")), ";")
	switch strings.TrimSpace(way) {
	case "base64":
		return decodeBase64(p.body)
	case "quoted-printable":
		return decodeQuoted(p.body)
	}
	return p.body
}

// text is the body as words.
func (p *part) text() string {
	content := p.content()
	if len(content) > maxWords {
		content = content[:maxWords]
	}
	text := strings.ReplaceAll(strings.ReplaceAll(decodeText(content, p.params["charset"]), "\r\n", "\n"), "\r", "\n")
	if p.kind == "text/html" {
		return plainOf(text)
	}
	if strings.EqualFold(p.params["format"], "flowed") {
		return unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	return text
}

// unflow joins the lines that RFC 3676 lets a program break.
func unflow(text string, dropSpace bool) string {
	var out strings.Builder
	for row := range strings.Lines(text) {
		row = strings.TrimSuffix(row, "\n")
		quoted := strings.HasPrefix(row, ">")
		if !quoted {
			row = strings.TrimPrefix(row, " ")
		}
		if !quoted && strings.HasSuffix(row, " ") && row != "-- " {
			if dropSpace {
				row = row[:len(row)-1]
			}
			out.WriteString(row)
			continue
		}
		out.WriteString(row)
		out.WriteByte('\n')
	}
	return out.String()
}

// parts splits a multipart. It gives none where the boundary is missing; a closing one may be.
func (p *part) parts() [][]byte {
	boundary := strings.TrimRight(p.params["boundary"], " ")
	if boundary == "" {
		return nil
	}
	mark := []byte("--" + boundary)
	var out [][]byte
	start := -1
	for at := 0; at < len(p.body); {
		text, rest := cutLine(p.body[at:])
		next := len(p.body) - len(rest)
		if after, ok := bytes.CutPrefix(text, mark); ok {
			after = bytes.TrimRight(after, " \t")
			if closing := bytes.Equal(after, []byte("--")); closing || len(after) == 0 {
				if start >= 0 {
					out = append(out, trimEnd(p.body[start:max(start, at)]))
				}
				if start = next; closing {
					return out
				}
			}
		}
		if at = next; len(out) > maxParts {
			return out
		}
	}
	if start >= 0 && start < len(p.body) {
		out = append(out, p.body[start:])
	}
	return out
}

// trimEnd takes the line end away that belongs to the boundary.
func trimEnd(raw []byte) []byte {
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return bytes.TrimSuffix(raw, []byte("\r"))
}
