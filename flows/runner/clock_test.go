package runner_test

import (
	"sync"
	"time"
)

// clock stands still until it is moved, or goes on a little each time it is looked at.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	tick time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.tick)
	return c.now
}

// runs lets it go on, as a real one does.
func (c *clock) runs() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick = 100 * time.Microsecond
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
