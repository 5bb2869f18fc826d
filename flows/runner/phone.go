package runner

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/templates"
)

// copyByPhone sends the words of a message that did not reach its reader to WhatsApp, at the number that they have proven to be theirs. It reports false where
// there is none, or where it was that conversation which was not reached. Of files an order's pages alone go there: other papers are for whom they were meant.
func (r *Runner) copyByPhone(ctx context.Context, tx pgx.Tx, lib library.Library, f bots.Failure) (bool, error) {
	if len(f.Body.Files) > 0 && f.Body.Send == 0 {
		return false, nil
	}
	phone, ok, err := contacts.ProvenPhone(ctx, tx, f.Library, contacts.AddressID(f.Conversation))
	if err != nil || !ok {
		return false, err
	}
	channel, address, ok, err := r.atPhone(ctx, f.Library, phone)
	if err != nil || !ok {
		return false, err
	}
	body := bots.Body{Lang: f.Body.Lang, Text: f.Body.Text, Files: f.Body.Files, Send: f.Body.Send, Again: true}
	if f.Body.Send == 0 { // pages say themselves whose they are, and are found again by what they are
		lead, err := r.text(lib, f.Body.Lang, "mail.copy_subject", templates.Fields{"library": lib.Title(f.Body.Lang)})
		if err != nil {
			return false, err
		}
		body.Text = lead + "\n\n" + body.Text
	}
	parts := split(body, r.limits(channel))
	if f.Body.Send != 0 && len(parts) != 1 {
		return false, nil // of an order's message one copy is known
	}
	id, ok, err := r.reach(ctx, tx, f, channel, address)
	if err != nil || !ok {
		return false, err
	}
	for _, part := range parts {
		part.Send, part.Again = body.Send, true
		seq, err := r.enqueue(ctx, tx, f.Library, id, bots.Message{Channel: channel, Kind: bots.OutNotice, Body: part})
		if err != nil {
			return false, err
		}
		if f.Body.Send != 0 {
			if err := bots.Copied(ctx, tx, f, bots.Place{Conversation: id, Seq: seq}); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// atPhone finds who has the number, by the first of the library's numbers in WhatsApp that works and can reach them.
func (r *Runner) atPhone(ctx context.Context, lib library.ID, phone string) (id bots.ChannelID, address string, ok bool, err error) {
	accounts, err := r.Accounts.OfKind(ctx, lib, bots.WhatsApp)
	if err != nil {
		return 0, "", false, err
	}
	for _, a := range accounts {
		channel, _ := r.Channels.Get(a.ID)
		book, is := channel.(bots.Phonebook)
		if !is || a.State != "on" {
			continue
		}
		if address, err = book.AddressOf(ctx, phone); err == nil {
			return a.ID, address, true, nil
		}
		if !errors.Is(err, bots.ErrUnreached) {
			r.Log.Warn("a proven number has no address", "channel", a.ID, "err", err)
		}
	}
	return 0, "", false, nil
}

// reach gives the conversation of the address, which is made if need be. It reports false where it is the failed one's own, or its door is shut.
func (r *Runner) reach(ctx context.Context, tx pgx.Tx, f bots.Failure, channel bots.ChannelID, address string) (bots.ConversationID, bool, error) {
	known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: f.Library, Channel: int64(channel), External: address}}, r.Now())
	if err != nil {
		return 0, false, err
	}
	id := bots.ConversationID(known[0].ID)
	if id == f.Conversation || known[0].Blocked || known[0].Gone {
		return 0, false, nil
	}
	if known[0].New {
		err = newConversation(ctx, tx, f.Library, id, f.Body.Lang)
	}
	return id, true, err
}
