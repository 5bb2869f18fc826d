package papers

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func TestWantedPapersAreMade(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg := h.registration()
	must(t, h.want(reg, noon))
	if _, found := h.claim(noon.Add(-time.Second)); found {
		t.Error("claimed before its time")
	}
	job, found := h.claim(noon)
	if want := anOrder(); !found || job.Try != 1 || job.Conversation != 5 || job.Library != h.lib || !validToken(job.Order.Token) {
		t.Fatalf("claimed %+v, %v", job, found)
	} else if want.Library, want.Token = (library.Library{}), job.Order.Token; !reflect.DeepEqual(job.Order, want) {
		t.Errorf("order is %+v", job.Order)
	}
	if _, found := h.claim(noon.Add(59 * time.Second)); found {
		t.Error("claimed twice")
	}
	if stand := h.stand(reg); len(stand) != 0 {
		t.Errorf("before they are made: %v", stand)
	}
	again, found := h.claim(noon.Add(time.Minute))
	if !found || again.ID != job.ID || again.Try != 2 {
		t.Errorf("after the lease: %+v, %v", again, found)
	}
	must(t, h.made(again, noon))
	if err := h.made(job, noon); !errors.Is(err, ErrState) {
		t.Errorf("made twice: %v", err)
	}
	if got := h.states(reg); !slices.Equal(got, []string{"F1 wanted", "A1 wanted", "C1 wanted", "C2 wanted"}) {
		t.Errorf("pages are %v", got)
	}
	all, err := Of(t.Context(), h.pool, h.lib, reg)
	must(t, err)
	if len(all) != 3 || all[2].Kind != Consent || all[2].Pages != 2 || all[2].Version != "2026-1" || all[2].TextHash != "c" || all[2].File == "" {
		t.Errorf("papers are %+v", all)
	}
	if n := h.count(`select count(*) from paper_orders where content is not null`); n != 0 {
		t.Errorf("%d orders keep what was printed", n)
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	must(h, h.pool.QueryRow(h.Context(), query, args...).Scan(&n))
	return n
}

func TestNewPapersMakeOldOnesVoid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, old := h.papers()
	h.came(reg, "photo", Page{Form, 1})
	must(t, h.want(reg, noon))
	job, _ := h.claim(noon)
	must(t, h.want(reg, noon)) // while the second ones are being drawn
	if err := h.made(job, noon); !errors.Is(err, ErrState) {
		t.Errorf("void ones are made: %v", err)
	}
	if _, err := h.receive(reg, scan(Page{Form, 1}, "late", 1)); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("a page of void papers: %v", err)
	}
	job, _ = h.claim(noon)
	must(t, h.made(job, noon))
	for token, wantVoid := range map[string]bool{old: true, job.Order.Token: false} {
		if got, void, err := Find(t.Context(), h.pool, h.lib, token); got != reg || void != wantVoid || err != nil {
			t.Errorf("found %d, void %v, %v", got, void, err)
		}
	}
	if got := h.states(reg); !slices.Equal(got, []string{"F1 wanted", "A1 wanted", "C1 wanted", "C2 wanted"}) {
		t.Errorf("new pages are %v", got)
	}
}

func TestPapersOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, token := h.papers()
	h.came(reg, "photo", Page{Form, 1})
	other := h.library("other")
	if _, _, err := Find(t.Context(), h.pool, other, token); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("found: %v", err)
	}
	if _, _, err := Find(t.Context(), h.pool, h.lib, NewToken()); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("found a token of nobody: %v", err)
	}
	h.lib = other
	if stand := h.stand(reg); len(stand) != 0 {
		t.Errorf("its pages: %v", stand)
	}
	if _, err := h.receive(reg, scan(Page{Form, 1}, "photo", 1)); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("received: %v", err)
	}
	if err := h.accept(reg, Page{Form, 1}, "photo", 1, 7); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("accepted: %v", err)
	}
	if err := h.want(reg, noon); err == nil {
		t.Error("papers for another library's registration")
	}
}

func TestOrderThatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.want(h.registration(), noon))
	at := noon
	for try := range Tries + 1 {
		if _, found := h.claim(at.Add(-time.Second)); found {
			t.Fatalf("try %d comes early", try)
		}
		if job, found := h.claim(at); !found || job.Try != try+1 {
			t.Fatalf("try %d: %+v, %v", try, job, found)
		}
		at = at.Add(time.Minute << min(try, 5))
	}
	if job, found := h.claim(at.Add(time.Hour)); found {
		t.Errorf("claimed for ever: %+v", job)
	}
	for name, spoil := range map[string]func(*Order){
		"token": func(o *Order) { o.Token = "short" },
		"none":  func(o *Order) { o.Kinds = nil },
		"twice": func(o *Order) { o.Kinds = []Kind{Form, Form} },
		"other": func(o *Order) { o.Kinds = []Kind{"passport"} },
	} {
		o := anOrder()
		spoil(&o)
		if err := h.do(func(ctx context.Context, tx pgx.Tx) error { return Want(ctx, tx, h.lib, h.registration(), 5, o, noon) }); err == nil {
			t.Errorf("%s: wanted", name)
		}
	}
}

// TestWantedTogether has several want papers of one registration and several claim them, each from one start.
func TestWantedTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range pgtest.Rounds(t, 10) {
		reg := h.registration()
		for _, err := range together(4, func(int) error { return h.want(reg, noon) }) {
			must(t, err)
		}
		var mu sync.Mutex
		var jobs []Job
		for _, err := range together(4, func(int) error {
			job, found, err := Claim(t.Context(), h.pool, noon, time.Minute)
			if found {
				mu.Lock()
				defer mu.Unlock()
				jobs = append(jobs, job)
			}
			return err
		}) {
			must(t, err)
		}
		if len(jobs) != 1 || jobs[0].Registration != reg {
			t.Fatalf("claimed %+v", jobs)
		}
		made := 0
		for _, err := range together(3, func(int) error { return h.made(jobs[0], noon) }) {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, ErrState):
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("made %d times", made)
		}
	}
}

// together runs the work n times from one start and gives the errors.
func together(n int, work func(i int) error) []error {
	barrier, errs := make(chan struct{}), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-barrier
			errs[i] = work(i)
		})
	}
	close(barrier)
	all.Wait()
	return errs
}

func TestMadeWithoutFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.want(h.registration(), noon))
	job, _ := h.claim(noon)
	for _, ids := range [][]files.ID{nil, {"a", "b"}} {
		err := h.do(func(ctx context.Context, tx pgx.Tx) error {
			return Made(ctx, tx, job, []Drawn{{Kind: Form, Pages: 1}}, ids, noon)
		})
		if err == nil {
			t.Errorf("made with %d files", len(ids))
		}
	}
}
