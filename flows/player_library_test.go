package flows

import (
	"strings"
	"time"

	"librarian/contacts/library"
)

func (p *player) prepare(who, what string) {
	settings := &p.reader.Library.Settings
	switch who + "> " + what {
	case "library> consent photo":
		settings.Registration.ConsentPhoto = true
	case "library> new consent":
		settings.Registration.Consent.Version += "1"
		for i := range p.reader.People {
			p.reader.People[i].Agreed, p.reader.People[i].ConsentOld = true, true
		}
	case "library> agreed":
		for i := range p.reader.People {
			p.reader.People[i].Agreed = true
		}
	case "library> no mail":
		p.reader.CanMail = false
	case "library> one language":
		settings.Languages = []library.Lang{library.Russian}
	case "library> from age 18":
		settings.Registration.MinAge = 18
	case "library> full registration":
		settings.Registration = fullRegistration(settings.Registration.Consent)
	case "library> rules reworded":
		settings.Registration.Rules.Text = map[library.Lang]string{
			library.Russian: "Новый текст правил.", library.Sakha: "Саҥа быраабыла тиэкиһэ.", library.Ukrainian: "Новий текст правил бібліотеки.", library.English: "New text of the rules.",
		}
	case "library> own words":
		settings.Registration.Eligibility.Rules[0].Why = map[library.Lang]string{library.Russian: "Нам пока нельзя записывать младше 18."}
		settings.Registration.Eligibility.Else = map[library.Lang]string{library.Russian: "Ждём вас в детской библиотеке."}
		settings.Registration.Eligibility.Lending.Why = map[library.Lang]string{library.Russian: "Абонемент для жителей города."}
		settings.Registration.Fields = append(settings.Registration.Fields, library.Field{
			Key: "motto", Label: map[library.Lang]string{library.Russian: "Девиз"}, Ask: map[library.Lang]string{library.Russian: "Ваш девиз?"},
		})
	case "library> surety":
		settings.Registration.Surety = true
		settings.Registration.Fields = []library.Field{{Key: "guardian", Required: true, When: library.When{Under: library.SuretyAge}}}
		settings.Registration.Rules, settings.Registration.Eligibility.Lending = library.Rules{}, library.Lending{}
	case "library> from age 18 without exception":
		settings.Registration.Eligibility.Rules = []library.Rule{{MinAge: 18, Then: library.Refuse}}
	case "library> lesson for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
		settings.Registration.Newcomer.Test = nil
	case "library> lesson or test for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
	case "library> test for students":
		settings.Registration.Newcomer = library.ExampleNewcomer()
		settings.Registration.Newcomer.Lessons = nil
	case "library> orders":
		p.reader.May = map[string]bool{KindFragment: true, KindArticle: true}
	case "library> nothing to order":
		p.reader.May = nil
	case "library> fragments alone":
		p.reader.May = map[string]bool{KindFragment: true}
	case "known> asked for order 12":
		p.reader.Slips = []int64{12}
	case "known> asked for orders 12 and 14":
		p.reader.Slips = []int64{12, 14}
	case "known> has orders":
		p.reader.HasOrders = true
	case "library> no fields":
		settings.Registration.Fields = nil
	case "library> no rules to judge by":
		settings.Registration.Eligibility = library.Eligibility{}
	case "channel> own phone":
		p.reader.CanPhone = true
	default:
		switch who {
		case "lang":
			lang, guessed := strings.CutPrefix(what, "guessed ")
			p.reader.Lang, p.reader.Chosen = library.Lang(lang), !guessed
		case "clock":
			at, err := time.ParseInLocation("2006-01-02 15:04", what, p.reader.Library.Zone)
			if err != nil {
				p.fatal("%v", err)
			}
			p.reader.Now = at
		case "known":
			p.know(what)
		default:
			p.fatal("no setting %s", what)
		}
	}
}

func (p *player) know(what string) {
	relation, rest, _ := strings.Cut(what, " ")
	name, state, ok := strings.Cut(rest, ", ")
	if !ok {
		p.fatal("known> relation name, state")
	}
	person := Person{ID: int64(len(p.reader.People) + 1), Registration: int64(len(p.reader.People) + 3), Relation: relation, Name: name, State: state}
	if card, ok := strings.CutPrefix(state, "card "); ok {
		person.State, person.Card, person.Picture = "done", card, "card-"+card
	}
	if lesson, ok := strings.CutPrefix(state, "lesson "); ok {
		person.State, person.Lesson = "accepted", &Lesson{State: lesson}
		if lesson == "booked" {
			*person.Lesson = tuesdayLesson(p.reader)
		}
	}
	p.reader.People = append(p.reader.People, person)
}
