package fragments_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue"
	"librarian/queue/fragments"
)

// TestOrderGoesItsWay: placed, found, looked at, released, made.
func TestOrderGoesItsWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5–8", 4))
	if err != nil || o.State != fragments.Asked || o.Department != h.storage {
		t.Fatalf("placed: %+v, %v", o, err)
	}
	if got, want := h.open(o), fmt.Sprintf("find of %d", h.storage); got != want {
		t.Errorf("waits for %s, want %s", got, want)
	}
	handOver := func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
	}
	err = h.try(func(ctx context.Context, tx pgx.Tx) error { _, err := handOver(ctx, tx); return err })
	if !errors.Is(err, fragments.ErrNoPages) {
		t.Errorf("handed over without a page: %v", err)
	}
	for _, c := range []struct {
		name string
		kind files.Kind
		n    int
		want int
	}{{"1.jpg", files.Image, 0, 1}, {"2.pdf", files.PDF, 3, 3}, {"1.jpg", files.Image, 0, 0}} {
		if n, err := h.bring(o, c.name, c.kind, c.n); err != nil || n != c.want {
			t.Errorf("%s: %d pages, %v", c.name, n, err)
		}
	}
	if o = h.act(handOver); o.State != fragments.Came || h.open(o) != "check" {
		t.Fatalf("handed over: %s, waits for %q", o.State, h.open(o))
	}
	o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Release(ctx, tx, h.lib, o.ID, h.librarian, false, noon)
	})
	if o.State != fragments.Making || h.open(o) != "" {
		t.Fatalf("released: %s, waits for %q", o.State, h.open(o))
	}
	h.made(o)
	if _, found, err := fragments.Claim(t.Context(), h.pool, noon, time.Minute); found || err != nil {
		t.Errorf("claimed again: %v, %v", found, err)
	}
	steps, err := fragments.Steps(t.Context(), h.pool, h.lib.ID, o.ID)
	var acts []string
	for _, s := range steps {
		acts = append(acts, string(s.Act))
	}
	if got := strings.Join(acts, " "); err != nil || got != "place route hand_over release made" {
		t.Errorf("steps %s, %v", got, err)
	}
}

// TestWhatWasSaidGoesWithTheOrder: whoever has the next task reads what the reader and colleagues said before.
func TestWhatWasSaidGoesWithTheOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5–8", 4))
	if err != nil {
		t.Fatal(err)
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Add(ctx, tx, h.lib, o.ID, "издание 1951 года", noon)
	})
	if _, err := h.bring(o, "1.jpg", files.Image, 0); err != nil {
		t.Fatal(err)
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Return(ctx, tx, h.lib, o.ID, h.librarian, "страницу 6 ещё раз", noon)
	})
	var note string
	h.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if want := o.Note() + "\nиздание 1951 года\nстраницу 6 ещё раз"; note != want {
		t.Errorf("the task says %q, want %q", note, want)
	}
}

// made joins and sends what was released.
func (h *house) made(o fragments.Order) {
	h.Helper()
	job, found, err := fragments.Claim(context.Background(), h.pool, noon, time.Minute)
	if err != nil || !found || job.Order.ID != o.ID || job.Try != 1 {
		h.Fatalf("claimed %+v, %v, %v", job, found, err)
	}
	f, _ := h.file(fmt.Sprintf("out %d", o.ID), files.PDF, 5)
	sent := h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Made(ctx, tx, h.lib, o.ID, []files.ID{f.ID}, noon)
	})
	if sent.State != fragments.Sent {
		h.Errorf("made: %s", sent.State)
	}
}

