package papers

import "strings"

const (
	fontFamily = "paper"
	ellipsis   = "…"
)

// style is how a text is set.
type style struct {
	weight string  // of fpdf: "" or "B"
	points float64 // size
	grey   int     // 0 is black
}

// The styles of papers. Grey is dark enough for a cheap printer.
func titleStyle() style { return style{"B", 15, 0} }
func textStyle() style  { return style{"", 10.5, 0} }
func valueStyle() style { return style{"", 11, 0} }
func labelStyle() style { return style{"", 8.5, 60} }
func smallStyle() style { return style{"", 7.5, 105} }
func houseStyle() style { return style{"B", 8.5, 60} }

func (s *sheets) set(st style) {
	s.pdf.SetFont(fontFamily, st.weight, st.points)
	s.pdf.SetTextColor(st.grey, st.grey, st.grey)
}

func (s *sheets) write(x, baseline float64, text string, st style) {
	s.set(st)
	s.pdf.Text(x, baseline, text)
}

// wrap breaks the text into lines of the width in mm, within a word only where that is longer than a line. An empty text has no lines.
func (s *sheets) wrap(text string, width float64, st style) []string {
	s.set(st)
	var out []string
	line := ""
	for _, word := range strings.Fields(s.letters.Clean(text)) {
		if line != "" && s.pdf.GetStringWidth(line+" "+word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for s.pdf.GetStringWidth(word) > width {
			head := s.fitting(word, width)
			out = append(out, head)
			word = word[len(head):]
		}
		line = word
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// fitting is the longest beginning of the word that fits, one letter at least.
func (s *sheets) fitting(word string, width float64) string {
	for i := range word {
		if i > 0 && s.pdf.GetStringWidth(word[:i]+string([]rune(word[i:])[0])) > width {
			return word[:i]
		}
	}
	return word
}

// few are at most so many lines, the last with an ellipsis if there would be more.
func (s *sheets) few(text string, width float64, st style, most int) []string {
	all := s.wrap(text, width, st)
	if len(all) <= most {
		return all
	}
	last := []rune(all[most-1] + " " + all[most])
	for len(last) > 0 && s.pdf.GetStringWidth(strings.TrimRight(string(last), " ,-")+ellipsis) > width {
		last = last[:len(last)-1]
	}
	return append(all[:most-1:most-1], strings.TrimRight(string(last), " ,-")+ellipsis)
}
