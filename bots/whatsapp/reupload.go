package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/bots"
)

// askPause is how long a phone is left alone with what it was asked for.
const askPause = 10 * time.Minute

var errAwaited = errors.New("the phone that sent the file is asked for it")

// reuploads wakes those who wait in this process for a phone to send a file up again.
type reuploads struct {
	mu      sync.Mutex
	waiting map[string]chan struct{} // by message
}

func (r *reuploads) wait(message string) (came <-chan struct{}, done func()) {
	ch := make(chan struct{}, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[message] = ch
	return ch, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.waiting[message] == ch {
			delete(r.waiting, message)
		}
	}
}

func (r *reuploads) wake(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ch, ok := r.waiting[message]; ok {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// notOnPhone is what is said of a file that the phone has no more. Everything else may go better another time.
const notOnPhone = 2

// answer is what a phone said, as it came. It can be read with the file's key alone, which is kept with the message and nowhere else.
type answer struct {
	IV   []byte `json:"iv"`
	Text []byte `json:"text"`
}

const noteAnswer = `update whatsapp_media set path = $4, gone = $5 where library_id = $1 and channel_id = $2 and message = $3`

// reuploaded keeps the answer of a phone until the file is asked for again.
func (h *holder) reuploaded(e *events.MediaRetry) bool {
	text, err := json.Marshal(answer{e.IV, e.Ciphertext})
	if err != nil {
		return true // of bytes it cannot be
	}
	gone := e.Error != nil && e.Error.Code == notOnPhone
	if e.Error != nil {
		text = nil
	}
	h.insist(receiptTime, e.MessageID, func(ctx context.Context) error {
		_, err := h.Pool.Exec(ctx, noteAnswer, h.Library, h.Channel, e.MessageID, string(text), gone)
		return err
	})
	h.reuploads.wake(e.MessageID)
	return true
}

// reuploadOf gives where the file lies since a phone has sent it up again; found is false where it has not. It is bots.ErrGone where no phone has it.
func (w *WhatsApp) reuploadOf(ctx context.Context, r ref) (path string, found bool, err error) {
	var text string
	var gone bool
	err = w.Pool.QueryRow(ctx, `select path, gone from whatsapp_media where library_id = $1 and channel_id = $2 and message = $3`, w.Library, w.Channel, r.Message).
		Scan(&text, &gone)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("look for a file sent up again on channel %d: %w", w.Channel, err)
	case gone:
		return "", false, bots.ErrGone
	case text == "":
		return "", false, nil
	}
	var a answer
	if json.Unmarshal([]byte(text), &a) != nil {
		return "", false, nil
	}
	said, err := whatsmeow.DecryptMediaRetryNotification(&events.MediaRetry{MessageID: r.Message, IV: a.IV, Ciphertext: a.Text}, r.Key)
	switch {
	case err != nil: // it is none of our message
		return "", false, nil //nolint:nilerr // the phone is asked again
	case said.GetResult() == waMmsRetry.MediaRetryNotification_SUCCESS && said.GetDirectPath() != "":
		return said.GetDirectPath(), true, nil
	case said.GetResult() == waMmsRetry.MediaRetryNotification_NOT_FOUND:
		return "", false, bots.ErrGone
	}
	return "", false, nil
}

const noteAsked = `insert into whatsapp_media as m (library_id, channel_id, message, asked_at) values ($1, $2, $3, $4)
on conflict (library_id, channel_id, message) do update set asked_at = excluded.asked_at, path = '' where m.asked_at < $5 or m.path <> ''`

// askAgain asks the phone from which the file came to send it up once more, and waits a little for it.
func (w *WhatsApp) askAgain(ctx context.Context, cli *whatsmeow.Client, r ref) (path string, err error) {
	came, done := w.reuploads.wait(r.Message)
	defer done()
	now := w.Now()
	tag, err := w.Pool.Exec(ctx, noteAsked, w.Library, w.Channel, r.Message, now, now.Add(-askPause))
	if err != nil {
		return "", fmt.Errorf("note a file asked for on channel %d: %w", w.Channel, err)
	}
	if tag.RowsAffected() == 0 {
		return "", errAwaited // not long ago
	}
	info := &types.MessageInfo{ID: r.Message, MessageSource: types.MessageSource{Chat: r.Chat}}
	if err := cli.SendMediaRetryReceipt(ctx, info, r.Key); err != nil {
		return "", err
	}
	timer := time.NewTimer(w.limits.reupload)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-timer.C:
		return "", errAwaited
	case <-came:
	}
	path, found, err := w.reuploadOf(ctx, r)
	if err == nil && !found {
		err = errAwaited
	}
	return path, err
}

// forget drops what was noted of a file that is here.
func (w *WhatsApp) forget(ctx context.Context, message string) {
	if _, err := w.Pool.Exec(ctx, `delete from whatsapp_media where library_id = $1 and channel_id = $2 and message = $3`, w.Library, w.Channel, message); err != nil {
		w.Log.DebugContext(ctx, "what was noted of a file stays", "channel", w.Channel, "message", message, "error", err)
	}
}
