package stock

import (
	"regexp"
	"slices"
	"strings"
)

// marc21 reads the record by the fields of MARC 21.
func (m *marc) marc21(copies CopyFields) Record {
	r := Record{
		Source: m.control("001"), Kind: m.kind(), Place: bare(m.first("264", "a")), Publisher: m.first("264", "b"), Year: yearIn(m.first("264", "c")),
		Pages: pagesIn(m.first("300", "a")), ISBN: m.numbers("020"), Link: m.link(), Tags: m.all("a", "650", "651", "653", "655"),
		AgeMark: ageMark(m.all("a", "521")), PublicDomain: free(m.all("aflu", "506", "540", "542")), Copies: m.copies("852", string(copies), "cbp"),
	}
	for _, f := range m.fields("245") {
		r.Title, r.Volume = f.join(map[string]string{"a": "", "b": " : "}), f.join(map[string]string{"n": ". ", "p": ". "})
	}
	r.Author = m.authors()
	if len(m.fields("264")) == 0 {
		r.Place, r.Publisher, r.Year = bare(m.first("260", "a")), m.first("260", "b"), yearIn(m.first("260", "c"))
	}
	if r.ISBN == "" {
		r.ISBN = m.numbers("022")
	}
	if coded := []rune(m.control("008")); len(coded) >= 38 {
		r.Lang = strings.Trim(string(coded[35:38]), " |")
		if r.Year == 0 {
			r.Year = yearIn(string(coded[7:11]))
		}
	}
	if r.Lang == "" {
		r.Lang = m.first("041", "a")
	}
	if r.Volume == "" {
		r.Volume = m.first("362", "a")
	}
	for _, f := range m.fields("773") {
		r.Volume = f.join(map[string]string{"t": "", "g": ". "})
		if r.Pages == 0 {
			r.Pages = pagesIn(f.first("g"))
		}
	}
	return r
}

// authors are the first three headings of MARC 21, or who the title page names.
func (m *marc) authors() string {
	all := m.all("a", "100", "110", "111", "700")
	for i := range all {
		all[i] = strings.TrimRight(all[i], ".")
		if initial.MatchString(all[i]) {
			all[i] += "."
		}
	}
	if len(all) == 0 {
		return m.first("245", "c")
	}
	return strings.Join(all[:min(3, len(all))], "; ")
}

// rusmarc reads the record by the fields of RUSMARC and UNIMARC.
func (m *marc) rusmarc(copies CopyFields) Record {
	r := Record{
		Source: m.control("001"), Kind: m.kind(), Lang: m.first("101", "a"), Place: bare(m.first("210", "a")), Publisher: m.first("210", "c"), Year: yearIn(m.first("210", "d")),
		Pages: pagesIn(m.first("215", "a")), ISBN: m.numbers("010"), Link: m.link(), Tags: m.all("a", "606", "607", "608", "610"),
		AgeMark: ageMark(m.all("a", "333")), PublicDomain: free(m.all("a", "300", "310", "371")), Copies: m.copies("899", string(copies), "abp"),
	}
	for _, f := range m.fields("200") {
		r.Title, r.Volume = f.join(map[string]string{"a": " ; ", "e": " : "}), f.join(map[string]string{"h": ". ", "i": ". ", "v": ". "})
	}
	if len(m.fields("210")) == 0 {
		r.Place, r.Publisher, r.Year = bare(m.first("214", "a")), m.first("214", "c"), yearIn(m.first("214", "d"))
	}
	if coded := []rune(m.first("100", "a")); r.Year == 0 && len(coded) >= 13 {
		r.Year = yearIn(string(coded[9:13]))
	}
	var authors []string
	for _, f := range m.fields("700", "701", "710") {
		authors = append(authors, strings.Trim(f.first("a")+", "+f.first("gb"), ", "))
	}
	r.Author = strings.Join(authors[:min(3, len(authors))], "; ")
	if r.Author == "" {
		r.Author = m.first("200", "f")
	}
	if r.ISBN == "" {
		r.ISBN = m.numbers("011")
	}
	for _, f := range m.fields("461", "463") {
		host, part := f.first("ta"), f.first("v")
		switch {
		case r.Kind == Article:
			r.Volume = strings.Trim(r.Volume+". "+host+". "+part, ". ")
		case partTitle.MatchString(r.Title) && host != "": // it has no title of its own
			r.Title, r.Volume = host, strings.Trim(r.Title+". "+r.Volume, ". ")
		case r.Volume == "":
			r.Volume = strings.Trim(host+". "+part, ". ")
		}
		if r.Pages == 0 {
			r.Pages = pagesIn(part)
		}
	}
	return r
}

