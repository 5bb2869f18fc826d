package flows

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"librarian/contacts/library"
)

// mostMessages is what a reader may have to send for a full registration with every question answered.
const mostMessages = 20

// TestFullRegistrationTakesFewMessages lets a patient reader of each category answer all that is asked, also what may be passed over, and prove an
// e-mail address by its code.
func TestFullRegistrationTakesFewMessages(t *testing.T) {
	t.Parallel()
	_, set := conversations(t)
	var categories []string
	for _, f := range library.ExampleFields() {
		if f.Key == "category" {
			for _, c := range f.Choices {
				categories = append(categories, c.ID)
			}
		}
	}
	most := 0
	for _, category := range categories {
		for _, residence := range []string{"city", "none"} {
			sent, given := fillIn(t, set, map[string]string{"category": category, "residence": residence})
			most = max(most, sent)
			if sent > mostMessages {
				t.Errorf("%s, %s: %d messages", category, residence, sent)
			}
			said := library.Given{}
			for _, a := range given.Answers {
				said[a.Key] = a.Value
			}
			registration := fullRegistration(library.Consent{})
			for f := range registration.Asked(library.Person{Born: given.Born, Today: reader().Today(), Answers: said}) {
				if said[f.Key] == "" {
					t.Errorf("%s, %s: %s was not answered", category, residence, f.Key)
				}
			}
			if !given.Papers || given.Rules != (RulesAccepted{Version: "7", Lang: library.Russian, Hash: "d13ae109908cbf2819198497c0d2267ce3007d2118809fdcd237ebf0d25963ae", Day: reader().Today()}) || !given.EmailProven {
				t.Errorf("%s, %s: handed in %+v", category, residence, given)
			}
		}
	}
	if most < 18 {
		t.Errorf("at most %d messages: something is not asked", most)
	}
	t.Logf("at most %d messages", most)
}

// fillIn is how many messages a reader sends until the registration is handed in, and what is.
func fillIn(t *testing.T, set *Set, lists map[string]string) (sent int, given Register) {
	t.Helper()
	r := reader()
	r.Library.Settings.Registration = fullRegistration(r.Library.Settings.Registration.Consent)
	written := map[string]string{
		registerName: "Иванова Анна", registerBorn: "05.03.1987", registerContact: "anna@example.org", registerCode: "123456",
		library.KeyPhone: "89141234567", library.KeyDeregistered: "20.11.2026",
	}
	pressed := map[string]string{
		menuStart: registerFlow, registerWho: relationSelf, registerConsent: choiceYes, registerRules: choiceYes, registerReview: choiceYes,
	}
	state := State{}
	in := Input{Kind: Message, Choice: ChoiceStart}
	for sent <= 2*mostMessages {
		out, err := set.Advance(state, r, in)
		if err != nil {
			t.Fatal(err)
		}
		state, r.First = out.State, false
		if done, ok := out.Ask.(Register); ok {
			return sent, done
		}
		if out.Ask != nil {
			in = Input{Kind: Reply, Answer: fitting(out.Ask)[0]}
			continue
		}
		sent++
		in = Input{Kind: Message, Text: written[state.Step], Choice: pressed[state.Step]}
		if state.Step == registerField {
			in = reply(out.Say[len(out.Say)-1], state.Vars[varField], lists, written)
		}
	}
	t.Fatalf("no end after %d messages, at %s %v", sent, state.Step, state.Vars)
	return sent, given
}

// reply answers one of the library's own questions: from the list, where there is one, and Next once it is answered.
func reply(say Say, key string, lists, written map[string]string) Input {
	in := Input{Kind: Message, Text: written[key]}
	var ids []string
	for _, c := range say.Choices {
		if c.Key == "field.picked" {
			return Input{Kind: Message, Choice: choiceSkip}
		}
		if strings.HasPrefix(c.ID, choiceField) {
			ids = append(ids, c.ID)
		}
	}
	switch want := fmt.Sprintf("%s%s.%s", choiceField, key, lists[key]); {
	case slices.Contains(ids, want):
		in.Choice = want
	case len(ids) > 0:
		in.Choice = ids[0]
	case in.Text == "":
		in.Text = "Ответ словами"
	}
	return in
}
