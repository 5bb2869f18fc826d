package main

import (
	"context"
	"maps"
	"slices"

	"librarian/bots"
)

// watchChannels calls for help with channels that do not work, and ends the calls for those that do again. What is missed is done the next time.
func (s *service) watchChannels(ctx context.Context) {
	all, err := s.accounts.All(ctx)
	if err == nil {
		err = s.desk.WatchChannels(ctx, slices.SortedFunc(maps.Values(all), func(a, b bots.Account) int { return int(a.ID - b.ID) }))
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("nobody is called for help with channels", "err", err)
	}
}
