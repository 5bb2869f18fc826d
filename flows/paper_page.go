package flows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// Sheet is one page of a file as it was looked at.
type Sheet struct {
	File     string     `json:"file"`
	Number   int        `json:"number"`
	Preview  string     `json:"preview,omitempty"`
	Code     string     `json:"code,omitempty"`     // of a paper that we drew
	Unsigned bool       `json:"unsigned,omitempty"` // the field for the signature is empty
	Problem  string     `json:"problem,omitempty"`
	As       *PaperPage `json:"as,omitempty"` // the page that the reader says it is
	At       time.Time  `json:"at,omitzero"`  // when it came: what was fetched late does not take the place of what is newer
}

// PaperPage is one page of the papers of a registration.
type PaperPage struct {
	Registration int64  `json:"registration"`
	Kind         string `json:"kind"` // form, application, consent, surety
	Number       int    `json:"number"`
	Reason       string `json:"reason,omitempty"` // why staff sent it back
}

// keepAll asks to put away what the files show.
func keepAll(r *Reader, found []Finding, out *Turn) KeepPapers {
	ask := KeepPapers{Sheets: sheetsOf(r, found, out)}
	for _, f := range found {
		if f.File == "" {
			continue
		}
		ask.Files = append(ask.Files, f.File)
		for _, s := range f.Sheets {
			if s.Preview != "" {
				ask.Files = append(ask.Files, s.Preview)
			}
		}
	}
	return ask
}

// sheetsOf are the pages that can be put somewhere. It says what is wrong with the others, each thing once.
func sheetsOf(r *Reader, found []Finding, out *Turn) []Sheet {
	var sheets []Sheet
	var told []string
	tell := func(problem string) {
		if !slices.Contains(told, problem) {
			told = append(told, problem)
			out.sayProblem(r, problem)
		}
	}
	for _, f := range found {
		problem := paperProblem(f)
		if problem == problemLost {
			out.sayLost(f)
			continue
		}
		if len(f.Sheets) == 0 {
			if problem == "" {
				problem = "unreadable"
			}
			tell(problem)
			continue
		}
		for _, s := range f.Sheets {
			if s.Problem != "" {
				tell(s.Problem)
				continue
			}
			s.File = f.File
			sheets = append(sheets, s)
		}
	}
	return sheets
}

func (p PaperPage) fields() templates.Fields {
	reason := library.Words{Plain: p.Reason}
	if key := reasonTexts[p.Reason]; key != "" {
		reason = library.Words{Key: key}
	}
	return templates.Fields{"number": p.Number, "reason": reason}
}

// reasonTexts are the reasons that staff need not word themselves.
var reasonTexts = map[string]string{
	"blurred": "papers.reason_blurred", "cut_off": "papers.reason_cut_off", "unsigned": "papers.reason_unsigned", "wrong_paper": "papers.reason_wrong_paper",
	"name_differs": "papers.reason_name_differs",
}

// pagesIn reads the pages of the news that papers were sent back.
func pagesIn(text string) []PaperPage {
	var out []PaperPage
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		number, reason, ok := strings.Cut(rest, ":")
		n, err := strconv.Atoi(number)
		if _, known := paperTexts[kind]; ok && err == nil && known {
			out = append(out, PaperPage{Kind: kind, Number: n, Reason: reason})
		}
	}
	return out
}

// paperTexts name a page of each kind of paper: in a list of what is missing, sent back, received, and as one that nobody has signed.
var paperTexts = map[string]struct{ missing, returned, taken, unsigned string }{
	"form":        {"papers.missing_form", "papers.returned_form", "papers.taken_form", "papers.unsigned_form"},
	"application": {"papers.missing_application", "papers.returned_application", "papers.taken_application", "papers.unsigned_application"},
	"consent":     {"papers.missing_consent", "papers.returned_consent", "papers.taken_consent", "papers.unsigned_consent"},
	"surety":      {"papers.missing_surety", "papers.returned_surety", "papers.taken_surety", "papers.unsigned_surety"},
}
