package papers

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
)

func TestNewestPhotoCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	form, second := Page{Form, 1}, Page{Consent, 2}
	for i, step := range []struct {
		scans []Scan
		taken []Page
		form  files.ID
	}{
		{[]Scan{scan(form, "a", 1)}, []Page{form}, "a"},
		{[]Scan{scan(form, "a", 1)}, nil, "a"},
		{[]Scan{scan(form, "a", 2), scan(second, "a", 1)}, []Page{form, second}, "a"},
		{[]Scan{scan(form, "b", 1), scan(form, "c", 1)}, []Page{form}, "c"},
		{[]Scan{scan(Page{Form, 2}, "d", 1), scan(Page{Surety, 1}, "d", 2)}, nil, "c"},
		{nil, nil, "c"},
	} {
		taken, err := h.receive(reg, step.scans...)
		if err != nil || !slices.Equal(taken, step.taken) {
			t.Errorf("step %d: taken %v, %v", i, taken, err)
		}
		if p := h.stand(reg)[0]; p.File != step.form || p.Preview != step.form+" shown" || p.How != ByCode || p.State != Received || !p.ReceivedAt.Equal(noon) {
			t.Errorf("step %d: form is %+v", i, p)
		}
	}
	if stand := h.stand(reg); Complete(stand) || AllAccepted(stand) {
		t.Errorf("complete without the application: %v", h.states(reg))
	}
	h.came(reg, "e", Page{Application, 1}, Page{Consent, 1})
	if stand := h.stand(reg); !Complete(stand) || AllAccepted(stand) {
		t.Errorf("all there: %v", h.states(reg))
	}
	if Complete(nil) || AllAccepted(nil) {
		t.Error("no pages are complete")
	}
}

func TestOnlyWhatWasReturnedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	form, application := Page{Form, 1}, Page{Application, 1}
	h.came(reg, "a", form, application, Page{Consent, 1}, Page{Consent, 2})
	sendBack := func() (out []PageStand, err error) {
		err = h.do(func(ctx context.Context, tx pgx.Tx) error {
			out, err = SendBack(ctx, tx, h.lib, reg)
			return err
		})
		return out, err
	}
	must(t, h.accept(reg, form, "a", 1, 7))
	if _, err := sendBack(); !errors.Is(err, ErrState) {
		t.Errorf("nothing to send back: %v", err)
	}
	if err := h.giveBack(reg, application, "a", 2, ""); err == nil {
		t.Error("returned without a reason")
	}
	must(t, h.giveBack(reg, application, "a", 2, "Не видно подписи"))
	if back, err := sendBack(); err != nil || len(back) != 1 || back[0].Page != application || back[0].Reason != "Не видно подписи" {
		t.Errorf("sent back %+v, %v", back, err)
	}
	if Complete(h.stand(reg)) {
		t.Error("complete with a page returned")
	}
	taken, err := h.receive(reg, scan(form, "b", 1), scan(application, "a", 2))
	if err != nil || len(taken) != 0 {
		t.Errorf("an accepted page and the photo that was returned: %v, %v", taken, err)
	}
	h.came(reg, "c", application)
	if p := h.stand(reg)[1]; p.State != Received || p.Reason != "" || p.File != "c" {
		t.Errorf("again: %+v", p)
	}
	if got := h.states(reg); !slices.Equal(got, []string{"F1 accepted", "A1 received", "C1 received", "C2 received"}) {
		t.Errorf("pages are %v", got)
	}
}

func TestDecisionOnAnotherPhoto(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	form := Page{Form, 1}
	if err := h.accept(reg, form, "", 0, 7); !errors.Is(err, ErrState) {
		t.Errorf("accepted before it came: %v", err)
	}
	h.came(reg, "a", form)
	h.came(reg, "b", form)
	for _, err := range []error{h.accept(reg, form, "a", 1, 7), h.accept(reg, form, "b", 2, 7), h.giveBack(reg, form, "a", 1, "no")} {
		if !errors.Is(err, ErrState) {
			t.Errorf("decided on a photo that is not there any more: %v", err)
		}
	}
	if err := h.accept(reg, Page{Form, 2}, "b", 1, 7); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("a page that does not exist: %v", err)
	}
	must(t, h.accept(reg, form, "b", 1, 7))
}

func TestADecisionIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	form, application := Page{Form, 1}, Page{Application, 1}
	h.came(reg, "a", form, application, Page{Consent, 1}, Page{Consent, 2})
	reopen := func(p Page, file files.ID, sheet int) error {
		return h.do(func(ctx context.Context, tx pgx.Tx) error {
			return ReopenPage(ctx, tx, h.lib, Look{Registration: reg, Page: p, File: file, Sheet: sheet, At: h.stand(reg)[0].OrderedAt})
		})
	}
	if err := reopen(form, "a", 1); !errors.Is(err, ErrState) {
		t.Errorf("nothing to take back: %v", err)
	}
	must(t, h.accept(reg, form, "a", 1, 7))
	must(t, h.giveBack(reg, application, "a", 2, "no"))
	if err := reopen(form, "b", 1); !errors.Is(err, ErrState) {
		t.Errorf("of another photo: %v", err)
	}
	if err := reopen(Page{Form, 9}, "a", 1); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("a page that does not exist: %v", err)
	}
	errs := together(4, func(int) error { return reopen(form, "a", 1) })
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrState) {
			t.Error(err)
		}
	}
	must(t, reopen(application, "a", 2))
	if p := h.stand(reg)[1]; won != 1 || p.State != Received || p.Reason != "" || p.DecidedBy != 0 || p.DecidedAt != nil {
		t.Errorf("%d took it back, and the other is %+v", won, p)
	}
	must(t, h.accept(reg, form, "a", 1, 8))
	must(t, h.do(func(ctx context.Context, tx pgx.Tx) error {
		return Close(ctx, tx, h.lib, reg, h.stand(reg)[0].OrderedAt)
	}))
	if err := reopen(form, "a", 1); !errors.Is(err, ErrState) {
		t.Errorf("when it is over: %v", err)
	}
}

// TestTwoLibrariansAtOnce lets them decide from one start, one for and one against.
func TestTwoLibrariansAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range pgtest.Rounds(t, 10) {
		reg, _ := h.papers()
		form := Page{Form, 1}
		h.came(reg, "a", form)
		errs := together(4, func(i int) error {
			if i%2 == 0 {
				return h.accept(reg, form, "a", 1, int64(i))
			}
			return h.giveBack(reg, form, "a", 1, "no")
		})
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case !errors.Is(err, ErrState):
				t.Errorf("%d got %v after %d won", i, err, winner)
			}
		}
		if winner < 0 {
			t.Fatal("nobody won")
		}
		if want := [...]State{Accepted, Returned}[winner%2]; h.stand(reg)[0].State != want {
			t.Errorf("%d won and the page is %s", winner, h.stand(reg)[0].State)
		}
	}
}

// TestReceivedTogether has the same photos come from two channels while a librarian decides.
func TestReceivedTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range pgtest.Rounds(t, 10) {
		reg, _ := h.papers()
		form, application := scan(Page{Form, 1}, "a", 1), scan(Page{Application, 1}, "a", 2)
		taken := make([]int, 3)
		for _, err := range together(3, func(i int) error {
			scans := []Scan{form, application}
			if i == 1 {
				slices.Reverse(scans)
			}
			pages, err := h.receive(reg, scans...)
			taken[i] = len(pages)
			return err
		}) {
			must(t, err)
		}
		slices.Sort(taken)
		if !slices.Equal(taken, []int{0, 0, 2}) {
			t.Errorf("taken %v", taken)
		}
	}
}

func TestByPost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	byPost := func() (pages []Page, err error) {
		err = h.do(func(ctx context.Context, tx pgx.Tx) error {
			pages, err = AcceptByPost(ctx, tx, h.lib, reg, 7, noon)
			return err
		})
		return pages, err
	}
	h.came(reg, "a", Page{Form, 1}, Page{Application, 1})
	must(t, h.giveBack(reg, Page{Application, 1}, "a", 2, "dark"))
	if pages, err := byPost(); err != nil || !slices.Equal(pages, []Page{{Application, 1}, {Consent, 1}, {Consent, 2}}) {
		t.Errorf("by post: %v, %v", pages, err)
	}
	if p := h.stand(reg)[1]; p.State != Accepted || p.How != ByPost || p.File != "" || p.Reason != "" {
		t.Errorf("application is %+v", p)
	}
	if _, err := byPost(); !errors.Is(err, ErrState) {
		t.Errorf("nothing is missing: %v", err)
	}
	must(t, h.accept(reg, Page{Form, 1}, "a", 1, 7))
	if !AllAccepted(h.stand(reg)) {
		t.Errorf("pages are %v", h.states(reg))
	}
}

func (h *house) close(registration int64, at time.Time) {
	h.Helper()
	h.sure(func(ctx context.Context, tx pgx.Tx) error { return Close(ctx, tx, h.lib, registration, at) })
}

