package flows

import (
	"fmt"
	"strings"
	"time"
)

// words is an ask as scripts write it.
func words(a Ask) string {
	switch a := a.(type) {
	case GiveConsent:
		return fmt.Sprintf("consent to version %s in %s", a.Version, a.Lang)
	case SendCode:
		return "send code to " + a.Email
	case CheckCode:
		return fmt.Sprintf("check code %s for %s", a.Code, a.Email)
	case OpenQuestion:
		return strings.TrimSpace("open question: " + excerpt(strings.ReplaceAll(a.Text, "\n", " / ")))
	case AddToQuestion:
		return strings.TrimSpace("add to question: " + excerpt(strings.ReplaceAll(a.Text, "\n", " / ")))
	case Register:
		proven := "unproven"
		if a.EmailProven || a.PhoneProven {
			proven = "proven"
		}
		return fmt.Sprintf("register %s: %s, %s, %s %s, %d photos", a.Relation, a.Name, a.Born, a.Email+a.Phone, proven, len(a.Photos))
	case JoinDesk:
		return "join the desk by " + a.Word
	}
	return fmt.Sprintf("%T", a)
}

// answers are what may come of an ask, as scripts write it.
func answers(r *Reader) map[string]Answer {
	due := r.Library.Due(r.Now, 2*time.Hour)
	return map[string]Answer{
		"consent given":         ConsentGiven{ID: 5},
		"code sent":             CodeSent{},
		"too many codes":        CodeSent{TooMany: true},
		"no such address":       CodeSent{Bad: true},
		"code right":            CodeChecked{Right: true, Left: 4},
		"code wrong, 4 left":    CodeChecked{Left: 4},
		"code wrong, 1 left":    CodeChecked{Left: 1},
		"code wrong, 0 left":    CodeChecked{},
		"code too old":          CodeChecked{Old: true},
		"question passed":       QuestionOpened{Task: 7, Due: due},
		"registered":            Registered{ID: 3, Due: due},
		"registered long since": Registered{ID: 3, Again: true},
		"joined":                DeskJoined{OK: true},
		"no such word":          DeskJoined{},
	}
}

// note keeps what the library would know after the answer.
func (p *player) note(a Answer) {
	if opened, ok := a.(QuestionOpened); ok {
		p.reader.Question = opened.Task
	}
}
