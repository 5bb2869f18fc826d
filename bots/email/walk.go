package email

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// walker goes through the parts of a letter and takes down what it finds.
type walker struct {
	header   header // of the letter
	seen     int
	files    []Attachment
	texts    []passage
	inner    []passage // of letters within the letter
	status   [][]byte  // what a mail server says of deliveries
	returned []header  // of the letters that they are about
	receipt  bool      // somebody's program says that a letter was shown
}

// passage is the text of one part.
type passage struct {
	text  string
	plain bool
}

// words are what the letter says, quotes and all; of letters within it only where it says nothing itself.
func (w *walker) words() string {
	if text := join(w.texts); text != "" {
		return text
	}
	return join(w.inner)
}

func join(all []passage) string {
	var out []string
	for _, one := range all {
		if text := strings.Trim(one.text, "\n"); strings.TrimSpace(text) != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n\n")
}

func (w *walker) walk(p part, depth int) error {
	if w.seen++; w.seen > maxParts || depth > maxDepth {
		return fmt.Errorf("%w: it has too many parts", ErrLetter)
	}
	if strings.HasPrefix(p.kind, "multipart/") {
		if parts := p.parts(); len(parts) > 0 {
			return w.multipart(p.kind, parts, depth)
		}
		p.kind = "text/plain"
	}
	switch p.kind {
	case "message/rfc822", "message/global":
		return w.letter(p, depth)
	case "message/delivery-status", "message/global-delivery-status":
		w.status = append(w.status, p.content())
	case "text/rfc822-headers", "message/global-headers":
		h, _ := readHeader(p.content())
		w.returned = append(w.returned, h)
	case "message/disposition-notification":
		w.receipt = true
	case "text/plain", "text/html":
		if p.disposition != "attachment" && (p.name == "" || depth == 0) {
			w.texts = append(w.texts, passage{p.text(), p.kind == "text/plain"})
			return nil
		}
		w.keep(p)
	case "text/x-amp-html", "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
	default:
		w.keep(p)
	}
	return nil
}

func (w *walker) multipart(kind string, parts [][]byte, depth int) error {
	before := len(w.texts)
	for _, raw := range parts {
		p, err := readPart(raw)
		if err != nil {
			return err
		}
		if kind == "multipart/digest" && !p.header.has("Content-Type") {
			p.kind = "message/rfc822"
		}
		if err := w.walk(p, depth+1); err != nil {
			return err
		}
	}
	if kind == "multipart/alternative" {
		w.texts = append(w.texts[:before], best(w.texts[before:])...)
	}
	return nil
}

// best chooses among texts that say the same: the plain one, where it says anything.
func best(all []passage) []passage {
	for _, plain := range []bool{true, false} {
		var out []passage
		for _, one := range all {
			if one.plain == plain && strings.TrimSpace(one.text) != "" {
				out = append(out, one)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// letter takes the files out of a letter within the letter.
func (w *walker) letter(p part, depth int) error {
	inner, err := readPart(p.content())
	if err != nil {
		return err
	}
	if len(inner.header) == 0 {
		w.keep(p)
		return nil
	}
	w.returned = append(w.returned, inner.header)
	outer := w.texts
	w.texts = nil
	err = w.walk(inner, depth+1)
	w.texts, w.inner = outer, append(w.inner, w.texts...)
	return err
}

// maxLogo is in bytes: a smaller picture in the text is a decoration.
const maxLogo = 20 << 10

func (w *walker) keep(p part) {
	content := p.content()
	picture := strings.HasPrefix(p.kind, "image/")
	if picture && p.disposition != "attachment" && p.header.has("Content-Id") && len(content) < maxLogo {
		return
	}
	if len(content) == 0 && p.name == "" {
		return
	}
	if p.kind == "application/ms-tnef" || p.kind == "application/vnd.ms-tnef" || strings.EqualFold(p.name, "winmail.dat") {
		if text, files, ok := openTNEF(content, len(w.files)); ok {
			w.files = append(w.files, files...)
			if text != "" && len(w.texts) == 0 {
				w.texts = append(w.texts, passage{text, true})
			}
			return
		}
	}
	w.files = append(w.files, Attachment{Name: attachedName(p.name, p.kind, len(w.files)+1), MediaType: p.kind, Content: content})
}

// attachedName is the name of a file without folders; where there is none it follows from the type.
func attachedName(name, kind string, number int) string {
	name = line(path.Base(strings.ReplaceAll(name, `\`, "/")), maxFileText)
	if name = strings.Trim(name, " ./"); name != "" {
		return name
	}
	return "file-" + strconv.Itoa(number) + ending(kind)
}

func ending(kind string) string {
	switch kind {
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/tiff":
		return ".tif"
	case "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/bmp", "application/pdf", "application/zip", "text/csv", "text/html", "application/rtf":
		return "." + kind[strings.IndexByte(kind, '/')+1:]
	case "text/plain":
		return ".txt"
	case "text/calendar":
		return ".ics"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "message/rfc822":
		return ".eml"
	case "application/msword":
		return ".doc"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	}
	return ".bin"
}