// TestWhoMayDoWhat: every act in every state, by everybody, is allowed or refused as the table says, and a refused one changes nothing.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	staff := func(r queue.Role) fragments.Actor { return fragments.Actor{Staff: 1, Role: r} }
	who := map[string]fragments.Actor{
		"reader": fragments.ByReader(), "program": fragments.ByProgram(), "librarian": staff(queue.RoleLibrarian), "department": staff(queue.RoleDepartment),
		"registrar": staff(queue.RoleRegistrar), "auditor": staff(queue.RoleAuditor),
	}
	allowed := map[string]string{
		"new": "librarian:cancel librarian:refuse librarian:route department:refuse program:route reader:cancel",
		"asked": "librarian:cancel librarian:digitise librarian:give_back librarian:hand_over librarian:refuse librarian:route " +
			"department:digitise department:give_back department:hand_over department:refuse program:route reader:cancel",
		"came":      "librarian:cancel librarian:refuse librarian:release librarian:return program:release reader:cancel",
		"making":    "program:fail program:made",
		"sent":      "librarian:complain reader:complain",
		"refused":   "",
		"cancelled": "",
	}
	acts := []fragments.Act{
		fragments.ActRoute, fragments.ActDigitise, fragments.ActGiveBack, fragments.ActHandOver, fragments.ActReturn, fragments.ActRelease, fragments.ActMade, fragments.ActFail, fragments.ActRefuse,
		fragments.ActCancel, fragments.ActComplain,
	}
	for state, want := range allowed {
		var got []string
		for name, actor := range who {
			for _, act := range acts {
				if (fragments.Order{State: fragments.State(state)}).May(act, actor) {
					got = append(got, name+":"+string(act))
				}
			}
		}
		wanted := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %v, want %v", state, got, wanted)
		}
	}
}

func TestNobodyKnowsWhoHoldsTheBook(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.wish(0, "глава 2", 0)
	w.Title = "Зелёная книга о реках"
	o, err := h.place(w)
	if err != nil || o.State != fragments.New || h.open(o) != "route" {
		t.Fatalf("placed: %+v, %v; waits for %q", o, err, h.open(o))
	}
	route := func(to int64) {
		o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
			return fragments.Route(ctx, tx, h.lib, o.ID, h.librarian, to, noon)
		})
	}
	route(h.other)
	route(h.storage)
	if got, want := h.open(o), fmt.Sprintf("find of %d", h.storage); got != want {
		t.Errorf("waits for %s, want %s", got, want)
	}
	err = h.try(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.Undo(ctx, tx, h.lib, o.ID, h.keeper, noon)
		return err
	})
	if !errors.Is(err, fragments.ErrState) {
		t.Errorf("a colleague's step was undone: %v", err)
	}
	for _, want := range []string{fmt.Sprintf("find of %d", h.other), "route"} {
		o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
			return fragments.Undo(ctx, tx, h.lib, o.ID, h.librarian, noon)
		})
		if got := h.open(o); got != want {
			t.Errorf("undone: waits for %s, want %s", got, want)
		}
	}
	err = h.try(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.Undo(ctx, tx, h.lib, o.ID, h.librarian, noon)
		return err
	})
	if !errors.Is(err, fragments.ErrState) {
		t.Errorf("undone once too often: %v", err)
	}
}

