package web

import (
	"os"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
)

// TestEveryStepHasAName holds the desk's table against the list of all steps ever released.
func TestEveryStepHasAName(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../flows/testdata/steps.txt")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	seen := map[string]string{}
	for _, lang := range library.Langs() {
		v := &visit{Site: h.site, lang: lang}
		for place := range strings.FieldsSeq(string(raw)) {
			flow, step, _ := strings.Cut(place, ".")
			name := v.stepName(flow, step)
			if name == "" || strings.Contains(name, "desk.") {
				t.Errorf("%s has no name in %s: %q", place, lang, name)
			}
			if other := seen[string(lang)+name]; other != "" {
				t.Errorf("%s and %s are both called %q", place, other, name)
			}
			seen[string(lang)+name] = place
		}
		if name := v.stepName("menu", "nowhere"); name != "" {
			t.Errorf("an unknown step is called %q", name)
		}
	}
}

func TestStepOnThePageOfAConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	conv := h.conversation(h.lib, "Reader")
	if page := by.get(conversationAddress(conv)).body; !strings.Contains(page, "<dd>writing a question</dd>") {
		t.Error("the page does not say where the bot is")
	}
	h.talks.all[conv].header.Step = "of another version"
	if page := by.get(conversationAddress(conv)).body; strings.Contains(page, "of another version") || strings.Contains(page, "Bot&#39;s step") {
		t.Error("an unknown step is shown")
	}
}
