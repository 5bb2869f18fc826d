package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/contacts"
	"librarian/flows"
	"librarian/templates"
)

// sendJoinCode sends a code to the e-mail, or into the chat where the phone number was proven. What is answered does not show whether it is known.
func (r *Runner) sendJoinCode(ctx context.Context, tx pgx.Tx, a asked[flows.SendJoinCode]) (flows.Answer, error) {
	if !a.alone {
		return nil, errInHand // the code may go to another turn's conversation, which would number its messages without this one
	}
	if a.ask.Email != "" {
		return r.sendJoinLetter(ctx, tx, a)
	}
	chat, known, err := r.chatOf(ctx, tx, a.turn, a.ask.Phone)
	if err != nil {
		return nil, err
	}
	code, err := contacts.NewCode(ctx, tx, a.libID, contacts.AddressID(a.id), chat.target(a.ask.Phone), a.now)
	if errors.Is(err, contacts.ErrTooManyCodes) {
		return flows.CodeSent{TooMany: true}, nil
	}
	if err != nil || !known {
		return flows.CodeSent{}, err
	}
	conv := bots.ConversationID(chat.Address)
	all, err := r.lockFree(ctx, tx, a.turn, chat.Address)
	if err != nil {
		return nil, err
	}
	secret, err := r.Secrets.Put(ctx, tx, a.libID, bots.PurposeCode, code)
	if err != nil {
		return nil, err
	}
	lang := all[0].lang
	text, err := r.text(a.lib, lang, "join.chat_code", templates.Fields{"secret": bots.SecretMark})
	if err != nil {
		return nil, err
	}
	_, err = r.enqueue(ctx, tx, a.libID, conv, bots.Message{
		Channel: bots.ChannelID(chat.Channel), Kind: bots.OutCode, Secret: secret, Body: bots.Body{Lang: lang, Text: text},
	})
	return flows.CodeSent{}, err
}

// sendJoinLetter sends the code to a mailbox, but not to the one in which it was asked for: that is known to be the sender's.
func (r *Runner) sendJoinLetter(ctx context.Context, tx pgx.Tx, a asked[flows.SendJoinCode]) (flows.Answer, error) {
	target, err := email.ParseAddress(a.ask.Email)
	if err != nil {
		return flows.CodeSent{Bad: true}, nil
	}
	own, known, err := contacts.Lookup(ctx, tx, a.party.Channel, target)
	if err != nil {
		return nil, err
	}
	if known && own == contacts.AddressID(a.id) {
		return flows.CodeSent{Bad: true}, nil
	}
	return r.sendCode(ctx, tx, asked[flows.SendCode]{a.turn, flows.SendCode{Email: target}})
}

// provenChat is the messenger's chat in which a phone number was proven; zero when there is none.
type provenChat struct{ contacts.Chat }

// target is what a code for the chat proves. Without a chat it is something that nobody gets a code for.
func (c provenChat) target(phone string) string {
	if c.Address == 0 {
		return "phone " + phone
	}
	return fmt.Sprintf("chat %d", c.Address)
}

// chatOf is the newest chat, other than the turn's own, of those who have proven the number in a messenger that can prove one.
func (r *Runner) chatOf(ctx context.Context, tx pgx.Tx, t *turn, phone string) (chat provenChat, known bool, err error) {
	chats, err := contacts.ChatsByPhone(ctx, tx, t.libID, phone)
	if err != nil {
		return chat, false, err
	}
	i := slices.IndexFunc(chats, func(c contacts.Chat) bool {
		return c.Address != contacts.AddressID(t.id) && r.limits(bots.ChannelID(c.Channel)).Phone
	})
	if i < 0 {
		return chat, false, nil
	}
	return provenChat{chats[i]}, true, nil
}

