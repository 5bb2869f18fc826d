package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/templates"
)

// How much is stored at a time, and how long files are waited for.
const (
	receiveMost = 64
	fileWait    = 1500 * time.Millisecond // after the last file of a burst
	albumWait   = 3 * time.Second         // after the last file of an album
	bundleMost  = 10 * time.Second        // since the first
	fetchMost   = 30 * time.Second        // a file that is not here by then holds nobody up
	storeTime   = 20 * time.Second        // for a group: its senders repeat what could not be stored
)

// arrival is a message on its way into the database.
type arrival struct {
	in      bots.Inbound
	wait    time.Duration // for its turn, as the pace of its sender has it
	tooMuch bool          // its files are more than the sender may send
	done    chan error
}

// body is what an event holds of a message.
type body struct {
	Text    string               `json:"text,omitempty"`
	Choice  string               `json:"choice,omitempty"`
	Turn    int                  `json:"turn,omitempty"`
	Phone   string               `json:"phone,omitempty"`
	Cut     bool                 `json:"cut,omitempty"`
	Album   string               `json:"album,omitempty"`
	Answers string               `json:"answers,omitempty"`
	Files   []file               `json:"files,omitempty"`
	Refused []bots.RefusedUpload `json:"refused,omitempty"`
	News    *flows.News          `json:"news,omitempty"`
	Wake    int                  `json:"wake,omitempty"` // the turn in which a timer was set
	// Unproven: anybody may have written it in the sender's name.
	Unproven bool `json:"unproven,omitempty"`
}

// file is a file of a message: as it came, and what was found when it was fetched and looked at.
type file struct {
	bots.InboundFile
	Kind    string        `json:"kind,omitempty"`
	Problem string        `json:"problem,omitempty"`
	Sheets  []flows.Sheet `json:"sheets,omitempty"` // its pages
	Failed  int           `json:"failed,omitempty"` // how often it could not be had
}

// Receive stores one message. When it returns nil the message is on disk; a repeat of a message that is there already is nil too.
func (r *Runner) Receive(ctx context.Context, in bots.Inbound) error {
	a := arrival{in: in, done: make(chan error, 1)}
	if !a.marks() {
		a.wait, a.tooMuch = r.pace.admit(in, r.Now()) // once, however often it is tried to store it
	}
	select {
	case r.inbox <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return ctx.Err() // it may be stored all the same: the sender will repeat it
	}
}

// storeArrivals stores whatever waits in one transaction: nobody waits for company, and under load many share a commit.
func (r *Runner) storeArrivals(ctx context.Context) error {
	for {
		var group []arrival
		select {
		case <-ctx.Done():
			return nil
		case a := <-r.inbox:
			group = append(group, a)
		}
		for len(group) < receiveMost {
			select {
			case a := <-r.inbox:
				group = append(group, a)
				continue
			default:
			}
			break
		}
		r.storeGroup(ctx, group)
	}
}

// storeGroup stores the group, or each alone when the group cannot be: one bad message must not refuse its neighbours.
func (r *Runner) storeGroup(ctx context.Context, group []arrival) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err := r.store(ctx, group)
	if err != nil && !blameless(err) && len(group) > 1 {
		for _, a := range group {
			a.done <- r.store(ctx, []arrival{a})
		}
		return
	}
	for _, a := range group {
		a.done <- err
	}
}

// conflictTries is how often a group is stored that others were in the way of.
const conflictTries = 5