var (
	initial    = regexp.MustCompile(`(?:^|[\s.])\pL$`)
	agePattern = regexp.MustCompile(`(?:^|[^0-9])(0|6|12|16|18)\s*\+`)
	numberText = regexp.MustCompile(`^(?:(?i:isbn|issn)[:\s]*)?([0-9][0-9 –‑-]*[0-9XxХх])`)
)

// kind is what the leader says.
func (m *marc) kind() string {
	leader := m.Leader + "        "
	switch {
	case strings.ContainsRune("ef", rune(leader[6])):
		return Map
	case strings.ContainsRune("cdj", rune(leader[6])):
		return Music
	case leader[7] == 's':
		return Periodical
	case leader[7] == 'a' || leader[7] == 'b':
		return Article
	case strings.ContainsRune("gikmopr", rune(leader[6])):
		return Other
	}
	return Book
}

// all are the texts of the subfields in the fields.
func (m *marc) all(codes string, tags ...string) []string {
	var out []string
	for _, f := range m.fields(tags...) {
		for _, s := range f.Sub {
			if text := trimmed(s.Text); strings.Contains(codes, s.Code) && text != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// copies are those of the tag, by the letters of siglum, fund and inventory number: one of each number that a field has.
func (m *marc) copies(tag, letters, usual string) []Copy {
	if len(letters) != len(usual) {
		letters = usual
	}
	var out []Copy
	for _, f := range m.fields(tag) {
		numbers := f.all(letters[2:3])
		if len(numbers) == 0 {
			numbers = []string{""}
		}
		for _, number := range numbers {
			c := Copy{Siglum: f.first(letters[0:1]), Fund: f.first(letters[1:2]), Inventory: number}
			if c != (Copy{}) {
				out = append(out, c)
			}
		}
	}
	return out
}

// link is where the text can be read: of the resource itself rather than of another version of it, never of what is related, such as a picture of the cover.
func (m *marc) link() string {
	version := ""
	for _, f := range m.fields("856") {
		for _, s := range f.Sub {
			address := strings.TrimSpace(s.Text) // its last sign is its own
			if strings.HasPrefix(strings.ToLower(address), "www.") {
				address = "http://" + address
			}
			switch {
			case s.Code != "u" || f.Second == "2" || !webAddress.MatchString(address):
			case f.Second == "1" && version == "":
				version = address
			case f.Second != "1":
				return address
			}
		}
	}
	return version
}

var webAddress = regexp.MustCompile(`^(?i:https?|ftp)://[^\s"<>]+$`)

// bare is a place without the brackets of what the book itself does not say.
func bare(s string) string { return strings.Trim(s, "[] ") }

// numbers are all ISBN or ISSN of the tag, without what stands behind each.
func (m *marc) numbers(tag string) string {
	var out []string
	for _, text := range m.all("a", tag) {
		if found := numberText.FindStringSubmatch(text); found != nil && !slices.Contains(out, found[1]) {
			out = append(out, found[1])
		}
	}
	return strings.Join(out, ", ")
}

func ageMark(notes []string) int {
	for _, note := range notes {
		if found := agePattern.FindStringSubmatch(note); found != nil {
			age, err := ageIn(found[1])
			if err == nil {
				return age
			}
		}
	}
	return 0
}

// free reports a note of rights that calls the work free.
func free(notes []string) bool {
	return slices.ContainsFunc(notes, func(note string) bool {
		note = strings.ToLower(note)
		return strings.Contains(note, "public domain") || strings.Contains(note, "publicdomain") || strings.Contains(note, "общественное достояние") ||
			strings.Contains(note, "суспільне надбання")
	})
}
