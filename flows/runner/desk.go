package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
)

var _ queue.Conversations = (*Runner)(nil)

// historyMost bounds one page of a conversation.
const historyMost = 500

// History gives both halves of a conversation after the cursor, oldest first.
func (r *Runner) History(ctx context.Context, lib library.ID, conv bots.ConversationID, after bots.Cursor, limit int) ([]bots.Entry, error) {
	limit = min(limit, historyMost)
	said, err := r.Outbox.Entries(ctx, lib, conv, after.Out, limit)
	if err != nil {
		return nil, err
	}
	heard, err := r.heard(ctx, lib, conv, after.Event, limit)
	if err != nil {
		return nil, err
	}
	all := merged(heard, said)
	all = all[:min(len(all), limit)]
	if err := r.describe(ctx, lib, all); err != nil {
		return nil, err
	}
	return all, r.sign(ctx, all)
}

// merged joins both halves by time. Each keeps its own order, whatever its times say: a reader who goes on after any entry has seen all before it.
func merged(heard, said []bots.Entry) []bots.Entry {
	all := make([]bots.Entry, 0, len(heard)+len(said))
	for len(heard) > 0 && len(said) > 0 {
		if said[0].Written.Before(heard[0].Written) {
			all, said = append(all, said[0]), said[1:]
		} else {
			all, heard = append(all, heard[0]), heard[1:]
		}
	}
	return append(append(all, heard...), said...)
}

