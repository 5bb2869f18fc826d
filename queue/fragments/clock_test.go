package fragments_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// hour is a moment of March 2026, of which the second is a Monday.
func hour(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

// TestClockStandsStillForTheReader: an order is due by the working time that was left when its reader was asked, however it goes on.
func TestClockStandsStillForTheReader(t *testing.T) {
	t.Parallel()
	type deed struct {
		at   time.Time
		what string
	}
	h := newHouse(t)
	for day := time.Monday; day <= time.Friday; day++ {
		h.lib.Settings.Hours.Week[day] = []library.Span{{From: 9 * 60, Until: 17 * 60}}
	}
	for _, c := range []struct {
		name        string
		deeds       []deed
		due, remind time.Time // remind zero: never
		told        bool      // once more that it is late, or near
	}{
		{"asked and answered", []deed{{hour(3, 9), "ask"}, {hour(3, 11), "answer"}}, hour(4, 14), hour(4, 11).Add(15 * time.Minute), true},
		{"late before it was asked", []deed{{hour(5, 9), "ask"}, {hour(6, 9), "answer"}}, hour(4, 12), time.Time{}, false},
		{"asked in the evening, when it was late", []deed{{hour(4, 20), "ask"}, {hour(5, 9), "answer"}}, hour(4, 12), time.Time{}, false},
		{"asked over a weekend", []deed{{hour(4, 11), "ask"}, {hour(8, 12), "answer"}}, hour(9, 10), hour(9, 9).Add(30 * time.Minute), true},
		{"asked twice", []deed{{hour(3, 9), "ask"}, {hour(3, 10), "answer"}, {hour(3, 12), "ask"}, {hour(3, 15), "answer"}}, hour(4, 16), hour(4, 13).Add(45 * time.Minute), true},
		{"routed on while asked", []deed{{hour(3, 9), "ask"}, {hour(3, 11), "route"}}, hour(4, 14), hour(4, 11).Add(15 * time.Minute), true},
		{"routed on while asked, when it was late", []deed{{hour(5, 9), "ask"}, {hour(6, 9), "route"}}, hour(4, 12), time.Time{}, true},
		{"routed on, asked, and the route undone", []deed{{hour(3, 9), "route"}, {hour(3, 9), "ask"}, {hour(3, 11), "undo"}}, hour(4, 14), hour(4, 11).Add(15 * time.Minute), true},
		{"cancelled while asked", []deed{{hour(3, 9), "ask"}, {hour(3, 11), "cancel"}}, hour(4, 14), time.Time{}, false},
	} {
		h.reader = h.newReader()
		o, err := h.place(h.wish(h.book, "5", 1)) // at noon of Monday, sixteen hours
		if err != nil || !o.Due.Equal(hour(4, 12)) {
			t.Fatalf("due %s, %v", o.Due, err)
		}
		h.exec(`update tasks set late_told_at = due_at, near_told_at = remind_at where order_id = $1`, o.ID)
		for _, d := range c.deeds {
			o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) { return h.do(ctx, tx, o, d.what, d.at) })
		}
		kept, err := fragments.ByID(t.Context(), h.pool, h.lib.ID, o.ID)
		if err != nil || !kept.Due.Equal(c.due) || !o.Due.Equal(c.due) || kept.AskedAt != nil || kept.Question != "" {
			t.Errorf("%s: due %s, kept %s, want %s; asked %v %q, %v", c.name, o.Due, kept.Due, c.due, kept.AskedAt, kept.Question, err)
		}
		if !o.Open() {
			if open := h.open(o); open != "" {
				t.Errorf("%s: waits for %s", c.name, open)
			}
			continue
		}
		var due time.Time
		var remind *time.Time
		var paused, told bool
		h.scan(&due, `select due_at from tasks where order_id = $1 and state <> 'done'`, o.ID)
		h.scan(&remind, `select remind_at from tasks where order_id = $1 and state <> 'done'`, o.ID)
		h.scan(&paused, `select paused_at is not null from tasks where order_id = $1 and state <> 'done'`, o.ID)
		h.scan(&told, `select late_told_at is not null from tasks where order_id = $1 and state <> 'done'`, o.ID)
		if !due.Equal(c.due) || paused || told == c.told {
			t.Errorf("%s: its task is due %s, stands %v, was told that it is late %v", c.name, due, paused, told)
		}
		if (remind == nil) != c.remind.IsZero() || remind != nil && !remind.Equal(c.remind) {
			t.Errorf("%s: reminded at %v, want %s", c.name, remind, c.remind)
		}
		h.scan(&told, `select near_told_at is not null from tasks where order_id = $1 and state <> 'done'`, o.ID)
		if told {
			t.Errorf("%s: of the new promise nobody is reminded", c.name)
		}
	}
}

func (h *house) do(ctx context.Context, tx pgx.Tx, o fragments.Order, what string, at time.Time) (fragments.Order, error) {
	switch what {
	case "ask":
		return fragments.Ask(ctx, tx, h.lib, o.ID, "Какое издание?", at)
	case "answer":
		return fragments.Add(ctx, tx, h.lib, o.ID, "Второе", at)
	case "route":
		return fragments.Route(ctx, tx, h.lib, o.ID, h.librarian, h.other, at)
	case "undo":
		return fragments.Undo(ctx, tx, h.lib, o.ID, h.librarian, at)
	}
	return fragments.Cancel(ctx, tx, h.lib, o.ID, fragments.ByReader(), at)
}

// TestReaderIsAskedOneThing at a time, and what was asked and answered stands in the task.
func TestReaderIsAskedOneThing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Ask(ctx, tx, h.lib, o.ID, " Какое издание? ", noon)
	}
	if o = h.act(ask); o.Question != "Какое издание?" {
		t.Errorf("asked %q", o.Question)
	}
	if err := h.try(func(ctx context.Context, tx pgx.Tx) error { _, err := ask(ctx, tx); return err }); !errors.Is(err, fragments.ErrState) {
		t.Errorf("asked twice: %v", err)
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) { return h.do(ctx, tx, o, "answer", noon) })
	var note string
	h.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "? Какое издание?\nВторое") {
		t.Errorf("the task says %q", note)
	}
}
