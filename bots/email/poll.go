package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"librarian/bots"
)

const (
	idleTime    = 5 * time.Minute  // after which the server is asked though it says nothing: a dead connection looks like silence
	pollTime    = 30 * time.Second // between two looks where the server does not tell of new letters
	lockPause   = 5 * time.Second  // between two tries to become the one who reads
	signInPause = time.Minute      // while the password is refused
	maxBackoff  = 30 * time.Second
	poisonTries = 5 // of one letter, before those behind it are read
)

// The problems of an account that time alone does not cure.
const (
	ProblemNone    = ""        // letters are received
	ProblemSignIn  = "sign_in" // the server does not take user and password
	ProblemConnect = "connect" // the server cannot be reached, or not as the URL says
	ProblemFull    = "full"    // the mailbox takes nothing any more: letters are read, and not put away
	ProblemMailbox = "mailbox" // the server will not do what is asked
)

// Poll receives letters until the context ends, then gives nil. A letter is marked and put away only after it was stored, so a crash repeats letters and
// loses none. Of all processes that call it for the same account one reads and the others stand by.
func (in *Intake) Poll(ctx context.Context) error {
	p := &poller{Intake: in, tries: map[imap.UID]int{}}
	for ctx.Err() == nil {
		release, ok, err := in.Lock(ctx)
		wait := lockPause
		switch {
		case err != nil && ctx.Err() == nil:
			in.Log.WarnContext(ctx, "lock for reading a mailbox not taken", "channel", in.Channel, "error", err)
		case err == nil && ok:
			wait = p.hold(ctx)
			release()
		}
		if ctx.Err() == nil {
			in.pause(ctx, bots.Jitter(wait))
		}
	}
	return nil
}

// Check connects, signs in, opens the inbox and parts again.
func (in *Intake) Check(ctx context.Context) error {
	b, err := in.server.open(ctx)
	if err != nil {
		return err
	}
	b.part(ctx)
	return nil
}

// poller is the state of one Poll.
type poller struct {
	*Intake
	validity uint32
	after    imap.UID         // everything up to it is done with
	tries    map[imap.UID]int // of letters that could not be stored
	failures int
	problem  string // as last reported
	reported bool
}

// hold reads while this process is the one that does, over as many connections as it takes. It gives the time to wait before it tries to become it again.
func (p *poller) hold(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		err := p.session(ctx)
		if ctx.Err() != nil {
			break
		}
		p.Log.WarnContext(ctx, "mailbox is not read", "channel", p.Channel, "error", err)
		problem := problemOf(err)
		if p.failures++; problem != ProblemConnect || p.failures > 2 { // a connection that ends now and then is no news
			p.report(ctx, problem)
		}
		if problem == ProblemSignIn {
			p.pause(ctx, bots.Jitter(signInPause))
			continue
		}
		p.pause(ctx, bots.Jitter(min(maxBackoff, 500*time.Millisecond<<min(p.failures, 6))))
	}
	return 0
}

