package flows

import (
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// needFlow collects what people miss (V5).
const needFlow = "needs"

// The kinds of need.
const (
	NeedDigitise = "digitise" // to be digitised first
	NeedSection  = "section"  // a topic, an author or a book that the stock lacks
	NeedResource = "resource" // a resource to subscribe to
)

// The steps and events of a need.
const (
	needWhich = "which"
	needWords = "words"
	needDone  = "done"

	toNeedWhich = "to_which"
	toNeedWords = "to_words"
	needNoted   = "noted"
)

// The choices of a need.
const (
	needPrefix = "need:"             // and the kind
	bookNeed   = bookPrefix + "need" // the catalogue has not what was looked for
)

// varNeed is the kind that was chosen.
const varNeed = "need"

// need asks what is missed and in which words. Nothing is promised: it is counted.
func need() *Flow {
	return &Flow{
		Name: needFlow, Start: needWhich,
		Moves: fsm.Events{
			{Name: toNeedWords, Src: []string{needWhich}, Dst: needWords},
			{Name: toNeedWhich, Src: []string{needWords}, Dst: needWhich},
			{Name: needNoted, Src: []string{needWhich, needWords}, Dst: needDone},
		},
		Steps: map[string]Step{
			needWhich: {Ask: needWhichAsk, Take: needWhichTake, Choices: needChoices(), Files: true},
			needWords: {Ask: needWordsAsk, Take: needWordsTake, Files: true, Back: leadsTo(toNeedWhich)},
		},
		Final: []string{needDone},
	}
}

// NoteNeed notes what somebody misses.
type NoteNeed struct{ Kind, Words string }

// NeedNoted answers NoteNeed.
type NeedNoted struct {
	TooMany bool // within a day: it was not noted
}

func (NoteNeed) ask()     {}
func (NeedNoted) answer() {}

func needChoices() []string {
	return []string{needPrefix + NeedDigitise, needPrefix + NeedSection, needPrefix + NeedResource}
}

func needWhichAsk(_ *Reader, v Vars, out *Turn) {
	if v[varWords] == "" {
		out.say("need.which", nil)
	} else {
		out.say("need.which_of", templates.Fields{"words": v[varWords]})
	}
	out.offer(choice(needPrefix+NeedDigitise, "need.digitise"), choice(needPrefix+NeedSection, "need.section"), choice(needPrefix+NeedResource, "need.resource"),
		choice(choiceCancel, "common.cancel"))
}

// needWhichTake hears the kind. Whoever writes the title at once is asked for the kind alone.
func needWhichTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(NeedNoted); ok {
		return v.needSaid(a, out)
	}
	kind, chosen := strings.CutPrefix(in.Choice, needPrefix)
	switch {
	case !chosen:
		if v.hearNeed(in, out) {
			out.say("common.choose", nil)
		}
		needWhichAsk(r, v, out)
		return ""
	case v[varWords] == "":
		v[varNeed] = kind
		return toNeedWords
	}
	v[varNeed] = kind
	out.Ask = NoteNeed{Kind: kind, Words: v[varWords]}
	return ""
}

// hearNeed keeps the words that came. A picture cannot be counted: it says what to do instead.
func (v Vars) hearNeed(in Input, out *Turn) bool {
	words := hasWords(in.Text)
	switch {
	case len(in.Files) > 0 && words:
		out.say("files.not_needed", nil)
	case len(in.Files) > 0:
		out.say("need.no_photo", nil)
	}
	if !words {
		return false
	}
	v.keepWords(varWords, in.Text, out)
	return true
}

func needWordsAsk(_ *Reader, v Vars, out *Turn) {
	key := map[string]string{NeedDigitise: "need.words_digitise", NeedSection: "need.words_section", NeedResource: "need.words_resource"}[v[varNeed]]
	out.say(key, nil, backButton())
}

func needWordsTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(NeedNoted); ok {
		return v.needSaid(a, out)
	}
	if !v.hearNeed(in, out) {
		needWordsAsk(r, v, out)
		return ""
	}
	out.Ask = NoteNeed{Kind: v[varNeed], Words: v[varWords]}
	return ""
}

func (v Vars) needSaid(a NeedNoted, out *Turn) Event {
	sayNeed(a, v[varWords], out)
	return needNoted
}

// sayNeed thanks, and promises nothing.
func sayNeed(a NeedNoted, words string, out *Turn) {
	if a.TooMany {
		out.say("need.too_many", nil)
		return
	}
	out.enquiry()
	out.say("need.thanks", templates.Fields{"words": words})
}

// missingBook is what the library is told of a book that its catalogue has not.
func (v Vars) missingBook() NoteNeed {
	return NoteNeed{Kind: NeedSection, Words: shortened(v.title(), lineMost)}
}
