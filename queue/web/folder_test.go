package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// folder stands for contacts/papers: it keeps the pages of registrations, whose states are in the database.
type folder struct {
	mu  sync.Mutex
	now func() time.Time
	all map[int64][]PaperPage
}

func (f *folder) has(registration int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[registration] != nil
}

func (f *folder) complete(registration int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[registration] == nil || count(f.all[registration]).complete()
}

func (f *folder) pages(_ context.Context, _ library.ID, registration int64) ([]PaperPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all[registration]), nil
}

func (f *folder) accept(_ context.Context, _ pgx.Tx, _ library.ID, registration int64, seen PageSeen, by queue.StaffID) error {
	return f.decide(registration, seen, by, pageAccepted, "")
}

func (f *folder) giveBack(_ context.Context, _ pgx.Tx, _ library.ID, registration int64, seen PageSeen, by queue.StaffID, reason string) error {
	return f.decide(registration, seen, by, pageReturned, reason)
}

func (f *folder) decide(registration int64, seen PageSeen, by queue.StaffID, state, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	pages := f.all[registration]
	i := slices.IndexFunc(pages, func(p PaperPage) bool { return p.Kind == seen.Kind && p.Number == seen.Number })
	if i < 0 {
		return fmt.Errorf("page %v: %w", seen, contacts.ErrNotFound)
	}
	if pages[i].State != pageReceived || pages[i].File != seen.File || pages[i].Sheet != seen.Sheet {
		return fmt.Errorf("page %v, which is %s: %w", seen, pages[i].State, ErrState)
	}
	pages[i].State, pages[i].Reason, pages[i].By, pages[i].Decided = state, reason, by, f.now()
	return nil
}

func (f *folder) sendBack(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, by queue.StaffID) ([]PaperPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := contacts.Decide(ctx, tx, lib, registration, "sent", "papers", "", int64(by), f.now()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(f.all[registration]), func(p PaperPage) bool { return p.State != pageReturned }), nil
}

func (f *folder) reopen(_ context.Context, _ pgx.Tx, _ library.ID, registration int64, seen PageSeen) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, p := range f.all[registration] {
		if p.Kind != seen.Kind || p.Number != seen.Number {
			continue
		}
		if p.State != pageAccepted && p.State != pageReturned || p.File != seen.File || p.Sheet != seen.Sheet {
			return fmt.Errorf("page %v, which is %s: %w", seen, p.State, ErrState)
		}
		p.State, p.Reason, p.By, p.Decided = pageReceived, "", 0, time.Time{}
		f.all[registration][i] = p
		return nil
	}
	return fmt.Errorf("page %v: %w", seen, contacts.ErrNotFound)
}

func (f *folder) redraw(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := contacts.Move(ctx, tx, lib, registration, "sent", registrationWaits); err != nil {
		return err
	}
	f.all[registration] = []PaperPage{}
	return nil
}

func (f *folder) byPost(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, by queue.StaffID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := contacts.Decide(ctx, tx, lib, registration, "papers", "sent", "", int64(by), f.now()); err != nil {
		return err
	}
	for i, p := range f.all[registration] {
		if p.State == pageWanted || p.State == pageReturned {
			f.all[registration][i] = PaperPage{Kind: p.Kind, Number: p.Number, State: pageAccepted, How: "post", Received: f.now(), By: by, Decided: f.now()}
		}
	}
	return nil
}

// waiting are the registrations of the library that wait, as cmd will find them.
func (h *house) waiting(ctx context.Context, lib library.ID) ([]WaitingPapers, error) {
	rows, err := h.pool.Query(ctx, `select g.id as registration, r.name, g.created_at as since, 1 as missing, 4 as all, g.by_post_at is not null as post
from registrations g join readers r on r.library_id = g.library_id and r.id = g.reader_id where g.library_id = $1 and g.state = 'papers' order by g.created_at`, lib)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[WaitingPapers])
}

// hand puts four pages into the folder of the registration: as they come by the chat, chosen by the reader, unsigned, and not yet.
func (h *house) hand(registration int64) {
	h.folder.mu.Lock()
	defer h.folder.mu.Unlock()
	at := h.clock.Now().Add(-10 * time.Minute)
	h.folder.all[registration] = []PaperPage{
		{Kind: "form", Number: 1, State: pageReceived, Preview: "formone", File: "formfile", How: "code", Received: at, Sheet: 1},
		{Kind: "form", Number: 2, State: pageReceived, Preview: "formtwo", File: "formfile", Sheet: 2, How: "reader", Received: at},
		{Kind: "application", Number: 1, State: pageReceived, Preview: "application", File: "applicationfile", Sheet: 1, How: "alone", Unsigned: true, Received: at},
		{Kind: "consent", Number: 1, State: pageReceived, How: "post", Received: at},
	}
}

// papered is the task of a full registration, with all its pages, held by the visitor.
func (h *house) papered(by *visitor) queue.Task {
	h.t.Helper()
	task := h.task(h.lib, queue.KindRegistration, fmt.Sprint("Reader ", h.count), "", 0)
	h.hand(task.Registration)
	if _, err := h.desk.Take(h.t.Context(), h.lib, task.ID, by.staff.ID); err != nil {
		h.t.Fatal(err)
	}
	return task
}

// awaiting is a registration whose last page is still to come.
func (h *house) awaiting(name string) (registration int64, page string) {
	h.t.Helper()
	registration, _ = h.application(h.lib, h.conversation(h.lib, name), name, registrationWaits)
	h.hand(registration)
	h.folder.all[registration][3] = PaperPage{Kind: "consent", Number: 1, State: pageWanted}
	return registration, fmt.Sprintf("/desk/registrations/%d", registration)
}

// pageForm is the form beside a page that hand gave, as it stands on the librarian's screen.
func pageForm(kind string, number int, more ...string) url.Values {
	form := url.Values{"kind": {kind}, "number": {fmt.Sprint(number)}, "file": {kind + "file"}, "sheet": {fmt.Sprint(number)}}
	if kind == "consent" { // it came by post
		form.Set("file", "")
		form.Set("sheet", "0")
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// papers is a deed on the task of a full registration; its first page but one is returned already.
func (g guests) papers(what string, form url.Values) deed {
	g.h.t.Helper()
	task := g.h.papered(g.librarian)
	if err := g.h.folder.decide(task.Registration, PageSeen{"form", 2, "formfile", 2}, g.librarian.staff.ID, pageReturned, queue.ReasonBlurred); err != nil {
		g.h.t.Fatal(err)
	}
	return deed{g.librarian, taskAddress(task.ID) + what, form}
}

func (g guests) awaited(what string, form url.Values) deed {
	_, page := g.h.awaiting(fmt.Sprint("Reader ", g.h.count))
	return deed{g.librarian, page + what, form}
}
