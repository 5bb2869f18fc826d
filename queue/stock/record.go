package stock

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Record is one edition as another catalogue describes it, with its copies.
type Record struct {
	Number       int    `json:"-"` // of the record in its file, or of the line, from one
	Source       string // its id there; empty: it is known by its ISBN, else by the first inventory number, else by what it says
	Title        string // with the subtitle; a record without one is refused
	Author       string
	Kind         string // empty: Book
	Lang         string
	Place        string
	Publisher    string
	Volume       string
	ISBN         string // or ISSN; or several
	Description  string // empty: it is made of the other fields
	Link         string
	Year, Pages  int // 0: unknown
	PublicDomain bool
	AgeMark      int // 0, 6, 12, 16, 18
	Tags         []string
	Copies       []Copy // ID is not read; State may be empty: as it is, or In
	unnamed      bool   // it had no Source
}

// What a record is refused for.
var (
	errNoTitle   = errors.New("it has no title")
	errKind      = errors.New("its kind is none of book, article, periodical, map, music, other")
	errAgeMark   = errors.New("its age mark is none of 0, 6, 12, 16, 18")
	errState     = errors.New("the state of a copy is none of in, lost, written_off")
	errCopies    = fmt.Errorf("it has more than %d copies", copiesMost)
	errSource    = fmt.Errorf("its id has more than %d letters", sourceMost)
	errTwoTitles = errors.New("it has no id, and its ISBN or inventory number is that of another title in the file")
	errInventory = errors.New("an inventory number of it is another record's")
)

const (
	textMost   = 2000 // letters of a field
	sourceMost = 200
	tagsMost   = 50
	copiesMost = 2000
)

// check makes a record ready to be stored: texts trimmed, what it lacks filled in. It says why a record cannot be.
func (r *Record) check() error {
	for _, field := range []*string{&r.Source, &r.Title, &r.Author, &r.Kind, &r.Lang, &r.Place, &r.Publisher, &r.Volume, &r.ISBN, &r.Description, &r.Link} {
		*field = tidy(*field)
	}
	if err := r.checkCopies(); err != nil {
		return err
	}
	for i := range r.Tags {
		r.Tags[i] = strings.ToLower(tidy(r.Tags[i]))
	}
	slices.Sort(r.Tags)
	r.Tags = slices.DeleteFunc(slices.Compact(r.Tags), func(t string) bool { return t == "" })
	r.Tags = append([]string{}, r.Tags[:min(len(r.Tags), tagsMost)]...)
	if r.Kind == "" {
		r.Kind = Book
	}
	if r.Year < 1000 || r.Year > 2999 {
		r.Year = 0
	}
	if r.Pages < 0 || r.Pages > 100_000 {
		r.Pages = 0
	}
	r.Lang = strings.ToLower(r.Lang)
	if r.Description == "" {
		r.Description = r.describe()
	}
	if r.Source == "" {
		r.Source, r.unnamed = r.byItself(), true
	}
	return r.refusal()
}

// checkCopies makes the copies ready, each inventory number once.
func (r *Record) checkCopies() error {
	for i := range r.Copies {
		c := &r.Copies[i]
		c.ID, c.Siglum, c.Fund, c.Inventory, c.State = 0, tidy(c.Siglum), tidy(c.Fund), tidy(c.Inventory), tidy(c.State)
		if !slices.Contains([]string{"", In, Lost, WrittenOff}, c.State) {
			return errState
		}
	}
	seen := map[string]bool{}
	r.Copies = slices.DeleteFunc(r.Copies, func(c Copy) bool {
		key := titleKey(fold(c.Inventory))
		twice := seen[key]
		seen[key] = key != ""
		return twice
	})
	return nil
}

// refusal is why the record cannot be stored.
func (r *Record) refusal() error {
	switch {
	case len(fold(r.Title)) == 0:
		return errNoTitle
	case !slices.Contains([]string{Book, Article, Periodical, Map, Music, Other}, r.Kind):
		return errKind
	case !slices.Contains([]int{0, 6, 12, 16, 18}, r.AgeMark):
		return errAgeMark
	case len(r.Copies) > copiesMost:
		return errCopies
	case len([]rune(r.Source)) > sourceMost:
		return errSource
	}
	return nil
}

// tidy is a text in one line without what cannot be stored or read, cut where it is too long.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(cut(strings.Join(strings.Fields(s), " "), textMost))
}

// byItself names a record that has no id.
func (r *Record) byItself() string {
	if key := isbnFirst(r.ISBN); len(key) == 13 && r.Volume == "" {
		return "isbn:" + key
	}
	for _, c := range r.Copies {
		if key := titleKey(fold(c.Inventory)); key != "" {
			return "inventory:" + key
		}
	}
	return fmt.Sprintf("text:%x", sha256.Sum256([]byte(strings.Join(fold(r.Description), " "))))
}

// describe is the bibliographic description in one line, of what is known.
func (r *Record) describe() string {
	var b strings.Builder
	sentence := func(s string) {
		if s == "" {
			return
		}
		b.WriteString(s)
		if !strings.HasSuffix(s, ".") {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	sentence(r.Author)
	sentence(r.Title)
	sentence(r.Volume)
	imprint := r.Place
	if r.Publisher != "" {
		imprint = strings.TrimPrefix(imprint+": "+r.Publisher, ": ")
	}
	if r.Year > 0 {
		imprint = strings.TrimPrefix(imprint+", "+strconv.Itoa(r.Year), ", ")
	}
	if imprint != "" {
		sentence("— " + imprint)
	}
	if r.Pages > 0 {
		sentence("— " + strconv.Itoa(r.Pages) + " " + r.pagesWord())
	}
	return strings.TrimSuffix(b.String(), " ")
}

// pagesWord is the abbreviation in the script of the title: descriptions are written in the language of the book.
func (r *Record) pagesWord() string {
	if strings.ContainsFunc(r.Title, func(c rune) bool { return unicode.Is(unicode.Cyrillic, c) }) {
		return "с."
	}
	return "p."
}

// digestForm changes when a record is stored in another way than before, so that the next import stores all anew.
const digestForm = 2

// digest tells two states of a record apart.
func (r *Record) digest() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("digest of a record: %w", err)
	}
	sum := sha256.Sum256(append(text, digestForm))
	return sum[:], nil
}

// workKey tells works apart: author, title, kind, language, and whether it is free, which a new translation of a free work is not.
func (r *Record) workKey() []byte {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		strings.Join(fold(r.Author), " "), strings.Join(fold(r.Title), " "), r.Kind, r.Lang, strconv.FormatBool(r.PublicDomain),
	}, "\x00")))
	return sum[:]
}
