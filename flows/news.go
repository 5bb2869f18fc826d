package flows

import (
	"fmt"
	"strings"
	"time"

	"librarian/templates"
)

// What staff do that a reader hears of.
const (
	NewsAccepted  = "registration.accepted"
	NewsRefused   = "registration.refused"   // with the field reason
	NewsPapers    = "papers.made"            // with the files to be printed
	NewsReturned  = "papers.returned"        // with the field pages: a line kind:number:reason each, the reason in words or one of reasonTexts
	NewsArrived   = "papers.arrived"         // by post, or through another conversation; with the field due where staff look at them now
	NewsCorrected = "registration.corrected" // with the fields changes, a JSON list of corrections, and reason, which may be empty
	NewsDouble    = "registration.double"    // they are a reader already; with the field name
	NewsKept      = "card.kept"              // as NewsCard, of the card that the reader has had all along
	NewsRedrawn   = "papers.redrawn"         // they are drawn anew, for the data in them were corrected
	NewsCard      = "card.issued"            // with the field number, the card's picture and, if there is one, the first password as a secret
)

// What staff do with the lesson for new readers.
const (
	NewsLesson          = "lesson.needed"   // the registration is accepted, the card waits for it
	NewsLessonTomorrow  = "lesson.tomorrow" // with the field at: when it begins, RFC 3339
	NewsLessonOff       = "lesson.off"      // it does not take place: another is to be chosen
	NewsLessonMissed    = "lesson.missed"
	NewsLessonCertified = "lesson.certified"
)

// NewsQuestionPassed has the fields department, and due, RFC 3339.
const NewsQuestionPassed = "question.passed"

// secretMark stands where the password belongs until the message is sent; it comes through a text as it is.
const secretMark = "{secret}"

// news words what staff did. It always goes, and moves nothing: the reader may be in the middle of something else.
func (s *Set) news(r *Reader, n News, out *Turn) error {
	fields := templates.Fields{"name": r.person(n.Reader)}
	for k, v := range n.Fields {
		fields[k] = v
	}
	switch n.Kind {
	case NewsAccepted:
		out.say("register.accepted", fields)
	case NewsRefused:
		out.say("register.refused", fields)
	case NewsPapers:
		out.say("papers.made", fields)
		out.Say[0].Files = n.Files
		out.offer(choice(papersFlow, "papers.send_button"))
	case NewsReturned:
		out.say("papers.returned", fields)
		for _, p := range pagesIn(n.Fields["pages"]) {
			out.line(paperTexts[p.Kind].returned, p.fields())
			if out.Say[0].Example == "" { // it was asked for by a person: shown however often
				out.Say[0].Example = exampleOf[p.Reason]
			}
		}
		out.offer(choice(papersFlow, "papers.send_button"))
	case NewsArrived:
		out.say("papers.arrived", fields)
	case NewsCorrected:
		sayCorrected(r, n, fields, out)
	case NewsDouble:
		out.say("corrections.double", fields, choice(joinFlow, "join.offer"))
	case NewsRedrawn:
		out.say("corrections.redrawn", fields)
	case NewsCard, NewsKept:
		key := "card.issued"
		if n.Kind == NewsKept {
			key = "corrections.kept"
		}
		out.say(key, fields)
		out.Say[0].Files = n.Files
		if n.Secret != "" {
			fields["secret"] = secretMark
			out.say("card.password", fields)
			out.Say[1].Secret = n.Secret
		}
	case NewsLesson, NewsLessonTomorrow, NewsLessonOff, NewsLessonMissed, NewsLessonCertified:
		if err := r.lessonNews(n, fields, out); err != nil {
			return err
		}
	case NewsQuestionPassed:
		due, err := time.Parse(time.RFC3339, n.Fields["due"])
		if err != nil {
			return fmt.Errorf("news of a question: %w", err)
		}
		fields["due"] = due
		out.say("question.passed", fields)
	default: // of an order, or of nothing that is known
		if err := s.orderNews(r, n, out); err != nil {
			return err
		}
	}
	switch {
	case n.Kind == NewsPapers || n.Kind == NewsReturned:
		out.offer(choice(choiceHuman, "common.human"))
	case (strings.HasPrefix(n.Kind, "lesson.") || strings.HasPrefix(n.Kind, "order.")) && len(out.Say[0].Choices) > 0: // they have ways on of their own
	case s.step(out.State).Idle:
		out.offer(menuChoices(r)...)
	default:
		out.offer(choice(ChoiceStart, "common.continue"), choice(choiceHuman, "common.human"))
	}
	for i := range out.Say {
		out.Say[i].Notice = true
	}
	return nil
}
