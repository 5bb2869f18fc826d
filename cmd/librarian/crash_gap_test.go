package main

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"time"

	"librarian/bots/telegram/telegramtest"
)

// gap is a place on the path of a message at which the process may die.
type gap struct {
	name     string
	starting bool          // the process is killed before it is ready
	within   time.Duration // the kill comes at some moment of it
	// enter waits until the process is in the gap and holds it there until release is called; false when it was not met in time.
	enter func(ctx context.Context) (release func(), entered bool)
}

// gaps are all places of the path, from a message's arrival to its stored result, and the life of the process around it.
func (c *crash) gaps() []gap {
	soon := 20 * time.Millisecond
	start := min(c.startTime+c.startTime/4, 3*time.Second)
	return []gap{
		{name: "at any time", within: time.Second, enter: c.anyTime},
		{name: "message acknowledged", within: 2 * time.Millisecond, enter: c.acknowledged},
		{name: "updates stored, Telegram not told", within: soon, enter: c.asked("getUpdates", telegramtest.Hang())},
		{name: "conversation claimed", within: soon, enter: c.locked("tasks", "access exclusive")},
		{name: "in an ask", within: soon, enter: c.locked("tasks", "share")},
		{name: "in an ask (consent)", within: soon, enter: c.locked("consents", "share")},
		{name: "turn written, not committed", within: soon, enter: c.locked("facts", "share")},
		{name: "turn committed", within: 2 * time.Millisecond, enter: c.committed},
		{name: "leased, not sent", within: soon, enter: c.asked("sendMessage", telegramtest.Hang())},
		{name: "sent, result not stored", within: soon, enter: c.asked("sendMessage", telegramtest.Hang().Recorded())},
		{name: "file asked for", within: soon, enter: c.asked("getFile", telegramtest.Hang())},
		{name: "file on its way", within: soon, enter: c.asked("download", telegramtest.Hang())},
		{name: "file kept, not noted", within: soon, enter: c.locked("pending_blobs", "share")},
		{name: "file inspected, not noted", within: soon, enter: c.locked("files", "share")},
		{name: "starting", within: start, starting: true},
		{name: "stopping", within: 400 * time.Millisecond, enter: c.stopping},
	}
}

func (c *crash) anyTime(context.Context) (func(), bool) { return func() {}, true }

func (c *crash) acknowledged(ctx context.Context) (func(), bool) {
	select {
	case <-c.stored:
		return func() {}, true
	case <-ctx.Done():
		return func() {}, false
	}
}

func (c *crash) stopping(context.Context) (func(), bool) {
	return func() {}, c.process.Process.Signal(syscall.SIGTERM) == nil
}

// asked lets the next call of the method wait until the process dies.
func (c *crash) asked(method string, f telegramtest.Failure) func(context.Context) (func(), bool) {
	return func(ctx context.Context) (func(), bool) {
		before := c.bot.Calls(method)
		c.bot.Fail(method, f, 1)
		return func() {}, c.bot.Until(ctx, func() bool { return c.bot.Calls(method) > before }) == nil
	}
}

// committed waits for the signal with which a turn's commit wakes the sender.
func (c *crash) committed(ctx context.Context) (func(), bool) {
	conn, err := c.db.Acquire(ctx)
	if err != nil {
		return func() {}, false
	}
	release := sync.OnceFunc(func() { conn.Hijack().Close(context.Background()) }) // it would go on listening
	if _, err := conn.Exec(ctx, `listen librarian`); err != nil {
		return release, false
	}
	for {
		n, err := conn.Conn().WaitForNotification(ctx)
		if err != nil {
			return release, false
		}
		if strings.Contains("\n"+n.Payload, "\noutbox ") {
			return release, true
		}
	}
}

const waitsFor = `select exists (select from pg_locks l join pg_stat_activity a using (pid) where l.relation = $1::regclass and not l.granted
and l.database = (select oid from pg_database where datname = current_database()) and a.query ~* $2)`

// locked takes the table away until the process waits for it.
func (c *crash) locked(table, mode string) func(context.Context) (func(), bool) {
	return c.lockedThen(table, mode, func() {})
}

// lockedThen does the same, and something as soon as it has the table.
func (c *crash) lockedThen(table, mode string, then func()) func(context.Context) (func(), bool) {
	return c.lockedFrom(table, mode, "", then)
}

// lockedFrom waits until it is a statement of this kind, a regular expression, that waits for the table.
func (c *crash) lockedFrom(table, mode, statement string, then func()) func(context.Context) (func(), bool) {
	return func(ctx context.Context) (func(), bool) {
		tx, err := c.db.Begin(ctx)
		if err != nil {
			return func() {}, false
		}
		release := sync.OnceFunc(func() { _ = tx.Rollback(context.Background()) }) // nothing was written
		if _, err := tx.Exec(ctx, "lock table "+table+" in "+mode+" mode"); err != nil {
			return release, false
		}
		then()
		for waits := false; !waits; {
			if err := c.db.QueryRow(ctx, waitsFor, table, statement).Scan(&waits); err != nil {
				return release, false
			}
			select {
			case <-ctx.Done():
				return release, false
			case <-time.After(2 * time.Millisecond):
			}
		}
		return release, true
	}
}
