package runner_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func (w *world) reminders(sender string) int {
	w.Helper()
	return w.count(`select count(*) from outbox where conversation_id = $1 and kind = 'reminder'`, w.conv(sender))
}

// swept waits until every timer that has run out has been seen.
func (w *world) swept() {
	w.Helper()
	w.await("timers are swept", func() bool { return w.count(`select count(*) from conversations where wake_at <= $1`, w.Now()) == 0 })
}

func TestReminderOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.start(), w.start()
	w.say(one, "anna", "меню")
	w.say(one, "boris", "меню") // at the menu: nothing is unfinished
	w.press(other, "anna", "register")
	w.pass(24*time.Hour - time.Second)
	w.swept()
	if n := w.reminders("anna"); n != 0 {
		t.Fatalf("%d reminders before the time", n)
	}
	before := w.said("anna")
	w.pass(time.Second)
	w.await("the reader is reminded", func() bool { return w.reminders("anna") > 0 })
	w.settle("anna")
	if got := w.answers("anna", before); !strings.HasPrefix(strings.Join(got, "\n"), w.ru("common.remind")) {
		t.Errorf("reminded by %q", got)
	}
	said := w.said("anna")
	for range 3 {
		w.pass(48 * time.Hour)
		w.swept()
		w.settle("anna")
	}
	if got := w.said("anna"); got != said {
		t.Errorf("reminded again by %q", w.answers("anna", said))
	}
	if n := w.reminders("boris"); n != 0 {
		t.Errorf("%d reminders at the menu", n)
	}
	// The question stands: its first button works as well as that of the reminder.
	w.press(one, "anna", "self")
	if got := w.step("anna"); got != "register/consent" {
		t.Errorf("at %s", got)
	}
}

func TestTimerOfAnEarlierTurnIsVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "register")
	i.stop()
	// The timer has run out and its event waits when a message comes that was on its way.
	turn := w.turn("anna")
	w.exec(`insert into events (library_id, conversation_id, seq, kind, external_id, body, state, written_at, received_at, ready_at)
select library_id, id, next_event + 1, 'timeout', 'w:' || turn, jsonb_build_object('wake', turn), 'ready', $1, $1, $1 from conversations`, w.Now())
	w.exec(`insert into events (library_id, conversation_id, seq, kind, external_id, body, state, written_at, received_at, ready_at)
select library_id, id, next_event, 'message', 'm:late', '{"text": "2"}', 'ready', $1, $1, $1 from conversations`, w.Now())
	w.exec(`update conversations set next_event = next_event + 2, ready_at = $1`, w.Now())
	w.start()
	w.settle("anna")
	if got := w.turn("anna"); got != turn+1 {
		t.Errorf("answered %d times", got-turn)
	}
	if n := w.reminders("anna"); n != 0 {
		t.Errorf("%d reminders", n)
	}
	// The void timer has not stopped the one that the message set.
	w.pass(24 * time.Hour)
	w.await("the reader is reminded", func() bool { return w.reminders("anna") > 0 })
}

func TestDraftsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	for _, sender := range []string{"anna", "boris"} {
		w.say(i, sender, "меню")
		w.press(i, sender, "register")
		w.press(i, sender, "self")
		w.move(time.Hour)
	}
	n, err := i.ForgetDrafts(t.Context(), w.lib, w.Now().Add(-90*time.Minute))
	if err != nil || n != 1 {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	if got := []string{w.step("anna"), w.step("boris")}; !slices.Equal(got, []string{"/", "register/consent"}) {
		t.Errorf("at %v", got)
	}
	if got := w.say(i, "anna", "меню"); len(got) != 1 {
		t.Errorf("answered with %q", got)
	}
}
