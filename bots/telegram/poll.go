package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-telegram/bot"
	"golang.org/x/sync/errgroup"

	"librarian/bots"
)

const (
	batchSize   = 100
	chatsAtOnce = 8                // updates of different chats stored side by side
	answering   = 8                // callbacks answered side by side; beyond it a client's spinner ends by itself
	lockPause   = 5 * time.Second  // between two tries to become the poller
	brokenPause = time.Minute      // while the token is refused
	otherPause  = 30 * time.Second // after another poller was met
	maxBackoff  = 30 * time.Second
	pollGrace   = 15 * time.Second // beyond the time for which Telegram holds a poll
)

// Poll receives updates until the context ends, then gives nil. Telegram is told that an update was received only after it was stored, so a crash
// repeats updates and loses none. Of all processes that call it for the same bot one polls and the others stand by.
func (t *Telegram) Poll(ctx context.Context) error {
	p := &poller{Telegram: t}
	p.answers.SetLimit(answering)
	defer func() { _ = p.answers.Wait() }() // its functions return nil
	for ctx.Err() == nil {
		release, ok, err := t.Lock(ctx)
		wait := lockPause
		switch {
		case err != nil && ctx.Err() == nil:
			t.Log.WarnContext(ctx, "lock for polling not taken", "channel", t.Channel, "error", err)
		case err == nil && ok:
			wait = p.hold(ctx)
			release()
		}
		t.pause(ctx, bots.Jitter(wait))
	}
	return nil
}

// poller is the state of one Poll.
type poller struct {
	*Telegram
	offset   int64 // 0 asks for everything that is not confirmed
	failures int
	cleared  bool   // the webhook was deleted since updates came last
	problem  string // as last reported
	reported bool
	answers  errgroup.Group
}

// hold polls while this process is the poller. It gives the time to wait before it tries to become it again.
func (p *poller) hold(ctx context.Context) time.Duration {
	p.offset, p.failures = 0, 0
	for ctx.Err() == nil {
		asked := p.Now()
		raw, f := p.updates(ctx)
		if f != nil {
			if ctx.Err() == nil && p.failed(ctx, f) {
				return otherPause
			}
			continue
		}
		p.report(ctx, ProblemNone)
		p.failures, p.cleared = 0, false
		if len(raw) == 0 {
			// Everything before the offset is confirmed now. After a quiet week Telegram may go on with a lower number, which a kept offset would hide.
			p.offset = 0
			if p.Now().Sub(asked) < p.limits.poll/2 { // something in between answers instead of waiting: do not spin on it
				p.pause(ctx, bots.Jitter(time.Second))
			}
			continue
		}
		batch, next := p.read(ctx, raw)
		for !p.store(ctx, batch) && ctx.Err() == nil {
			p.back(ctx, 0)
		}
		if ctx.Err() != nil {
			return 0
		}
		p.failures = 0
		if p.offset = next; next == 0 { // nothing in it had a number: do not spin on it
			p.back(ctx, 0)
		}
	}
	return 0
}

// failed waits as the fault demands. It is true when another program polls and this one should give way.
func (p *poller) failed(ctx context.Context, f *fault) bool {
	p.Log.WarnContext(ctx, "updates not fetched", "channel", p.Channel, "error", f)
	switch f.status {
	case http.StatusConflict:
		if p.cleared {
			p.report(ctx, ProblemConflict)
			return true
		}
		p.cleared = true // a webhook left behind is the other reason for a conflict
		if err := p.DeleteWebhook(ctx); err != nil {
			p.Log.WarnContext(ctx, "webhook not deleted", "channel", p.Channel, "error", err)
		}
		p.back(ctx, f.after)
	case http.StatusUnauthorized, http.StatusNotFound:
		p.report(ctx, ProblemToken)
		p.pause(ctx, bots.Jitter(brokenPause))
	default:
		p.back(ctx, f.after)
	}
	return false
}

func (p *poller) report(ctx context.Context, problem string) {
	if p.reported && p.problem == problem {
		return
	}
	p.reported, p.problem = true, problem
	if p.Report != nil {
		p.Report(ctx, problem)
	}
}

// back waits longer each time it is called without success in between, and never shorter than told.
func (p *poller) back(ctx context.Context, atLeast time.Duration) {
	d := min(maxBackoff, 500*time.Millisecond<<min(p.failures, 6))
	p.failures++
	p.pause(ctx, max(atLeast, bots.Jitter(d)))
}

