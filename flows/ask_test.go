package flows

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"librarian/contacts/library"
)

// words is an ask as scripts write it.
func words(a Ask) string {
	switch a := a.(type) {
	case GiveConsent:
		if a.Renew {
			return fmt.Sprintf("renew consent to version %s in %s", a.Version, a.Lang)
		}
		return fmt.Sprintf("consent to version %s in %s", a.Version, a.Lang)
	case WithdrawConsent:
		if a.Reader != 0 {
			return fmt.Sprintf("withdraw consent for %d", a.Reader)
		}
		return "withdraw consent"
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
		said := fmt.Sprintf("register %s: %s, %s, %s %s, %d photos", a.Relation, a.Name, a.Born, a.Email+a.Phone, proven, len(a.Photos))
		if a.Rules.Version != "" {
			said += fmt.Sprintf("; rules=%s %s", a.Rules.Version, a.Rules.Day)
		}
		for _, given := range a.Answers {
			said += fmt.Sprintf("; %s=%s", given.Key, given.Value)
		}
		if a.Papers {
			said += "; with papers"
		}
		return said
	case ShowPapers:
		return "where the papers stand"
	case KeepPapers:
		text := "keep papers:"
		for _, s := range a.Sheets {
			text += fmt.Sprintf(" %s/%d", cmp.Or(s.Code, "no code"), s.Number)
			if s.As != nil {
				text += fmt.Sprintf(" as %s %d", s.As.Kind, s.As.Number)
			}
		}
		return text
	case PapersByPost:
		return "papers come by post"
	case SendJoinCode:
		return "send join code to " + a.Email + a.Phone
	case JoinByCode:
		return fmt.Sprintf("join by code %s for %s", a.Code, a.Email+a.Phone)
	case ShowLessons:
		return fmt.Sprintf("lessons for %d", a.Registration)
	case BookLesson:
		if a.At.IsZero() {
			return fmt.Sprintf("test for %d", a.Registration)
		}
		return fmt.Sprintf("seat for %d on %s", a.Registration, a.At.Format("2006-01-02 15:04"))
	case CancelLesson:
		return fmt.Sprintf("no seat for %d", a.Registration)
	case FindBook:
		return fmt.Sprintf("find %s: %s", a.Kind, a.Words)
	case PlaceOrder:
		return placingWords(a)
	case ShowOrders:
		return "where the orders stand"
	case FetchOrder:
		return fmt.Sprintf("order %d once more", a.Order)
	case CancelOrder:
		return fmt.Sprintf("cancel order %d", a.Order)
	case AddToOrder:
		return addingWords("add to", a.Order, a.Text, a.Files)
	case ComplainOrder:
		return addingWords("complain of", a.Order, a.Text, a.Files)
	case ReturnPages:
		switch {
		case a.All:
			return fmt.Sprintf("all of order %d", a.Order)
		case a.Reason != "":
			return fmt.Sprintf("nothing for order %d: %s", a.Order, a.Reason)
		}
		if a.Order == 0 {
			return fmt.Sprintf("%d files for some order", len(a.Files))
		}
		return fmt.Sprintf("%d files for order %d", len(a.Files), a.Order)
	case NoteNeed:
		return fmt.Sprintf("note need to %s: %s", a.Kind, a.Words)
	case JoinDesk:
		return "join the desk by " + a.Word
	}
	return fmt.Sprintf("%T", a)
}

