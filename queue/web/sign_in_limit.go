package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"librarian/bots"
)

// How often one network may give a wrong password. A whole reading room signs in from one address, and a right password costs nothing; each
// login is guarded apart, by package queue.
const (
	triesAtOnce = 30
	tryEvery    = 10 * time.Second
	triesKept   = time.Hour // of a network that tries nothing: by then all its tries are its again
)

// tries counts, in each instance of the program for itself, the passwords that networks try.
type tries struct {
	mu       sync.Mutex
	networks map[netip.Addr]*triesOf
	swept    time.Time
}

type triesOf struct {
	*rate.Limiter
	last time.Time
}

func newTries() *tries { return &tries{networks: map[netip.Addr]*triesOf{}} }

// take counts a try, or gives the time to wait. The function takes the count back.
func (t *tries) take(from netip.Addr, now time.Time) (back func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	from = bots.Network(from)
	of := t.networks[from]
	if of == nil {
		of = &triesOf{Limiter: rate.NewLimiter(rate.Every(tryEvery), triesAtOnce)}
		t.networks[from] = of
	}
	of.last = now
	taken := of.ReserveN(now, 1)
	if wait = taken.DelayFrom(now); wait > 0 {
		taken.CancelAt(now)
		return func() {}, wait
	}
	return func() { taken.CancelAt(now) }, 0
}

func (t *tries) sweep(now time.Time) {
	if now.Sub(t.swept) < triesKept/6 {
		return
	}
	t.swept = now
	for addr, of := range t.networks {
		if now.Sub(of.last) > triesKept {
			delete(t.networks, addr)
		}
	}
}

// tooManyTries answers the visit.
func (v *visit) tooManyTries(login string, wait time.Duration) error {
	v.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	v.problem = v.t("desk.sign_in_slow")
	return v.askPassword(login, http.StatusTooManyRequests)
}
