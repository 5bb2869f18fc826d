package runner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
)

// ListedSender reports whether a department of the library writes from the address.
func (r *Runner) ListedSender(ctx context.Context, lib library.ID, address string) (listed bool, err error) {
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		all, err := queue.DepartmentsOf(ctx, tx, lib)
		for _, d := range all {
			listed = listed || d.Writes(address)
		}
		return err
	})
	return listed, err
}

// Returned takes a department's answer to a slip: pages for its order, or a word why there are none. It counts only from an address that the department's
// table lists, and only where it names the slip; anything else is not taken. It may be asked again for the same letter.
func (r *Runner) Returned(ctx context.Context, lib library.ID, l email.Stored) (bool, error) {
	if l.Sent == nil {
		return false, nil
	}
	slip, err := fragments.SlipOf(ctx, r.Pool, lib, l.Sent.Conversation, l.Sent.Seq)
	if errors.Is(err, fragments.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	tenant, err := r.Libraries.ByID(ctx, lib)
	if err != nil {
		return false, err
	}
	o, err := fragments.ByID(ctx, r.Pool, lib, slip.Order)
	if err != nil {
		return false, err
	}
	brought, err := r.brought(ctx, lib, l)
	if err != nil {
		return false, err
	}
	taken := false
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := r.Hold(ctx, tx, lib, o.Conversation); err != nil {
			return err
		}
		dep, err := queue.DepartmentByID(ctx, tx, lib, slip.Department)
		if err != nil {
			return err
		}
		if !dep.Writes(l.Letter.From) {
			return nil
		}
		taken, err = r.takeBack(ctx, tx, tenant, slip, brought, l.Letter.Text)
		return err
	})
	return taken, err
}

// returnPages takes what a department's responsible sends in the chat where they were asked.
func (r *Runner) returnPages(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages]) (flows.Answer, error) {
	over := flows.PagesReturned{Order: a.ask.Order}
	slip, err := fragments.SlipIn(ctx, tx, a.libID, a.id, fragments.ID(a.ask.Order))
	if errors.Is(err, fragments.ErrNotFound) {
		return over, nil
	}
	if err != nil {
		return nil, err
	}
	chats, err := queue.DepartmentChats(ctx, tx, a.libID, slip.Department)
	if err != nil || !slices.Contains(chats, a.id) { // they have left the department, or unbound the chat
		return over, err
	}
	o, err := fragments.ByID(ctx, tx, a.libID, slip.Order)
	if err != nil {
		return nil, err
	}
	answer := flows.PagesReturned{OK: true, Order: a.ask.Order, All: a.ask.All}
	switch {
	case a.ask.All:
		_, err = fragments.HandOver(ctx, tx, a.lib, o.ID, fragments.ByDepartment(), a.now)
		if o.State == fragments.Came { // said twice
			err = nil
		}
	case a.ask.Reason != "" && !endedBy(o, slip): // a button of before
		return over, nil
	case a.ask.Reason != "":
		answer.Digitised = a.ask.Reason == flows.ReasonScan
		answer.Refused = !answer.Digitised
		err = r.endBy(ctx, tx, a.lib, o, a.ask.Reason)
	default:
		answer.Pages, err = r.bringAll(ctx, tx, o, a.ask)
	}
	if errors.Is(err, fragments.ErrState) || errors.Is(err, fragments.ErrNoPages) || errors.Is(err, queue.ErrInvalid) || errors.Is(err, fragments.ErrDepartment) {
		return over, nil
	}
	return answer, err
}

// bringAll adds the files, which were looked at when they came, and the words to the order.
func (r *Runner) bringAll(ctx context.Context, tx pgx.Tx, o fragments.Order, a flows.ReturnPages) (pages int, err error) {
	for _, id := range a.Files {
		f, err := r.Store.Find(ctx, o.Library, files.ID(id))
		if err != nil {
			return 0, err
		}
		sheets, err := r.Store.Sheets(ctx, o.Library, f.ID)
		if err != nil {
			return 0, err
		}
		found := files.Finding{FileID: f.ID, Kind: f.Kind, Pages: f.Pages, Problem: f.Problem, Sheets: sheets}
		n, err := fragments.Bring(ctx, tx, o.Library, o.ID, fragments.Brought{File: f, Finding: found, Source: fragments.FromChat, At: r.Now()})
		if errors.Is(err, fragments.ErrNoPages) {
			continue
		}
		if err != nil {
			return 0, err
		}
		pages += n
	}
	return pages, r.note(ctx, tx, o, a.Text)
}

