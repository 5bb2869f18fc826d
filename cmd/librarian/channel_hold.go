package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"librarian/bots"
	"librarian/bots/whatsapp"
	"librarian/contacts/library"
)

var errPassing = errors.New("stored by nobody: the service is not running")

// served waits for a service to show that it holds the number.
func (l *linking) served(ctx context.Context) (bool, error) {
	tick := time.NewTicker(l.look)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < l.notice; {
		link, err := l.links.Link(ctx, l.lib, l.id)
		if err != nil || link.Held {
			return link.Held, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
	return false, nil
}

// warnings are what a command says of its work.
func warnings() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// hold has this process hold the number, unless the service does: where none runs the phone is linked all the same. What a reader writes meanwhile is not
// taken; WhatsApp brings it to the service.
func (l *linking) hold(ctx context.Context) (stop func(), err error) {
	if held, err := l.served(ctx); held || err != nil {
		return func() {}, err
	}
	log := warnings()
	store, err := whatsapp.OpenStore(ctx, l.pool, whatsapp.NewLog(log))
	if err != nil {
		return nil, err
	}
	locks := &service{pool: l.pool}
	number := whatsapp.New(whatsapp.Config{
		Library: l.lib, Channel: l.id, Pool: l.pool, Store: store, Links: l.links, Transport: l.transport, Now: time.Now, Log: log,
		Receive: func(context.Context, bots.Inbound) error { return errPassing },
		Delivered: func(context.Context, library.ID, bots.ChannelID, string, []string, bool) error {
			return errPassing
		},
		Lock: func(ctx context.Context) (context.Context, func(), bool, error) {
			return locks.watchLock(ctx, pollLock, int32(l.id))
		},
	})
	held, release := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := number.Run(held); err != nil {
			log.Error("number is not held", "err", err)
		}
	}()
	stop = func() {
		release()
		<-done
	}
	if err := l.calls(ctx, number); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// calls waits a while for a linked number to be connected: only then can WhatsApp be told that the link ends.
func (l *linking) calls(ctx context.Context, number *whatsapp.WhatsApp) error {
	link, err := l.links.Link(ctx, l.lib, l.id)
	if err != nil || !link.Linked() {
		return err
	}
	tick := time.NewTicker(l.look)
	defer tick.Stop()
	for began := time.Now(); !number.Ready() && time.Since(began) < l.waits; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
