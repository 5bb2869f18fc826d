package fragments

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The objects that every book has.
const (
	catalogObject = 1 + iota
	pagesObject
	infoObject
	firstFree
)

const tableEntry = 20 // bytes of an object in the table

// book writes a PDF from its beginning to its end and keeps nothing of it but where its objects stand: its size is not bounded by memory, which is
// why pdfcpu, which holds all of a document, only reads the PDFs of which pages are taken. The first error stays.
type book struct {
	w     io.Writer
	at    int64
	begin []int64 // of each object; 0 if it is not written
	pages []int   // objects
	err   error
}

func newBook(w io.Writer) *book {
	b := &book{w: w, begin: make([]int64, firstFree)}
	b.write("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

func (b *book) write(text string) { b.writeBytes([]byte(text)) }

func (b *book) writeBytes(data []byte) {
	if b.err != nil {
		return
	}
	n, err := b.w.Write(data)
	b.at += int64(n)
	b.err = err
}

// reserve gives the number of an object that is to be written.
func (b *book) reserve() int {
	b.begin = append(b.begin, 0)
	return len(b.begin) - 1
}

func (b *book) object(n int, body string) {
	b.begin[n] = b.at
	b.write(strconv.Itoa(n) + " 0 obj\n" + body + "\nendobj\n")
}

// stream writes an object of the entries, without their brackets and the length, and the bytes.
func (b *book) stream(n int, entries string, data []byte) {
	b.begin[n] = b.at
	b.write(fmt.Sprintf("%d 0 obj\n<<%s /Length %d>>\nstream\n", n, entries, len(data)))
	b.writeBytes(data)
	b.write("\nendstream\nendobj\n")
}

// page adds a page of the entries, without their brackets, type and parent.
func (b *book) page(entries string) {
	n := b.reserve()
	b.object(n, fmt.Sprintf("<</Type /Page /Parent %d 0 R %s>>", pagesObject, entries))
	b.pages = append(b.pages, n)
}

// finish writes what leads to the pages.
func (b *book) finish(a about) error {
	var kids bytes.Buffer
	for _, n := range b.pages {
		fmt.Fprintf(&kids, "%d 0 R\n", n)
	}
	b.object(pagesObject, fmt.Sprintf("<</Type /Pages /Count %d /Kids [\n%s]>>", len(b.pages), kids.String()))
	b.object(catalogObject, fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /Lang %s /ViewerPreferences <</DisplayDocTitle true>>>>", pagesObject, textString(a.Lang)))
	b.object(infoObject, fmt.Sprintf("<</Title %s /Subject %s /CreationDate %s /ModDate %[3]s>>", textString(a.Title), textString(a.Subject), textString(a.Made)))
	table := b.at
	b.write(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(b.begin)))
	for _, at := range b.begin[1:] {
		if at == 0 {
			b.write("0000000000 00000 f \n")
			continue
		}
		b.write(fmt.Sprintf("%010d 00000 n \n", at))
	}
	b.write(fmt.Sprintf("trailer\n<</Size %d /Root %d 0 R /Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(b.begin), catalogObject, infoObject, table))
	return b.err
}

// textString is the text as PDF writes it where any letter may stand.
func textString(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`()\`, r) }) < 0 {
		return "(" + text + ")"
	}
	coded := []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(text)) {
		coded = append(coded, byte(unit>>8), byte(unit))
	}
	return "<" + hex.EncodeToString(coded) + ">"
}
