package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/cmd/schema/pgtest"
	"librarian/queue"
)

func TestOpenKeepsTheOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := h.open(h.lib, queue.RoleLibrarian, 300)
	if !slices.IsSorted(ids) {
		t.Fatal("ids do not grow")
	}
	for _, i := range []int{0, 1, 150, 299} {
		task, err := h.Get(t.Context(), h.lib, ids[i])
		want(t, "get", err, nil)
		if wanted := "Reader " + itoa(i); task.ReaderName != wanted || task.State != queue.StateOpen || task.Channel != bots.WebChat {
			t.Errorf("task %d is %+v", i, task)
		}
		log, err := h.Log(t.Context(), h.lib, ids[i])
		want(t, "log", err, nil)
		if len(log) != 1 || log[0].Act != "opened" {
			t.Errorf("log of task %d: %+v", i, log)
		}
	}
	if ids, err := queue.Open(t.Context(), nil, nil); err != nil || ids != nil {
		t.Errorf("opening nothing: %v, %v", ids, err)
	}
}

func TestTwoTakeOneTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	people := []queue.Staff{anna, boris}
	for round, id := range h.open(h.lib, queue.RoleLibrarian, pgtest.Rounds(t, 50)) {
		take := func(by queue.StaffID) func(context.Context) error {
			return func(ctx context.Context) error { _, err := h.Take(ctx, h.lib, id, by); return err }
		}
		errs := together(t.Context(), take(anna.ID), take(boris.ID))
		winner := slices.Index(errs, nil)
		if winner < 0 || errs[1-winner] == nil {
			t.Fatalf("round %d: %v", round, errs)
		}
		var taken *queue.TakenError
		if !errors.As(errs[1-winner], &taken) || taken.By != people[winner].Name {
			t.Fatalf("round %d: the loser heard %v, winner is %s", round, errs[1-winner], people[winner].Name)
		}
		task, err := h.Get(t.Context(), h.lib, id)
		want(t, "get", err, nil)
		if task.Holder != people[winner].ID || task.State != queue.StateTaken || task.Taken == nil {
			t.Fatalf("round %d: %+v", round, task)
		}
		log, err := h.Log(t.Context(), h.lib, id)
		want(t, "log", err, nil)
		if len(log) != 2 || log[1].Act != "taken" || log[1].Staff != people[winner].ID {
			t.Fatalf("round %d: log %+v", round, log)
		}
	}
}

func TestTaskFromHandToHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	registrar, _ := h.staff("registrar", queue.RoleRegistrar)
	director, _ := h.staff("director", queue.RoleDirector)
	id := h.open(h.lib, queue.RoleLibrarian, 1)[0]
	finish := func(by queue.Staff) error {
		return h.try(func(tx pgx.Tx) error { return h.Finish(ctx, tx, h.lib, id, by.ID, "answered") })
	}
	take := func(by queue.Staff) error { _, err := h.Take(ctx, h.lib, id, by.ID); return err }

	want(t, "finish what nobody holds", finish(anna), queue.ErrNotHolder)
	want(t, "take another role's", take(registrar), queue.ErrNotAllowed)
	want(t, "take", take(anna), nil)
	want(t, "take again", take(anna), nil)
	want(t, "take what is taken", take(boris), queue.ErrTaken)
	want(t, "finish another's", finish(boris), queue.ErrNotHolder)
	want(t, "finish another's as director", finish(director), queue.ErrNotHolder)
	want(t, "release another's", h.Release(ctx, h.lib, id, boris.ID), queue.ErrNotHolder)
	want(t, "release another's as director", h.Release(ctx, h.lib, id, director.ID), nil)
	want(t, "take what was released", take(boris), nil)
	want(t, "release one's own", h.Release(ctx, h.lib, id, boris.ID), nil)
	h.tx(func(tx pgx.Tx) error {
		if _, err := h.TakeWithin(ctx, tx, h.lib, id, boris.ID); err != nil {
			return err
		}
		return h.Finish(ctx, tx, h.lib, id, boris.ID, "answered")
	})
	want(t, "finish twice", finish(boris), queue.ErrDone)
	want(t, "take what is done", take(anna), queue.ErrDone)
	want(t, "release what is done", h.Release(ctx, h.lib, id, boris.ID), queue.ErrDone)

	task, err := h.Get(ctx, h.lib, id)
	want(t, "get", err, nil)
	if task.State != queue.StateDone || task.Outcome != "answered" || task.HolderName != boris.Name || task.Done == nil {
		t.Errorf("task is %+v", task)
	}
	log, err := h.Log(ctx, h.lib, id)
	want(t, "log", err, nil)
	var acts []string
	for _, l := range log {
		acts = append(acts, l.Act)
	}
	if got := strings.Join(acts, " "); got != "opened taken released taken released taken finished" {
		t.Errorf("log: %s", got)
	}
	audit, err := h.ListAudit(ctx, h.lib, 0, 6)
	want(t, "audit", err, nil)
	if len(audit) != 6 || audit[0].Act != "task.finished" || audit[0].Staff != boris.ID || audit[5].Act != "task.taken" {
		t.Errorf("audit: %+v", audit)
	}
}

func TestTaskOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	operator, _ := h.staff("operator", queue.RoleOperator)
	other := h.library("second")
	id := h.open(other, queue.RoleLibrarian, 1)[0]
	for name, act := range map[string]func(tx pgx.Tx) error{
		"get":      func(pgx.Tx) error { _, err := h.Get(ctx, h.lib, id); return err },
		"take":     func(pgx.Tx) error { _, err := h.Take(ctx, h.lib, id, anna.ID); return err },
		"release":  func(pgx.Tx) error { return h.Release(ctx, h.lib, id, anna.ID) },
		"finish":   func(tx pgx.Tx) error { return h.Finish(ctx, tx, h.lib, id, anna.ID, "x") },
		"add note": func(tx pgx.Tx) error { return queue.AddNote(ctx, tx, h.lib, id, "x") },
	} {
		want(t, name, h.try(act), queue.ErrNotFound)
	}
	_, err := h.Take(ctx, other, id, anna.ID)
	want(t, "take where one does not work", err, queue.ErrNotAllowed)
	h.tx(func(tx pgx.Tx) error { return queue.Withdraw(ctx, tx, h.lib, []queue.TaskID{id}, "x") })
	rows, err := h.List(ctx, h.lib, queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}})
	want(t, "list", err, nil)
	log, err := h.Log(ctx, h.lib, id)
	want(t, "log", err, nil)
	if len(rows) != 0 || len(log) != 0 {
		t.Errorf("list %+v, log %+v of another library", rows, log)
	}
	task, err := h.Take(ctx, other, id, operator.ID)
	want(t, "take as operator", err, nil)
	if task.State != queue.StateTaken {
		t.Errorf("task is %+v", task)
	}
}

func TestNoteAndWithdraw(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	ids := h.open(h.lib, queue.RoleLibrarian, 2)
	note := func(text string) error {
		return h.try(func(tx pgx.Tx) error { return queue.AddNote(ctx, tx, h.lib, ids[0], text) })
	}
	want(t, "note", note("второе\x00"), nil)
	task, err := h.Get(ctx, h.lib, ids[0])
	want(t, "get", err, nil)
	if task.Note != "Есть ли у вас «Олонхо»?\nвторое" {
		t.Errorf("note is %q", task.Note)
	}
	want(t, "long note", note(strings.Repeat("ы", 100_000)), nil)
	if task, err = h.Get(ctx, h.lib, ids[0]); err != nil || len([]rune(task.Note)) != 8000 {
		t.Errorf("note of %d characters, %v", len([]rune(task.Note)), err)
	}
	h.tx(func(tx pgx.Tx) error { return queue.Withdraw(ctx, tx, h.lib, ids, "withdrawn") })
	want(t, "note to what is done", note("поздно"), queue.ErrDone)
	rows, err := h.List(ctx, h.lib, queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, State: queue.StateDone})
	want(t, "list", err, nil)
	if len(rows) != 2 || rows[0].Outcome != "withdrawn" || rows[0].Holder != 0 {
		t.Errorf("done: %+v", rows)
	}
}

func TestQueueWakesThoseWhoWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, stop := context.WithCancel(t.Context())
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	id := h.open(h.lib, queue.RoleLibrarian, 1)[0]
	signals := bots.NewSignals(h.pool)
	listening, _ := signals.Subscribe(bots.Signal{Topic: bots.TopicChat, Library: h.lib, ID: 1})
	changed, _ := signals.Subscribe(bots.Signal{Topic: bots.TopicQueue, Library: h.lib, ID: int64(id)})
	ended := make(chan error, 1)
	go func() { ended <- signals.Run(ctx) }()
	await(t, listening) // everybody is woken once when the connection stands
	await(t, changed)
	if _, err := h.Take(ctx, h.lib, id, anna.ID); err != nil {
		t.Fatal(err)
	}
	await(t, changed)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was woken within 20 s")
	}
}
