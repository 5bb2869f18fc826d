package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/templates"
)

// slipLease is for how long one process may be at a slip before another tries.
const slipLease = time.Minute

// nextSlip asks the department that has waited longest, if it does not work at the desk, and reports whether there was any.
func (r *Runner) nextSlip(ctx context.Context) (bool, error) {
	until := r.Now().Add(slipLease)
	o, found, err := fragments.ClaimSlip(ctx, r.Pool, r.Now(), until)
	if err != nil || !found {
		return false, err
	}
	lib, err := r.Libraries.ByID(ctx, o.Library)
	if err != nil {
		return true, err
	}
	printed, err := r.printSlip(ctx, lib, o)
	if err != nil {
		return true, err
	}
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		slips, err := r.slips(ctx, tx, lib, o, printed)
		if err != nil {
			return err
		}
		return fragments.SlipSent(ctx, tx, o, until, printed, slips...)
	})
	if errors.Is(err, fragments.ErrState) { // given to another department this moment: that one is asked
		err = nil
	}
	return true, err
}

// slips ask the department where it wants to be asked. Without an address it is asked at the desk alone.
func (r *Runner) slips(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, printed []files.ID) ([]fragments.Slip, error) {
	dep, err := queue.DepartmentByID(ctx, tx, lib.ID, o.Department)
	if err != nil {
		return nil, err
	}
	fields, err := r.slipFields(ctx, tx, lib, o)
	if err != nil {
		return nil, err
	}
	switch {
	case dep.Way == queue.WayEmail && dep.Email != "":
		slip, err := r.post(ctx, tx, letter{
			lib: lib, lang: lib.RecordLang(), to: dep.Email, kind: bots.OutDesk, subject: "slip.subject", text: "slip.text", fields: fields,
			files: fileNames(printed),
		})
		if errors.Is(err, ErrNoMail) {
			return nil, nil
		}
		return []fragments.Slip{slip}, err
	case dep.Way == queue.WayTelegram:
		return r.chatSlips(ctx, tx, lib, dep.ID, fields, printed)
	}
	return nil, nil
}

// chatSlips tells each of the department's people where they are told of tasks. The printed slip follows the words: beside a file many channels take few.
func (r *Runner) chatSlips(ctx context.Context, tx pgx.Tx, lib library.Library, department int64, fields templates.Fields, printed []files.ID) ([]fragments.Slip, error) {
	chats, err := queue.DepartmentChats(ctx, tx, lib.ID, department)
	if err != nil {
		return nil, err
	}
	body := bots.Body{Lang: lib.RecordLang()}
	if body.Text, err = r.text(lib, body.Lang, "slip.chat", fields); err != nil {
		return nil, err
	}
	out := make([]fragments.Slip, len(chats))
	for i, chat := range chats {
		channel, err := r.channelOf(ctx, tx, lib.ID, chat)
		if err != nil {
			return nil, err
		}
		out[i].Conversation = chat
		if out[i].Seq, err = r.enqueue(ctx, tx, lib.ID, chat, bots.Message{Channel: channel, Kind: bots.OutDesk, Body: body}); err != nil {
			return nil, err
		}
		sheet := bots.Message{Channel: channel, Kind: bots.OutDesk, Body: bots.Body{Lang: body.Lang, Files: fileNames(printed)}}
		if _, err := r.enqueue(ctx, tx, lib.ID, chat, sheet); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// printSlip draws the slip and keeps it, for a department that is asked elsewhere than at the desk, where the page itself is printed.
func (r *Runner) printSlip(ctx context.Context, lib library.Library, o fragments.Order) ([]files.ID, error) {
	lang := lib.RecordLang()
	var sheet fragments.SlipSheet
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		dep, err := queue.DepartmentByID(ctx, tx, lib.ID, o.Department)
		if err != nil || dep.Way == queue.WayDesk {
			return err
		}
		held, err := fragments.HeldIn(ctx, tx, o)
		if err != nil {
			return err
		}
		due, err := r.text(lib, lang, "slip_print.by", templates.Fields{"due": o.Due})
		if err != nil {
			return err
		}
		want := r.Texts.Words(lang, library.Words{Key: "desk_order.want_" + o.Want})
		sheet = fragments.SlipSheet{Lang: lang, Library: lib.Title(lang), Order: o, Held: held, Want: want, Due: due, Date: r.Now().In(lib.Zone)}
		return nil
	})
	if err != nil || sheet.Order.ID == 0 {
		return nil, err
	}
	drawn, err := r.Joiner.DrawSlip(sheet)
	if err != nil {
		return nil, err
	}
	name := r.Texts.Words(lang, library.Words{Key: "slip_print.title"}) + " " + o.Code() + ".pdf"
	kept, err := r.Store.Put(ctx, lib.ID, bytes.NewReader(drawn), files.Meta{Name: name}, int64(len(drawn)))
	if err != nil {
		return nil, fmt.Errorf("keep the slip of order %d: %w", o.ID, err)
	}
	return []files.ID{kept.ID}, nil
}

// slipFields are what stands on the slip, in the language of record; nothing of the reader.
func (r *Runner) slipFields(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order) (templates.Fields, error) {
	lang := lib.RecordLang()
	word := func(key string) string { return r.Texts.Words(lang, library.Words{Key: key}) }
	out := templates.Fields{
		"library": lib.Title(lang), "number": o.Code(), "title": o.Title, "pages": o.Pages, "want": word("desk_order.want_" + o.Want), "due": o.Due,
		"more": "",
	}
	more, err := slipMore(ctx, tx, lib, o)
	if err != nil {
		return nil, err
	}
	for _, m := range more {
		line, err := r.text(lib, lang, m.key, m.fields)
		if err != nil {
			return nil, err
		}
		out["more"] = fmt.Sprint(out["more"], "\n", line)
	}
	return out, nil
}

// slipLine is a further line of a slip.
type slipLine struct {
	key    string
	fields templates.Fields
}

// slipMore are where the book stands or who brings it, what is to be sent again, that others scan, as far as there is anything to say, and the code.
func slipMore(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order) (out []slipLine, err error) {
	held, err := fragments.HeldIn(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	all, err := queue.DepartmentsOf(ctx, tx, lib.ID)
	if err != nil {
		return nil, err
	}
	from, err := fragments.BookFrom(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	if len(held.Copies) > 0 {
		out = append(out, slipLine{"slip.copies", templates.Fields{"copies": strings.Join(held.Copies, "; ")}})
	}
	for _, d := range all {
		if d.ID == from {
			out = append(out, slipLine{"slip.from", templates.Fields{"department": d.Title(lib.RecordLang(), lib.RecordLang())}})
		}
	}
	if o.Again != "" {
		out = append(out, slipLine{"slip.again", templates.Fields{"words": o.Again}})
	}
	if _, lab := fragments.Laboratory(all, o); lab && o.Want == "scan" {
		out = append(out, slipLine{"slip.scan_help", nil})
	}
	return append(out, slipLine{"slip_print.in_letter", templates.Fields{"code": o.SlipCode()}}), nil
}
