package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/templates"
)

// letter is a message to an e-mail address that may never have written to the library.
type letter struct {
	lib     library.Library
	lang    library.Lang
	to      string
	kind    bots.OutKind
	subject string // keys of texts
	text    string
	plain   string // words of a person, instead of text
	fields  templates.Fields
	secret  string
	files   []string
	send    int64 // of an order's pages; 0: it carries none
	again   bool  // a copy of what did not arrive elsewhere
}

// ErrNoMail means that the library has no channel for e-mail.
var ErrNoMail = fmt.Errorf("the library cannot send letters: %w", bots.ErrNoSuch)

// mail is post for those whom its place does not matter.
func (r *Runner) mail(ctx context.Context, tx pgx.Tx, l letter) error {
	_, err := r.post(ctx, tx, l)
	return err
}

// post puts the letter into the outbox of the address's own conversation, which is made if need be, and gives its place there. It locks that conversation.
func (r *Runner) post(ctx context.Context, tx pgx.Tx, l letter) (at fragments.Slip, err error) {
	accounts, err := r.Accounts.OfKind(ctx, l.lib.ID, bots.Email)
	if err != nil {
		return at, err
	}
	if len(accounts) == 0 {
		return at, ErrNoMail
	}
	channel := accounts[0].ID
	now := r.Now()
	known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: l.lib.ID, Channel: int64(channel), External: l.to}}, now)
	if err != nil {
		return at, err
	}
	id := bots.ConversationID(known[0].ID)
	if known[0].New {
		if err := newConversation(ctx, tx, l.lib.ID, id, l.lang); err != nil {
			return at, err
		}
	}
	subject, err := r.text(l.lib, l.lang, l.subject, l.fields)
	if err != nil {
		return at, err
	}
	text := l.plain
	if text == "" {
		if text, err = r.text(l.lib, l.lang, l.text, l.fields); err != nil {
			return at, err
		}
	}
	at.Conversation = id
	at.Seq, err = r.enqueue(ctx, tx, l.lib.ID, id, bots.Message{
		Channel: channel, Kind: l.kind, Secret: l.secret,
		Body: bots.Body{Lang: l.lang, Subject: subject, Text: text, Files: l.files, Send: l.send, Again: l.again},
	})
	return at, err
}

// enqueue adds one message to a conversation, which it locks, and gives its number there.
func (r *Runner) enqueue(ctx context.Context, tx pgx.Tx, lib library.ID, id bots.ConversationID, m bots.Message) (int, error) {
	m.Library, m.Conversation = lib, id
	err := tx.QueryRow(ctx, `update conversations set next_out = next_out + 1 where library_id = $1 and id = $2 returning next_out - 1, epoch`,
		lib, id).Scan(&m.Seq, &m.Epoch)
	if err != nil {
		return 0, fmt.Errorf("number for a message of conversation %d: %w", id, err)
	}
	batch := &pgx.Batch{}
	if err := bots.QueueMessages(batch, r.Now(), []bots.Message{m}); err != nil {
		return 0, err
	}
	bots.QueueNotify(batch, bots.Signal{Topic: bots.TopicOutbox, Library: lib}, bots.Signal{Topic: bots.TopicChat, Library: lib, ID: int64(id)})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("message of conversation %d: %w", id, err)
	}
	return m.Seq, nil
}

// copyByMail sends the words of a message that did not reach its reader to the e-mail that they have proven. It reports false where there is none, or where it
// was that e-mail which was not reached.
func (r *Runner) copyByMail(ctx context.Context, tx pgx.Tx, lib library.Library, f bots.Failure) (bool, error) {
	reach, ok, err := contacts.ProvenEmail(ctx, tx, f.Library, contacts.AddressID(f.Conversation))
	if err != nil || !ok {
		return false, err
	}
	if itself, err := r.writesTo(ctx, tx, f, reach.Email); err != nil || itself {
		return false, err
	}
	at, err := r.post(ctx, tx, letter{
		lib: lib, lang: f.Body.Lang, to: reach.Email, kind: bots.OutNotice, subject: "mail.copy_subject", text: "mail.copy_subject", plain: f.Body.Text,
		fields: templates.Fields{"library": lib.Title(f.Body.Lang)}, files: f.Body.Files, send: f.Body.Send, again: true,
	})
	if errors.Is(err, ErrNoMail) {
		return false, nil
	}
	if err == nil && f.Body.Send != 0 {
		err = bots.Copied(ctx, tx, f, bots.Place{Conversation: at.Conversation, Seq: at.Seq})
	}
	return err == nil, err
}

