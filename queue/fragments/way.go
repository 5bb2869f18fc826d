package fragments

import (
	"context"
	"strconv"
	"strings"
	"time"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Way is one place where a finished order can be brought to its reader.
type Way struct {
	Conversation bots.ConversationID // 0: a letter to the e-mail that the reader has proven
	Kind         bots.Kind
	Channel      string // its name
	Mail         string // the e-mail, where the channel is that
	Name         string // of who is written to, as they call themselves
	Since        time.Time
	Asked        bool // it was ordered there
}

// Key names the way among those of its order.
func (w Way) Key() string { return strconv.FormatInt(int64(w.Conversation), 10) }

// Ways gives where the order can be brought: first to where it was ordered, then to the other chats of those who act for the reader, and by letter to the
// e-mail that the reader has proven. Of further web chats, which are old browsers mostly, only the newest; an e-mail that is not proven is none.
func Ways(ctx context.Context, db contacts.DB, accounts *bots.Accounts, o Order) ([]Way, error) {
	list, err := contacts.PlacesOfReader(ctx, db, o.Library, o.Reader)
	if err != nil {
		return nil, err
	}
	asked, err := contacts.Places(ctx, db, o.Library, []contacts.AddressID{contacts.AddressID(o.Conversation)})
	if err != nil {
		return nil, err
	}
	reader, err := contacts.ReaderByID(ctx, db, o.Library, o.Reader)
	if err != nil {
		return nil, err
	}
	all, err := waysOf(ctx, accounts, append(asked, list...))
	if err != nil {
		return nil, err
	}
	out, chats, letters := []Way{}, 0, false
	for _, w := range all {
		w.Asked = w.Conversation == o.Conversation
		switch {
		case w.Asked && len(out) > 0:
			continue
		case w.Asked:
		case w.Kind == bots.WebChat:
			if chats++; chats > 1 {
				continue
			}
		case w.Kind == bots.Email && (!reader.EmailProven || !sameMail(w.Mail, reader.Email)):
			continue
		}
		letters = letters || sameMail(w.Mail, reader.Email)
		out = append(out, w)
	}
	if letters || !reader.EmailProven || reader.Email == "" {
		return out, nil
	}
	mail, err := accounts.OfKind(ctx, o.Library, bots.Email)
	if err != nil || len(mail) == 0 {
		return out, err
	}
	return append(out, Way{Kind: bots.Email, Channel: mail[0].Name, Mail: reader.Email, Name: reader.Name}), nil
}

// WaysTo gives what is known of the conversations as ways.
func WaysTo(ctx context.Context, db contacts.DB, accounts *bots.Accounts, lib library.ID, conversations []bots.ConversationID) (map[bots.ConversationID]Way, error) {
	ids := make([]contacts.AddressID, len(conversations))
	for i, c := range conversations {
		ids[i] = contacts.AddressID(c)
	}
	found, err := contacts.Places(ctx, db, lib, ids)
	if err != nil {
		return nil, err
	}
	list, err := waysOf(ctx, accounts, found)
	if err != nil {
		return nil, err
	}
	out := map[bots.ConversationID]Way{}
	for _, w := range list {
		out[w.Conversation] = w
	}
	return out, nil
}

// waysOf leaves out channels that are switched off.
func waysOf(ctx context.Context, accounts *bots.Accounts, list []contacts.Place) ([]Way, error) {
	known, err := accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []Way
	for _, p := range list {
		channel, ok := known[bots.ChannelID(p.Channel)]
		if !ok || channel.State == "off" {
			continue
		}
		w := Way{Conversation: bots.ConversationID(p.Address), Kind: channel.Kind, Channel: channel.Name, Name: p.Name, Since: p.Since}
		if channel.Kind == bots.Email {
			w.Mail = p.External
		}
		out = append(out, w)
	}
	return out, nil
}

func sameMail(one, other string) bool { return other != "" && strings.EqualFold(one, other) }
