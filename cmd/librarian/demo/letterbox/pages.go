package letterbox

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

//go:embed page
var assets embed.FS

// pages are the templates and the words on them.
type pages struct {
	templates *template.Template
	matcher   language.Matcher
	spoken    []Words // by the matcher's index; the first is for those who speak none of them
}

// Words are all that a page says of itself, in one language.
type Words struct {
	Lang       string `toml:"-"`
	Title      string `toml:"title"`
	About      string `toml:"about"`
	Empty      string `toml:"empty"`
	Back       string `toml:"back"`
	NoSubject  string `toml:"no_subject"`
	From       string `toml:"from"`
	To         string `toml:"to"`
	Date       string `toml:"date"`
	MessageID  string `toml:"message_id"`
	Files      string `toml:"files"`
	Kilobytes  string `toml:"kilobytes"` // {n} stands for the number
	DateLayout string `toml:"date_layout"`

	Write       string `toml:"write"`
	WriteHelp   string `toml:"write_help"`
	Answer      string `toml:"answer"`
	FromHelp    string `toml:"from_help"`
	Subject     string `toml:"subject"`
	Text        string `toml:"text"`
	FilesHelp   string `toml:"files_help"` // {n} stands for megabytes, here and below
	Send        string `toml:"send"`
	Sent        string `toml:"sent"`
	Wrote       string `toml:"wrote"` // {date} and {from} are those of the letter that is quoted
	BadFrom     string `toml:"bad_from"`
	BadTo       string `toml:"bad_to"`
	Nothing     string `toml:"nothing"`
	TooLarge    string `toml:"too_large"`
	NotSent     string `toml:"not_sent"`
	ChooseAgain string `toml:"choose_again"`
}

func readPages() (pages, error) {
	templates, err := template.ParseFS(assets, "page/*.html")
	if err != nil {
		return pages{}, fmt.Errorf("read pages of letter box: %w", err)
	}
	p := pages{templates: templates}
	tags := []language.Tag{language.Russian, language.English, language.Ukrainian, language.Make("sah")}
	for _, tag := range tags {
		words := Words{Lang: tag.String()}
		if _, err := toml.DecodeFS(assets, "page/"+words.Lang+".toml", &words); err != nil {
			return pages{}, fmt.Errorf("read words of letter box in %s: %w", words.Lang, err)
		}
		p.spoken = append(p.spoken, words)
	}
	p.matcher = language.NewMatcher(tags)
	return p, nil
}

// words are those of the browser's language.
func (p pages) words(r *http.Request) Words {
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return p.spoken[0]
	}
	_, index, _ := p.matcher.Match(wanted...)
	return p.spoken[index]
}

// when is a moment for people and for programs.
type when struct{ Text, ISO string }

func (w Words) when(t time.Time) when {
	if t.IsZero() {
		return when{}
	}
	return when{t.Local().Format(w.DateLayout), t.Format(time.RFC3339)}
}

// megabytes puts the size, in bytes, into a sentence.
func (w Words) megabytes(sentence string, bytes int) string {
	return strings.ReplaceAll(sentence, "{n}", fmt.Sprint(bytes>>20))
}

// size is in kilobytes, rounded up.
func (w Words) size(bytes int) string {
	return strings.ReplaceAll(w.Kilobytes, "{n}", fmt.Sprint((bytes+1023)/1024))
}
