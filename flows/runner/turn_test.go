package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

func TestQuestionIsAnsweredAndPassedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.say(i, "anna", "меню")
	if got := w.press(i, "anna", "question"); len(got) != 1 || got[0] != w.ru("question.write") {
		t.Fatalf("asked for the question with %q", got)
	}
	got := w.say(i, "anna", "Есть ли у вас Каменский?")
	if len(got) != 1 || !strings.HasPrefix(got[0], "Вопрос передан") {
		t.Fatalf("the question is answered with %q", got)
	}
	var note string
	w.scan(&note, `select note from tasks where kind = 'question' and conversation_id = $1`, w.conv("anna"))
	if note != "Есть ли у вас Каменский?" {
		t.Errorf("the task says %q", note)
	}
	// More words within the same dialogue go to the same task and are counted once.
	w.say(i, "anna", "И ещё Гоголь")
	if n := w.count(`select count(*) from tasks`); n != 1 {
		t.Errorf("%d tasks", n)
	}
	if n := w.count(`select count(*) from facts where kind = 'enquiry'`); n != 1 {
		t.Errorf("%d enquiries counted", n)
	}
	w.exec(`update tasks set state = 'done', done_at = now()`)
	w.move(13 * time.Hour)
	w.press(i, "anna", "question")
	w.say(i, "anna", "Новый вопрос")
	if n := w.count(`select count(*) from facts where kind = 'enquiry'`); n != 2 {
		t.Errorf("%d enquiries counted after a new dialogue", n)
	}
	i.stop()
	if n := w.count(`select count(*) from working`); n != 0 {
		t.Errorf("%d notes of work in hand are left by a process that ended", n)
	}
}

func TestRepeatedMessageIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	// Ids come in any order, and one comes again much later.
	for _, id := range []string{"9", "3", "9", "7", "3", "9"} {
		w.receive(i, w.message("anna", id, "меню"))
	}
	w.settle("anna")
	w.receive(i, w.message("anna", "3", "меню"))
	w.receive(i, w.message("boris", "3", "меню"))
	w.settle("anna")
	w.settle("boris")
	if got := w.strings(`select external_id from events where conversation_id = $1 order by seq`, w.conv("anna")); !slices.Equal(got, []string{"m:9", "m:3", "m:7"}) {
		t.Errorf("stored %v", got)
	}
	if n := w.turn("anna"); n != 3 {
		t.Errorf("answered %d times", n)
	}
	if n := w.turn("boris"); n != 1 {
		t.Errorf("another's message of the same id was answered %d times", n)
	}
	w.contiguous()
}

