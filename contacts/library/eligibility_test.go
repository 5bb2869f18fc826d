package library

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func example() Registration {
	return Registration{Full: true, Fields: ExampleFields(), Eligibility: ExampleEligibility()}
}

// TestJudge holds the rules of the example to what the regional library's instruction says (R4).
func TestJudge(t *testing.T) {
	t.Parallel()
	r := example()
	for _, c := range []struct {
		about, born, answers string
		refused              string // by which rule: age, residence
		documents            string
		lends                bool
	}{
		{"grown up, of the city", "1987-03-05", "category=worker residence=city", "", "", true},
		{"eighteen today", "2008-11-23", "category=worker residence=city", "", "", true},
		{"eighteen tomorrow", "2008-11-24", "category=worker residence=city", "age", "", false},
		{"under age, nothing answered yet", "2009-11-23", "", "", "", false},
		{"under age, residence answered alone", "2009-11-23", "residence=city", "", "", false},
		{"under age, student of a university", "2009-11-23", "category=student residence=city", "", "student_card", false},
		{"the same, who named the card", "2009-11-23", "document=passport,student_card category=student residence=city", "", "", false},
		{"under age, last year of a technical school", "2009-11-23", "category=college_last residence=city", "", "student_card", false},
		{"under age, technical school before the last year", "2009-11-23", "category=college year=2 residence=city", "age", "student_card", false},
		{"grown up, technical school", "2005-11-23", "category=college residence=city", "", "student_card", true},
		{"pupil", "2012-11-23", "category=pupil residence=city", "age", "", false},
		{"grown up, from elsewhere", "1987-03-05", "category=worker residence=elsewhere", "", "", false},
		{"grown up, residence not answered", "1987-03-05", "category=worker", "", "", true},
		{"not registered, since not answered yet", "1987-03-05", "category=worker residence=none", "", "", false},
		{"de-registered today", "1987-03-05", "category=worker residence=none deregistered=2026-11-23", "", "", false},
		{"de-registered ten days ago", "1987-03-05", "category=worker residence=none deregistered=2026-11-13", "", "", false},
		{"de-registered eleven days ago", "1987-03-05", "category=worker residence=none deregistered=2026-11-12", "residence", "", false},
		{"an old day of somebody who is registered", "1987-03-05", "category=worker residence=city deregistered=2020-01-01", "", "", true},
		{"another document in words", "1987-03-05", "document=passport,other:student_card category=student residence=city", "", "student_card", true},
	} {
		got := r.Judge(person(t, c.born, c.answers))
		refused := ""
		switch {
		case got.Refused == &r.Eligibility.Rules[0]:
			refused = "age"
		case got.Refused == &r.Eligibility.Rules[1]:
			refused = "residence"
		}
		if refused != c.refused || strings.Join(got.Documents, " ") != c.documents || got.NoLending == c.lends {
			t.Errorf("%s: refused %q, documents %q, no lending %v", c.about, refused, got.Documents, got.NoLending)
		}
	}
}

// person is an applicant with the answers "key=value key=value"; a comma stands for a space within a value.
func person(t *testing.T, born, answers string) Person {
	t.Helper()
	given := Given{}
	for _, a := range strings.Fields(answers) {
		key, value, _ := strings.Cut(a, "=")
		given[key] = strings.ReplaceAll(value, ",", " ")
	}
	return Person{Relation: "self", Born: date(t, born), Today: date(t, "2026-11-23"), Answers: given}
}

