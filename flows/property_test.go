package flows

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"librarian/contacts/library"
)

// varRunes is more than any answer may fill of a stored state.
const varRunes = draftRunes

// TestAnything plays conversations of readers who press and write whatever they like, and libraries that answer whatever they like.
func TestAnything(t *testing.T) {
	t.Parallel()
	texts, set := conversations(t)
	labels := []string{
		choiceYes, choiceNo, choiceSkip, choiceCard, choiceStatus, choiceInfo, registerFlow, questionFlow, joinFlow, relationSelf, relationChild,
		relationOther, changeName, changeBorn, changeContact, codeAgain, codeOther, codeLater, sharePhone, choiceCancel, choiceHuman,
		choiceBack, choiceMenu, choiceLanguage, papersFlow, choicePost, choiceLater, choiceSigned, choiceDrop, choicePage + "0", choicePage + "9",
		lessonFlow, lessonPerson + "3", lessonAt + "1795586400", lessonAt + "x", lessonTest, lessonOther, lessonCancel, lessonKeep, lessonLater,
		choiceWithdraw, choiceWithdrawn, ChoiceStart, choiceLang + "en", choiceLang + "xx", "nonsense", "", choiceChange, choiceField, choiceField + "x",
		KindFragment, KindArticle, ordersFlow, orderFor + "1", orderFor + "9", bookPrefix + "71", bookPrefix + "9", bookAgain, bookWords, bookKeep, wantPhoto, wantScan, choicePages, limitFirst, limitPermit,
		choiceOrder + "12", choiceOrder + "0", choiceOrder + "x", choiceAdd + "12", choiceComplain + "12", choiceCall + "12", choiceFiles,
		needFlow, needPrefix + NeedDigitise, needPrefix + NeedResource, bookNeed,
	}
	for _, f := range append(library.ExampleFields(), library.Field{Key: "guardian"}) {
		labels = append(labels, choiceField+f.Key, choiceID(f, fieldOther), choiceID(f, "x"))
		for _, c := range f.Choices {
			labels = append(labels, choiceID(f, c.ID))
		}
	}
	said := []string{
		"", " ", "👍", "да", "нет", "назад", "отмена", "заново", "меню", "язык", "библиотекарь", "помощь", "отзываю согласие", "билет", "дальше", "/start x", "/x", "desk-7k3m9q2wxy",
		"Пушкин, Капитанская дочка, с. 12-20", "Полярная звезда, 1998, № 3, с. 12-18", "Снег // Полярная звезда", "12-20, 33", "1-2000", "с. 0", "глава 3", "№ 12", "1998", strings.Repeat("1 ", 300),
		"Иванова Анна", "05.03.1987", "01.09.2015", "20.11.2026", "1", "2", "учитель", "677000, Якутск, Ленина 1", "31.02.1987", "01.01.2090", "anna@example.org", "8 914 123-45-67", "123456", "{name}",
		"a@b@c", "\u202eанна\u202c", "ноты\x00 есть?", "ноты\xff есть?", strings.Repeat("ы", 10_000), strings.Repeat("я ", 5_000), strings.Repeat("a", 10_000) + "@example.org",
	}
	var replies []Answer
	for _, a := range answers(reader()) {
		replies = append(replies, a)
	}
	news := []string{NewsAccepted, NewsRefused, NewsCard, NewsPapers, NewsReturned, NewsArrived, NewsLesson, NewsLessonTomorrow, NewsLessonOff, NewsLessonMissed, NewsLessonCertified}
	news = append(news, NewsOrderSent, NewsOrderRefused, NewsOrderQuestion, NewsOrderCancelled, NewsOrderLate, NewsOrderAgain, NewsOrderLink, NewsQuestionPassed)
	rapid.Check(t, func(t *rapid.T) {
		r := anyone(t)
		state := anywhere(t, r)
		var waits Ask
		var last []string // the buttons shown last
		for range rapid.IntRange(1, 40).Draw(t, "turns") {
			in := Input{Kind: rapid.SampledFrom([]Kind{Message, Message, Message, Message, Message, Notice, Timeout, Resume}).Draw(t, "kind")}
			switch {
			case waits != nil:
				in = Input{Kind: Reply, Answer: rapid.SampledFrom(replies).Draw(t, "answer")}
				if fit := fitting(waits); rapid.IntRange(0, 9).Draw(t, "fits") > 0 {
					in.Answer = rapid.SampledFrom(fit).Draw(t, "fitting")
				}
			case in.Kind == Message:
				in.Choice = rapid.SampledFrom(append([]string{"", "", ""}, offered(set, state, append(last, labels...))...)).Draw(t, "choice")
				if len(last) > 0 && rapid.IntRange(0, 2).Draw(t, "offered") > 0 {
					in.Choice = rapid.SampledFrom(last).Draw(t, "button")
				}
				in.Text = rapid.SampledFrom(said).Draw(t, "text")
				in.Stale = rapid.IntRange(0, 5).Draw(t, "stale") == 0
				in.Cut = rapid.IntRange(0, 9).Draw(t, "cut") == 0
				in.Phone = rapid.SampledFrom([]string{"", "", "", "+79141234567", "999"}).Draw(t, "phone")
				in.Files = rapid.SliceOfN(anyFile(), 0, 4).Draw(t, "files")
			case in.Kind == Notice:
				in.News = News{Kind: rapid.SampledFrom(news).Draw(t, "news"), Fields: map[string]string{"reason": "r", "number": "1", "at": "2026-11-24T15:00:00+09:00", "pages": "form:1:r\nx", "order": "12", "due": "2026-11-24T15:00:00+09:00", "department": "d"}, Secret: "1"}
			}
			out := advance(t, set, state, r, in)
			for _, say := range out.Say {
				for _, line := range say.Lines {
					if _, err := texts.Render(r.Lang, line.Key, line.Fields); err != nil {
						t.Fatal(err)
					}
				}
			}
			if n := len(out.Say); out.Ask == nil && n > 0 && len(out.Say[n-1].Choices) == 0 {
				t.Fatalf("no way on from %s", out.Say[n-1].Lines[0].Key)
			}
			if out.Ask == nil && len(out.Say) == 0 && in.Kind != Timeout {
				t.Fatalf("nothing said to %+v at %s.%s", in, state.Flow, state.Step)
			}
			for _, say := range out.Say {
				last = nil
				for _, c := range say.Choices {
					last = append(last, c.ID)
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "another day") == 0 {
				r.Dialogue++
			}
			if rapid.IntRange(0, 30).Draw(t, "settings change") == 0 {
				r.Library.Settings.Registration = anyRegistration(t)
			}
			state, waits, r.First = out.State, out.Ask, false
		}
	})
}

// advance does it, and checks what holds of every turn.
func advance(t *rapid.T, set *Set, state State, r *Reader, in Input) Turn {
	before := stored(t, state)
	out, err := set.Advance(state, r, in)
	if err != nil {
		t.Fatal(err)
	}
	if after := stored(t, state); after != before {
		t.Fatalf("the state given was changed from %s to %s", before, after)
	}
	if err := set.known(&out.State); err != nil {
		t.Fatal(err)
	}
	if in.Kind == Notice && state.Flow != "" && stored(t, out.State) != before {
		t.Fatalf("news moved %s to %v", before, out.State)
	}
	for name, value := range out.State.Vars {
		if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
			t.Fatalf("%s cannot be stored", name)
		}
		if utf8.RuneCountInString(value) > varRunes {
			t.Fatalf("%s holds %d runes", name, utf8.RuneCountInString(value))
		}
	}
	if handed, ok := out.Ask.(Register); ok {
		whole(t, r, out.State.Vars, handed)
	}
	if placed, ok := out.Ask.(PlaceOrder); ok {
		wholeOrder(t, out.State, placed)
	}
	if held := out.State.Held; held != nil && held.Held != nil {
		t.Fatal("a conversation is held by one that is held")
	}
	var next State
	if err := json.Unmarshal([]byte(stored(t, out.State)), &next); err != nil {
		t.Fatal(err)
	}
	out.State = next
	return out
}

