package flows

import (
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// A letter that anybody may have written asks and changes nothing (issue 4, "E-mail in").
func TestUnprovenInputAsksAndChangesNothing(t *testing.T) {
	t.Parallel()
	_, set := conversations(t)
	texts, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	cancel, err := texts.Render(library.Russian, "common.cancel", nil)
	if err != nil {
		t.Fatal(err)
	}
	give := func(state State, in Input) Turn {
		t.Helper()
		in.Kind, in.At, in.Unproven = Message, time.Unix(0, 0), true
		r := reader()
		r.First = false
		out, err := set.Advance(state, r, in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	start := give(State{}, Input{Choice: registerFlow})
	if start.State.Flow != registerFlow {
		t.Fatalf("a registration may be begun by anybody, and is at %s/%s", start.State.Flow, start.State.Step)
	}
	for name, in := range map[string]Input{
		"choice": {Choice: "self"}, "word": {Text: "отмена"}, "label": {Text: cancel}, "words": {Text: "Анна"}, "files": {Files: []Finding{{File: "f", Kind: "image"}}},
		"pairing": {Text: "desk-abcdefgh"},
	} {
		out := give(start.State, in)
		if out.State.Flow != start.State.Flow || out.State.Step != start.State.Step || out.Ask != nil {
			t.Errorf("%s: it moved to %s/%s and asks %v", name, out.State.Flow, out.State.Step, out.Ask)
		}
		if len(out.Say) == 0 || out.Say[0].Lines[0].Key != "common.answer_letter" {
			t.Errorf("%s: it says %v", name, out.Say)
		}
	}
	human := give(start.State, Input{Text: "библиотекарь"})
	if human.State.Flow != questionFlow || human.State.Held == nil {
		t.Errorf("a person is not called: %s/%s", human.State.Flow, human.State.Step)
	}
	if asked := give(human.State, Input{Text: "Есть ли у вас Кулаковский?"}); asked.Ask == nil {
		t.Error("the question is not passed on")
	}
	missed := give(State{}, Input{Choice: needFlow})
	missed = give(missed.State, Input{Choice: needPrefix + NeedSection})
	if told := give(missed.State, Input{Text: "Пчеловодство"}); told.Ask != (NoteNeed{Kind: NeedSection, Words: "Пчеловодство"}) {
		t.Errorf("what is missed may be told by anybody, and it asks %v", told.Ask)
	}
}
