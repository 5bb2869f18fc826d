package bots

import (
	"sync"

	"golang.org/x/time/rate"
)

// Registry holds the channels that are switched on in this process. Channels come and go while it runs.
type Registry struct {
	mu       sync.RWMutex
	channels map[ChannelID]entry
}

type entry struct {
	Channel
	pace *rate.Limiter
	most int // messages on their way at a time
}

// held reports that this process can use the channel now.
func (e entry) held() bool {
	h, ok := e.Channel.(Holder)
	return !ok || h.Ready()
}

// NewRegistry makes an empty one.
func NewRegistry() *Registry { return &Registry{channels: map[ChannelID]entry{}} }

// Set switches a channel on, or replaces it.
func (r *Registry) Set(id ChannelID, c Channel) {
	e := entry{c, rate.NewLimiter(rate.Inf, 1), inFlight}
	if n := c.Limits().Rate; n > 0 {
		e.pace, e.most = rate.NewLimiter(rate.Limit(n), 1), min(n, inFlight) // so that none waits for its turn longer than a second
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.channels[id] = e
}

// Remove switches a channel off.
func (r *Registry) Remove(id ChannelID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.channels, id)
}

// Get gives the channel if it is switched on.
func (r *Registry) Get(id ChannelID) (Channel, bool) {
	e, ok := r.get(id)
	return e.Channel, ok
}

func (r *Registry) get(id ChannelID) (entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.channels[id]
	return e, ok
}

// each visits the channels that are switched on, held or not. The visitor must not call the registry.
func (r *Registry) each(visit func(ChannelID, entry)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for id, e := range r.channels {
		visit(id, e)
	}
}
