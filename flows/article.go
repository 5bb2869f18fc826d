package flows

import (
	"regexp"
	"slices"
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// unsure stands for a year or a number that the reader does not know.
const unsure = "-"

// article orders an article of a periodical (F6): as a fragment, but what is not said of the issue is asked for.
func article() *Flow {
	f := fragment()
	f.Name = KindArticle
	for i, m := range f.Moves {
		switch m.Name {
		case toWhichBook:
			f.Moves[i].Src = append(slices.Clone(m.Src), orderYear, orderNumber)
		case toFindBook:
			f.Moves[i].Src = append(slices.Clone(m.Src), orderYear)
		}
	}
	f.Moves = append(f.Moves,
		fsm.EventDesc{Name: toYear, Src: []string{orderFind, orderWhich, orderNumber}, Dst: orderYear},
		fsm.EventDesc{Name: toNumber, Src: []string{orderFind, orderWhich, orderYear}, Dst: orderNumber})
	f.Steps[orderYear] = Step{Ask: yearAsk, Take: issueTake, Choices: []string{choiceUnsure}, Back: leadsTo(toFindBook)}
	f.Steps[orderNumber] = Step{Ask: numberAsk, Take: issueTake, Choices: []string{choiceUnsure}, Back: leadsTo(toYear)}
	return f
}

var (
	yearWithin = regexp.MustCompile(`(?i)(?:^|[^\d\p{L}])(?:(?:за|от|від|в|у|for|of|in|from)\s+)?(1[6-9]\d\d|20\d\d)(?:\s*(?:г|год[ау]?|гг|р|рік|року|сыл|с)\.?)?(?:[^\d\p{L}]|$)`)
	// numberWithin is a number of an issue with its word.
	numberWithin = regexp.MustCompile(`(?i)(?:№|#|(?:^|[\s,.;(–—-])(?:номер[ае]?|выпуск|вып\.?|випуск|вип\.?|нүөмэр[э]?|нумер|issue|number|no\.?|nr\.?))\s*(\d{1,4}(?:\s*[-–]\s*\d{1,4})?)` +
		`|(?:^|[\s,.;(])(\d{1,4})\s*(?:№\s*(?:[,.;]|$)|-?[сc]\s+нүөмэр\p{L}*)`)
	numberAlone = regexp.MustCompile(`^\d{1,4}(?:\s*[-–/]\s*\d{1,4})?$`)
	between     = regexp.MustCompile(`[,;\n\x00]|\.\s*[–—-]\s`)
)

// cutMatch takes what matches the pattern out of the text, leaves a mark, so that what stood on its sides stays apart, and gives the group that matched.
func cutMatch(text string, pattern *regexp.Regexp) (rest, match string) {
	at := pattern.FindStringSubmatchIndex(text)
	if at == nil {
		return text, ""
	}
	return text[:at[0]] + " \x00 " + text[at[1]:], group(text, at)
}

// group is the only group of the match that has something.
func group(text string, at []int) string {
	for i := 2; i < len(at); i += 2 {
		if at[i] >= 0 {
			return text[at[i]:at[i+1]]
		}
	}
	return ""
}

// readArticle understands "Полярная звезда, 1998, № 3, с. 12-18" and "Снег // Полярная звезда, 1998", as far as it is said.
func (v Vars) readArticle(r *Reader, text string, out *Turn) Event {
	if title, rest, ok := strings.Cut(text, "//"); ok && hasWords(title) && hasWords(rest) {
		v.keepWords(varArticle, strings.Trim(title, " .,–—-"), out)
		text = rest
	}
	rest := v.readIssue(text)
	for _, part := range between.Split(rest, -1) {
		part = strings.Trim(part, " \t.,:–—-/()")
		switch {
		case !hasWords(part):
		case v[varPeriodical] == "":
			v.keepWords(varPeriodical, part, out)
		case v.readDate(r, part):
		case v[varArticle] == "":
			v.keepWords(varArticle, part, out)
		default: // a title with a comma in it
			v.keepWords(varArticle, v[varArticle]+", "+part, out)
		}
	}
	if v[varPeriodical] == "" { // of which magazine?
		return toFindBook
	}
	return v.issueKnown(out)
}

// readIssue takes pages, number and year out of the text and remembers them.
func (v Vars) readIssue(text string) (rest string) {
	rest, pages := cutPages(text)
	if pages != "" {
		v[varPages] = pages
	}
	rest, number := cutMatch(rest, numberWithin)
	if number != "" {
		v[varNumber] = number
	}
	rest, year := cutMatch(rest, yearWithin)
	if year != "" {
		v[varYear] = year
	}
	return rest
}

// readDate takes "5 марта" for the number of a newspaper of the year.
func (v Vars) readDate(r *Reader, part string) bool {
	if v[varYear] == "" || v[varNumber] != "" {
		return false
	}
	_, err := r.words.ParseDate(part+" "+v[varYear], r.Today())
	if err == nil {
		v[varNumber] = part
	}
	return err == nil
}

// issueKnown asks for what is missing, and looks for the issue when nothing is.
func (v Vars) issueKnown(out *Turn) Event {
	v[varWords] = v.issue()
	switch {
	case v[varYear] == "":
		return toYear
	case v[varNumber] == "":
		return toNumber
	}
	out.Ask = FindBook{Words: v[varWords], Kind: KindArticle}
	return ""
}

// issue is the periodical with year and number in one line.
func (v Vars) issue() string {
	parts := []string{v[varPeriodical]}
	if v[varYear] != "" && v[varYear] != unsure {
		parts = append(parts, v[varYear])
	}
	switch number := v[varNumber]; {
	case number == "" || number == unsure:
	case numberAlone.MatchString(number):
		parts = append(parts, "№ "+number)
	default:
		parts = append(parts, number)
	}
	return strings.Join(parts, ", ")
}

func yearAsk(_ *Reader, v Vars, out *Turn) {
	out.say("fragment.year", templates.Fields{"title": v[varPeriodical]}, choice(choiceUnsure, "fragment.unsure"), backButton())
}

func numberAsk(_ *Reader, v Vars, out *Turn) {
	out.say("fragment.number", templates.Fields{"title": v[varWords]}, choice(choiceUnsure, "fragment.unsure"), backButton())
}

// issueTake hears the year or the number, and whatever else of the issue is said with it.
func issueTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(BooksFound); ok {
		return v.found(a)
	}
	name := varYear
	if out.State.Step == orderNumber {
		name = varNumber
	}
	text := strings.TrimSpace(in.Text)
	switch {
	case in.Choice == choiceUnsure:
		v[name] = unsure
		return v.issueKnown(out)
	case in.Choice != "" || !hasWords(text):
	default:
		delete(v, name)
		v.readIssue(text)
		if name == varNumber && v[varNumber] == "" {
			v.keepWords(varNumber, text, out)
		}
		if v[name] != "" {
			return v.issueKnown(out)
		}
		out.say("fragment.year_wrong", nil)
	}
	if name == varNumber {
		numberAsk(r, v, out)
	} else {
		yearAsk(r, v, out)
	}
	return ""
}