// contiguous checks that no conversation has a gap in its numbers.
func (w *world) contiguous() {
	w.Helper()
	if n := w.count(`select count(*) from conversations c where
  next_event - 1 <> (select count(*) from events e where e.library_id = c.library_id and e.conversation_id = c.id)
  or next_event - 1 <> (select coalesce(max(seq), 0) from events e where e.library_id = c.library_id and e.conversation_id = c.id)
  or next_out - 1 <> (select count(*) from outbox o where o.library_id = c.library_id and o.conversation_id = c.id)
  or next_out - 1 <> (select coalesce(max(seq), 0) from outbox o where o.library_id = c.library_id and o.conversation_id = c.id)`); n != 0 {
		w.Errorf("%d conversations have gaps in their numbers", n)
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	cases := []struct {
		name  string
		words string
		step  string
	}{
		{"by number", "2", "register/consent"},
		{"by number with a dot", "2.", "register/consent"},
		{"by label", strings.ToUpper(w.ru("register.for_child")), "register/consent"},
		{"by a number that is not there", "77", "register/who"},
	}
	for _, c := range cases {
		w.say(i, c.name, "меню")
		w.press(i, c.name, "register")
		if got := w.step(c.name); got != "register/who" {
			t.Fatalf("%s: the registration begins at %s", c.name, got)
		}
		w.say(i, c.name, c.words)
		if got := w.step(c.name); got != c.step {
			t.Errorf("%s: at %s, want %s", c.name, got, c.step)
		}
	}
}

func TestStaleButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "register")
	asked := w.turn("anna")
	w.press(i, "anna", "self")
	w.press(i, "anna", "yes")
	if got := w.step("anna"); got != "register/name" {
		t.Fatalf("at %s", got)
	}
	old := w.message("anna", "old", "")
	old.Choice, old.Turn = "child", asked
	if got := w.give(i, old); len(got) == 0 || !strings.HasPrefix(got[0], w.ru("common.stale")) {
		t.Errorf("a button of an earlier question: %q", got)
	}
	if got := w.step("anna"); got != "register/name" {
		t.Errorf("it moved the conversation to %s", got)
	}
	if n := w.count(`select count(*) from facts where kind = 'consent'`); n != 1 {
		t.Errorf("%d consents counted", n)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "lang:en")
	var lang library.Lang
	w.scan(&lang, `select lang from conversations where id = $1 and lang_chosen`, w.conv("anna"))
	if lang != library.English {
		t.Errorf("language is %s", lang)
	}
	english, err := w.texts.Render(library.English, "question.write", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.press(i, "anna", "question"); len(got) != 1 || got[0] != english {
		t.Errorf("asked in English: %q", got)
	}
	guessed := w.message("john", "1", "hello")
	guessed.Locale = library.English
	w.give(i, guessed)
	w.scan(&lang, `select lang from conversations where id = $1 and not lang_chosen`, w.conv("john"))
	if lang != library.English {
		t.Errorf("guessed language is %s", lang)
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "question")
	long := strings.Repeat("\x00длинно\xff\n", 10_000)
	if got := w.say(i, "anna", long); len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), w.ru("common.cut")) {
		t.Errorf("a text of %d bytes: %q", len(long), got)
	}
	if n := w.count(`select length(body ->> 'text') from events where conversation_id = $1 order by seq desc limit 1`, w.conv("anna")); n != bots.MaxText {
		t.Errorf("%d characters stored", n)
	}
	for _, words := range []string{"\x00", "\u202e", "{secret}", `{"a":1}`, "'; drop table events; --", "%s %d {0}", ""} {
		w.say(i, "anna", words)
	}
	if n := w.count(`select count(*) from events where state <> 'done'`); n != 0 {
		t.Errorf("%d events are not answered", n)
	}
	w.contiguous()
}

func TestBlockedAndGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	gone := w.message("anna", "gone", "")
	gone.Gone = true
	w.receive(i, gone)
	if n := w.count(`select count(*) from addresses where external = 'anna' and gone_at is not null`); n != 1 {
		t.Error("who has left is not noted")
	}
	w.say(i, "anna", "меню")
	if n := w.count(`select count(*) from addresses where external = 'anna' and gone_at is null`); n != 1 {
		t.Error("who has come back is not noted")
	}
	w.exec(`update addresses set blocked_at = now() where external = 'anna'`)
	w.receive(i, w.message("anna", "unheard", "меню"))
	if n := w.count(`select count(*) from events where external_id = 'm:unheard'`); n != 0 {
		t.Error("what a blocked sender wrote is stored")
	}
}

// A flood is answered slowly; what staff did does not wait behind it.
func TestNewsOvertakeAFlood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	for n := range 70 {
		w.receive(i, w.message("anna", fmt.Sprint(n), "меню"))
	}
	held := func() int { return w.unanswered("anna") }
	w.await("a burst is answered", func() bool { return held() == 11 })
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return i.Tell(ctx, tx, w.lib, w.conv("anna"), queue.News{Kind: queue.NewsAccepted})
	})
	w.await("the news are told", func() bool { return w.count(`select count(*) from outbox where kind = 'notice'`) == 1 })
	if n := held(); n != 11 {
		t.Errorf("%d messages wait", n)
	}
	w.pass(time.Minute)
	w.settle("anna")
	w.once(71)
}