func TestPagesAreArranged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if _, err := h.bring(o, name, files.Image, 0); err != nil {
			t.Fatal(err)
		}
	}
	stand := func() (out string, ids []int64) {
		parts, err := fragments.Parts(t.Context(), h.pool, h.lib.ID, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			out += p.Name[len(p.Name)-1:]
			if p.Turn > 0 {
				out += fmt.Sprint(p.Turn)
			}
			if p.Dropped {
				out += "-"
			}
			ids = append(ids, p.ID)
		}
		return out, ids
	}
	_, ids := stand()
	for _, c := range []struct {
		do   func(ctx context.Context, tx pgx.Tx) error
		want string
	}{
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Move(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[3], 1)
		}, "dabc"},
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Move(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[0], 99)
		}, "dbca"},
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Move(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[1], -5)
		}, "bdca"},
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Turn(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[2])
		}, "bdc90a"},
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Drop(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[3], true)
		}, "bd-c90a"},
		{func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Drop(ctx, tx, h.lib.ID, o.ID, h.librarian, ids[3], false)
		}, "bdc90a"},
	} {
		if err := h.try(c.do); err != nil {
			t.Fatal(err)
		}
		if got, _ := stand(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for about, do := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"a page of nobody": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Turn(ctx, tx, h.lib.ID, o.ID, h.librarian, 1<<40)
		},
		"an order of nobody": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Turn(ctx, tx, h.lib.ID, 1<<40, h.librarian, ids[0])
		},
		"another library": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Turn(ctx, tx, h.lib.ID+1, o.ID, h.librarian, ids[0])
		},
		"a move to a page not here": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Move(ctx, tx, h.lib.ID, o.ID, h.librarian, 1<<40, 1)
		},
	} {
		if err := h.try(do); !errors.Is(err, fragments.ErrNotFound) {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestOrderThatIsOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.place(h.wish(h.book, "5", 1)); !errors.Is(err, fragments.ErrAgain) {
		t.Errorf("ordered twice: %v", err)
	}
	refuse := func(reason, words string) error {
		return h.try(func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.Refuse(ctx, tx, h.lib, o.ID, h.keeper, reason, words, noon)
			return err
		})
	}
	for _, bad := range [][2]string{{"", ""}, {"because", "так"}, {fragments.Other, " "}} {
		if err := refuse(bad[0], bad[1]); !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("refused for %q: %v", bad, err)
		}
	}
	if err := refuse(fragments.Lost, "есть в другом издании"); err != nil {
		t.Fatal(err)
	}
	if h.open(o) != "" {
		t.Errorf("a refused order waits for %s", h.open(o))
	}
	if _, err := h.bring(o, "late.jpg", files.Image, 0); !errors.Is(err, fragments.ErrState) {
		t.Errorf("pages came to a refused order: %v", err)
	}
	if err := refuse(fragments.Lost, ""); !errors.Is(err, fragments.ErrState) {
		t.Errorf("refused twice: %v", err)
	}
	if _, err := h.place(h.wish(h.book, "5", 1)); err != nil {
		t.Errorf("not to be ordered again: %v", err)
	}
}

// TestComplaintThatComesTooLate changes nothing: not what is promised either.
func TestComplaintThatComesTooLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	later := noon.Add(100 * time.Hour)
	var refused error
	err = h.try(func(ctx context.Context, tx pgx.Tx) error { // who asks goes on in the same transaction, and tells the reader
		_, refused = fragments.Complain(ctx, tx, h.lib, o.ID, fragments.ByReader(), "Плохо видно", later)
		return nil
	})
	if err != nil || !errors.Is(refused, fragments.ErrState) {
		t.Fatalf("complained of what was not sent: %v, %v", refused, err)
	}
	after, err := fragments.ByID(t.Context(), h.pool, h.lib.ID, o.ID)
	if err != nil || !after.Due.Equal(o.Due) || after.State != o.State {
		t.Errorf("promised %s, now %s, %v", o.Due, after.Due, err)
	}
}

// TestSlipOfAnOrderThatMovedOn is not sent: the department that has it by now is asked.
func TestSlipOfAnOrderThatMovedOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	until := noon.Add(time.Minute)
	claimed, found, err := fragments.ClaimSlip(t.Context(), h.pool, noon, until)
	if err != nil || !found || claimed.ID != o.ID {
		t.Fatalf("claimed %+v, %v, %v", claimed, found, err)
	}
	sent := func(o fragments.Order) error {
		return h.try(func(ctx context.Context, tx pgx.Tx) error { return fragments.SlipSent(ctx, tx, o, until, nil) })
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Route(ctx, tx, h.lib, o.ID, h.librarian, h.other, noon)
	})
	if err := sent(claimed); !errors.Is(err, fragments.ErrState) {
		t.Errorf("the slip to the former department: %v", err)
	}
	again, found, err := fragments.ClaimSlip(t.Context(), h.pool, noon, until)
	if err != nil || !found || again.Department != h.other {
		t.Fatalf("claimed %+v, %v, %v", again, found, err)
	}
	if err := sent(again); err != nil {
		t.Error(err)
	}
	if _, found, err := fragments.ClaimSlip(t.Context(), h.pool, until.Add(time.Hour), until.Add(2*time.Hour)); found || err != nil {
		t.Errorf("claimed once more: %v, %v", found, err)
	}
}