// updates asks once. Telegram holds the request until there is something.
func (p *poller) updates(ctx context.Context) ([]json.RawMessage, *fault) {
	if p.api == nil {
		return nil, apiFault(http.StatusUnauthorized, 0, "")
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.poll+pollGrace)
	defer cancel()
	ask, err := json.Marshal(map[string]any{
		"offset": p.offset, "limit": batchSize, "timeout": int(p.limits.poll / time.Second), "allowed_updates": allowedUpdates(),
	})
	if err != nil {
		return nil, &fault{cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.BaseURL+"/bot"+p.Token+"/getUpdates", bytes.NewReader(ask))
	if err != nil {
		return nil, &fault{cause: errUnclear} // the error quotes the address
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, &fault{cause: netCause(err)}
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as it is wanted
	return readUpdates(resp)
}

func readUpdates(resp *http.Response) ([]json.RawMessage, *fault) {
	got := answerOf(resp)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &fault{status: got.status, cause: netCause(err)}
	}
	var reply struct {
		OK         bool              `json:"ok"`
		Result     []json.RawMessage `json:"result"`
		Code       int               `json:"error_code"`
		Text       string            `json:"description"`
		Parameters struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, &fault{status: got.status, after: got.after, cause: errUnclear}
	}
	if !reply.OK {
		return nil, apiFault(reply.Code, time.Duration(reply.Parameters.RetryAfter)*time.Second, reply.Text)
	}
	return reply.Result, nil
}

// arrival is an update that the library has to store.
type arrival struct {
	update int64
	in     bots.Inbound
	query  string // the callback to answer once it is stored
	stored bool
}

// read gives what there is to store, and the offset that confirms all of it, 0 if none has a number. What cannot be read is logged and left behind: it would
// come forever.
func (p *poller) read(ctx context.Context, raw []json.RawMessage) (batch []*arrival, next int64) {
	for _, r := range raw {
		var u update
		if err := json.Unmarshal(r, &u); err != nil {
			u = update{ID: updateID(r)}
			p.Log.ErrorContext(ctx, "update skipped: it cannot be read", "channel", p.Channel, "update", u.ID)
		}
		if u.ID > 0 {
			next = max(next, u.ID+1)
		}
		in, ok := convert(p.Library, p.Channel, &u, p.Now())
		switch {
		case ok:
			batch = append(batch, &arrival{update: u.ID, in: in, query: u.callback()})
		case u.callback() != "":
			p.answer(ctx, u.callback())
		}
	}
	return batch, next
}

// updateID finds the number of an update that cannot be read otherwise; 0 when it has none.
func updateID(raw json.RawMessage) int64 {
	var only struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(raw, &only) != nil {
		return 0
	}
	return only.ID
}

// store hands over what is not stored yet, each chat's in order. It is true when nothing is left.
func (p *poller) store(ctx context.Context, batch []*arrival) bool {
	chats := map[string][]*arrival{}
	var order []string
	for _, a := range batch {
		if a.stored {
			continue
		}
		if chats[a.in.Sender] == nil {
			order = append(order, a.in.Sender)
		}
		chats[a.in.Sender] = append(chats[a.in.Sender], a)
	}
	var group errgroup.Group
	group.SetLimit(chatsAtOnce)
	for _, sender := range order {
		group.Go(func() error { return p.storeChat(ctx, chats[sender]) })
	}
	return group.Wait() == nil // each failure is logged where it happens
}

var errNotStored = errors.New("update not stored")

func (p *poller) storeChat(ctx context.Context, arrivals []*arrival) error {
	for _, a := range arrivals {
		if err := p.Receive.Try(ctx, a.in); err != nil {
			p.Log.WarnContext(ctx, "update not stored", "channel", p.Channel, "update", a.update, "error", err)
			return errNotStored
		}
		a.stored = true
		if a.query != "" {
			p.answer(ctx, a.query)
		}
	}
	return nil
}

// answer stops the spinner on a pressed button. Nothing depends on it: it does not wait, and is left out when many are on their way.
func (p *poller) answer(ctx context.Context, query string) {
	p.answers.TryGo(func() error {
		f := p.call(ctx, p.limits.call, func(ctx context.Context, api *bot.Bot) error {
			_, err := api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: query})
			return err
		})
		if f != nil {
			p.Log.DebugContext(ctx, "callback not answered", "channel", p.Channel, "error", f)
		}
		return nil
	})
}
