package flows

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// TestScripts plays testdata/*.script. A line is who speaks, an arrow and what:
//
//	lang> ru              the language; "guessed ru" until the reader has chosen one
//	library> consent photo | no mail | one language | from age 18 | full registration | own words | rules reworded
//	         lesson for students | lesson or test for students | test for students
//	         orders | fragments alone | nothing to order      what may be ordered; known> has orders
//	         agreed | new consent | surety | no fields | no rules to judge by | from age 18 without exception
//	channel> own phone    the channel can prove a phone number
//	clock> 2026-11-23 20:00
//	known> self Иванова Анна, card 000123      for whom the reader acts; or sent, accepted, refused, withdrawn, lesson needed, lesson booked
//	reader> text  |  [Button]  |  (opens)  |  (photo)  |  (photo blurred, pdf) text  |  (photo of form-1)  |  (own phone +79141234567)
//	bot< text             each message, in order; / is the end of a line, … at the end is the rest of the message
//	bot< [A] [B]          all buttons of the message above
//	ask< what the conversation wants from the library
//	answer> what comes of it
//	fact< what is counted
//	later> 24 hours
//	staff> papers made | sent back: consent:1:why | papers arrived
//	staff> lesson needed | lesson tomorrow | lesson off | lesson missed | lesson certified
//	staff> order sent | refused: not_found words | question: words | cancelled: words | late | again | link
//	staff> double: name | redrawn | corrected: name Иванова Ана -> Иванова Анна; email - -> a@example.org because why
//	staff> accepted | refused: why | card 000123 password | card 000123 | card kept 000123 password | answered | hands back
func TestScripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.script")
	if err != nil || len(paths) == 0 {
		t.Fatalf("scripts: %q, %v", paths, err)
	}
	texts, set := conversations(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".script"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := &player{t: t, texts: texts, set: set, reader: reader(), path: path}
			p.play(bufio.NewScanner(bytes.NewReader(raw)))
		})
	}
}

func conversations(tb testing.TB) (*templates.Texts, *Set) {
	tb.Helper()
	texts, err := templates.Load()
	if err != nil {
		tb.Fatal(err)
	}
	set, err := New(texts, All())
	if err != nil {
		tb.Fatal(err)
	}
	return texts, set
}

// reader is a newcomer on a Monday morning.
func reader() *Reader {
	zone := time.FixedZone("", 9*60*60)
	day := []library.Span{{From: 9 * 60, Until: 18 * 60}}
	return &Reader{
		Lang: library.Russian, Chosen: true, Channel: "webchat", CanMail: true, First: true, Dialogue: 1,
		Now: time.Date(2026, time.November, 23, 10, 0, 0, 0, zone),
		Library: library.Library{ID: 1, Slug: "demo", Zone: zone, Settings: library.Settings{
			Name: map[library.Lang]string{
				library.Russian: "Городская библиотека", library.Sakha: "Куорат библиотеката",
				library.Ukrainian: "Міська бібліотека", library.English: "City Library",
			},
			Record: library.Russian, Region: "RU", Phone: "+7 411 200-00-00", Address: "677000, Якутск, ул. Ленина, 1", Email: "desk@library.example", Site: "https://library.example",
			Hours: library.Hours{Week: [7][]library.Span{1: day, 2: day, 3: day, 4: day, 5: day}},
			Registration: library.Registration{Consent: library.Consent{Version: "1", Text: map[library.Lang]string{
				library.Russian: "Текст согласия.", library.Sakha: "Сөбүлэҥ тиэкиһэ.",
				library.Ukrainian: "Текст згоди.", library.English: "Text of the consent.",
			}}},
		}},
	}
}

// fullRegistration is what a regional library asks for.
func fullRegistration(consent library.Consent) library.Registration {
	return library.Registration{
		Consent: consent, Full: true, Fields: library.ExampleFields(), Eligibility: library.ExampleEligibility(),
		Rules: library.Rules{Version: "7", Text: map[library.Lang]string{
			library.Russian: "Текст правил.", library.Sakha: "Быраабыла тиэкиһэ.", library.Ukrainian: "Текст правил бібліотеки.", library.English: "Text of the rules.",
		}},
	}
}
