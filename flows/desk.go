package flows

import (
	"regexp"
	"strings"
)

// joinWord is what the desk gives a member of staff to write here. Keyboards of phones make dashes of their own.
var joinWord = regexp.MustCompile(`^desk[-‐‑–—]([a-z0-9]{10})$`)

// longestJoinWord is in bytes, with room for what a messenger puts before it.
const longestJoinWord = 60

// joins is the word with which a member of staff shows that the conversation is theirs. Telegram sends it after /start when it was in a link.
func joins(in Input) (string, bool) {
	text := strings.TrimSpace(in.Text)
	if in.Choice != "" || len(in.Files) > 0 || len(text) > longestJoinWord {
		return "", false
	}
	found := joinWord.FindStringSubmatch(strings.ToLower(strings.TrimPrefix(text, startLink)))
	if found == nil {
		return "", false
	}
	return "desk-" + found[1], true
}

// joined says what came of the word and goes on where the conversation was.
func (s *Set) joined(a DeskJoined, r *Reader, out *Turn) {
	if a.OK {
		out.say("desk_notice.joined", nil)
	} else {
		out.say("desk_notice.join_failed", nil)
	}
	s.ask(r, out)
}
