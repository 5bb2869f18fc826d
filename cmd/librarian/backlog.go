package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// backlogAge is how long what was counted is shown again: scraping often must cost nothing.
const backlogAge = 5 * time.Second

// backlogTime bounds the counting.
const backlogTime = 3 * time.Second

// backlog shows how much waits, as it was counted last.
type backlog struct {
	count func(ctx context.Context) ([]prometheus.Metric, error)
	now   func() time.Time
	up    *prometheus.Desc

	counting sync.Mutex // one counts at a time; the others wait for its numbers

	mu    sync.Mutex
	known []prometheus.Metric
	ok    bool
	at    time.Time
}

func newBacklog(now func() time.Time, count func(ctx context.Context) ([]prometheus.Metric, error)) *backlog {
	return &backlog{now: now, count: count, up: prometheus.NewDesc("librarian_database_up", "Whether the database could be asked for what waits.", nil, nil)}
}

// refresh counts anew unless that was done a moment ago. Where the database is away no old numbers are shown.
func (b *backlog) refresh(ctx context.Context) {
	b.counting.Lock()
	defer b.counting.Unlock()
	if !b.at.IsZero() && b.now().Sub(b.at) < backlogAge {
		return
	}
	// One who leaves must not make the others see an empty page.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backlogTime)
	defer cancel()
	known, err := b.count(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.ok, b.at = known, err == nil, b.now()
}

// Describe tells nothing beforehand: which numbers there are depends on the libraries.
func (b *backlog) Describe(chan<- *prometheus.Desc) {}

// Collect shows what was counted last.
func (b *backlog) Collect(out chan<- prometheus.Metric) {
	b.mu.Lock()
	known, up := b.known, 0.0
	if b.ok {
		up = 1
	}
	b.mu.Unlock()
	out <- prometheus.MustNewConstMetric(b.up, prometheus.GaugeValue, up)
	for _, m := range known {
		out <- m
	}
}

// backlogNames are the numbers that are counted in the database.
type backlogNames struct{ queued, oldest, unfinished, open, late, up, heard, said *prometheus.Desc }

func newBacklogNames() backlogNames {
	task, channel := []string{"library", "kind"}, []string{"library", "channel", "kind"}
	return backlogNames{
		queued:     prometheus.NewDesc("librarian_outbox_unsent", "Messages that are not sent yet.", nil, nil),
		oldest:     prometheus.NewDesc("librarian_outbox_oldest_seconds", "Age of the oldest message that is not sent yet; 0 when there is none.", nil, nil),
		unfinished: prometheus.NewDesc("librarian_events_unfinished", "Events that have not moved their conversations yet.", nil, nil),
		open:       prometheus.NewDesc("librarian_tasks_open", "Tasks that are not done, late ones included.", task, nil),
		late:       prometheus.NewDesc("librarian_tasks_late", "Tasks past their promise that are not done.", task, nil),
		up:         prometheus.NewDesc("librarian_channel_up", "Whether the channel works.", channel, nil),
		heard:      prometheus.NewDesc("librarian_whatsapp_heard_timestamp_seconds", "When a reader last wrote to the number.", channel, nil),
		said:       prometheus.NewDesc("librarian_whatsapp_said_timestamp_seconds", "When a reader was last written to from the number.", channel, nil),
	}
}

// countBacklog asks the owners of the tables.
func (s *service) countBacklog(names backlogNames) func(context.Context) ([]prometheus.Metric, error) {
	return func(ctx context.Context) ([]prometheus.Metric, error) {
		var out []prometheus.Metric
		gauge := func(name *prometheus.Desc, value float64, labels ...string) {
			out = append(out, prometheus.MustNewConstMetric(name, prometheus.GaugeValue, value, labels...))
		}
		unsent, err := s.outbox.Backlog(ctx)
		if err != nil {
			return nil, err
		}
		gauge(names.queued, float64(unsent.Waiting))
		age := 0.0
		if !unsent.Oldest.IsZero() {
			age = max(0, s.now().Sub(unsent.Oldest).Seconds())
		}
		gauge(names.oldest, age)
		unfinished, err := s.runner.Backlog(ctx)
		if err != nil {
			return nil, err
		}
		gauge(names.unfinished, float64(unfinished))
		tasks, err := s.desk.Backlog(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range tasks {
			lib, err := s.libraries.ByID(ctx, t.Library)
			if err != nil {
				return nil, err
			}
			gauge(names.open, float64(t.Open), lib.Slug, t.Kind)
			gauge(names.late, float64(t.Late), lib.Slug, t.Kind)
		}
		return out, s.countChannels(ctx, names, gauge)
	}
}