// joinByCode makes one contact of the two when the code is right. It needs a transaction of its own: who writes was read for all turns at its beginning.
func (r *Runner) joinByCode(ctx context.Context, tx pgx.Tx, a asked[flows.JoinByCode]) (flows.Answer, error) {
	if !a.alone {
		return nil, errInHand
	}
	p, err := r.proof(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	right, left, err := contacts.CheckCode(ctx, tx, a.libID, contacts.AddressID(a.id), p.target, a.ask.Code, a.now)
	if errors.Is(err, contacts.ErrCodeOld) {
		return flows.JoinTried{Old: true}, nil
	}
	if err != nil || !right {
		return flows.JoinTried{Left: left}, err
	}
	outcome, err := r.joinProven(ctx, tx, a.turn, p)
	if err != nil {
		return nil, err
	}
	if a.party, err = partyOf(ctx, tx, a.libID, a.id); err != nil {
		return nil, err
	}
	out := flows.JoinTried{Right: true, Left: left, Outcome: outcome}
	for _, person := range a.party.People {
		out.People = append(out.People, flows.Person{
			ID: int64(person.ID), Relation: person.Relation, State: person.State, Registration: person.Registration, Card: person.Card, Agreed: person.Consent != "",
		})
	}
	return out, nil
}

// proof is what a right code shows: the address is the sender's, and with a mailbox so is whoever has proven it before.
type proof struct {
	target  string
	address contacts.AddressID // 0: none
	others  []contacts.ID
}

func (r *Runner) proof(ctx context.Context, tx pgx.Tx, a asked[flows.JoinByCode]) (p proof, err error) {
	if a.ask.Email == "" {
		chat, _, err := r.chatOf(ctx, tx, a.turn, a.ask.Phone)
		return proof{target: chat.target(a.ask.Phone), address: chat.Address}, err
	}
	if p.target, err = email.ParseAddress(a.ask.Email); err != nil {
		return proof{}, fmt.Errorf("e-mail of conversation %d: %w", a.id, err)
	}
	accounts, err := r.Accounts.OfKind(ctx, a.libID, bots.Email)
	if err != nil || len(accounts) == 0 {
		return p, err
	}
	if p.address, _, err = contacts.Lookup(ctx, tx, int64(accounts[0].ID), p.target); err != nil {
		return p, err
	}
	p.others, err = contacts.ByProvenEmail(ctx, tx, a.libID, p.target)
	return p, err
}

// joinProven joins the contact of the turn to the one who was here before it.
func (r *Runner) joinProven(ctx context.Context, tx pgx.Tx, t *turn, p proof) (flows.JoinOutcome, error) {
	mine := t.party.Contact
	if p.address == 0 {
		return flows.JoinNobody, nil
	}
	theirs, err := partyOf(ctx, tx, t.libID, bots.ConversationID(p.address))
	if err != nil {
		return "", err
	}
	others := slices.DeleteFunc(p.others, func(id contacts.ID) bool { return id == mine || id == theirs.Contact })
	if len(others) > 1 {
		return flows.JoinSeveral, nil
	}
	all, err := r.lockFreeOf(ctx, tx, t, append(others, mine, theirs.Contact)...)
	if err != nil {
		return "", err
	}
	heard, err := r.hasHeard(ctx, tx, t, p.address)
	switch {
	case err != nil:
		return "", err
	case anybodySpeaks(all):
		return flows.JoinSpoken, nil
	case len(others) == 1: // their mailbox too, unless it is somebody's own
		outcome, err := merge(ctx, tx, t, others[0], mine, flows.JoinDone)
		if err != nil || outcome != flows.JoinDone || theirs.Contact == mine {
			return outcome, err
		}
		_, err = merge(ctx, tx, t, others[0], theirs.Contact, flows.JoinDone)
		return outcome, err
	case theirs.Contact == mine:
		return flows.JoinSame, nil
	case heard || len(theirs.People) > 0:
		return merge(ctx, tx, t, theirs.Contact, mine, flows.JoinDone)
	}
	return merge(ctx, tx, t, mine, theirs.Contact, flows.JoinNew)
}

func merge(ctx context.Context, tx pgx.Tx, t *turn, into, from contacts.ID, done flows.JoinOutcome) (flows.JoinOutcome, error) {
	_, err := contacts.Merge(ctx, tx, t.libID, into, from, 0, contacts.ByCode, t.now)
	switch {
	case errors.Is(err, contacts.ErrTwoPeople):
		return flows.JoinTwo, nil
	case errors.Is(err, contacts.ErrMerged): // since it was found, before its conversations were locked
		return "", errInHand
	}
	return done, err
}

// hasHeard reports whether somebody has ever written from the address.
func (r *Runner) hasHeard(ctx context.Context, tx pgx.Tx, t *turn, id contacts.AddressID) (heard bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select from events where library_id = $1 and conversation_id = $2 and kind = 'message')`, t.libID, id).Scan(&heard)
	if err != nil {
		return false, fmt.Errorf("events of conversation %d: %w", id, err)
	}
	return heard, nil
}
