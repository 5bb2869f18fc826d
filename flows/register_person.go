package flows

import (
	"errors"
	"strings"
	"unicode"

	"librarian/contacts/library"
	"librarian/templates"
)

// What an answer may hold.
const (
	nameRunes  = 120
	photosMost = 10 // of one consent
)

func backButton() Choice { return choice(choiceBack, "common.back") }

// photoWays are the ways on from the photo; the next step once there is one.
func photoWays(v Vars) []Choice {
	ways := []Choice{backButton(), choice(choiceHuman, "common.human")}
	if len(v.photos()) > 0 {
		ways = append([]Choice{choice(choiceSkip, "common.next")}, ways...)
	}
	return ways
}

func photoAsk(_ *Reader, v Vars, out *Turn) {
	if kept := len(v.photos()); kept > 0 {
		out.say("register.photo_more", templates.Fields{"count": kept}, photoWays(v)...)
		return
	}
	out.say("register.photo", nil, photoWays(v)...)
}

func photoTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if len(in.Files) == 0 {
		if in.Choice == choiceSkip && len(v.photos()) > 0 {
			return toName
		}
		out.say("register.photo_wait", nil, photoWays(v)...)
		return ""
	}
	problem, full := v.keep(in.Files)
	switch {
	case problem == "" && full:
		out.say("register.photo_full", nil)
		return toName
	case problem == "":
		out.say("register.photo_kept", templates.Fields{"count": len(v.photos())})
		return toName
	case len(v.photos()) == 0:
		out.sayProblem(r, problem, photoWays(v)...)
	default:
		out.sayProblem(r, problem)
		photoAsk(r, v, out)
	}
	return ""
}

// keep notes the photos that can be used. It gives the problem of one that cannot, and whether there were more than are kept.
func (v Vars) keep(files []Finding) (problem string, full bool) {
	for _, f := range files {
		switch p := paperProblem(f); {
		case p != "":
			problem = p
		case len(v.photos()) == photosMost:
			full = true
		default:
			v[varPhotos] = strings.TrimSpace(v[varPhotos] + " " + f.File)
		}
	}
	return problem, full
}

// photos are the ids of the photos of the signed consent.
func (v Vars) photos() []string { return strings.Fields(v[varPhotos]) }

func nameAsk(_ *Reader, v Vars, out *Turn) {
	key := "register.name"
	if v[varRelation] != relationSelf {
		key = "register.name_of_other"
	}
	out.say(key, nil, backButton())
}

func nameTake(r *Reader, v Vars, in Input, out *Turn) Event {
	name, ok := readName(in.Text)
	if !ok {
		out.say("register.name_form", nil, backButton())
		return ""
	}
	v[varName] = name
	return v.answered(r, toBorn)
}

// visible drops joiners and marks of direction, which cannot be seen.
func visible(c rune) rune {
	if unicode.Is(unicode.Cf, c) {
		return -1
	}
	return c
}

// isName reports whether the text can be a person's full name: two words of letters at least.
func isName(name string) bool {
	letters := 0
	for _, c := range name {
		switch {
		case unicode.IsLetter(c):
			letters++
		case unicode.Is(unicode.Mn, c) || strings.ContainsRune(" -'’ʼ`.", c):
		default:
			return false
		}
	}
	return letters >= 3 && len([]rune(name)) <= nameRunes && strings.Contains(name, " ")
}

// Ages in full years.
const (
	ageAlone = library.SuretyAge // from this age one may register alone; below it a parent does (R5)
	ageAdult = 18                // from this age nobody else registers one as a child
)

func bornAsk(_ *Reader, v Vars, out *Turn) {
	key := "register.born"
	if v[varRelation] != relationSelf {
		key = "register.born_of_other"
	}
	out.say(key, nil, backButton())
}

func bornTake(r *Reader, v Vars, in Input, out *Turn) Event {
	born, err := r.words.ParseDate(in.Text, r.Today())
	if err != nil {
		out.say(dateProblem(err), nil, backButton())
		return ""
	}
	age, least := library.Age(born, r.Today()), max(ageAlone, r.Library.Settings.Registration.MinAge)
	child := v[varRelation] == relationChild
	switch {
	case child && age >= ageAdult:
		out.say("register.grown_up", nil)
	case !child && age < least:
		out.say("register.too_young", templates.Fields{"count": least})
	default:
		v[varBorn] = born.String()
		return v.answered(r, toContact)
	}
	delete(v, varEdit)
	return toWho
}

// dateProblem is what is said of a date that cannot be.
func dateProblem(err error) string {
	switch {
	case errors.Is(err, templates.ErrDateDay):
		return "register.born_no_day"
	case errors.Is(err, templates.ErrDateFuture):
		return "register.born_future"
	case errors.Is(err, templates.ErrDateOld):
		return "register.born_old"
	}
	return "register.born_form"
}
