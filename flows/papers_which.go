package flows

import (
	"strconv"
	"strings"
)

// pagesOffered bounds the buttons for a page whose code cannot be read.
const pagesOffered = 8

func pageChoices() []string {
	out := make([]string, pagesOffered)
	for i := range out {
		out[i] = choicePage + strconv.Itoa(i)
	}
	return out
}

// whichAsk asks about the first of the pages: whether it is signed, or which it is.
func whichAsk(r *Reader, v Vars, out *Turn) {
	unsure, missing := recall[Sheet](v, varUnsure), recall[PaperPage](v, varMissing)
	if len(unsure) == 0 {
		out.say("papers.photos_please", nil, choice(choiceDrop, "common.continue"))
		return
	}
	if unsure[0].Unsigned && unsure[0].As != nil {
		out.say(paperTexts[unsure[0].As.Kind].unsigned, unsure[0].As.fields(), choice(choiceSigned, "papers.is_signed"), choice(choiceDrop, "papers.send_another"))
		out.example(r, "unsigned")
		return
	}
	out.say("papers.which", nil)
	out.example(r, "no_code")
	for i, p := range missing[:min(len(missing), pagesOffered)] {
		out.offer(Choice{ID: choicePage + strconv.Itoa(i), Key: paperTexts[p.Kind].missing, Fields: p.fields()})
	}
	out.offer(choice(choiceDrop, "papers.send_another"), choice(choiceHuman, "common.human"))
}

// keepFirst hands over the page about which the reader has decided; the others wait to be asked about.
func (v Vars) keepFirst(unsure []Sheet, out *Turn) Event {
	out.Ask = KeepPapers{Sheets: unsure[:1]}
	v.remember(varUnsure, unsure[1:])
	return ""
}

func whichTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(PapersStand); ok {
		if event := standTold(r, v, a, out); event != "" {
			return event
		}
		out.quiet = true // what is missing was told
		return toSend
	}
	unsure, missing := recall[Sheet](v, varUnsure), recall[PaperPage](v, varMissing)
	page, isPage := strings.CutPrefix(in.Choice, choicePage)
	switch {
	case len(in.Files) > 0:
		out.Ask = keepAll(r, in.Files, out)
		return ""
	case in.Choice == choiceDrop && len(unsure) > 1:
		v.remember(varUnsure, unsure[1:])
		return toWhich
	case in.Choice == choiceDrop || len(unsure) == 0:
		delete(v, varUnsure)
		return toSend
	case in.Choice == choiceSigned && unsure[0].As != nil:
		return v.keepFirst(unsure, out)
	case isPage:
		if n, err := strconv.Atoi(page); err == nil && n < len(missing) {
			unsure[0].As = &missing[n]
			return v.keepFirst(unsure, out)
		}
	}
	out.say("common.choose", nil)
	whichAsk(r, v, out)
	return ""
}