func TestWhoIsAskedWhat(t *testing.T) {
	t.Parallel()
	r := example()
	r.Fields = append(r.Fields, Field{Key: "guardian", Required: true, When: When{Under: 14}})
	for _, c := range []struct{ about, born, answers, want, open string }{
		{"nobody is known", "1987-03-05", "", "document residence education category phone address", "document"},
		{"worker", "1987-03-05", "category=worker", "document residence education category profession title phone address", "document"},
		{"student", "2005-03-05", "document=passport residence=city education=higher category=student", "document residence education category institution faculty year phone address", "institution"},
		{"last year", "2009-03-05", "category=college_last", "document residence education category institution faculty phone address", "document"},
		{"pupil", "2010-03-05", "category=pupil", "document residence education category school class phone address", "document"},
		{"not registered", "1987-03-05", "residence=none", "document residence deregistered education category phone address", "document"},
		{"child", "2015-03-05", "category=pupil", "document residence education category school class phone address guardian", "document"},
		{"fourteen today", "2012-11-23", "category=another", "document residence education category phone address", "document"},
		{"passed over is answered", "1987-03-05", "document=passport residence=city education=basic category=another phone=", "document residence education category phone address", "address"},
		{"nothing is left", "1987-03-05", "document=passport residence=city education=basic category=another phone= address=x", "document residence education category phone address", ""},
	} {
		p := person(t, c.born, c.answers)
		var keys []string
		for f := range r.Asked(p) {
			keys = append(keys, f.Key)
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s: asked for %s", c.about, got)
		}
		for _, f := range r.Fields {
			if _, asks := r.Asks(f.Key, p); asks != slices.Contains(keys, f.Key) {
				t.Errorf("%s: %s is asked for: %v", c.about, f.Key, asks)
			}
		}
		if f, ok := r.Open(p); f.Key != c.open || ok != (c.open != "") {
			t.Errorf("%s: next comes %q, %v", c.about, f.Key, ok)
		}
	}
}

// TestConditionsInACircle: settings that nobody checked must not hang a conversation.
func TestConditionsInACircle(t *testing.T) {
	t.Parallel()
	r := Registration{Fields: []Field{
		{Key: "a", When: When{Key: "b"}},
		{Key: "b", When: When{Key: "a"}},
		{Key: "c", When: When{Key: "c"}},
		{Key: "d", When: When{Key: "gone"}},
		{Key: "e", When: When{Key: "relation", Is: []string{"self"}}},
	}}
	p := person(t, "1987-03-05", "a=1 b=1 c=1")
	var got []string
	for f := range r.Asked(p) {
		got = append(got, f.Key)
	}
	if !slices.Equal(got, []string{"e"}) {
		t.Errorf("asked %v", got)
	}
	if r.Check() == nil {
		t.Error("conditions in a circle were accepted")
	}
}

func TestSurety(t *testing.T) {
	t.Parallel()
	r := example()
	r.Surety = true
	for _, c := range []struct {
		born             string
		surety, admitted bool
	}{
		{"2012-11-23", false, false}, // fourteen: too old for a surety, too young for the rule
		{"2012-11-24", true, true},
		{"2020-01-01", true, true},
		{"1987-03-05", false, true},
	} {
		p := person(t, c.born, "category=pupil residence=city")
		if got := r.NeedsSurety(p); got != c.surety {
			t.Errorf("born %s: surety %v", c.born, got)
		}
		if got := r.Judge(p).Refused == nil; got != c.admitted {
			t.Errorf("born %s: admitted %v", c.born, got)
		}
	}
	r.Full = false
	if r.NeedsSurety(person(t, "2020-01-01", "")) {
		t.Error("a surety is asked for where no paper is")
	}
}