// problemOf words an error for the desk.
func problemOf(err error) string {
	var answer *imap.Error
	switch {
	case errors.Is(err, errNotStored):
		return ProblemNone // it is ours, and in the log
	case !errors.As(err, &answer):
		return ProblemConnect
	case answer.Code == imap.ResponseCodeAuthenticationFailed || answer.Code == imap.ResponseCodeAuthorizationFailed:
		return ProblemSignIn
	case answer.Code == imap.ResponseCodeOverQuota:
		return ProblemFull
	}
	return ProblemMailbox
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

// session reads over one connection until it breaks or the context ends.
func (p *poller) session(ctx context.Context) error {
	b, err := p.server.open(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = b.raw.Close() })() // whoever uses the connection meets the error
	defer func() { _ = b.Close() }()
	if err := p.find(ctx, b.validity); err != nil {
		return err
	}
	for ctx.Err() == nil {
		full, err := p.scan(ctx, b)
		if err != nil {
			return err
		}
		p.failures = 0
		problem := ProblemNone
		if full {
			problem = ProblemFull
		}
		p.report(ctx, problem)
		if err := p.wait(ctx, b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// find takes up where reading ended. A mailbox that counts anew is read from its beginning: what was stored before is recognised.
func (p *poller) find(ctx context.Context, validity uint32) error {
	at, err := bots.Position(ctx, p.Pool, p.Channel)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotStored, err)
	}
	p.validity, p.after = validity, 0
	if uint32(uint64(at)>>32) == validity {
		p.after = imap.UID(uint32(at))
	}
	return nil
}

// errNotStored means that the letter is where it was: the fault is not the mailbox's.
var errNotStored = errors.New("letter not stored")

// scan reads what waits, in order. It reports whether the mailbox is full.
func (p *poller) scan(ctx context.Context, b *box) (full bool, err error) {
	all, err := b.waiting(p.after)
	if err != nil {
		return false, err
	}
	blocked := false // a letter was left behind: reading begins with it the next time
	for _, h := range all {
		state, err := p.letter(ctx, b, h)
		switch {
		case errors.Is(err, errVanished):
		case errors.Is(err, errNotStored):
			if p.tries[h.uid]++; p.tries[h.uid] < poisonTries {
				return full, err
			}
			blocked = true
			p.Log.ErrorContext(ctx, "letter is passed over: it cannot be stored", "channel", p.Channel, "uid", h.uid, "error", err)
			continue
		case err != nil:
			return full, err
		default:
			over, err := p.putAway(b, h.uid, state)
			if full = full || over; err != nil {
				return full, err
			}
		}
		delete(p.tries, h.uid)
		if !blocked {
			p.after = h.uid
			if err := bots.SetPosition(ctx, p.Pool, p.Channel, int64(uint64(p.validity)<<32|uint64(h.uid))); err != nil {
				return full, fmt.Errorf("%w: %w", errNotStored, err)
			}
		}
	}
	return full, nil
}

// letter fetches one letter and takes it in.
func (p *poller) letter(ctx context.Context, b *box, h head) (State, error) {
	a, err := b.fetch(h, p.Limit)
	if err != nil {
		return "", err
	}
	state, err := p.take(ctx, a)
	if err != nil && p.tries[h.uid] >= poisonTries-1 && ctx.Err() == nil {
		p.Log.ErrorContext(ctx, "letter is left to people: it cannot be handed on", "channel", p.Channel, "uid", h.uid, "error", err)
		state, err = p.giveUp(ctx, a)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotStored, err)
	}
	return state, nil
}

// putAway marks the letter and moves it. In a mailbox that is full it stays where it is, with its mark if that still goes.
func (p *poller) putAway(b *box, uid imap.UID, state State) (full bool, err error) {
	folder := folderProcessed
	if state == StateFailed {
		folder = folderFailed
	}
	err = b.done(uid, folder)
	var answer *imap.Error
	if errors.As(err, &answer) && answer.Type == imap.StatusResponseTypeNo { // it is stored with us: the letter may stay
		p.Log.Warn("letter stays in the inbox", "channel", p.Channel, "uid", uid, "error", err)
		return answer.Code == imap.ResponseCodeOverQuota, nil
	}
	return false, err
}

// wait ends when something came, or when it is time to look.
func (p *poller) wait(ctx context.Context, b *box) error {
	pause := time.NewTimer(pollTime)
	defer pause.Stop()
	if b.Caps().Has(imap.CapIdle) {
		pause.Reset(idleTime)
		idle, err := b.Idle()
		if err != nil {
			return fmt.Errorf("wait for letters: %w", err)
		}
		defer func() { _ = idle.Close() }() // a second time, where it is done already
		err = p.sleep(ctx, b, pause.C)
		if ending := idle.Close(); err == nil {
			err = ending
		}
		if waited := idle.Wait(); err == nil {
			err = waited
		}
		return err
	}
	if err := p.sleep(ctx, b, pause.C); err != nil {
		return err
	}
	if err := b.Noop().Wait(); err != nil {
		return fmt.Errorf("ask for letters: %w", err)
	}
	return nil
}

var errClosed = errors.New("mail server closed the connection")

func (p *poller) sleep(ctx context.Context, b *box, until <-chan time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.Closed():
		return errClosed
	case <-b.news:
	case <-until:
	}
	return nil
}
