package papers

import "math"

// Where things stand on a page, in mm from its upper left corner.
const (
	left       = 15.0
	right      = 195.0
	width      = right - left
	bodyTop    = 25.0
	bodyBottom = 252.0
	valueLeft  = 76.0 // of the right column of fields
	labelWidth = valueLeft - left - 4
	valueWidth = right - valueLeft
)

// Heights of lines, in mm.
const (
	titleLine = 6.6
	textLine  = 4.9
	smallLine = 3.5
	fieldLine = 4.7
	labelLine = 3.8
	handLine  = 11.0 // for what is written by hand
	gap       = 2.2
)

// longestLabel is the most lines that a question may take beside its answer.
const longestLabel = 8

// row is one line over the width of the page.
type row struct {
	height float64
	spans  []span
	rule   bool    // a thin line under it
	from   float64 // where the rule begins
	space  bool    // nothing: not wanted at the top of a page
	keep   bool    // with the row after it
}

// span is a piece of text within a row.
type span struct {
	x, baseline float64 // from the left of the page and the top of the row
	text        string
	style       style
}

// layOut puts the paper in rows.
func (s *sheets) layOut(p paper) []row {
	rows := s.column(p.title.record, titleStyle(), titleLine)
	rows = append(rows, s.column(p.title.reader, labelStyle(), smallLine+0.4)...)
	rows = append(rows, s.column(p.made.record, smallStyle(), smallLine+0.6)...)
	rows = append(rows, s.column(p.made.reader, smallStyle(), smallLine)...)
	for i := range rows {
		rows[i].keep = true
	}
	rows = append(rows, row{height: 2 * gap, space: true, keep: true})
	for i, b := range p.blocks {
		switch b.shape {
		case field:
			rows = append(rows, s.field(b)...)
		case byHand:
			rows = append(rows, s.byHand(b)...)
		case paragraph:
			if i > 0 && p.blocks[i-1].shape != paragraph {
				rows = append(rows, row{height: gap, space: true})
			}
			rows = append(rows, s.paragraph(b)...)
		}
	}
	return rows
}

// column sets the text over the whole width.
func (s *sheets) column(text string, st style, height float64) []row {
	lines := s.wrap(text, width, st)
	out := make([]row, len(lines))
	for i, line := range lines {
		out[i] = row{height: height, spans: []span{{left, 0.75 * height, line, st}}}
	}
	return out
}

// paragraph keeps its first two lines together, its last two, and the first of the translation with the end of the text.
func (s *sheets) paragraph(b block) []row {
	text, small := s.column(b.text.record, textStyle(), textLine), s.column(b.text.reader, smallStyle(), smallLine)
	for _, part := range [][]row{text, small} {
		if n := len(part); n > 1 {
			part[0].keep, part[n-2].keep = true, true
		}
	}
	if n := len(text); n > 0 && len(small) > 0 {
		text[n-1].keep = true
	}
	return append(append(text, small...), row{height: gap, space: true})
}

// field sets the label at the left and the value at the right. A long value may go over to the next page.
func (s *sheets) field(b block) []row {
	label, high := s.label(b.text)
	values := s.value(b.value)
	beside := int(math.Ceil(high / fieldLine)) // rows that the label stands beside
	n := max(beside, len(values), 1)
	out := make([]row, n)
	for i := range out {
		out[i].height, out[i].keep = fieldLine, i < beside
		if i < len(values) {
			out[i].spans = append(out[i].spans, values[i])
		}
	}
	out[0].spans = append(out[0].spans, label...)
	out[n-1].height += 1.2
	out[n-1].rule, out[n-1].from, out[n-1].keep = true, left, false
	return append(out, row{height: 1.2, space: true})
}

// label is the text with its translation under it, and their height together.
func (s *sheets) label(text said) (out []span, high float64) {
	put := func(lines []string, st style, line float64) {
		for _, l := range lines {
			out = append(out, span{left, high + 3.3, l, st})
			high += line
		}
	}
	put(s.few(text.record, labelWidth, labelStyle(), longestLabel), labelStyle(), labelLine)
	put(s.few(text.reader, labelWidth, smallStyle(), longestLabel), smallStyle(), smallLine-0.3)
	return out, high
}

// value is the text with its translation, each line for a row of its own.
func (s *sheets) value(text said) []span {
	var out []span
	for _, line := range s.wrap(text.record, valueWidth, valueStyle()) {
		out = append(out, span{valueLeft, 0.75 * fieldLine, line, valueStyle()})
	}
	for _, line := range s.wrap(text.reader, valueWidth, smallStyle()) {
		out = append(out, span{valueLeft, 0.6 * fieldLine, line, smallStyle()})
	}
	return out
}

// byHand leaves a line to write on, high enough for a hand, with the label at its foot.
func (s *sheets) byHand(b block) []row {
	label, high := s.label(b.text)
	out := row{height: max(handLine, high+1.5), rule: true, from: valueLeft}
	for _, sp := range label {
		sp.baseline += out.height - high
		out.spans = append(out.spans, sp)
	}
	return []row{out, {height: 1.2, space: true}}
}

// paginate gives each page its rows. Rows that belong together stay so unless they are longer than a page.
func paginate(rows []row) [][]row {
	var pages [][]row
	var page []row
	used := 0.0
	for len(rows) > 0 {
		n, height := unbroken(rows)
		if used > 0 && used+height > bodyBottom-bodyTop && !rows[0].space {
			pages, page, used = append(pages, page), nil, 0
		}
		if height > bodyBottom-bodyTop {
			n, height = 1, rows[0].height
		}
		if !rows[0].space || used > 0 {
			page, used = append(page, rows[:n]...), used+height
		}
		rows = rows[n:]
	}
	return append(pages, page)
}

// unbroken counts the rows up to the first that need not stay with its next, and their height.
func unbroken(rows []row) (n int, height float64) {
	for i, r := range rows {
		height += r.height
		if !r.keep {
			return i + 1, height
		}
	}
	return len(rows), height
}