// sign puts the names of staff under what they wrote.
func (r *Runner) sign(ctx context.Context, entries []bots.Entry) error {
	var ids []queue.StaffID
	for _, e := range entries {
		if e.StaffID != 0 {
			ids = append(ids, queue.StaffID(e.StaffID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	names, err := queue.StaffNames(ctx, r.Pool, ids...)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Staff = names[queue.StaffID(entries[i].StaffID)]
	}
	return nil
}

// describe says of each file what it is by its content, which may differ from what its sender said.
func (r *Runner) describe(ctx context.Context, lib library.ID, entries []bots.Entry) error {
	var ids []files.ID
	for _, e := range entries {
		for _, f := range e.Files {
			if f.ID != "" {
				ids = append(ids, files.ID(f.ID))
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := r.Store.FindAll(ctx, lib, ids)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for i := range e.Files {
			if f, ok := known[files.ID(e.Files[i].ID)]; ok {
				e.Files[i].Name, e.Files[i].MediaType, e.Files[i].Size = f.Name, f.MediaType, f.Size
			}
		}
	}
	return nil
}

// heard is the reader's half. A hidden start of the channel's is not shown.
func (r *Runner) heard(ctx context.Context, lib library.ID, conv bots.ConversationID, after, limit int) ([]bots.Entry, error) {
	rows, err := r.Pool.Query(ctx, `select seq, external_id, body, received_at, coalesce(turn ->> 'label', ''), deleted_at is not null from events
where library_id = $1 and conversation_id = $2 and seq > $3 and kind = 'message' order by seq limit $4`, lib, conv, after, limit)
	if err != nil {
		return nil, fmt.Errorf("events of conversation %d: %w", conv, err)
	}
	var out []bots.Entry
	var seq int
	var external string
	var b body
	var at time.Time
	var label string
	var deleted bool
	_, err = pgx.ForEachRow(rows, []any{&seq, &external, &b, &at, &label, &deleted}, func() error {
		e := bots.Entry{
			At: bots.Cursor{Event: seq}, Side: bots.SideReader, Text: b.Text, Chosen: b.Choice, Turn: b.Turn, Refused: b.Refused, Written: at, External: external[2:],
			Deleted: deleted,
		}
		if e.Text == "" && len(b.Files)+len(b.Refused) == 0 { // some channels bring the number with every message
			e.Text = cmp.Or(label, b.Phone)
		}
		for _, f := range b.Files {
			e.Files = append(e.Files, bots.EntryFile{ID: f.File, Name: f.Name, MediaType: f.MediaType, Size: f.Size})
		}
		b = body{}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("events of conversation %d: %w", conv, err)
	}
	return out, nil
}

// Owns reports whether the file was sent or shown in the conversation.
func (r *Runner) Owns(ctx context.Context, lib library.ID, conv bots.ConversationID, file string) (bool, error) {
	var owns bool
	err := r.Pool.QueryRow(ctx, `select exists (select from events where library_id = $1 and conversation_id = $2
  and body::jsonb @> jsonb_build_object('files', jsonb_build_array(jsonb_build_object('file', $3::text))))`, lib, conv, file).Scan(&owns)
	if err != nil {
		return false, fmt.Errorf("files of conversation %d: %w", conv, err)
	}
	if owns {
		return true, nil
	}
	return r.Outbox.Owns(ctx, lib, conv, file)
}

// Header says who is spoken with, and who speaks.
func (r *Runner) Header(ctx context.Context, lib library.ID, conv bots.ConversationID) (queue.Header, error) {
	h := queue.Header{Conversation: conv}
	var state stored
	var speaker *queue.StaffID
	err := r.Pool.QueryRow(ctx, `select lang, state, speaker, epoch from conversations where library_id = $1 and id = $2`, lib, conv).
		Scan(&h.Lang, &state, &speaker, &h.Epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, queue.ErrNotFound
	}
	if err != nil {
		return h, fmt.Errorf("conversation %d: %w", conv, err)
	}
	h.Flow, h.Step = state.Flow, state.Step
	if speaker != nil {
		names, err := queue.StaffNames(ctx, r.Pool, *speaker)
		if err != nil {
			return h, err
		}
		h.Speaker, h.SpeakerName = *speaker, names[*speaker]
	}
	p, err := partyOf(ctx, r.Pool, lib, conv)
	if err != nil {
		return h, err
	}
	h.Contact, h.Name, h.Blocked, h.Gone = int64(p.Contact), p.Name, p.Blocked, p.Gone
	for _, person := range p.People {
		h.Readers = append(h.Readers, queue.HeaderReader{ID: int64(person.ID), Name: person.Name, Card: person.Card})
	}
	account, err := r.Accounts.ByID(ctx, bots.ChannelID(p.Channel))
	if err != nil {
		return h, err
	}
	h.Channel, h.ChannelName = account.Kind, account.Name
	return h, nil
}

// Say sends what a member of staff wrote. It goes at once when nobody or they themselves hold the conversation.
func (r *Runner) Say(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, text string, files []string) error {
	c, err := lock(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	if c.speaker != nil && *c.speaker != by {
		return queue.ErrOtherSpeaks
	}
	address, err := r.channelOf(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	for _, b := range split(bots.Body{Lang: c.lang, Text: text, Files: files}, r.limits(address)) {
		if _, err := r.enqueue(ctx, tx, lib, conv, bots.Message{Channel: address, Kind: bots.OutStaff, Staff: int64(by), Body: b}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) channelOf(ctx context.Context, db batcher, lib library.ID, conv bots.ConversationID) (bots.ChannelID, error) {
	party, err := partyOf(ctx, db, lib, conv)
	return bots.ChannelID(party.Channel), err
}

// batcher is a pool or a transaction.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// partyOf says who writes in the conversation.
func partyOf(ctx context.Context, db batcher, lib library.ID, conv bots.ConversationID) (contacts.Party, error) {
	key := contacts.PartyKey{Library: lib, Address: contacts.AddressID(conv)}
	parties := map[contacts.PartyKey]contacts.Party{}
	batch := &pgx.Batch{}
	contacts.QueueParties(batch, []contacts.PartyKey{key}, parties)
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return contacts.Party{}, fmt.Errorf("who writes in conversation %d: %w", conv, err)
	}
	party, ok := parties[key]
	if !ok {
		return party, fmt.Errorf("conversation %d: %w", conv, queue.ErrNotFound)
	}
	return party, nil
}

// locked is a conversation whose lock this transaction holds.
type locked struct {
	id      bots.ConversationID
	lang    library.Lang
	speaker *queue.StaffID
	epoch   int
}

func (c locked) spokenBy(by queue.StaffID) bool { return c.speaker != nil && *c.speaker == by }

const lockSome = `select id, lang, speaker, epoch from conversations where library_id = $1 and id = any($2) order by id for no key update`

func scanLocked(row pgx.CollectableRow) (locked, error) {
	var c locked
	return c, row.Scan(&c.id, &c.lang, &c.speaker, &c.epoch)
}

func lock(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) (locked, error) {
	rows, err := tx.Query(ctx, lockSome, lib, []bots.ConversationID{conv})
	if err != nil {
		return locked{}, fmt.Errorf("lock conversation %d: %w", conv, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanLocked)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, queue.ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("lock conversation %d: %w", conv, err)
	}
	return c, nil
}

// TakeOver makes the member of staff the speaker of all conversations of the contact, and takes back what the bot has not sent yet. It holds from the
// moment that the transaction commits.
func (r *Runner) TakeOver(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, from int) error {
	mine, all, err := lockContact(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	if mine.epoch != from && !mine.spokenBy(by) {
		return queue.ErrOtherSpeaks
	}
	return takeAll(ctx, tx, lib, all, by)
}

// takeAll makes the member of staff the speaker of those conversations that are not theirs yet.
func takeAll(ctx context.Context, tx pgx.Tx, lib library.ID, all []locked, by queue.StaffID) error {
	var taken []bots.ConversationID
	for _, c := range all {
		if c.spokenBy(by) {
			continue
		}
		if _, err := tx.Exec(ctx, `update conversations set speaker = $3, epoch = epoch + 1, wake_at = null where library_id = $1 and id = $2`, lib, c.id, by); err != nil {
			return fmt.Errorf("take over conversation %d: %w", c.id, err)
		}
		if err := bots.Withdraw(ctx, tx, lib, c.id); err != nil {
			return err
		}
		taken = append(taken, c.id)
	}
	return notifyChats(ctx, tx, lib, taken)
}

// HandBack lets the bot speak again in all conversations of the contact; where it had asked something it asks again.
func (r *Runner) HandBack(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID) error {
	mine, all, err := lockContact(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	if mine.speaker == nil {
		return nil
	}
	if !mine.spokenBy(by) {
		return queue.ErrOtherSpeaks
	}
	given, err := silence(ctx, tx, lib, all, by)
	if err != nil {
		return err
	}
	now := r.Now()
	var events []newEvent
	for _, c := range given {
		events = append(events, newEvent{
			lib: lib, conv: c.id, kind: string(flows.Resume), external: fmt.Sprintf("r:%d", c.epoch), state: "ready", urgent: true, written: now, ready: now,
		})
	}
	return addEvents(ctx, tx, now, events)
}

// LetGo lets the bot speak again where by spoke; it says nothing by itself.
func (r *Runner) LetGo(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID) error {
	_, all, err := lockContact(ctx, tx, lib, conv)
	if err != nil {
		return err
	}
	given, err := silence(ctx, tx, lib, all, by)
	if err != nil {
		return err
	}
	ids := make([]bots.ConversationID, len(given))
	for i, c := range given {
		ids[i] = c.id
	}
	return notifyChats(ctx, tx, lib, ids)
}

// silence takes the voice from by in those of the conversations where it is theirs, and gives these.
func silence(ctx context.Context, tx pgx.Tx, lib library.ID, all []locked, by queue.StaffID) (given []locked, err error) {
	var ids []int64
	for _, c := range all {
		if c.spokenBy(by) {
			given, ids = append(given, c), append(ids, int64(c.id))
		}
	}
	if len(given) == 0 {
		return nil, nil
	}
	if _, err := tx.Exec(ctx, `update conversations set speaker = null, epoch = epoch + 1 where library_id = $1 and id = any($2)`, lib, ids); err != nil {
		return nil, fmt.Errorf("silence %d in %d conversations: %w", by, len(ids), err)
	}
	return given, nil
}

// lockContact locks all conversations of the contact, in order.
func lockContact(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) (mine locked, all []locked, err error) {
	all, err = lockAll(ctx, tx, lib, func() ([]contacts.AddressID, error) {
		return contacts.AddressesOfSame(ctx, tx, lib, contacts.AddressID(conv))
	})
	if err != nil {
		return mine, nil, fmt.Errorf("lock conversations beside %d: %w", conv, err)
	}
	i := slices.IndexFunc(all, func(c locked) bool { return c.id == conv })
	if i < 0 {
		return mine, nil, queue.ErrNotFound
	}
	return all[i], all, nil
}

func notifyChats(ctx context.Context, tx pgx.Tx, lib library.ID, all []bots.ConversationID) error {
	signals := make([]bots.Signal, len(all))
	for i, id := range all {
		signals[i] = bots.Signal{Topic: bots.TopicChat, Library: lib, ID: int64(id)}
	}
	return bots.Notify(ctx, tx, signals...)
}

// Tell brings what staff did to the reader: the flow words it in their language, whoever speaks at the moment.
func (r *Runner) Tell(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, n queue.News) error {
	now := r.Now()
	news := flows.News{Kind: n.Kind, Reader: n.Reader, Fields: n.Fields, Secret: n.Secret, Files: n.Files}
	id, err := randomID()
	if err != nil {
		return err
	}
	return addEvents(ctx, tx, now, []newEvent{{
		lib: lib, conv: conv, kind: string(flows.Notice), external: "s:" + id, body: body{News: &news}, state: "ready", urgent: true, written: now, ready: now,
	}})
}

// Hold locks the conversation, so that what follows in the transaction comes in the order in which turns lock.
func (r *Runner) Hold(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) error {
	_, err := lock(ctx, tx, lib, conv)
	return err
}

// Lang is the language of the conversation.
func (r *Runner) Lang(ctx context.Context, lib library.ID, conv bots.ConversationID) (library.Lang, error) {
	var lang library.Lang
	err := r.Pool.QueryRow(ctx, `select lang from conversations where library_id = $1 and id = $2`, lib, conv).Scan(&lang)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", queue.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("language of conversation %d: %w", conv, err)
	}
	return lang, nil
}

// Turns is how often the conversation has been answered.
func (r *Runner) Turns(ctx context.Context, lib library.ID, conv bots.ConversationID) (int, error) {
	var turns int
	err := r.Pool.QueryRow(ctx, `select turn from conversations where library_id = $1 and id = $2`, lib, conv).Scan(&turns)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, queue.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("turns of conversation %d: %w", conv, err)
	}
	return turns, nil
}
