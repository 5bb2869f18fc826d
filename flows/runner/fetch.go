package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/flows"
)

// How files are fetched. The waiting event itself is the job: it is claimed for a while, and claimed again when that passes.
const (
	fetchLease    = 2 * time.Minute
	fetchTries    = 12  // that ended badly: about half an hour
	fetchClaims   = 100 // with the tries that never ended: as long as this the process may die at a file
	fetchLongest  = 5 * time.Minute
	elsewhereTime = 2 * time.Second  // for the process that holds the channel to look
	noteTime      = 30 * time.Second // for the database to take what was found
	problemLost   = "lost"           // it could not be had: the reader is asked for it
	problemTooBig = "too_large"
)

const claimWaiting = `with w as (
  select library_id, conversation_id, seq from events where state = 'waiting' and fetch_at <= $1 order by fetch_at limit 1 for update skip locked)
update events e set fetch_at = $2, fetches = fetches + 1 from w
where e.library_id = w.library_id and e.conversation_id = w.conversation_id and e.seq = w.seq
returning e.library_id, e.conversation_id, e.seq, e.body, e.fetches, e.received_at`

// waiting is an event whose files are not here yet, or not looked at.
type waiting struct {
	key
	seq    int
	body   body
	claims int
	came   time.Time
}

// inspectFiles fetches the files of waiting events and looks at them, one event after the other.
func (r *Runner) inspectFiles(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		found, err := r.inspectNext(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("files are not looked at", "err", err)
		}
		if found && err == nil {
			wakeUp(r.filesCame) // there may be more, for the others
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.filesCame:
		case <-tick.C:
		}
	}
	return nil
}

func (r *Runner) inspectNext(ctx context.Context) (bool, error) {
	var w waiting
	now := r.Now()
	// Cut off halfway, a claim would be made and not be known of.
	claiming, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	err := r.Pool.QueryRow(claiming, claimWaiting, now, now.Add(fetchLease)).Scan(&w.lib, &w.id, &w.seq, &w.body, &w.claims, &w.came)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claim a waiting event: %w", err)
	}
	owed, elsewhere := time.Duration(0), false
	for i := range w.body.Files {
		f := &w.body.Files[i]
		if f.inspected() {
			continue
		}
		err := errDeadly
		if w.claims <= fetchClaims {
			err = r.inspect(ctx, &w, f)
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return false, r.giveBack(ctx, w, 0) // another process, or this one at its next start, goes on
		}
		if errors.Is(err, bots.ErrElsewhere) {
			elsewhere = true
			continue
		}
		f.Failed++
		r.Log.Warn("file is not here yet", "conversation", w.id, "event", w.seq, "claim", w.claims, "failed", f.Failed, "err", err)
		if f.Failed < fetchTries && !errors.Is(err, errDeadly) {
			owed = max(owed, min(time.Second<<f.Failed, fetchLongest))
		} else {
			f.Problem = problemLost
		}
	}
	if elsewhere {
		return true, r.giveBack(ctx, w, elsewhereTime)
	}
	return true, r.noteInspected(ctx, w, owed)
}

// giveBackTime bounds what is written though the service is stopping.
const giveBackTime = 2 * time.Second

// giveBack ends the claim of an event that was not done with, so that nobody has to wait for its lease; it was no try. It is looked at again after the time.
func (r *Runner) giveBack(ctx context.Context, w waiting, after time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	_, err := r.Pool.Exec(ctx, `update events set fetch_at = $4, fetches = fetches - 1
where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'waiting' and fetches = $5`, w.lib, w.id, w.seq, r.Now().Add(after), w.claims)
	if err != nil {
		return fmt.Errorf("give back event %d of conversation %d: %w", w.seq, w.id, err)
	}
	return nil
}

// errDeadly is for a file at which the process died each time.
var errDeadly = errors.New("tried too often without an end")

// inspected reports that what the file is, or what is wrong with it, is known.
func (f file) inspected() bool { return f.Kind != "" || f.Problem != "" }

// inspect fetches the file unless it is here, and looks at it.
func (r *Runner) inspect(ctx context.Context, w *waiting, f *file) error {
	if f.File == "" {
		if err := r.fetch(ctx, w, f); err != nil || f.Problem != "" {
			return err
		}
		// The file's id is kept at once: a crash while it is looked at must not fetch it again.
		if err := r.keepBody(ctx, r.Pool, *w); err != nil {
			return err
		}
	}
	found, err := r.Inspector.Inspect(ctx, w.lib, files.ID(f.File))
	if errors.Is(err, files.ErrNotFound) || errors.Is(err, files.ErrPurged) {
		f.Problem = problemLost
		return nil
	}
	if err != nil {
		return err
	}
	f.Kind, f.Problem, f.MediaType, f.Size, f.Sheets = string(found.Kind), string(found.Problem), found.MediaType, found.Size, nil
	for _, s := range found.Sheets {
		f.Sheets = append(f.Sheets, flows.Sheet{Number: s.Number, Preview: string(s.Preview), Code: s.Code, Unsigned: s.Unsigned, Problem: string(s.Problem), At: w.came})
	}
	return nil
}

