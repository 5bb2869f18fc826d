package flows

import (
	"encoding/json"
	"strings"
	"time"
)

func (p *player) staff(what string) {
	act, reason, _ := strings.Cut(what, ": ")
	news := News{Fields: map[string]string{}}
	if n := len(p.reader.People); n > 0 {
		news.Reader = p.reader.People[n-1].ID
	}
	words := strings.Fields(act)
	switch {
	case act == "hands back":
		p.turn(Input{Kind: Resume})
		return
	case act == "answered":
		p.reader.Question = 0
		return
	case act == "accepted":
		news.Kind = NewsAccepted
	case strings.HasPrefix(act, "lesson "):
		news.Kind = "lesson." + words[1]
		news.Fields["at"] = tuesdayLesson(p.reader).At.Format(time.RFC3339)
	case words[0] == "order":
		p.orderNews(&news, words[1], reason)
	case act == "passed on":
		news.Kind, news.Reader = NewsQuestionPassed, 0
		news.Fields["department"], news.Fields["due"] = reason, p.reader.Now.Add(72*time.Hour).Format(time.RFC3339)
	case act == "papers made":
		news.Kind, news.Files = NewsPapers, []string{"form.pdf", "consent.pdf"}
	case act == "sent back":
		news.Kind, news.Fields["pages"] = NewsReturned, reason
	case act == "corrected":
		var all []correction
		for _, one := range strings.Split(reason, "; ") {
			change, why, _ := strings.Cut(one, " because ")
			key, values, _ := strings.Cut(change, " ")
			old, now, ok := strings.Cut(values, " -> ")
			if !ok {
				p.fatal("staff> corrected: key old -> new; key old -> new because why")
			}
			all = append(all, correction{key, strings.Trim(old, "-"), strings.Trim(now, "-")})
			news.Fields["reason"] = why
		}
		changes, err := json.Marshal(all)
		if err != nil {
			p.fatal("%v", err)
		}
		news.Kind, news.Fields["changes"] = NewsCorrected, string(changes)
		if n := len(p.reader.People); n > 0 && all[0].Key == "name" {
			p.reader.People[n-1].Name = all[0].New
		}
	case act == "double":
		news.Kind, news.Fields["name"] = NewsDouble, reason
	case act == "redrawn":
		news.Kind = NewsRedrawn
	case act == "papers arrived":
		news.Kind = NewsArrived
	case act == "refused":
		news.Kind, news.Fields["reason"] = NewsRefused, reason
	case words[0] == "card" && words[1] == "kept":
		news.Kind, news.Fields["number"], news.Files = NewsKept, words[2], []string{"card-" + words[2]}
		if len(words) > 3 {
			news.Secret = "17"
		}
	case words[0] == "card":
		news.Kind, news.Fields["number"], news.Files = NewsCard, words[1], []string{"card-" + words[1]}
		if len(words) > 2 {
			news.Secret = "17"
		}
	default:
		p.fatal("staff do not do %q", what)
	}
	p.news = news
	p.update(news)
	p.turn(Input{Kind: Notice, News: news})
}

// update makes the person what the news says they are.
func (p *player) update(n News) {
	if len(p.reader.People) == 0 {
		return
	}
	person := &p.reader.People[len(p.reader.People)-1]
	switch n.Kind {
	case NewsReturned, NewsRedrawn:
		person.State = "papers"
	case NewsArrived:
		person.State = "sent"
	case NewsAccepted:
		person.State = "accepted"
	case NewsLesson:
		person.State, person.Lesson = "accepted", &Lesson{State: "needed"}
	case NewsLessonOff:
		person.Lesson = &Lesson{State: "needed"}
	case NewsLessonMissed:
		person.Lesson = &Lesson{State: "missed"}
	case NewsLessonCertified:
		person.Lesson = nil
	case NewsRefused:
		person.State = "refused"
	case NewsCard, NewsKept:
		person.State, person.Card = "done", n.Fields["number"]
	}
}
