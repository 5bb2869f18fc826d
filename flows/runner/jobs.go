package runner

import (
	"context"
	"time"
)

// jobs does one after the other of what waits in the database, and looks again when nothing did or one failed; next reports whether there was any.
func (r *Runner) jobs(ctx context.Context, complaint string, next func(context.Context) (bool, error)) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		found, err := next(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error(complaint, "err", err)
		}
		if found && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}