func TestExampleIsSoundAndSurvivesStorage(t *testing.T) {
	t.Parallel()
	r := example()
	r.Rules = Rules{Version: "3", Text: map[Lang]string{Russian: "Правила."}}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Registration
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, r) {
		t.Errorf("stored %+v, read %+v", r, back)
	}
	if text, err = json.Marshal(Registration{}); err != nil || strings.Contains(string(text), "fields") || strings.Contains(string(text), "rules") {
		t.Errorf("a simple registration is stored as %s, %v", text, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	named := map[Lang]string{Russian: "Имя"}
	own := Field{Key: "own", Label: named, Ask: named}
	for about, r := range map[string]Registration{
		"a key twice":              {Fields: []Field{{Key: "address"}, {Key: "address"}}},
		"a key in capitals":        {Fields: []Field{{Key: "Address"}}},
		"a key too long":           {Fields: []Field{{Key: strings.Repeat("a", 21), Label: named, Ask: named}}},
		"a key of the service":     {Fields: []Field{{Key: "name", Label: named, Ask: named}}},
		"no texts":                 {Fields: []Field{{Key: "own"}}},
		"no question":              {Fields: []Field{{Key: "own", Label: named}}},
		"several of nothing":       {Fields: []Field{{Key: "address", Several: true}}},
		"a choice twice":           {Fields: []Field{{Key: "category", Choices: choices("student", "student")}}},
		"a choice called other":    {Fields: []Field{{Key: "category", Choices: choices("other")}}},
		"a condition ahead":        {Fields: []Field{{Key: "year", When: When{Key: "category"}}, {Key: "category"}}},
		"a condition on no answer": {Fields: []Field{{Key: "category", Choices: choices("student")}, {Key: "year", When: When{Key: "category", Is: []string{"x"}}}}},
		"a rule about nothing":     {Eligibility: Eligibility{Rules: []Rule{{If: []When{{Key: "category"}}, Then: Refuse}}}},
		"a rule without an end":    {Eligibility: Eligibility{Rules: []Rule{{MinAge: 18}}}},
		"a day that is no day":     {Fields: []Field{{Key: "address"}}, Eligibility: Eligibility{Rules: []Rule{{Since: "address", Then: Refuse}}}},
		"a document not listed":    {Fields: []Field{{Key: "document", Choices: choices("passport")}}, Eligibility: Eligibility{Rules: []Rule{{Then: AskDocument, Document: "visa"}}}},
		"residents of nowhere":     {Eligibility: Eligibility{Lending: Lending{Resident: When{Key: "residence"}}}},
		"rules without a version":  {Rules: Rules{Text: named}},
	} {
		if r.Check() == nil {
			t.Errorf("%s: accepted", about)
		}
	}
	if err := (Registration{Fields: []Field{own, {Key: "address", When: When{Key: "own"}}}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	mine := map[Lang]string{English: "Badge", Ukrainian: "Бейдж"}
	f := Field{Key: "document", Several: true, Other: true, Choices: []Choice{{ID: "passport"}, {ID: "badge", Label: mine}, {ID: "7"}}}
	for _, c := range []struct {
		ids   []string
		other string
		want  string
	}{
		{nil, "", ""},
		{[]string{"passport"}, "", "passport"},
		{[]string{"passport", "7"}, "виза, other: нет", "passport 7 other:виза, other: нет"},
		{nil, "passport", "other:passport"},
	} {
		got := f.List(c.ids, c.other)
		ids, other := f.Picked(got)
		if got != c.want || !slices.Equal(ids, c.ids) || other != c.other {
			t.Errorf("%v and %q are stored as %q, read as %v and %q", c.ids, c.other, got, ids, other)
		}
	}
	want := []Words{{Key: "field.document_passport"}, {Own: mine}, {Plain: "7"}, {Plain: "виза"}}
	if got := f.Say("passport badge 7 other:виза"); !reflect.DeepEqual(got, want) {
		t.Errorf("said %+v", got)
	}
	if got := (Words{Own: mine}).In(Russian); got != "Бейдж" {
		t.Errorf("in Russian %q", got)
	}
	if got := (Field{Key: KeyDeregistered}).Say("2026-11-20"); len(got) != 1 || got[0].Day != date(t, "2026-11-20") {
		t.Errorf("a day is said as %+v", got)
	}
	if got := (Field{Key: "address"}).Say("2026-11-20"); len(got) != 1 || got[0].Plain != "2026-11-20" {
		t.Errorf("words are said as %+v", got)
	}
	if f.Say("") != nil || (Field{Key: "address"}).Name().Key != "field.address" {
		t.Error("nothing said, or no name")
	}
}