// whole checks that nothing is handed in that is not complete, or that the rules forbid.
func whole(t *rapid.T, r *Reader, v Vars, handed Register) {
	registration, p := r.Library.Settings.Registration, v.person(r)
	if f, open := registration.Open(p); open || registration.Judge(p).Refused != nil || !v.accepted(r) || handed.Email+handed.Phone == "" {
		t.Fatalf("handed in without %q, or against the rules: %+v", f.Key, handed)
	}
	var asked []string
	for f := range registration.Asked(p) {
		asked = append(asked, f.Key)
		if said, _ := v.Answer(f.Key); f.Required && said == "" {
			t.Fatalf("handed in without %s", f.Key)
		}
	}
	for _, a := range handed.Answers {
		if !slices.Contains(asked, a.Key) {
			t.Fatalf("%s is handed in, which is not asked of this person", a.Key)
		}
	}
}

// wholeOrder checks that nothing is ordered that is not complete, or that the reader was not shown.
func wholeOrder(t *rapid.T, state State, placed PlaceOrder) {
	pages, numbered := library.ParsePages(placed.Pages)
	switch {
	case placed.Kind != state.Flow || placed.Pages == "" || placed.Title == "":
		t.Fatalf("ordered: %+v", placed)
	case placed.Want != asPhoto && placed.Want != asScan:
		t.Fatalf("wanted as %q", placed.Want)
	case numbered && placed.Count != pages.Count() || !numbered && placed.Count != 0:
		t.Fatalf("%d pages of %s", placed.Count, placed.Pages)
	case placed.Permit && (state.Step != orderLimit || state.Vars.limit().Verdict != VerdictPermission):
		t.Fatal("the department is asked for what it was not said to permit")
	}
	b, chosen := state.Vars.book()
	if placed.Book != b.ID || chosen && placed.Kind == KindFragment && b.Pages > 0 && pages.Max() > b.Pages {
		t.Fatalf("%s of %+v", placed.Pages, b)
	}
}

