package flows

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
)

// TestEveryStepEverReleased holds testdata/steps.txt and the steps together: saved conversations stand at them. Who renames a step writes a
// migration that moves the conversations, and only then takes the old name off the list.
func TestEveryStepEverReleased(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/steps.txt")
	if err != nil {
		t.Fatal(err)
	}
	released := strings.Fields(string(raw))
	var steps []string
	for _, f := range All() {
		for name := range f.Steps {
			steps = append(steps, f.Name+"."+name)
		}
	}
	for _, name := range released {
		if !slices.Contains(steps, name) {
			t.Errorf("%s is gone: conversations that stand there would be stuck", name)
		}
	}
	for _, name := range steps {
		if !slices.Contains(released, name) {
			t.Errorf("%s is not in steps.txt", name)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	step := Step{
		Ask:  func(*Reader, Vars, *Turn) {},
		Take: func(*Reader, Vars, Input, *Turn) Event { return "" },
	}
	move := func(name, src, dst string) fsm.EventDesc {
		return fsm.EventDesc{Name: name, Src: []string{src}, Dst: dst}
	}
	steps := map[string]Step{"a": step, "b": step}
	for about, f := range map[string]*Flow{
		"a start without a step":       {Start: "x", Steps: steps},
		"a step nothing leads to":      {Start: "a", Steps: steps},
		"a move out of nowhere":        {Start: "a", Steps: steps, Moves: fsm.Events{move("go", "x", "b")}},
		"a move to nowhere":            {Start: "a", Steps: steps, Moves: fsm.Events{move("go", "a", "b"), move("end", "a", "x")}},
		"an event twice from one step": {Start: "a", Steps: steps, Moves: fsm.Events{move("go", "a", "b"), move("go", "a", "a")}},
		"a step that understands nothing": {
			Start: "a", Steps: map[string]Step{"a": step, "b": {Ask: step.Ask}}, Moves: fsm.Events{move("go", "a", "b")},
		},
		"an end nothing leads to": {Start: "a", Steps: map[string]Step{"a": step}, Final: []string{"end"}},
	} {
		if f.Check() == nil {
			t.Errorf("%s was accepted", about)
		}
	}
	good := &Flow{Start: "a", Steps: steps, Moves: fsm.Events{move("go", "a", "b"), move("end", "b", "end")}, Final: []string{"end"}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func TestAdvanceRefuses(t *testing.T) {
	t.Parallel()
	_, set := conversations(t)
	here := State{Flow: menuFlow, Step: menuStart}
	for about, c := range map[string]struct {
		state State
		in    Input
	}{
		"a flow that is gone":        {State{Flow: "gone", Step: "x"}, Input{Kind: Message}},
		"a step that is gone":        {State{Flow: menuFlow, Step: "gone"}, Input{Kind: Message}},
		"a held step that is gone":   {State{Flow: questionFlow, Step: questionWrite, Held: &State{Flow: registerFlow, Step: "gone"}}, Input{Kind: Message}},
		"an input of no kind":        {here, Input{}},
		"a reply without its answer": {here, Input{Kind: Reply}},
		"news of no kind":            {here, Input{Kind: Notice}},
	} {
		if _, err := set.Advance(c.state, reader(), c.in); err == nil {
			t.Errorf("%s was accepted", about)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	texts, _ := conversations(t)
	for about, all := range map[string][]*Flow{
		"no menu":        {question(), register()},
		"no question":    {menu(), register()},
		"a flow twice":   {menu(), question(), menu()},
		"a faulty flow":  {menu(), question(), {Name: "x", Start: "gone"}},
		"nothing at all": nil,
	} {
		if _, err := New(texts, all); err == nil {
			t.Errorf("%s was accepted", about)
		}
	}
}

// TestConsentTextFallsBack: the version that is recorded is of the text that was shown, in its own language.
func TestConsentTextFallsBack(t *testing.T) {
	t.Parallel()
	r := reader()
	r.Lang = library.Sakha
	for _, c := range []struct {
		texts map[library.Lang]string
		lang  library.Lang
	}{
		{map[library.Lang]string{library.Sakha: "с", library.Russian: "р"}, library.Sakha},
		{map[library.Lang]string{library.English: "e", library.Russian: "р"}, library.Russian},
		{map[library.Lang]string{library.English: "e"}, library.English},
		{nil, library.Russian},
	} {
		r.Library.Settings.Registration.Consent.Text = c.texts
		if lang, text := consentText(r); lang != c.lang || text != c.texts[c.lang] {
			t.Errorf("%v: %s, %q", c.texts, lang, text)
		}
	}
}

func TestFindEmail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"anna@example.org":                  "anna@example.org",
		" <anna@example.org>, спасибо":      "anna@example.org",
		"почта: anna.i+b@mail.example.рф":   "anna.i+b@mail.example.рф",
		"a@b":                               "",
		"@example.org":                      "",
		"a@.org":                            "",
		"a@-b.org":                          "",
		"a@b..org":                          "",
		"a@b@c.org":                         "",
		"a@b.org c@d.org":                   "",
		"a,b@c.org":                         "",
		"a\x00@c.org":                       "",
		"a@c.org\r\nBcc: b@d.org":           "",
		strings.Repeat("a", 250) + "@b.org": "",
		"":                                  "",
	} {
		if got, ok := findEmail(text); got != want || ok != (want != "") {
			t.Errorf("%.40q: %q, %v", text, got, ok)
		}
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, region, want string }{
		{"8 (914) 123-45-67", "", "+79141234567"},
		{"+7\u00a0914 123–45–67", "RU", "+79141234567"},
		{"914 123 45 67", "RU", "+79141234567"},
		{"\u202a+79141234567\u202c", "RU", "+79141234567"},
		{"067 123 45 67", "UA", "+380671234567"},
		{"+380 67 123 45 67", "RU", "+380671234567"},
		{"123", "RU", ""},
		{"", "RU", ""},
		{"8914звоните", "RU", ""},
		{"8914123456O", "RU", ""},
		{"٨٩١٤١٢٣٤٥٦٧", "RU", ""},
		{"89141234567, 89147654321", "RU", ""},
		{"05.03.1987", "RU", ""},
		{"📞", "RU", ""},
		{strings.Repeat("9", 10_000), "RU", ""},
	} {
		if got, ok := parsePhone(c.text, c.region); got != c.want || ok != (c.want != "") {
			t.Errorf("%.40q: %q, %v; want %q", c.text, got, ok, c.want)
		}
	}
}

// BenchmarkAdvance is one step of the registration with the stored state in and out; the goal is 20 µs and 8 kB.
func BenchmarkAdvance(b *testing.B) {
	_, set := conversations(b)
	vars := Vars{varRelation: relationSelf, varConsent: "12", varName: "Иванова Анна Петровна"}
	after := Vars{varRelation: relationSelf, varConsent: "12", varName: "Иванова Анна Петровна", varBorn: "1987-03-05"}
	asked := Vars{varField: "year", varRules: "7 2026-11-23"}
	for key, value := range map[string]string{
		"document": "passport other:удостоверение", "residence": "none", "deregistered": "2026-11-20", "education": "higher", "category": "student",
		"institution": "Северо-Восточный федеральный университет", "faculty": "Исторический факультет", "phone": "+79141234567",
	} {
		asked[varAnswer+key] = value
	}
	for key, value := range after {
		asked[key] = value
	}
	asked[varEmail] = "anna@example.org"
	whole := maps.Clone(asked)
	whole[varAnswer+"year"], whole[varAnswer+"address"] = "2", "677000, Якутск, ул. Ленина, д. 1, кв. 2"
	for _, c := range []struct {
		name  string
		state State
		in    Input
	}{
		{"field", State{Flow: registerFlow, Step: registerField, Vars: asked}, Input{Kind: Message, Choice: "f.year.2"}},
		{"whole", State{Flow: registerFlow, Step: registerReview, Vars: whole}, Input{Kind: Message, Text: "что?"}},
		{"sends", State{Flow: registerFlow, Step: registerReview, Vars: whole}, Input{Kind: Message, Choice: choiceYes}},
		{"name", State{Flow: registerFlow, Step: registerName, Vars: vars}, Input{Kind: Message, Text: "Иванова Анна Петровна"}},
		{"born", State{Flow: registerFlow, Step: registerBorn, Vars: vars}, Input{Kind: Message, Text: "5 марта 1987 года"}},
		{"phone", State{Flow: registerFlow, Step: registerContact, Vars: after}, Input{Kind: Message, Text: "8 914 123-45-67"}},
		{"button", State{Flow: registerFlow, Step: registerReview, Vars: after}, Input{Kind: Message, Choice: changeName}},
	} {
		b.Run(c.name, func(b *testing.B) {
			stored, err := json.Marshal(c.state)
			if err != nil {
				b.Fatal(err)
			}
			r := reader()
			r.First = false
			if c.state.Vars[varRules] != "" {
				r.Library.Settings.Registration = fullRegistration(r.Library.Settings.Registration.Consent)
			}
			b.ReportAllocs()
			for b.Loop() {
				var state State
				if err := json.Unmarshal(stored, &state); err != nil {
					b.Fatal(err)
				}
				out, err := set.Advance(state, r, c.in)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := json.Marshal(out.State); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
