package runner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/flows"
)

// trap makes the menu's first step die of one word.
func trap(all []*flows.Flow) []*flows.Flow {
	for _, f := range all {
		if f.Name != "menu" {
			continue
		}
		step := f.Steps[f.Start]
		take := step.Take
		step.Take = func(r *flows.Reader, v flows.Vars, in flows.Input, out *flows.Turn) flows.Event {
			if in.Text == "яд" {
				panic("слова читателя: " + in.Text)
			}
			return take(r, v, in, out)
		}
		f.Steps[f.Start] = step
	}
	return all
}

// crowd gives n conversations at the menu.
func (w *world) crowd(i *instance, n int) []string {
	w.Helper()
	senders := make([]string, n)
	for k := range senders {
		senders[k] = fmt.Sprintf("reader-%d", k)
		w.receive(i, w.message(senders[k], "hello", "меню"))
	}
	for _, s := range senders {
		w.settle(s)
	}
	return senders
}

// wait puts a message into every conversation, as it lies there when the workers begin.
func (w *world) wait(words string) {
	w.Helper()
	w.exec(`insert into events (library_id, conversation_id, seq, kind, external_id, body, state, written_at, received_at, ready_at)
select library_id, id, next_event, 'message', 'm:' || $2, jsonb_build_object('text', $2::text), 'ready', $1, $1, $1 from conversations`, w.Now(), words)
	w.exec(`update conversations set next_event = next_event + 1, ready_at = $1`, w.Now())
}

func TestPoisonHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows = trap(w.flows)
	i := w.start()
	senders := w.crowd(i, 64)
	i.stop()
	w.wait("меню")
	w.exec(`update events set body = '{"text": "яд"}' where external_id = 'm:меню' and conversation_id = $1`, w.conv(senders[40]))
	i = w.start()
	w.await("all others are answered", func() bool {
		return w.count(`select count(*) from events where external_id = 'm:меню' and state = 'done'`) == 63
	})
	// Who comes after is answered too, though the poison waits.
	w.say(i, senders[3], "меню")
	w.receive(i, w.message(senders[40], "after", "меню"))
	attempts := func() int { return w.count(`select max(attempts) from events`) }
	for n := 1; n < 5; n++ {
		w.await(fmt.Sprintf("attempt %d", n), func() bool { return attempts() >= n })
		w.pass(time.Duration(n*n) * time.Second)
	}
	w.settle(senders[40])
	if got := w.strings(`select external_id || ' ' || state || ' ' || attempts from events where conversation_id = $1 order by seq`, w.conv(senders[40])); !slices.Equal(got, []string{"m:hello done 0", "m:меню dead 5", "m:after done 0"}) {
		t.Errorf("the poisoned conversation: %q", got)
	}
	if got := w.strings(`select kind || ' ' || conversation_id from tasks`); !slices.Equal(got, []string{fmt.Sprintf("stuck %d", w.conv(senders[40]))}) {
		t.Errorf("tasks: %q", got)
	}
	if n := w.count(`select count(*) from events where attempts > 0 and conversation_id <> $1`, w.conv(senders[40])); n != 0 {
		t.Errorf("%d others count as failed", n)
	}
	if log := w.log.String(); !strings.Contains(log, "turn failed") || strings.Contains(log, "слова читателя") {
		t.Error("the log does not name the failure, or quotes the reader")
	}
	w.contiguous()
}

func TestUnreadableStateHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	senders := w.crowd(i, 4)
	i.stop()
	w.exec(`update conversations set state = '[1]' where id = $1`, w.conv(senders[1]))
	w.wait("меню")
	w.start()
	w.await("all others are answered", func() bool {
		return w.count(`select count(*) from events where external_id = 'm:меню' and state = 'done'`) == 3
	})
	w.await("the failure is counted", func() bool { return w.count(`select max(attempts) from events`) == 1 })
}

func TestWorkOfADeadProcessIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	senders := w.crowd(i, 3)
	i.stop()
	w.wait("меню")
	w.exec(`insert into working (instance, worker, libs, convs, seqs, noted_at) values (900, 0, $1, $2, '{"{2}","{2}"}', clock_timestamp() - interval '1 minute')`,
		[]int64{int64(w.lib), int64(w.lib)}, []bots.ConversationID{w.conv(senders[0]), w.conv(senders[2])})
	w.exec(`update events set state = 'done' where seq = 2 and conversation_id = $1`, w.conv(senders[2]))      // it was committed before the death
	w.exec(`update conversations set ready_at = $2 where id = $1`, w.conv(senders[0]), w.Now().Add(time.Hour)) // or it would be answered before it is found
	w.start()
	w.await("the dead process's work is found", func() bool { return w.count(`select count(*) from working`) == 0 })
	if n := w.count(`select attempts from events where conversation_id = $1 and seq = 2`, w.conv(senders[0])); n != 1 {
		t.Errorf("attempts: %d", n)
	}
	w.pass(time.Second)
	for k, want := range []int{2, 2, 1} {
		w.settle(senders[k])
		if got := w.turn(senders[k]); got != want {
			t.Errorf("%s answered %d times, want %d", senders[k], got, want)
		}
	}
	if n := w.count(`select sum(attempts) from events`); n != 1 {
		t.Errorf("%d failures counted", n)
	}
}

// What the database does at the third question, by the error that it gives.
func TestFaultOfTheDatabase(t *testing.T) {
	t.Parallel()
	const uncounted = `(select max(attempts) from events) = 0`
	first := func(times int) string { return fmt.Sprintf(`nextval('tries') <= %d`, times) }
	cases := []struct {
		name     string
		code     string
		fails    string // so long
		attempts int    // counted
	}{
		{"a statement takes too long", "57014", uncounted, 1}, // in the group, then alone
		{"a broken row", "22000", uncounted, 1},
		{"serialization", "40001", first(4), 0},
		{"deadlock", "40P01", first(4), 0},
		{"no memory", "53200", first(2), 0},
		{"the operator stops it", "57P01", first(2), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := w.start()
			w.say(i, "anna", "меню")
			w.press(i, "anna", "question")
			w.exec(`create sequence tries`)
			w.exec(fmt.Sprintf(`create function fail() returns trigger language plpgsql as $$ begin
  if current_setting('statement_timeout') <> '10s' then raise exception 'no limit'; end if;
  if %s then raise exception 'planned' using errcode = '%s'; end if; return new; end $$`, c.fails, c.code))
			w.exec(`create trigger fail before insert on tasks for each row execute function fail()`)
			w.receive(i, w.message("anna", "q", "Когда вы открыты?"))
			if c.attempts > 0 {
				w.await("the failure is counted", func() bool { return w.count(`select max(attempts) from events`) == c.attempts })
				w.pass(time.Second)
			}
			w.settle("anna")
			if n := w.count(`select max(attempts) from events`); n != c.attempts {
				t.Errorf("%d attempts counted, want %d", n, c.attempts)
			}
			if n := w.count(`select count(*) from tasks`); n != 1 {
				t.Errorf("%d tasks", n)
			}
		})
	}
}