// fetch brings the file from its channel into the store.
func (r *Runner) fetch(ctx context.Context, w *waiting, f *file) error {
	id, err := r.channelOf(ctx, r.Pool, w.lib, w.id)
	if err != nil {
		return err
	}
	channel, ok := r.Channels.Get(id)
	if !ok {
		return fmt.Errorf("fetch: channel %d: %w", id, bots.ErrNoSuch)
	}
	from, ok := channel.(bots.Fetcher)
	if !ok {
		return fmt.Errorf("fetch: channel %d hands over no files", id)
	}
	fetching, cancel := context.WithTimeout(ctx, fetchLease/2)
	defer cancel()
	d, err := from.Fetch(fetching, f.InboundFile)
	switch {
	case errors.Is(err, bots.ErrGone):
		f.Problem = problemLost
		return nil
	case errors.Is(err, bots.ErrTooLarge):
		f.Problem = problemTooBig
		return nil
	case err != nil:
		return err
	}
	name := f.Name
	if name == "" {
		name = d.Name
	}
	kept, err := r.Store.Put(fetching, w.lib, d, files.Meta{Name: name}, bots.MaxFile)
	if closing := d.Close(); err == nil {
		err = closing
	}
	if errors.Is(err, files.ErrTooLarge) {
		f.Problem = problemTooBig
		return nil
	}
	if err != nil {
		return err
	}
	f.File, f.Name, f.MediaType, f.Size = string(kept.ID), kept.Name, kept.MediaType, kept.Size
	return nil
}

// keepBody writes what is known of the event's files. By what a file was fetched is dropped with it: with some channels that is a key.
func (r *Runner) keepBody(ctx context.Context, db contacts.DB, w waiting) error {
	for i, f := range w.body.Files {
		if f.File != "" || f.Problem != "" {
			w.body.Files[i].Ref = ""
		}
	}
	text, err := json.Marshal(w.body)
	if err != nil {
		return fmt.Errorf("event %d of conversation %d: %w", w.seq, w.id, err)
	}
	if _, err := db.Exec(ctx, `update events set body = $4 where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'waiting'`,
		w.lib, w.id, w.seq, text); err != nil {
		return fmt.Errorf("event %d of conversation %d: %w", w.seq, w.id, err)
	}
	return nil
}

// kept are the event's files that lie in the store.
func (w waiting) kept() []files.ID {
	var out []files.ID
	for _, f := range w.body.Files {
		if f.File != "" {
			out = append(out, files.ID(f.File))
		}
	}
	return out
}

const endWaiting = `update events set state = 'ready', fetch_at = null where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'waiting'`

// noteInspected makes the event ready, or notes when what is owed is tried again: after that time.
func (r *Runner) noteInspected(ctx context.Context, w waiting, owed time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if _, err := lock(ctx, tx, w.lib, w.id); err != nil {
			return err
		}
		if err := r.keepBody(ctx, tx, w); err != nil {
			return err
		}
		now := r.Now()
		if owed > 0 {
			if _, err := tx.Exec(ctx, `update events set fetch_at = $4 where library_id = $1 and conversation_id = $2 and seq = $3`,
				w.lib, w.id, w.seq, now.Add(owed)); err != nil {
				return fmt.Errorf("event %d of conversation %d: %w", w.seq, w.id, err)
			}
			return nil
		}
		tag, err := tx.Exec(ctx, endWaiting, w.lib, w.id, w.seq)
		if err != nil {
			return fmt.Errorf("event %d of conversation %d: %w", w.seq, w.id, err)
		}
		if tag.RowsAffected() == 0 {
			return nil // another has ended it, and shows the files that it fetched itself
		}
		if err := files.Link(ctx, tx, w.lib, w.kept()...); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`update conversations set ready_at = least(ready_at, $3) where library_id = $1 and id = $2`, w.lib, w.id, now)
		bots.QueueNotify(batch, bots.Signal{Topic: bots.TopicEvents, Library: w.lib}, bots.Signal{Topic: bots.TopicChat, Library: w.lib, ID: int64(w.id)})
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("event %d of conversation %d: %w", w.seq, w.id, err)
		}
		return nil
	})
}
