package runner

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"librarian/bots"
)

// What one address may send before it has to wait. A person writing fast stays below it; a program does not.
const (
	paceMessages = 2.0       // answered a second
	paceBurst    = 60        // at once
	paceLongest  = time.Hour // nothing waits longer for its turn
	paceBytes    = 300 << 20 // of files a day
	paceKept     = 10_000    // addresses that are remembered
)

// pace slows down addresses that send more than a person can: what they send is kept and answered later, so that one flood neither costs others their
// answers nor loses a message. It counts within one process.
type pace struct {
	mu      sync.Mutex
	senders map[paceKey]*paceSender
}

type paceKey struct {
	channel bots.ChannelID
	sender  string
}

type paceSender struct {
	messages *rate.Limiter
	bytes    *rate.Limiter
	seen     time.Time
}

func newPace() *pace { return &pace{senders: map[paceKey]*paceSender{}} }

// admit gives how long the message has to wait for its turn, and whether its files are more than the address may send in a day.
func (p *pace) admit(in bots.Inbound, now time.Time) (wait time.Duration, tooMuch bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := paceKey{in.Channel, in.Sender}
	s := p.senders[key]
	if s == nil {
		p.forget(now)
		s = &paceSender{messages: rate.NewLimiter(paceMessages, paceBurst), bytes: rate.NewLimiter(rate.Limit(float64(paceBytes)/86400), paceBytes)}
		p.senders[key] = s
	}
	s.seen = now
	wait = s.messages.ReserveN(now, 1).DelayFrom(now)
	bytes := 0
	for _, f := range in.Files {
		bytes += int(min(max(f.Size, 0), paceBytes))
	}
	return min(wait, paceLongest), bytes > 0 && !s.bytes.AllowN(now, bytes)
}

// forget makes room when there are too many addresses: those go first that have been silent long enough to have all their allowance back, then any,
// down to half, so that the work is shared by the thousands that come after.
func (p *pace) forget(now time.Time) {
	if len(p.senders) < paceKept {
		return
	}
	for key, s := range p.senders {
		if now.Sub(s.seen) > 24*time.Hour {
			delete(p.senders, key)
		}
	}
	for key := range p.senders {
		if len(p.senders) <= paceKept/2 {
			return
		}
		delete(p.senders, key)
	}
}
