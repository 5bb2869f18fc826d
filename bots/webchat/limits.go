package webchat

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"librarian/bots"
)

// Limits keep one visitor from taking what belongs to all. They are counted by each instance of the program for itself.
type Limits struct {
	Messages Rate  // of one session
	Requests Rate  // of one network: messages, streams, files
	Begun    Rate  // conversations begun from one network
	Bytes    int64 // of one session in an hour
	Body     int64 // of one request, in bytes
	Streams  int   // open in one session
	Network  int   // streams open from one network
	Proxies  bots.Proxies
}

// Rate is so many a second, and how many at once.
type Rate struct {
	Second rate.Limit
	Burst  int
}

// DefaultLimits let a reading room behind one address work undisturbed.
func DefaultLimits() Limits {
	return Limits{
		Messages: Rate{1, 20},
		Requests: Rate{20, 300},
		Begun:    Rate{rate.Every(10 * time.Second), 60},
		Bytes:    1 << 30,
		Body:     320 << 20,
		Streams:  10,
		Network:  500,
	}
}

// idle is how long a visitor who does nothing is remembered: by then every allowance is full again.
const idle = time.Hour

// gate counts what visitors take.
type gate struct {
	limits   Limits
	now      func() time.Time
	mu       sync.Mutex
	sessions map[string]*visitor
	networks map[netip.Addr]*network
	swept    time.Time
}

// visitor is one session.
type visitor struct {
	messages, bytes *rate.Limiter
	streams         int
	begun           bool // has a conversation
	last            time.Time
}

// network is one IPv4 address, or one IPv6 /64.
type network struct {
	requests, begun *rate.Limiter
	streams         int
	last            time.Time
}

func newGate(l Limits, now func() time.Time) *gate {
	return &gate{limits: l, now: now, sessions: map[string]*visitor{}, networks: map[netip.Addr]*network{}}
}

// request counts one request of the network; a positive duration refuses it for so long.
func (g *gate) request(from netip.Addr) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return take(g.network(from).requests, g.now(), 1)
}

// message counts one message of so many bytes. found is asked only for a session that is not yet known to have a conversation.
func (g *gate) message(from netip.Addr, external string, bytes int64, found func() (bool, error)) (time.Duration, error) {
	if !g.begun(external) {
		has, err := found()
		if err != nil {
			return 0, err
		}
		if wait := g.begin(from, external, has); wait > 0 {
			return wait, nil
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	v, now := g.visitor(external), g.now()
	if wait := take(v.messages, now, 1); wait > 0 {
		return wait, nil
	}
	return take(v.bytes, now, int(bytes)), nil
}

func (g *gate) begun(external string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.sessions[external]
	return v != nil && v.begun
}

// begin counts a new conversation. A cookie proves nothing here: who makes one up has none in the database.
func (g *gate) begin(from netip.Addr, external string, has bool) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !has {
		if wait := take(g.network(from).begun, g.now(), 1); wait > 0 {
			return wait
		}
	}
	g.visitor(external).begun = has
	return 0
}

// stream takes a place for a stream until the function it gives is called; false when all are taken.
func (g *gate) stream(from netip.Addr, external string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, n := g.visitor(external), g.network(from)
	if v.streams >= g.limits.Streams || n.streams >= g.limits.Network {
		return nil, false
	}
	v.streams++
	n.streams++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		v.streams--
		n.streams--
		v.last, n.last = g.now(), g.now()
	}, true
}

func (g *gate) visitor(external string) *visitor {
	now := g.sweep()
	v := g.sessions[external]
	if v == nil {
		hourly := rate.Limit(float64(g.limits.Bytes) / time.Hour.Seconds())
		v = &visitor{messages: g.limits.Messages.limiter(), bytes: rate.NewLimiter(hourly, int(g.limits.Bytes))}
		g.sessions[external] = v
	}
	v.last = now
	return v
}

func (g *gate) network(from netip.Addr) *network {
	now := g.sweep()
	from = bots.Network(from)
	n := g.networks[from]
	if n == nil {
		n = &network{requests: g.limits.Requests.limiter(), begun: g.limits.Begun.limiter()}
		g.networks[from] = n
	}
	n.last = now
	return n
}

// sweep forgets the idle, at most once in a sixth of their time.
func (g *gate) sweep() time.Time {
	now := g.now()
	if now.Sub(g.swept) < idle/6 {
		return now
	}
	g.swept = now
	for k, v := range g.sessions {
		if v.streams == 0 && now.Sub(v.last) > idle {
			delete(g.sessions, k)
		}
	}
	for k, n := range g.networks {
		if n.streams == 0 && now.Sub(n.last) > idle {
			delete(g.networks, k)
		}
	}
	return now
}

func (r Rate) limiter() *rate.Limiter { return rate.NewLimiter(r.Second, r.Burst) }

// take counts n, or gives the time until it may be tried again and counts nothing.
func take(l *rate.Limiter, now time.Time, n int) time.Duration {
	taken := l.ReserveN(now, n)
	if !taken.OK() {
		return idle
	}
	wait := taken.DelayFrom(now)
	if wait > 0 {
		taken.CancelAt(now)
	}
	return wait
}