// stored is the state as the database holds it.
func stored(t *rapid.T, state State) string {
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// anyone is somebody at some library.
func anyone(t *rapid.T) *Reader {
	r := reader()
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	r.Chosen, r.CanMail, r.CanPhone = yes("chosen"), yes("mail"), yes("own phone")
	s := &r.Library.Settings
	s.Registration = anyRegistration(t)
	if yes("no hours") {
		s.Hours = library.Hours{}
	}
	if yes("late") {
		r.Now = r.Now.Add(12 * time.Hour)
	}
	r.Lang = rapid.SampledFrom(library.Langs()).Draw(t, "lang")
	r.Question = rapid.SampledFrom([]int64{0, 0, 7}).Draw(t, "question")
	r.May, r.HasOrders = map[string]bool{KindFragment: yes("fragments"), KindArticle: yes("articles")}, yes("has orders")
	r.Slips = rapid.SampledFrom([][]int64{nil, nil, {12}, {12, 14}}).Draw(t, "slips")
	r.Awaited = rapid.SampledFrom([]int64{0, 0, 12}).Draw(t, "awaited")
	for range rapid.IntRange(0, 2).Draw(t, "people") {
		r.People = append(r.People, Person{
			ID: int64(len(r.People) + 1), Name: "Иванова Анна", Lesson: anyLesson(t, r), Registration: 3, Relation: rapid.SampledFrom([]string{relationSelf, relationChild}).Draw(t, "relation"),
			State: rapid.SampledFrom([]string{"papers", "sent", "accepted", "refused", "done", "withdrawn"}).Draw(t, "state"),
			Card:  rapid.SampledFrom([]string{"", "000123"}).Draw(t, "card"), Agreed: yes("agreed"), ConsentOld: yes("to an older text"),
		})
	}
	return r
}

// anyLesson is none, or one in any state.
func anyLesson(t *rapid.T, r *Reader) *Lesson {
	booked := tuesdayLesson(r)
	return rapid.SampledFrom([]*Lesson{nil, nil, {State: "needed"}, &booked, {State: "booked", How: "test"}, {State: "missed", How: "lesson"}, {State: "ended"}}).Draw(t, "lesson")
}

// anywhere is the beginning, or the middle of a registration: a walk of forty turns seldom comes that far by itself.
func anywhere(t *rapid.T, r *Reader) State {
	if rapid.Bool().Draw(t, "from the beginning") {
		return State{}
	}
	if rapid.Bool().Draw(t, "in the middle of an order") {
		return anyOrder(t, r)
	}
	v := Vars{
		varRelation: rapid.SampledFrom([]string{relationSelf, relationChild, relationOther}).Draw(t, "for whom"), varConsent: "5", varName: "Иванова Анна",
		varBorn: rapid.SampledFrom([]string{"1987-03-05", "2009-03-05", "2015-09-01"}).Draw(t, "born"), varPhone: "+79141234567",
	}
	for _, f := range r.Library.Settings.Registration.Fields {
		if !rapid.Bool().Draw(t, "answered") {
			continue
		}
		v[varAnswer+f.Key] = "2026-11-20"
		if n := len(f.Choices); n > 0 {
			v[varAnswer+f.Key] = f.Choices[rapid.IntRange(0, n-1).Draw(t, "choice")].ID
		}
	}
	if len(r.Library.Settings.Registration.Fields) > 0 {
		v[varField] = rapid.SampledFrom(r.Library.Settings.Registration.Fields).Draw(t, "field").Key
	}
	if rapid.Bool().Draw(t, "changes an answer") {
		v[varEdit] = changeBorn
	}
	steps := []string{registerName, registerBorn, registerContact, registerRules, registerField, registerDenied, registerReview, registerChange}
	return State{Flow: registerFlow, Step: rapid.SampledFrom(steps).Draw(t, "step"), Vars: v}
}

// anyOrder is the middle of an order.
func anyOrder(t *rapid.T, r *Reader) State {
	v := Vars{varWords: "Пушкин", varPages: rapid.SampledFrom([]string{"12–20", "глава 3"}).Draw(t, "pages"), varWant: asScan}
	if found, ok := orderAnswers(r)["six books"].(BooksFound); ok && rapid.Bool().Draw(t, "a book of the catalogue") {
		v.remember(varBook, found.Books[:1])
	}
	if placed, ok := orderAnswers(r)["up to 5 pages"].(OrderPlaced); ok {
		v.remember(varLimit, []OrderPlaced{placed})
	}
	steps := []string{orderFind, orderWhich, orderDescribe, orderPages, orderWant, orderNotice, orderLimit}
	return State{Flow: rapid.SampledFrom([]string{KindFragment, KindArticle}).Draw(t, "kind"), Step: rapid.SampledFrom(steps).Draw(t, "step"), Vars: v}
}

// anyRegistration is a simple one, or one with some of the questions and rules that there are, in any order.
func anyRegistration(t *rapid.T) library.Registration {
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	out := library.Registration{Consent: reader().Library.Settings.Registration.Consent, ConsentPhoto: yes("consent photo")}
	if yes("a new text") {
		out.Consent.Version = "2"
	}
	if yes("lessons") {
		out.Newcomer = library.ExampleNewcomer()
	}
	if yes("simple") {
		return out
	}
	full := fullRegistration(out.Consent)
	if yes("rules") {
		out.Rules = full.Rules
	}
	if yes("eligibility") {
		out.Eligibility = full.Eligibility
	}
	out.Full, out.Surety = yes("papers"), yes("surety")
	if yes("no exceptions") {
		out.Eligibility.Rules = []library.Rule{{MinAge: 18, Then: library.Refuse, Why: map[library.Lang]string{library.English: "No."}}}
	}
	own := map[library.Lang]string{library.Ukrainian: "Девіз"}
	fields := append(full.Fields,
		library.Field{Key: "guardian", Required: true, When: library.When{Under: library.SuretyAge}},
		library.Field{Key: "motto", Label: own, Ask: own, Other: true, Choices: []library.Choice{{ID: "none", Label: own}}})
	if yes("shuffled") {
		fields = rapid.Permutation(fields).Draw(t, "order")
	}
	out.Fields = fields[:rapid.IntRange(0, len(fields)).Draw(t, "fields")]
	return out
}

func anyFile() *rapid.Generator[Finding] {
	problems := []string{"", "", "", "something new"}
	for p := range problemTexts {
		problems = append(problems, p)
	}
	return rapid.Custom(func(t *rapid.T) Finding {
		sheets := rapid.SliceOfN(rapid.SampledFrom([]Sheet{{Number: 1}, {Number: 1, Code: "c"}, {Number: 2, Unsigned: true}, {Number: 3, Problem: "blurred"}}), 0, 3)
		return Finding{
			Sheets: sheets.Draw(t, "sheets"),
			File:   rapid.StringMatching(`[a-z0-9]{26}`).Draw(t, "file"),
			Kind:   rapid.SampledFrom([]string{"image", "pdf", "other"}).Draw(t, "kind"), Problem: rapid.SampledFrom(problems).Draw(t, "problem"),
		}
	})
}

// offered are the buttons of the step, and now and then others.
func offered(set *Set, state State, all []string) []string {
	if state.Flow == "" {
		return all
	}
	step := set.step(state)
	return append(append(step.Choices[:len(step.Choices):len(step.Choices)], step.Lasting...), all...)
}

// ofKind are the answers of a kind.
func ofKind[T Answer]() (out []Answer) {
	for _, a := range answers(reader()) {
		if fits, ok := a.(T); ok {
			out = append(out, fits)
		}
	}
	return out
}

// fitting are the answers that an ask may have.
func fitting(a Ask) []Answer {
	switch a.(type) {
	case GiveConsent:
		return []Answer{ConsentGiven{ID: 5}}
	case SendCode:
		return []Answer{CodeSent{}, CodeSent{}, CodeSent{TooMany: true}, CodeSent{Bad: true}}
	case CheckCode:
		return []Answer{CodeChecked{Right: true}, CodeChecked{Left: 3}, CodeChecked{}, CodeChecked{Old: true}}
	case ShowPapers, KeepPapers, PapersByPost:
		return ofKind[PapersStand]()
	case Register:
		return []Answer{Registered{ID: 3}, Registered{ID: 3, Papers: true}, Registered{Again: true}, Registered{NoConsent: true}}
	case SendJoinCode:
		return []Answer{CodeSent{}, CodeSent{}, CodeSent{TooMany: true}, CodeSent{Bad: true}}
	case JoinByCode:
		return []Answer{JoinTried{Right: true, Outcome: JoinDone}, JoinTried{Right: true, Outcome: JoinTwo}, JoinTried{Left: 3}, JoinTried{}, JoinTried{Old: true}}
	case WithdrawConsent:
		return []Answer{ConsentWithdrawn{}, ConsentWithdrawn{Stopped: []int64{1}, Cards: 1}}
	case ShowLessons, BookLesson, CancelLesson:
		return ofKind[LessonStand]()
	case FindBook:
		return ofKind[BooksFound]()
	case PlaceOrder:
		return ofKind[OrderPlaced]()
	case ShowOrders:
		return ofKind[OrdersShown]()
	case FetchOrder:
		return ofKind[OrderFetched]()
	case CancelOrder, AddToOrder, ComplainOrder:
		return ofKind[OrderChanged]()
	case ReturnPages:
		return []Answer{
			PagesReturned{OK: true, Order: 12, Pages: 2},
			PagesReturned{OK: true, Order: 12, All: true},
			PagesReturned{OK: true, Order: 12, Refused: true},
			PagesReturned{Order: 12},
			PagesReturned{Which: true},
			PagesReturned{Order: 12, Empty: true},
			PagesReturned{Order: 12, NoScan: true},
			PagesReturned{Order: 12, Astray: true},
			PagesReturned{OK: true, Order: 12, Slip: true, More: []PagesOf{{Order: 14, Pages: 1}}, Strange: true},
		}
	case JoinDesk:
		return []Answer{DeskJoined{OK: true}, DeskJoined{}}
	}
	return []Answer{QuestionOpened{Task: 7}}
}