// answers are what may come of an ask, as scripts write it.
func answers(r *Reader) map[string]Answer {
	due := r.Library.Due(r.Now, 2*time.Hour)
	out := orderAnswers(r)
	maps.Copy(out, map[string]Answer{
		"consent given":                 ConsentGiven{ID: 5},
		"two pages of 12":               PagesReturned{OK: true, Order: 12, Pages: 2},
		"all of 12":                     PagesReturned{OK: true, Order: 12, All: true},
		"12 refused":                    PagesReturned{OK: true, Order: 12, Refused: true},
		"12 over":                       PagesReturned{Order: 12},
		"nothing of 12 has come":        PagesReturned{Order: 12, Empty: true},
		"nobody scans 12":               PagesReturned{Order: 12, NoScan: true},
		"need noted":                    NeedNoted{},
		"too many needs":                NeedNoted{TooMany: true},
		"the slip of 14":                PagesReturned{OK: true, Order: 14, Slip: true},
		"pages of 12 and 14, one left":  PagesReturned{OK: true, Order: 12, Pages: 2, More: []PagesOf{{Order: 14, Pages: 1}}, Strange: true},
		"a stranger's slip":             PagesReturned{Strange: true},
		"nothing says which":            PagesReturned{Which: true},
		"code sent":                     CodeSent{},
		"too many codes":                CodeSent{TooMany: true},
		"no such address":               CodeSent{Bad: true},
		"code right":                    CodeChecked{Right: true, Left: 4},
		"code wrong, 4 left":            CodeChecked{Left: 4},
		"code wrong, 1 left":            CodeChecked{Left: 1},
		"code wrong, 0 left":            CodeChecked{},
		"code too old":                  CodeChecked{Old: true},
		"question passed":               QuestionOpened{Task: 7, Due: due},
		"registered":                    Registered{ID: 3, Due: due},
		"registered, papers":            Registered{ID: 3, Papers: true},
		"registered long since":         Registered{ID: 3, Again: true},
		"no consent any more":           Registered{NoConsent: true},
		"withdrawn":                     ConsentWithdrawn{},
		"withdrawn, stopped":            ConsentWithdrawn{Stopped: []int64{1}},
		"withdrawn, the second stopped": ConsentWithdrawn{Stopped: []int64{2}},
		"withdrawn, a card":             ConsentWithdrawn{Cards: 1, Due: due},
		"papers are drawn":              PapersStand{Making: true},
		"form and consent missing": PapersStand{Missing: []PaperPage{
			{Registration: 3, Kind: "form", Number: 1}, {Registration: 3, Kind: "consent", Number: 1},
		}},
		"form taken, consent missing": PapersStand{
			Taken: []PaperPage{{Registration: 3, Kind: "form", Number: 1}}, Missing: []PaperPage{{Registration: 3, Kind: "consent", Number: 1}},
		},
		"no code, form and consent missing": PapersStand{
			Unsure:  []Sheet{{File: "f", Number: 1}},
			Missing: []PaperPage{{Registration: 3, Kind: "form", Number: 1}, {Registration: 3, Kind: "consent", Number: 1}},
		},
		"consent unsigned": PapersStand{
			Unsure:  []Sheet{{File: "f", Number: 1, Code: "c", Unsigned: true, As: &PaperPage{Registration: 3, Kind: "consent", Number: 1}}},
			Missing: []PaperPage{{Registration: 3, Kind: "consent", Number: 1}},
		},
		"consent taken, all sent": PapersStand{
			Taken: []PaperPage{{Registration: 3, Kind: "consent", Number: 1}}, Sent: []PapersSent{{Registration: 3, Due: due}},
		},
		"form taken, consent missing, a file owed": PapersStand{
			Taken: []PaperPage{{Registration: 3, Kind: "form", Number: 1}}, Missing: []PaperPage{{Registration: 3, Kind: "consent", Number: 1}}, Owed: 1,
		},
		"consent taken, a file owed":  PapersStand{Taken: []PaperPage{{Registration: 3, Kind: "consent", Number: 1}}, Owed: 1},
		"an application that is over": PapersStand{Problems: []string{"over"}},
		"not our form": PapersStand{
			Problems: []string{"foreign"}, Missing: []PaperPage{{Registration: 3, Kind: "form", Number: 1}},
		},
		"an old form": PapersStand{
			Problems: []string{"old"}, Missing: []PaperPage{{Registration: 3, Kind: "form", Number: 1}},
		},
		"put elsewhere": PapersStand{
			Elsewhere: true, Missing: []PaperPage{{Registration: 3, Kind: "form", Number: 1}},
		},
		"put elsewhere, nothing missing": PapersStand{Elsewhere: true},
		"by post": PapersStand{
			Post: true, Missing: []PaperPage{{Registration: 3, Kind: "form", Number: 1}},
		},
		"consent was sent back": PapersStand{
			Missing: []PaperPage{{Registration: 3, Kind: "consent", Number: 1, Reason: "нет подписи"}},
		},
		"lessons":              LessonStand{Lesson: Lesson{State: "needed"}, Slots: lessonSlots(r)},
		"no lessons":           LessonStand{Lesson: Lesson{State: "needed"}},
		"lessons in two rooms": LessonStand{Lesson: Lesson{State: "needed"}, Slots: twoRooms(r)},
		"seat taken":           LessonStand{Lesson: tuesdayLesson(r), Done: true},
		"seat, lessons":        LessonStand{Lesson: tuesdayLesson(r), Slots: lessonSlots(r)[1:]},
		"test, lessons":        LessonStand{Lesson: Lesson{State: "booked", How: "test"}, Slots: lessonSlots(r)},
		"no seat left":         LessonStand{Lesson: Lesson{State: "needed"}, Full: true, Slots: lessonSlots(r)[1:]},
		"test noted":           LessonStand{Lesson: Lesson{State: "booked", How: "test"}, Done: true},
		"seat freed":           LessonStand{Lesson: Lesson{State: "needed"}, Done: true, Slots: lessonSlots(r)},
		"lesson has begun":     LessonStand{Lesson: tuesdayLesson(r), Begun: true},
		"nothing to choose":    LessonStand{Over: true},
		"joined":               DeskJoined{OK: true},
		"no such word":         DeskJoined{},
		"join code wrong":      JoinTried{Left: 4},
		"join code spent":      JoinTried{},
		"join code too old":    JoinTried{Old: true},
		"one contact":          JoinTried{Right: true, Outcome: JoinDone, People: []Person{{ID: 1, Relation: "self", State: "done", Card: "000123"}}},
		"newly known":          JoinTried{Right: true, Outcome: JoinNew},
		"known before":         JoinTried{Right: true, Outcome: JoinSame},
		"nobody":               JoinTried{Right: true, Outcome: JoinNobody},
		"several people":       JoinTried{Right: true, Outcome: JoinSeveral},
		"two readers":          JoinTried{Right: true, Outcome: JoinTwo},
		"a person speaks":      JoinTried{Right: true, Outcome: JoinSpoken},
	})
	return out
}

// lessonSlots are the next lessons as the example's timetable has them after the Monday of the scripts.
func lessonSlots(r *Reader) []Slot {
	room := library.ExampleNewcomer().Lessons[0].Place
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, r.Library.Zone)
	}
	return []Slot{{At: at(11, 24, 15), Place: room, Left: 1}, {At: at(11, 26, 11), Place: room, Left: 12}, {At: at(12, 1, 15), Place: room, Left: 7}}
}

func twoRooms(r *Reader) []Slot {
	slots := lessonSlots(r)[:2]
	slots[1].Place = map[library.Lang]string{library.Russian: "зал каталогов"}
	return slots
}

func tuesdayLesson(r *Reader) Lesson {
	first := lessonSlots(r)[0]
	return Lesson{State: "booked", How: "lesson", At: first.At, Place: first.Place}
}

// note keeps what the library would know after the answer.
func (p *player) note(a Answer) {
	if opened, ok := a.(QuestionOpened); ok {
		p.reader.Question = opened.Task
	}
	if placed, ok := a.(OrderPlaced); ok && placed.Order != 0 {
		p.reader.HasOrders = true
	}
}
