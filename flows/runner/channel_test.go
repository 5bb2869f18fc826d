package runner_test

import (
	"context"
	"fmt"
	"sync"

	"librarian/bots"
)

// channel is a provider that does what the test says.
type channel struct {
	kind   bots.Kind
	limits bots.Limits
	mu     sync.Mutex
	sent   []bots.Outbound
	fetch  func(f bots.InboundFile, try int) (bots.Download, error)
	tries  map[string]int
}

func newChannel(kind bots.Kind) *channel {
	limits := bots.Limits{Text: 4000, Caption: 1000, Label: 60, Buttons: true, Files: 10, File: 20 << 20}
	return &channel{kind: kind, limits: limits, tries: map[string]int{}}
}

func (c *channel) Kind() bots.Kind { return c.kind }
func (c *channel) Limits() bots.Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limits
}

// limit changes what the provider takes, also while it sends.
func (c *channel) limit(change func(*bots.Limits)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.limits)
}

func (c *channel) Send(_ context.Context, m bots.Outbound) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, m)
	return fmt.Sprint(len(c.sent)), nil
}

func (c *channel) Fetch(_ context.Context, f bots.InboundFile) (bots.Download, error) {
	c.mu.Lock()
	c.tries[f.Ref]++
	try, fetch := c.tries[f.Ref], c.fetch
	c.mu.Unlock()
	if fetch == nil {
		return text("Слова из файла " + f.Ref), nil
	}
	return fetch(f, try)
}

func (c *channel) tried(ref string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tries[ref]
}

func (c *channel) delivered() []bots.Outbound {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]bots.Outbound(nil), c.sent...)
}