// store writes the group: two round trips when every sender is known.
func (r *Runner) store(ctx context.Context, group []arrival) (err error) {
	for range conflictTries {
		if err = r.storeOnce(ctx, group); !conflict(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("store %d messages: %w", len(group), err)
	}
	wakeUp(r.eventCame)
	if slices.ContainsFunc(group, func(a arrival) bool { return len(a.in.Files) > 0 }) {
		wakeUp(r.filesCame)
	}
	return nil
}

func wakeUp(one chan struct{}) {
	select {
	case one <- struct{}{}:
	default: // somebody is about to look
	}
}

func (r *Runner) storeOnce(ctx context.Context, group []arrival) error {
	now := r.Now()
	group, marking := apart(group)
	return r.transact(ctx, func(tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, senders(group), now)
		if err != nil {
			return err
		}
		events, err := r.events(ctx, tx, group, known, now)
		if err != nil {
			return err
		}
		marks, err := placed(ctx, tx, marking)
		if err != nil || len(events)+len(marks) == 0 {
			return err
		}
		var signals []bots.Signal
		for _, e := range events {
			signals = append(signals, bots.Signal{Topic: bots.TopicChat, Library: e.lib, ID: int64(e.conv)})
		}
		for _, m := range marks {
			signals = append(signals, bots.Signal{Topic: bots.TopicChat, Library: m.lib, ID: int64(m.conv)})
		}
		for i, k := range known {
			if k.New { // who waits for the conversation to begin does not know its id yet
				signals = append(signals, bots.Signal{Topic: bots.TopicEvents, Library: group[i].in.Library})
			}
		}
		batch := &pgx.Batch{}
		if len(marks) > 0 {
			queueLocks(batch, events, marks)
		}
		if err := queueNewEvents(batch, now, events); err != nil {
			return err
		}
		bots.QueueNotify(batch, signals...)
		if len(marks) == 0 && !slices.ContainsFunc(events, newEvent.uploaded) {
			batch.Queue("commit")
			return tx.SendBatch(ctx, batch).Close()
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := linkUploads(ctx, tx, events); err != nil {
			return err
		}
		return r.put(ctx, tx, marks, now)
	})
}

// senders are those who wrote the messages.
func senders(group []arrival) []contacts.Who {
	who := make([]contacts.Who, len(group))
	for i, a := range group {
		who[i] = contacts.Who{
			Library: a.in.Library, Channel: int64(a.in.Channel), External: a.in.Sender, Name: a.in.Name, Proven: !a.in.Unproven,
		}
	}
	return who
}

// uploaded reports that the event brings a file that is in the store already.
func (e newEvent) uploaded() bool {
	return slices.ContainsFunc(e.body.Files, func(f file) bool { return f.File != "" })
}

const storedFiles = `select coalesce(array_agg(f ->> 'file'), '{}') from events, json_array_elements(body -> 'files') as f
where library_id = $1 and conversation_id = $2 and external_id = $3 and f ->> 'file' <> ''`

// linkUploads keeps what the stored events show: an upload that was acknowledged is not taken for one that nothing shows, however long it waits to be
// looked at. The copy that came with a repeat is in no event, and is left to be removed.
func linkUploads(ctx context.Context, tx pgx.Tx, events []newEvent) error {
	for _, e := range events {
		if !e.uploaded() {
			continue
		}
		var ids []files.ID
		if err := tx.QueryRow(ctx, storedFiles, e.lib, e.conv, e.external).Scan(&ids); err != nil {
			return fmt.Errorf("files of conversation %d: %w", e.conv, err)
		}
		if err := files.Link(ctx, tx, e.lib, ids...); err != nil {
			return err
		}
	}
	return nil
}

// events are what is to be stored of the messages. It begins the conversations of new addresses, and notes who has left or come back.
func (r *Runner) events(ctx context.Context, tx pgx.Tx, group []arrival, known []contacts.Known, now time.Time) ([]newEvent, error) {
	var events []newEvent
	gone := map[contacts.AddressID]bool{}
	for i, a := range group {
		id := known[i].ID
		if known[i].New {
			if err := r.begin(ctx, tx, a.in, id); err != nil {
				return nil, err
			}
		}
		if known[i].Blocked {
			continue // told to nobody: a blocked sender is not to learn of it
		}
		was, noted := gone[id]
		if !noted {
			was = known[i].Gone
		}
		if gone[id] = a.in.Gone; was != a.in.Gone { // who writes again has come back
			if err := contacts.Gone(ctx, tx, a.in.Library, id, a.in.Gone, now); err != nil {
				return nil, err
			}
		}
		if !a.in.Gone {
			events = append(events, r.event(a, bots.ConversationID(id), now))
		}
	}
	return events, nil
}

// begin makes the conversation of a new address, in the language that the channel guesses.
func (r *Runner) begin(ctx context.Context, tx pgx.Tx, in bots.Inbound, id contacts.AddressID) error {
	lib, err := r.Libraries.ByID(ctx, in.Library)
	if err != nil {
		return err
	}
	lang := lib.Offered()[0]
	for _, l := range lib.Offered() {
		if l == in.Locale {
			lang = l
		}
	}
	return newConversation(ctx, tx, in.Library, bots.ConversationID(id), lang)
}

func newConversation(ctx context.Context, tx pgx.Tx, lib library.ID, id bots.ConversationID, lang library.Lang) error {
	if _, err := tx.Exec(ctx, `insert into conversations (library_id, id, lang) values ($1, $2, $3) on conflict do nothing`, lib, id, lang); err != nil {
		return fmt.Errorf("begin conversation %d: %w", id, err)
	}
	return nil
}

// event is the message as it is stored. A file that is still to be fetched and looked at keeps it waiting.
func (r *Runner) event(a arrival, conv bots.ConversationID, now time.Time) newEvent {
	in := a.in
	text, cut := bots.Clean(in.Text)
	e := newEvent{
		lib: in.Library, conv: conv, kind: "message", external: "m:" + in.ID, state: "ready", written: in.At, ready: now,
		body: body{
			Text: text, Choice: in.Choice, Turn: in.Turn, Phone: in.Phone, Cut: cut, Album: in.Album, Refused: in.Refused,
			Unproven: in.Unproven, Answers: flows.OrderNumbers(in.Answers),
		},
	}
	for _, f := range in.Files {
		if a.tooMuch {
			e.body.Refused = append(e.body.Refused, bots.RefusedUpload{Name: f.Name, Reason: "too_many"})
			continue
		}
		e.body.Files = append(e.body.Files, file{InboundFile: f})
	}
	if e.written.IsZero() {
		e.written = now
	}
	switch {
	case len(e.body.Files) > 0:
		e.state, e.ready = "waiting", now.Add(fileWait)
		if in.Album != "" {
			e.ready = now.Add(albumWait)
		}
	default:
		word, ok := r.Texts.Word(text)
		e.urgent = ok && (word == templates.Cancel || word == templates.Human)
		e.ready = now.Add(a.wait)
	}
	return e
}