// brought are the letter's files that were looked at.
func (r *Runner) brought(ctx context.Context, lib library.ID, l email.Stored) ([]fragments.Brought, error) {
	var out []fragments.Brought
	for _, id := range l.Files {
		f, err := r.Store.Find(ctx, lib, id)
		if err != nil {
			return nil, err
		}
		finding, err := r.Inspector.Inspect(ctx, lib, id)
		if err != nil && !errors.Is(err, files.ErrPurged) {
			return nil, err
		}
		out = append(out, fragments.Brought{File: f, Finding: finding, Source: fragments.FromEmail, At: r.Now()})
	}
	return out, nil
}

// endedBy reports whether the word of the department that got the slip can end the order: nobody ends what another looks for by now, or what has come.
func endedBy(o fragments.Order, slip fragments.Slip) bool {
	return o.State == fragments.Asked && o.Department == slip.Department
}

// takeBack adds the pages to the order, or ends the department's work on it by its word. An order that is over takes nothing: the letter waits for a person.
func (r *Runner) takeBack(ctx context.Context, tx pgx.Tx, lib library.Library, slip fragments.Slip, brought []fragments.Brought, text string) (bool, error) {
	o, err := fragments.ByID(ctx, tx, lib.ID, slip.Order)
	if err != nil {
		return false, err
	}
	pages := 0
	for _, b := range brought {
		n, err := fragments.Bring(ctx, tx, lib.ID, o.ID, b)
		switch {
		case errors.Is(err, fragments.ErrState):
			return false, nil
		case errors.Is(err, fragments.ErrNoPages): // of a signature, or what cannot be opened
			continue
		case err != nil:
			return false, err
		}
		pages += max(n, 1)
	}
	if err := r.note(ctx, tx, o, text); err != nil {
		return false, err
	}
	if pages > 0 {
		_, err := fragments.HandOver(ctx, tx, lib, o.ID, fragments.ByDepartment(), r.Now())
		if errors.Is(err, fragments.ErrState) { // more pages of what the librarian looks at already
			err = queue.OrderChanged(ctx, tx, lib.ID, int64(o.ID))
		}
		return true, err
	}
	if reason := r.Texts.Reason(text); reason != "" && endedBy(o, slip) {
		err := r.endBy(ctx, tx, lib, o, reason)
		if errors.Is(err, fragments.ErrDepartment) { // nobody scans: the letter waits for a person
			return false, nil
		}
		return true, err
	}
	return o.Open() && strings.TrimSpace(text) != "", nil
}

// note keeps the department's words with the order's tasks.
func (r *Runner) note(ctx context.Context, tx pgx.Tx, o fragments.Order, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	text, _ = bots.Clean(text)
	return queue.NoteOfOrder(ctx, tx, o.Library, int64(o.ID), text)
}

// endBy ends the department's work on the order by its word: others scan it, or it is refused, and the reader is told.
func (r *Runner) endBy(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, reason string) error {
	if reason == flows.ReasonScan {
		_, err := fragments.Digitise(ctx, tx, lib, o.ID, fragments.ByDepartment(), r.Now())
		return err
	}
	o, err := fragments.Refuse(ctx, tx, lib, o.ID, fragments.ByDepartment(), reason, "", r.Now())
	if err != nil {
		return err
	}
	return r.Tell(ctx, tx, lib.ID, o.Conversation, queue.News{Kind: queue.NewsOrderRefused, Reader: int64(o.Reader), Fields: map[string]string{
		"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages, "reason": o.Reason, "words": "",
	}})
}
