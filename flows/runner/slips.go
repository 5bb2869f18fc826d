package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
	"librarian/templates"
)

// slipLease is for how long one process may be at a slip before another tries.
const slipLease = time.Minute

// sendSlips asks departments that do not work at the desk, one order after the other.
func (r *Runner) sendSlips(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		sent, err := r.nextSlip(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("slip is not sent", "err", err)
		}
		if sent && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// nextSlip sends the slip that is owed longest and reports whether there was any.
func (r *Runner) nextSlip(ctx context.Context) (bool, error) {
	o, found, err := fragments.ClaimSlip(ctx, r.Pool, r.Now(), slipLease)
	if err != nil || !found {
		return false, err
	}
	lib, err := r.Libraries.ByID(ctx, o.Library)
	if err != nil {
		return true, err
	}
	return true, pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error { return r.sendSlip(ctx, tx, lib, o) })
}

// sendSlip asks the department where it wants to be asked. Without an address it is asked at the desk alone.
func (r *Runner) sendSlip(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order) error {
	dep, err := queue.DepartmentByID(ctx, tx, lib.ID, o.Department)
	if err != nil {
		return err
	}
	lang := lib.RecordLang()
	fields, err := r.slipFields(ctx, tx, lib, o)
	if err != nil {
		return err
	}
	var slips []fragments.Slip
	switch {
	case dep.Way == queue.WayEmail && dep.Email != "":
		slips, err = r.mailSlip(ctx, tx, lib, dep.Email, fields)
	case dep.Way == queue.WayTelegram:
		slips, err = r.chatSlips(ctx, tx, lib, dep.ID, lang, fields)
	}
	if err != nil {
		return err
	}
	return fragments.SlipSent(ctx, tx, o, slips...)
}

// mailSlip writes to the department; without a channel for e-mail nothing goes.
func (r *Runner) mailSlip(ctx context.Context, tx pgx.Tx, lib library.Library, to string, fields templates.Fields) ([]fragments.Slip, error) {
	err := r.mail(ctx, tx, letter{lib: lib, lang: lib.RecordLang(), to: to, kind: bots.OutDesk, subject: "slip.subject", text: "slip.text", fields: fields})
	if errors.Is(err, ErrNoMail) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slip, err := r.lastTo(ctx, tx, lib, to)
	return []fragments.Slip{slip}, err
}

// chatSlips tells each of the department's people where they are told of tasks.
func (r *Runner) chatSlips(ctx context.Context, tx pgx.Tx, lib library.Library, department int64, lang library.Lang, fields templates.Fields) ([]fragments.Slip, error) {
	chats, err := queue.DepartmentChats(ctx, tx, lib.ID, department)
	if err != nil {
		return nil, err
	}
	text, err := r.text(lib, lang, "slip.chat", fields)
	if err != nil {
		return nil, err
	}
	var out []fragments.Slip
	for _, chat := range chats {
		channel, err := r.channelOf(ctx, tx, lib.ID, chat)
		if err != nil {
			return nil, err
		}
		if err := r.enqueue(ctx, tx, lib.ID, chat, bots.Message{Channel: channel, Kind: bots.OutDesk, Body: bots.Body{Lang: lang, Text: text}}); err != nil {
			return nil, err
		}
		slip, err := lastIn(ctx, tx, lib.ID, chat)
		if err != nil {
			return nil, err
		}
		out = append(out, slip)
	}
	return out, nil
}

// lastTo is the letter that has just been put on its way to the address, whose conversation this transaction holds.
func (r *Runner) lastTo(ctx context.Context, tx pgx.Tx, lib library.Library, to string) (fragments.Slip, error) {
	accounts, err := r.Accounts.OfKind(ctx, lib.ID, bots.Email)
	if err != nil {
		return fragments.Slip{}, err
	}
	known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: lib.ID, Channel: int64(accounts[0].ID), External: to}}, r.Now())
	if err != nil {
		return fragments.Slip{}, err
	}
	return lastIn(ctx, tx, lib.ID, bots.ConversationID(known[0].ID))
}

// lastIn is the message that has just been put on its way in the conversation, which this transaction holds.
func lastIn(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) (fragments.Slip, error) {
	s := fragments.Slip{Conversation: conv}
	if err := tx.QueryRow(ctx, `select next_out - 1 from conversations where library_id = $1 and id = $2`, lib, conv).Scan(&s.Seq); err != nil {
		return s, fmt.Errorf("number of a slip: %w", err)
	}
	return s, nil
}

// slipFields are what stands on the slip, in the language of record; nothing of the reader.
func (r *Runner) slipFields(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order) (templates.Fields, error) {
	lang := lib.RecordLang()
	word := func(key string) string { return r.Texts.Words(lang, library.Words{Key: key}) }
	out := templates.Fields{
		"library": lib.Title(lang), "number": o.Code(), "title": o.Title, "pages": o.Pages, "want": word("desk_order.want_" + o.Want), "due": o.Due,
		"copies": "—", "again": "—",
	}
	if o.Again != "" {
		out["again"] = o.Again
	}
	if o.Edition == 0 {
		return out, nil
	}
	book, err := stock.GetIn(ctx, tx, lib.ID, o.Edition)
	if errors.Is(err, stock.ErrNotFound) { // taken out of the catalogue meanwhile
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	var copies []string
	for _, c := range book.Copies {
		if c.State == stock.In {
			copies = append(copies, strings.Join(strings.Fields(c.Siglum+" "+c.Fund+" "+c.Inventory), " "))
		}
	}
	if len(copies) > 0 {
		out["copies"] = strings.Join(copies, "; ")
	}
	return out, nil
}
