package runner

import (
	"context"
	"errors"
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

// Returned takes a department's letter: pages for the order whose slip it answers, or whose slips are among its pictures, or a word why there are none. It
// counts only from an address that the department's table lists; anything else is not taken. It may be asked again for the same letter. It is an
// email.ForPerson where some of its pictures stand behind a slip that is nobody's here, where nothing but words is new, and where it says something new of an
// order that is over.
func (r *Runner) Returned(ctx context.Context, lib library.ID, l email.Stored) (bool, error) {
	own, err := r.answered(ctx, lib, l)
	if err != nil {
		return false, err
	}
	brought, err := r.brought(ctx, lib, l)
	if err != nil {
		return false, err
	}
	slips := len(fragments.Slips(brought)) > 0
	if own.Order == 0 && !slips {
		return false, nil
	}
	back := returned{Runner: r, letter: l, own: own, brought: brought}
	if back.lib, err = r.Libraries.ByID(ctx, lib); err != nil {
		return false, err
	}
	var out taken
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) (err error) {
		out, err = back.take(ctx, tx)
		return err
	})
	switch {
	case err != nil:
	case slips && out.left:
		err = email.ForPerson(email.ReasonSlip)
	case out.read:
		err = email.ForPerson(email.ReasonWords)
	case out.over:
		err = email.ForPerson(email.ReasonOver)
	}
	return out.some, err
}

// brought are the letter's files that were looked at.
func (r *Runner) brought(ctx context.Context, lib library.ID, l email.Stored) ([]fragments.Brought, error) {
	var out []fragments.Brought
	now := r.Now()
	for _, id := range l.Files {
		f, err := r.Store.Find(ctx, lib, id)
		if err != nil {
			return nil, err
		}
		finding, err := r.Inspector.Inspect(ctx, lib, id)
		if err != nil && !errors.Is(err, files.ErrPurged) {
			return nil, err
		}
		out = append(out, fragments.Brought{File: f, Finding: finding, Source: fragments.FromEmail, At: now, Delivery: deliveryOf(l)})
	}
	return out, nil
}

// endedBy reports whether the word of the department that got the slip can end the order: nobody ends what another looks for by now, or what has come.
func endedBy(o fragments.Order, slip fragments.Slip) bool {
	return o.State == fragments.Asked && o.Department == slip.Department
}

// takeWords ends the department's work on the order by its word, or keeps what it says. An order that is over takes nothing: the letter waits for a person.
func (b *returned) takeWords(ctx context.Context, tx pgx.Tx) (bool, error) {
	o, err := fragments.ByID(ctx, tx, b.lib.ID, b.own.Order)
	if err != nil {
		return false, err
	}
	text := b.letter.Letter.Text
	reason := b.Texts.Reason(text)
	if known, err := b.knows(ctx, tx, o, reason); err != nil || known {
		return known, err
	}
	if err := b.note(ctx, tx, o, text); err != nil {
		return false, err
	}
	if reason == "" {
		said := o.Open() && strings.TrimSpace(text) != ""
		b.read = b.read || said
		return said, nil
	}
	if endedBy(o, b.own) {
		err := b.endBy(ctx, tx, b.lib, o, reason)
		if errors.Is(err, fragments.ErrDepartment) { // nobody scans: the letter waits for a person
			b.read = true
			return false, nil
		}
		return true, err
	}
	return o.Open(), nil
}

// keepWords keeps what a letter says that brings nothing but the slip of an order, and answers none of ours.
func (b *returned) keepWords(ctx context.Context, tx pgx.Tx, id fragments.ID) error {
	text := b.letter.Letter.Text
	if strings.TrimSpace(text) == "" {
		return nil
	}
	o, err := fragments.ByID(ctx, tx, b.lib.ID, id)
	if err != nil {
		return err
	}
	b.read = true
	return b.note(ctx, tx, o, text)
}

// knows reports whether the word has ended the department's work already: the letter was taken before a crash.
func (b *returned) knows(ctx context.Context, tx pgx.Tx, o fragments.Order, reason string) (bool, error) {
	if reason != flows.ReasonScan {
		return reason != "" && o.State == fragments.Refused && o.Reason == reason, nil
	}
	from, err := fragments.BookFrom(ctx, tx, o)
	return from == b.own.Department, err
}

// note keeps the department's words with the order's tasks; what they say already is not said again, as by a letter that is offered once more.
func (r *Runner) note(ctx context.Context, tx pgx.Tx, o fragments.Order, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	text, _ = bots.Clean(text)
	said, err := queue.LastNote(ctx, tx, o.Library, int64(o.ID))
	if err != nil || strings.Contains("\n"+said+"\n", "\n"+text+"\n") {
		return err
	}
	return queue.NoteOfOrder(ctx, tx, o.Library, int64(o.ID), text)
}

// endBy ends the department's work on the order by its word: others scan it, or it is refused, and the reader is told.
func (r *Runner) endBy(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, reason string) error {
	if reason == flows.ReasonScan {
		_, err := fragments.Digitise(ctx, tx, lib, o.ID, fragments.ByDepartment(o.Department), r.Now())
		return err
	}
	o, err := fragments.Refuse(ctx, tx, lib, o.ID, fragments.ByDepartment(o.Department), reason, "", r.Now())
	if err != nil {
		return err
	}
	return r.Tell(ctx, tx, lib.ID, o.Conversation, queue.News{Kind: queue.NewsOrderRefused, Reader: int64(o.Reader), Fields: map[string]string{
		"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages, "reason": o.Reason, "words": "",
	}})
}