func TestPapersPastTheirTerm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	done, token := h.papers()
	open, _ := h.papers()
	h.came(done, "old", Page{Form, 1})
	h.came(done, "both", Page{Form, 1})
	h.came(open, "both", Page{Form, 1})
	h.sure(func(ctx context.Context, tx pgx.Tx) error { return Keep(ctx, tx, h.lib, done, []files.ID{"stray"}) })
	must(t, h.accept(done, Page{Form, 1}, "both", 1, 7))
	if got := h.past(noon.AddDate(9, 0, 0)); len(got) != 0 {
		t.Errorf("under way: %v", got)
	}
	h.close(done, noon)
	h.close(done, noon.Add(time.Hour)) // the term began already
	h.close(h.registration(), noon)
	if _, void, err := Find(t.Context(), h.pool, h.lib, token); !void || err != nil {
		t.Errorf("closed: void %v, %v", void, err)
	}
	if _, err := h.receive(done, scan(Page{Application, 1}, "late", 1)); !errors.Is(err, ErrState) {
		t.Errorf("received after the end: %v", err)
	}
	if got := h.past(noon); len(got) != 0 {
		t.Errorf("before the term is over: %v", got)
	}
	got := h.past(noon.Add(time.Minute))
	slices.Sort(got)
	if len(got) != 6 || !slices.Equal(got[3:], []files.ID{"old", "old shown", "stray"}) {
		t.Errorf("past the term: %v", got)
	}
	if got := h.past(noon.Add(time.Minute)); len(got) != 0 {
		t.Errorf("given again: %v", got)
	}
	if p := h.stand(done)[0]; p.State != Accepted || p.File != "" || p.Preview != "" {
		t.Errorf("form is %+v", p)
	}
	if p := h.stand(open)[0]; p.File != "both" {
		t.Errorf("the other's form is %+v", p)
	}
	h.close(open, noon)
	if got := h.past(noon.Add(time.Minute)); len(got) != 5 || !slices.Contains(got, "both") {
		t.Errorf("the last that had it: %v", got)
	}
}

// TestNothingIsDrawnForWhoWithdrew closes papers before they are made.
func TestNothingIsDrawnForWhoWithdrew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg := h.registration()
	must(t, h.want(reg, noon))
	h.close(reg, noon)
	if job, found := h.claim(noon); found {
		t.Errorf("claimed %+v", job)
	}
	if n := h.count(`select count(*) from paper_orders where content is not null`); n != 0 {
		t.Errorf("%d orders keep what was to be printed", n)
	}
}

// TestFilesAreLinked holds that what papers show is not swept as a file that nothing shows.
func TestFilesAreLinked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := func(c string) files.ID {
		id := files.ID(c + "aaaaaaaaaaaaaaaaaaaaaaaaa")
		_, err := h.pool.Exec(t.Context(), `insert into files (id, library_id, sha256, size, media_type, kind, created_at)
values ($1, $2, sha256('x'), 1, 'image/jpeg', 'image', $3)`, id, h.lib, noon)
		must(t, err)
		return id
	}
	reg, _ := h.papers()
	photo, preview, stray, other := id("a"), id("b"), id("c"), id("d")
	_, err := h.receive(reg, Scan{Page: Page{Form, 1}, File: photo, Sheet: 1, Preview: preview, How: Alone})
	must(t, err)
	h.sure(func(ctx context.Context, tx pgx.Tx) error { return Keep(ctx, tx, h.lib, reg, []files.ID{stray}) })
	if n := h.count(`select count(*) from files where linked`); n != 3 {
		t.Errorf("%d files are linked", n)
	}
	if n := h.count(`select count(*) from files where linked and id = $1`, other); n != 0 {
		t.Error("a stranger's file is linked")
	}
}

// TestReplacedPhotosAreKnown: which page each was of, also when it came together with the better one; no previews, nothing of other papers, and nothing after
// the term.
func TestReplacedPhotosAreKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reg, _ := h.papers()
	other, _ := h.papers()
	form, second := Page{Form, 1}, Page{Consent, 2}
	h.came(reg, "a", form)
	h.came(reg, "b", form)
	h.came(other, "x", form)
	h.came(other, "y", form)
	if _, err := h.receive(reg, scan(second, "c", 1), scan(second, "d", 1), scan(Page{Form, 9}, "e", 1)); err != nil {
		t.Fatal(err)
	}
	replaced := func() []Replaced {
		out, err := ReplacedScans(t.Context(), h.pool, h.lib, reg)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got, want := replaced(), []Replaced{{second, "c"}, {form, "a"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	h.sure(func(ctx context.Context, tx pgx.Tx) error { return Close(ctx, tx, h.lib, reg, noon) })
	h.past(noon.Add(time.Hour))
	if got := replaced(); len(got) > 0 {
		t.Errorf("after the term: %v", got)
	}
}
