// Package runner keeps conversations in the database and moves them: it stores what comes in, plays the flows, carries out what they ask for, and
// writes what is to be sent.
package runner

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue/fragments"
	"librarian/templates"
)

// Config is what a runner is made of.
type Config struct {
	Pool      *pgxpool.Pool
	Flows     *flows.Set
	Texts     *templates.Texts
	Libraries *contacts.Libraries
	Accounts  *bots.Accounts
	Channels  *bots.Registry
	Signals   *bots.Signals
	Outbox    *bots.Outbox
	Secrets   *bots.Secrets
	Store     *files.Store
	Inspector *files.Inspector
	Press     *papers.Press
	Joiner    *fragments.Joiner

	PublicURL string // where links lead; empty: none are given

	DrawExample func(papers.Example) ([]byte, error) // optional: without it no picture shows how to photograph a paper

	Workers int                                 // groups worked at a time; 0 means 2
	Group   int                                 // conversations of one group at most; 0 means 64
	Moved   func(turns int, took time.Duration) // told of each group that was committed; optional
	Now     func() time.Time
	Log     *slog.Logger
}

// Runner moves conversations. All of its methods may be used at the same time.
type Runner struct {
	Config
	inbox     chan arrival
	eventCame chan struct{} // a message was stored here: a worker looks at once
	filesCame chan struct{}
	instance  instance
	pace      *pace
	examples  atomic.Pointer[map[papers.ExampleOf]files.ID]
}

// New makes a runner; Run starts it.
func New(c Config) *Runner {
	if c.Workers == 0 {
		c.Workers = 2
	}
	if c.Group == 0 {
		c.Group = 64
	}
	return &Runner{Config: c, pace: newPace(), inbox: make(chan arrival), eventCame: make(chan struct{}, 1), filesCame: make(chan struct{}, 1)}
}

// How many do the same at a time.
const (
	receivers  = 2 // store what comes in
	inspectors = 4 // fetch files and look at them
)

// Run works until the context ends, then finishes what is in hand.
func (r *Runner) Run(ctx context.Context) error {
	// This process is known until its last worker has ended.
	known, forget := context.WithCancel(context.WithoutCancel(ctx))
	defer forget()
	var holder errgroup.Group
	holder.Go(func() error { return r.holdInstance(known) })
	g, ctx := errgroup.WithContext(ctx)
	for range receivers {
		g.Go(func() error { return r.storeArrivals(ctx) })
	}
	for worker := range r.Workers {
		g.Go(func() error { return r.work(ctx, worker) })
	}
	for range inspectors {
		g.Go(func() error { return r.inspectFiles(ctx) })
	}
	g.Go(func() error { return r.jobs(ctx, "papers are not drawn", r.drawNext) })
	g.Go(func() error { return r.drawExamples(ctx) })
	g.Go(func() error { return r.jobs(ctx, "pages of an order are not joined", r.joinNext) })
	g.Go(func() error { return r.jobs(ctx, "slip is not sent", r.nextSlip) })
	g.Go(func() error { return r.keepTime(ctx) })
	err := g.Wait()
	forget()
	return errors.Join(err, holder.Wait())
}
