package flows

import (
	"slices"
	"strings"

	"librarian/templates"
)

// problemTexts say what to do about a file, by the code that its inspection or the channel gave.
var problemTexts = map[string]string{
	"empty":          "files.empty",
	"infected":       "files.infected",
	"not_an_image":   "files.not_an_image",
	"too_large":      "files.too_large",
	"too_many":       "files.too_many",
	"too_many_pages": "files.too_many_pages",
	"unreadable":     "files.unreadable",
	problemLost:      "files.lost_photo",
	"unsupported":    "files.unsupported",
	problemVoice:     "voice.refused",
	"too_small":      "files.too_small",
	"dark":           "files.dark",
	"blurred":        "files.blurred",
	"cut_off":        "files.cut_off",
	"foreign":        "papers.foreign",
	"old":            "papers.old",
	"settled":        "papers.settled",
	"over":           "papers.over",
}

// kindTexts say what to do instead of what a messenger can send and nobody here can take, by the channel's word for it. A sticker says nothing that could be
// answered.
var kindTexts = map[string]string{
	"voice": problemTexts[problemVoice], "audio": problemTexts[problemVoice], "video": "files.video", "video_note": "files.video", "animation": "files.video",
	"view_once": "files.view_once", "sticker": "",
}

// passOver says what to send instead of what cannot be taken, and gives the other files. Where files are taken, what was spoken is too: for a person.
func (t *Turn) passOver(files []Finding, taken bool) (left []Finding) {
	var told []string
	for _, f := range files {
		key, is := kindTexts[f.Name]
		if !is || f.Problem != "unsupported" && (f.Problem != problemVoice || taken) {
			left = append(left, f)
			continue
		}
		if key != "" && !slices.Contains(told, key) {
			told = append(told, key)
			t.say(key, nil)
		}
	}
	return left
}

// problemLost is that of a file which was sent and could not be had: it is asked for again by its name.
const problemLost = "lost"

// problemVoice is that of words which were spoken, not written: a person can hear them.
const problemVoice = "voice"

// spoken reports whether something was said that only a person can hear.
func spoken(files []Finding) bool {
	return slices.ContainsFunc(files, func(f Finding) bool { return f.Problem == problemVoice })
}

// sayLost asks for the file again. Its name is its sender's: it may be anything, of any length.
func (t *Turn) sayLost(f Finding) {
	const most = 80
	name := strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(f.Name, ""))), " ")
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	if !hasWords(name) {
		t.say("files.lost_photo", nil)
		return
	}
	t.say("files.lost", templates.Fields{"name": name})
}

// problemText is what is said of the problem; of one that is not known, that the file could not be opened.
func problemText(problem string) string {
	if key := problemTexts[problem]; key != "" {
		return key
	}
	return "files.unreadable"
}

// refuse says what is wrong with the files, each problem once, and reports whether one is left that a person can look at. How well a picture
// can be read matters for papers alone.
func (t *Turn) refuse(files []Finding) (usable bool) {
	var told []string
	for _, f := range files {
		switch {
		case canBeSeen(f.Problem):
			usable = true
			continue
		case f.Problem == problemLost:
			t.sayLost(f)
			continue
		}
		if !slices.Contains(told, f.Problem) {
			told = append(told, f.Problem)
			t.say(problemText(f.Problem), nil)
		}
	}
	return usable
}

// canBeSeen reports whether a person can make something of a file with the problem.
func canBeSeen(problem string) bool {
	return slices.Contains([]string{"", "not_an_image", "too_many_pages", "too_small", "dark", "blurred", "cut_off"}, problem)
}

// paperProblem is what makes a file useless as a paper; empty when nothing does.
func paperProblem(f Finding) string {
	if f.Problem == "" && f.Kind != "image" && f.Kind != "pdf" {
		return "unsupported"
	}
	return f.Problem
}
