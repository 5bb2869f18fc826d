package flows

import (
	"maps"

	"librarian/contacts/library"
)

// exampleOf is the picture of how a paper should be photographed, for each problem that a picture explains.
var exampleOf = map[string]string{
	"cut_off": "whole", "too_small": "closer", "dark": "light", "blurred": "sharp",
	"unsigned": "signed", "no_code": "code", "foreign": "ours", "old": "ours", "wrong_paper": "ours",
	"not_an_image": "photo", "unsupported": "photo", "unreadable": "photo",
}

// Shown are the example pictures that the conversation was shown, by the day on which each was.
type Shown map[string]library.Date

// example shows, below what was said last, how it should look: each picture once a day, however many photos come.
func (t *Turn) example(r *Reader, problem string) {
	which, n, today := exampleOf[problem], len(t.Say), r.Today()
	if which == "" || n == 0 || t.shown[which] == today {
		return
	}
	t.Say[n-1].Example = which
	t.shown = maps.Clone(t.shown)
	if t.shown == nil {
		t.shown = Shown{}
	}
	maps.DeleteFunc(t.shown, func(_ string, day library.Date) bool { return day != today })
	t.shown[which] = today
}

// sayProblem says what to do about a file that cannot be a paper, and shows it.
func (t *Turn) sayProblem(r *Reader, problem string, choices ...Choice) {
	t.say(problemText(problem), nil, choices...)
	t.example(r, problem)
}