// writesTo reports whether the message was a letter to this e-mail.
func (r *Runner) writesTo(ctx context.Context, tx pgx.Tx, f bots.Failure, mail string) (bool, error) {
	accounts, err := r.Accounts.OfKind(ctx, f.Library, bots.Email)
	if err != nil || len(accounts) == 0 {
		return false, err
	}
	known, ok, err := contacts.Lookup(ctx, tx, int64(accounts[0].ID), mail)
	return ok && bots.ConversationID(known) == f.Conversation, err
}

// MailNotice sends a letter about something that staff did.
func (r *Runner) MailNotice(ctx context.Context, tx pgx.Tx, lib library.Library, lang library.Lang, to, subject, text string, fields templates.Fields, files []string) error {
	err := r.mail(ctx, tx, letter{lib: lib, lang: lang, to: to, kind: bots.OutNotice, subject: subject, text: text, fields: fields, files: files})
	if errors.Is(err, ErrNoMail) {
		return nil // the chat has told them
	}
	return err
}

// TellStaff puts the news of tasks on its way to one member of staff: by letter, and into the conversation that they have bound. Link leads to the
// task, or to the queue.
func (r *Runner) TellStaff(ctx context.Context, tx pgx.Tx, lib library.Library, to queue.Staff, n queue.Notice, link string) error {
	fields := templates.Fields{"due": n.Due, "link": link, "count": n.Count}
	if n.Count == 1 {
		kind, err := r.text(lib, to.Lang, kindKey(n.Kind), nil)
		if err != nil {
			return err
		}
		fields["kind"] = kind
	}
	if n.Account != 0 {
		if err := r.tellOfChannel(lib, to.Lang, n, fields); err != nil {
			return err
		}
	}
	if to.NotifyEmail && to.Email != "" {
		err := r.mail(ctx, tx, letter{lib: lib, lang: to.Lang, to: to.Email, kind: bots.OutDesk, subject: noticeSubject(n), text: n.Key(), fields: fields})
		if err != nil && !errors.Is(err, ErrNoMail) {
			return err
		}
	}
	if to.NotifyAt == nil || to.NotifyLibrary == nil {
		return nil
	}
	words, err := r.text(lib, to.Lang, n.Key(), fields)
	if err != nil {
		return err
	}
	channel, err := r.channelOf(ctx, tx, *to.NotifyLibrary, *to.NotifyAt)
	if err != nil {
		return err
	}
	_, err = r.enqueue(ctx, tx, *to.NotifyLibrary, *to.NotifyAt, bots.Message{Channel: channel, Kind: bots.OutDesk, Body: bots.Body{Lang: to.Lang, Text: words}})
	return err
}

// tellOfChannel adds which channel does not work, why, and what is to be done.
func (r *Runner) tellOfChannel(lib library.Library, lang library.Lang, n queue.Notice, fields templates.Fields) error {
	happened, todo := queue.ChannelTexts(n.Problem)
	for name, key := range map[string]string{"happened": happened, "todo": todo, "channel": channelKey(n.Channel)} {
		said, err := r.text(lib, lang, key, nil)
		if err != nil {
			return err
		}
		fields[name] = said
	}
	fields["name"] = n.Name
	return nil
}

// channelKey names the text for a kind of channel.
func channelKey(kind bots.Kind) string {
	switch kind {
	case bots.WhatsApp:
		return "desk_channel.whatsapp"
	case bots.Telegram:
		return "desk.channel_telegram"
	case bots.Email:
		return "desk.channel_email"
	}
	return "desk.channel_webchat"
}

// noticeSubject names the text above a letter with the notice.
func noticeSubject(n queue.Notice) string {
	return map[string]string{
		"desk_notice.new": "desk_notice.new_subject", "desk_notice.late": "desk_notice.late_subject",
		"desk_notice.near": "desk_notice.near_subject", "desk_notice.many_near": "desk_notice.many_near_subject",
		"desk_channel.told":    "desk_channel.told_subject",
		"desk_notice.many_new": "desk_notice.many_new_subject", "desk_notice.many_late": "desk_notice.many_late_subject",
	}[n.Key()]
}

// kindKey names the text for a kind of task.
func kindKey(kind string) string {
	switch kind {
	case queue.KindRegistration:
		return "desk.kind_registration"
	case queue.KindCard:
		return "desk.kind_card"
	case queue.KindStuck:
		return "desk.kind_stuck"
	case queue.KindUndelivered:
		return "desk.kind_undelivered"
	case queue.KindLesson:
		return "desk_lesson.kind"
	case queue.KindWithdrawal:
		return "desk_consent.kind"
	case queue.KindRoute:
		return "desk_order.task_route"
	case queue.KindChannel:
		return "desk_channel.kind"
	case queue.KindFind:
		return "desk_order.task_find"
	case queue.KindCheck:
		return "desk_order.task_check"
	}
	return "desk.kind_question"
}
