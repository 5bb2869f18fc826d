package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainOf gives the words of a page as plain text; quotes get the mark > before each line, which signatures and pictures lose.
func plainOf(source string) string {
	p := &page{}
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		switch tokens.Next() {
		case html.ErrorToken: // the end: a string is read without errors
			return p.out.String()
		case html.TextToken:
			p.say(string(tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := tokens.Token()
			p.open(&t)
		case html.EndTagToken:
			t := tokens.Token()
			p.close(t.DataAtom)
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// page is a page on its way to plain text.
type page struct {
	out    strings.Builder
	stack  []frame
	quotes int  // how deep in quotes
	hidden int  // how deep in what is not said
	raw    int  // how deep in text whose line ends count
	begun  bool // the line has words
	space  bool // before the next word
}

// frame is an open element that changes what its words are.
type frame struct {
	name   atom.Atom
	quoted bool
	hidden bool
	raw    bool
}

const maxFrames = 500

func (p *page) open(t *html.Token) {
	f := frame{name: t.DataAtom, raw: t.DataAtom == atom.Pre}
	switch t.DataAtom {
	case atom.Br:
		p.lineEnd()
		return
	case atom.Hr:
		p.paragraph()
		return
	case atom.Img, atom.Meta, atom.Link, atom.Input, atom.Col, atom.Base:
		return
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Svg:
		f.hidden = true
	case atom.Blockquote:
		f.quoted = true
	case atom.Td, atom.Th:
		p.space = true
	}
	marks := attribute(t, "class") + " " + attribute(t, "id")
	for _, mark := range strings.Fields(strings.ToLower(marks)) {
		f.quoted = f.quoted || isQuoteMark(mark)
		f.hidden = f.hidden || isSignatureMark(mark)
		p.quotes += count(isQuoteStart(mark)) // to the end of the page
	}
	if t.Type == html.SelfClosingTagToken && !block(t.DataAtom) {
		return
	}
	if block(t.DataAtom) {
		p.block(t.DataAtom)
	}
	if len(p.stack) < maxFrames && (block(t.DataAtom) || f.hidden || f.quoted || f.raw || t.DataAtom == atom.Span) {
		p.enter(f)
	}
	if t.DataAtom == atom.Li {
		p.say("- ")
	}
}

func (p *page) enter(f frame) {
	p.stack = append(p.stack, f)
	p.quotes += count(f.quoted)
	p.hidden += count(f.hidden)
	p.raw += count(f.raw)
}

func (p *page) close(name atom.Atom) {
	if block(name) {
		p.block(name)
	}
	for i := len(p.stack) - 1; i >= 0; i-- {
		if p.stack[i].name != name {
			continue
		}
		for _, f := range p.stack[i:] {
			p.quotes -= count(f.quoted)
			p.hidden -= count(f.hidden)
			p.raw -= count(f.raw)
		}
		p.stack = p.stack[:i]
		return
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// say writes words down.
func (p *page) say(text string) {
	if p.hidden > 0 {
		return
	}
	for i, row := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if i > 0 {
			if p.raw > 0 {
				p.lineEnd()
			}
			p.space = true
		}
		p.row(row)
	}
}

func (p *page) row(text string) {
	words := strings.Fields(strings.ReplaceAll(text, "\u00a0", " "))
	if len(words) == 0 {
		p.space = p.space || text != ""
		return
	}
	if !p.begun {
		p.out.WriteString(strings.Repeat("> ", min(p.quotes, 5)))
	}
	if p.begun && (p.space || strings.TrimLeft(text, " \t\u00a0") != text) {
		p.out.WriteByte(' ')
	}
	p.out.WriteString(strings.Join(words, " "))
	p.begun, p.space = true, strings.TrimRight(text, " \t\u00a0") != text
}

func (p *page) lineEnd() {
	if p.hidden > 0 {
		return
	}
	if !p.begun && p.quotes > 0 {
		p.out.WriteByte('>')
	}
	p.out.WriteByte('\n')
	p.begun, p.space = false, false
}

// block begins a new line, and a new paragraph where that is usual.
func (p *page) block(name atom.Atom) {
	if p.hidden > 0 {
		return
	}
	switch name {
	case atom.P, atom.Blockquote, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3:
		p.paragraph()
	default:
		if p.begun {
			p.lineEnd()
		}
	}
}

func (p *page) paragraph() {
	if p.hidden > 0 {
		return
	}
	if p.begun {
		p.lineEnd()
	}
	if p.out.Len() > 0 {
		p.lineEnd()
	}
}

func block(name atom.Atom) bool {
	switch name {
	case atom.P, atom.Div, atom.Blockquote, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Tr, atom.H1, atom.H2, atom.H3, atom.H4, atom.Section, atom.Article,
		atom.Header, atom.Footer, atom.Pre, atom.Body, atom.Dl, atom.Dt, atom.Dd, atom.Center, atom.Form, atom.Address:
		return true
	}
	return false
}

func attribute(t *html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// isQuoteMark knows how mail programs name the part that quotes.
func isQuoteMark(mark string) bool {
	switch mark {
	case "gmail_quote", "gmail_quote_container", "gmail_extra", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix", "tutanota_quote", "zmail_extra":
		return true
	}
	return strings.HasPrefix(mark, "yahoo_quoted")
}

// isQuoteStart knows how Outlook names the place from which on everything is quoted.
func isQuoteStart(mark string) bool { return mark == "divrplyfwdmsg" || mark == "appendonsend" }

// isSignatureMark knows how they name the signature.
func isSignatureMark(mark string) bool {
	switch mark {
	case "gmail_signature", "moz-signature", "applemailsignature", "ms-outlook-mobile-signature", "protonmail_signature_block", "ymail_android_signature", "gmail_signature_prefix":
		return true
	}
	return false
}
