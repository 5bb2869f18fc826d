package stock

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Layout is which field of a MARC record says what.
type Layout string

// The layouts of MARC.
const (
	AnyLayout Layout = ""        // each record by its fields
	MARC21    Layout = "marc21"  //
	RUSMARC   Layout = "rusmarc" // and UNIMARC
)

// CopyFields names the subfields of 852 (MARC 21) or 899 (RUSMARC) by their letters: the siglum's, the fund's, the inventory number's. Empty is cbp in 852 and
// abp in 899.
type CopyFields string

var (
	errBroken   = errors.New("it is not well-formed XML")
	errLayout   = errors.New("it has neither a title of MARC 21 (245) nor one of RUSMARC (200)")
	errDeleted  = errors.New("its leader says that it is deleted")
	errNoRecord = errors.New("no MARC record is in it")
	errEncoding = errors.New("the encoding that the file names is not known")
)

// MARCXML reads records of MARC 21 or RUSMARC. It looks for one record after another, so one that is broken does not spoil the next. A file
// without any is not what it was taken for, and ends with an error.
func MARCXML(r io.Reader, layout Layout, copies CopyFields) (iter.Seq2[Record, error], error) {
	text, err := decoded(r)
	if err != nil {
		return nil, err
	}
	return func(yield func(Record, error) bool) {
		s := bufio.NewScanner(text)
		s.Buffer(make([]byte, 64<<10), 2*recordMost)
		s.Split(splitRecords)
		number := 1
		for ; s.Scan(); number++ {
			r, err := readMARC(s.Bytes(), layout, copies)
			r.Number = number
			if err != nil {
				err = &Refusal{Number: number, Err: err}
			}
			if !yield(r, err) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(Record{}, fmt.Errorf("read records: %w", err))
		} else if number == 1 {
			yield(Record{}, fmt.Errorf("read records: %w", errNoRecord))
		}
	}, nil
}

var encodingPattern = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// decoded is the file in UTF-8.
func decoded(r io.Reader) (io.Reader, error) {
	start := bufio.NewReader(transform.NewReader(r, unicode.BOMOverride(transform.Nop)))
	head, err := start.Peek(200)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	named := encodingPattern.FindSubmatch(head)
	if named == nil || strings.HasPrefix(strings.ToLower(string(named[1])), "utf-") {
		return start, nil // a file in UTF-16 has become UTF-8 by its mark
	}
	encoding, err := htmlindex.Get(string(named[1]))
	if err != nil {
		return nil, errEncoding
	}
	return encoding.NewDecoder().Reader(start), nil
}

var (
	recordStart = regexp.MustCompile(`<(?:[A-Za-z0-9_.-]+:)?record[\s>]`)
	recordEnd   = regexp.MustCompile(`</(?:[A-Za-z0-9_.-]+:)?record\s*>`)
)

// splitRecords cuts a file into its records, each from its first tag to its last. One that ends nowhere ends where the next begins.
func splitRecords(data []byte, end bool) (advance int, token []byte, err error) {
	for advance < len(data) {
		n, record := cutRecord(data[advance:], end)
		advance += n
		if record != nil || n == 0 {
			return advance, record, nil
		}
	}
	return advance, nil, nil
}

// cutRecord tells how many bytes are done with, and gives the record that they are, if they are one.
func cutRecord(data []byte, end bool) (done int, record []byte) {
	const tag = 100 // bytes that a tag cut in two may have
	start := recordStart.FindIndex(data)
	switch {
	case start == nil && end:
		return len(data), nil
	case start == nil:
		return max(0, len(data)-tag), nil
	case start[0] > 0:
		return start[0], nil
	}
	stop := len(data)
	last := recordEnd.FindIndex(data)
	if last != nil {
		stop = last[1]
	}
	if next := recordStart.FindIndex(data[start[1]:stop]); next != nil {
		if part := data[:start[1]+next[0]]; bytes.Contains(part, []byte("datafield")) {
			return len(part), part
		}
		return start[1] + next[0], nil // what a protocol puts around the record
	}
	if last != nil || end || stop > recordMost {
		return stop, data[:stop]
	}
	return 0, nil
}

// marc is a record as it stands in the file.
type marc struct {
	Leader  string      `xml:"leader"`
	Control []marcField `xml:"controlfield"`
	Data    []marcField `xml:"datafield"`
}

type marcField struct {
	Tag    string `xml:"tag,attr"`
	Second string `xml:"ind2,attr"`
	Text   string `xml:",chardata"`
	Sub    []struct {
		Code string `xml:"code,attr"`
		Text string `xml:",chardata"`
	} `xml:"subfield"`
}

func readMARC(text []byte, layout Layout, copies CopyFields) (Record, error) {
	if len(text) > recordMost {
		return Record{}, errTooLong
	}
	var m marc
	for i, c := range text {
		if c < ' ' && !bytes.ContainsRune([]byte("\t\r\n"), rune(c)) {
			text[i] = ' ' // a mark of another format, which XML does not allow
		}
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity // a part of a page that somebody pasted
	if err := d.Decode(&m); err != nil {
		return Record{}, errBroken
	}
	switch {
	case len(m.Leader) > 5 && m.Leader[5] == 'd':
		return Record{}, errDeleted
	case layout == MARC21, layout == AnyLayout && m.first("245", "a") != "":
		return m.marc21(copies), nil
	case layout == RUSMARC, layout == AnyLayout && len(m.fields("200")) > 0:
		return m.rusmarc(copies), nil
	}
	return Record{}, errLayout
}

// fields are all fields of one of the tags, in the tags' order.
func (m *marc) fields(tags ...string) []marcField {
	var out []marcField
	for _, tag := range tags {
		for _, f := range m.Data {
			if f.Tag == tag {
				out = append(out, f)
			}
		}
	}
	return out
}

// control is a field without subfields.
func (m *marc) control(tag string) string {
	for _, f := range m.Control {
		if f.Tag == tag {
			return strings.TrimSpace(f.Text)
		}
	}
	return ""
}

// first is the first text of the subfields in any field of the tag.
func (m *marc) first(tag, codes string) string {
	for _, f := range m.fields(tag) {
		if s := f.first(codes); s != "" {
			return s
		}
	}
	return ""
}

// all are the texts of the subfield.
func (f marcField) all(code string) (out []string) {
	for _, s := range f.Sub {
		if text := trimmed(s.Text); s.Code == code && text != "" {
			out = append(out, text)
		}
	}
	return out
}

// first is the first text of the first of the codes that the field has.
func (f marcField) first(codes string) string {
	for _, code := range codes {
		for _, s := range f.Sub {
			if s.Code == string(code) {
				if text := trimmed(s.Text); text != "" {
					return text
				}
			}
		}
	}
	return ""
}

// join gives the subfields in the order of the field, each after what belongs before its code.
func (f marcField) join(before map[string]string) string {
	var out string
	for _, s := range f.Sub {
		sign, wanted := before[s.Code]
		text := trimmed(s.Text)
		if !wanted || text == "" {
			continue
		}
		if out != "" {
			out = strings.TrimSuffix(out, sign[:1]) + sign
		}
		out += text
	}
	return out
}

// trimmed is a subfield without the signs that part it from the next, and without the marks of what sorting leaves out.
func trimmed(s string) string {
	s = strings.NewReplacer("\u0098", "", "\u009c", "", "\u0088", "", "\u0089", "", "<<", "", ">>", "").Replace(s)
	return strings.TrimSpace(strings.TrimRight(strings.TrimSpace(s), " /:;,="))
}
