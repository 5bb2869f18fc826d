package web

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// talks stands for flows/runner, which this package must not import: it keeps what the desk asks of it.
type talks struct {
	mu   sync.Mutex
	now  func() time.Time
	all  map[bots.ConversationID]*talk
	told []queue.News
}

type talk struct {
	lib     library.ID
	header  queue.Header
	entries []bots.Entry
}

func (t *talks) find(lib library.ID, conv bots.ConversationID) (*talk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.all[conv]
	if one == nil || one.lib != lib {
		return nil, fmt.Errorf("conversation %d: %w", conv, queue.ErrNotFound)
	}
	return one, nil
}

func (t *talks) History(_ context.Context, lib library.ID, conv bots.ConversationID, after bots.Cursor, limit int) ([]bots.Entry, error) {
	one, err := t.find(lib, conv)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []bots.Entry
	for _, e := range one.entries {
		if (e.At.Event > after.Event || e.At.Out > after.Out) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (t *talks) Header(_ context.Context, lib library.ID, conv bots.ConversationID) (queue.Header, error) {
	one, err := t.find(lib, conv)
	if err != nil {
		return queue.Header{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return one.header, nil
}

func (t *talks) Say(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, text string, _ []string) error {
	one, err := t.find(lib, conv)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.header.Speaker != 0 && one.header.Speaker != by {
		return queue.ErrOtherSpeaks
	}
	one.add(bots.Entry{Side: bots.SideStaff, Staff: "Анна Иванова", Text: text, Written: t.now(), State: "sent"})
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicChat, Library: lib, ID: int64(conv)})
}

func (o *talk) add(e bots.Entry) {
	n := len(o.entries) + 1
	if e.Side == bots.SideReader {
		e.At.Event = n
	} else {
		e.At.Out = n
	}
	o.entries = append(o.entries, e)
}

func (t *talks) TakeOver(_ context.Context, _ pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, from int) error {
	return t.change(lib, conv, from, by)
}

func (t *talks) HandBack(_ context.Context, _ pgx.Tx, lib library.ID, conv bots.ConversationID, _ queue.StaffID) error {
	return t.change(lib, conv, -1, 0)
}

func (t *talks) LetGo(_ context.Context, _ pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID) error {
	one, err := t.find(lib, conv)
	if err != nil || one.header.Speaker != by {
		return err
	}
	return t.change(lib, conv, -1, 0)
}

func (t *talks) change(lib library.ID, conv bots.ConversationID, from int, to queue.StaffID) error {
	one, err := t.find(lib, conv)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if from >= 0 && from != one.header.Epoch {
		return queue.ErrOtherSpeaks
	}
	one.header.Speaker, one.header.Epoch = to, one.header.Epoch+1
	return nil
}

func (t *talks) Tell(_ context.Context, _ pgx.Tx, lib library.ID, conv bots.ConversationID, n queue.News) error {
	if _, err := t.find(lib, conv); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = append(t.told, n)
	return nil
}

// conversation makes an address with a conversation.
func (h *house) conversation(lib library.ID, name string) bots.ConversationID {
	h.t.Helper()
	h.count++
	var id bots.ConversationID
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, []contacts.Who{
			{Library: lib, Channel: h.channels[lib], External: fmt.Sprint("browser ", h.count), Name: name},
		}, h.clock.Now())
		if err != nil {
			return err
		}
		id = bots.ConversationID(known[0].ID)
		_, err = tx.Exec(ctx, `insert into conversations (library_id, id, lang) values ($1, $2, 'ru')`, lib, id)
		h.talks.mu.Lock()
		defer h.talks.mu.Unlock()
		h.talks.all[id] = &talk{lib: lib, header: queue.Header{
			Conversation: id, Contact: int64(known[0].Contact), Name: name, Channel: bots.WebChat, ChannelName: "Сайт", Lang: library.Russian,
			Flow: "question", Step: "write",
		}}
		return err
	})
	return id
}

// task opens a task of the kind with all that belongs to it.
func (h *house) task(lib library.ID, kind, name, note string, waits time.Duration) queue.Task {
	h.t.Helper()
	conv := h.conversation(lib, name)
	task := queue.NewTask{
		Library: lib, Kind: kind, Role: queue.RoleLibrarian, Conversation: conv, ReaderName: name, Channel: bots.WebChat, Note: note,
		Created: h.clock.Now().Add(-waits), Due: h.clock.Now().Add(time.Hour - waits),
	}
	if state := awaited(kind); state != "" {
		task.Registration, task.Reader = h.application(lib, conv, name, state)
	}
	switch kind {
	case queue.KindCard:
		task.Role = queue.RoleRegistrar
	case queue.KindLesson:
		task.Role = queue.RoleDepartment
		h.comesTo(lib, task.Registration, h.clock.Now().Add(-waits).Add(-time.Hour))
	}
	var ids []queue.TaskID
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		ids, err = queue.Open(ctx, tx, []queue.NewTask{task})
		return err
	})
	out, err := h.desk.Get(h.t.Context(), lib, ids[0])
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) application(lib library.ID, conv bots.ConversationID, name, state string) (registration, reader int64) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		contact := contacts.ID(h.talks.all[conv].header.Contact)
		consents, err := contacts.Agree(ctx, tx, []contacts.Agreement{
			{Library: lib, Contact: contact, Version: "3", Lang: library.Russian, Text: "Согласие", At: h.clock.Now()},
		})
		if err != nil {
			return err
		}
		reg, err := contacts.Apply(ctx, tx, contacts.Application{
			Library: lib, Contact: contact, Address: contacts.AddressID(conv), Relation: "child", Name: name,
			Born: library.Date{Year: 1990, Month: 5, Day: 17}, Email: "reader@example.org", EmailProven: true, Phone: "+79241234567",
			Consent: consents[0], Photos: []string{"firstphoto", "secondphoto"}, At: h.clock.Now().Add(-time.Hour),
		})
		if err != nil || state == "sent" {
			registration, reader = reg.ID, int64(reg.ReaderID)
			return err
		}
		registration, reader = reg.ID, int64(reg.ReaderID)
		_, err = contacts.Decide(ctx, tx, lib, reg.ID, "sent", state, "", 1, h.clock.Now())
		return err
	})
	return registration, reader
}
