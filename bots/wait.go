package bots

import (
	"context"
	"math/rand/v2"
	"time"
)

// Pause waits so long, or until the context ends.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Jitter takes up to half away, so that many who wait do not come back together.
func Jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d - rand.N(d/2)
}
