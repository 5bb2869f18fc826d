package whatsapp

import (
	"context"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"

	"librarian/bots"
)

// How long a holder waits before it calls WhatsApp again.
const (
	firstRedial = time.Second
	lastRedial  = 2 * time.Minute
	banPause    = time.Hour // after a ban whose end was not said, and while the version is refused
	loginTime   = time.Minute
	failsTold   = 3 // calls in vain after which it is said that whatsapp is not reached
	lastRedo    = 5 * time.Minute
)

// Run holds the number until the context ends, then gives nil. Of all processes that call it for the same number one holds it and the others stand by.
func (w *WhatsApp) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		held, release, ok, err := w.Lock(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			w.Log.WarnContext(ctx, "lock for the number not taken", "channel", w.Channel, "error", err)
		case err == nil && ok:
			w.Log.InfoContext(ctx, "number is held by this process", "channel", w.Channel)
			newHolder(held, w).run()
			release()
			w.Log.InfoContext(ctx, "number is held no more", "channel", w.Channel)
		}
		bots.Pause(ctx, w.limits.standBy)
	}
	return nil
}

// holder is one time of holding the number. One goroutine owns all of it: it alone connects and disconnects, so that nothing reconnects behind its back.
type holder struct {
	*WhatsApp
	ctx      context.Context // ends with the lock
	news     chan news
	asides   chan func() error // what nothing depends on, done beside
	cli      *whatsmeow.Client // nil: nothing to connect with
	call     *call             // the connection, or the try to make one
	wanted   bool              // there is to be a connection
	again    *time.Timer       // when to connect
	anew     *time.Timer       // when to connect once more, for what could not be stored
	turn     *time.Timer       // when to show the next code
	fails    int               // connections in a row that came to nothing, or to little
	up       time.Time         // when this one was made; zero: it is not up
	redos    int               // messages in a row that could not be stored
	failing  atomic.Bool       // the last message could not be stored
	pairing  *pairing          // nil: no link is being made
	unsaid   bool              // how the number stands is still to be written
	reported bool
	problem  string // as last reported
}

// news is something that happened to a client.
type news struct {
	cli  *whatsmeow.Client
	what any
}

// What a holder tells itself beside whatsmeow's events.
type (
	dialled struct { // a connection stands, or does not
		call *call
		err  error
	}
	redo   struct{} // a message was not stored and is to come again, which it does on the next connection
	stored struct{} // after that one was stored
)

func newHolder(ctx context.Context, w *WhatsApp) *holder {
	return &holder{
		WhatsApp: w, ctx: ctx, news: make(chan news, 64), asides: make(chan func() error, 256), again: stopped(), anew: stopped(), turn: stopped(),
	}
}

// stopped is a timer that nothing has set yet.
func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// run ends when the lock is lost, with the client disconnected: another process may connect at that moment.
func (h *holder) run() {
	done := make(chan struct{})
	go func() { defer close(done); h.doAsides() }()
	defer func() { <-done }()
	defer h.close()
	wake, unsubscribe := h.wakes()
	defer unsubscribe()
	beat, ask := time.NewTicker(h.limits.beat), time.NewTicker(h.limits.ask)
	defer beat.Stop()
	defer ask.Stop()
	h.take()
	for h.ctx.Err() == nil {
		select {
		case <-h.ctx.Done():
		case n := <-h.news:
			if n.cli == h.cli {
				h.hear(n.what)
			}
		case <-h.again.C:
			h.connect()
		case <-h.anew.C:
			if h.Ready() {
				h.connect()
			}
		case <-h.turn.C:
			h.nextCode()
		case <-beat.C:
			h.live()
		case <-wake:
			h.look()
		case <-ask.C:
			h.look()
		}
	}
}

func (h *holder) wakes() (<-chan struct{}, func()) {
	if h.Wake == nil {
		return nil, func() {}
	}
	return h.Wake()
}

// tell hands news to the holder. It is called by whatsmeow, never by the holder itself.
func (h *holder) tell(cli *whatsmeow.Client, what any) {
	select {
	case h.news <- news{cli, what}:
	case <-h.ctx.Done():
	}
}

// take goes on where the process stopped that held the number before.
func (h *holder) take() {
	s, err := h.Links.stands(h.ctx, h.Library, h.Channel)
	for backoff := firstRedial; err != nil && h.ctx.Err() == nil; backoff = min(2*backoff, lastRedial) {
		h.Log.WarnContext(h.ctx, "link is not read", "channel", h.Channel, "error", err)
		bots.Pause(h.ctx, backoff)
		s, err = h.Links.stands(h.ctx, h.Library, h.Channel)
	}
	if h.ctx.Err() != nil {
		return
	}
	h.stand(s)
	h.live()
	h.report(s.state)
	switch {
	case s.device == "" || s.state == bots.LinkReplaced: // until somebody asks
	case s.state == bots.LinkBanned && s.until != nil && s.until.After(h.Now()):
		h.again.Reset(s.until.Sub(h.Now()))
	default:
		h.connect()
	}
	h.look()
}

// live says that this process is there, and what could not be written before.
func (h *holder) live() {
	if h.unsaid {
		h.note(h.stands())
	}
	if err := h.Links.beat(h.ctx, h.Library, h.Channel); err != nil && h.ctx.Err() == nil {
		h.Log.WarnContext(h.ctx, "sign of life not written", "channel", h.Channel, "error", err)
	}
}

// stand and stands keep how the number stands, for those who send.
func (w *WhatsApp) stand(s standing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.standing = s
}

func (w *WhatsApp) stands() standing {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.standing
}

// note writes how the number stands. What the database does not take now is written with the next sign of life.
func (h *holder) note(s standing) {
	h.stand(s)
	err := h.Links.note(h.ctx, h.Library, h.Channel, s)
	if h.unsaid = err != nil; h.unsaid && h.ctx.Err() == nil {
		h.Log.WarnContext(h.ctx, "state of the number not written", "channel", h.Channel, "state", s.state, "error", err)
	}
	h.report(s.state)
}

// become keeps the device and changes the rest.
func (h *holder) become(state bots.LinkState, problem string) {
	h.note(standing{device: h.stands().device, state: state, problem: problem})
}

// report tells of a problem when it begins, and when it is over. The first calls say nothing of either.
func (h *holder) report(state bots.LinkState) {
	problem := ""
	switch state {
	case bots.LinkConnecting:
		if h.fails < failsTold {
			return
		}
		problem = bots.ProblemUnreached
	case bots.LinkLoggedOut, bots.LinkBanned, bots.LinkOutdated, bots.LinkReplaced:
		problem = string(state)
	}
	if h.Report == nil || h.reported && h.problem == problem {
		return
	}
	h.reported, h.problem = true, problem
	h.Report(h.ctx, problem)
}

// close forgets the client, whatever it may still say.
func (h *holder) close() {
	h.again.Stop()
	h.turn.Stop()
	h.disconnect()
	h.cli = nil
}

// beside has something done when there is time for it. When much waits it is left out.
func (h *holder) beside(do func() error) {
	select {
	case h.asides <- do:
	default:
	}
}

func (h *holder) doAsides() {
	for {
		select {
		case <-h.ctx.Done():
			return
		case do := <-h.asides:
			if err := do(); err != nil && h.ctx.Err() == nil {
				h.Log.DebugContext(h.ctx, "left undone", "channel", h.Channel, "error", fault(err))
			}
		}
	}
}
