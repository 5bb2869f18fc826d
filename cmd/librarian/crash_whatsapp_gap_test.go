package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// chatGaps are the places on the way of a message from a reader's phone to its answer there.
func (n *number) chatGaps() []gap {
	soon := 20 * time.Millisecond
	out := []gap{
		{name: "message: decrypted, not committed", within: soon, enter: n.lockedFrom("events", "share", storing, func() {})},
		{name: "message: committed, confirmation lost", within: soon, enter: n.unconfirmed},
		{name: "file: on its way", within: soon, enter: n.halted(n.server.BeforeMedia)},
		{name: "answer: arrived, not acknowledged", within: soon, enter: n.unacknowledged},
		{name: "answer: acknowledged, not stored", within: soon, enter: n.unstored},
		{name: "message: committed, confirmed late", within: soon, enter: n.halted(n.onConfirmation)},
		{name: "message: decrypted, key not kept", within: soon, enter: n.lockedFrom("whatsmeow_event_buffer", "share", keeping, func() {})},
		{name: "message: committed, not noted so", within: soon, enter: n.unnoted},
		{name: "file: kept, not noted", within: soon, enter: n.locked("pending_blobs", "share")},
		{name: "turn: in an ask", within: soon, enter: n.locked("tasks", "share")},
		{name: "turn: committed", within: 2 * time.Millisecond, enter: n.committed},
		{name: "answer: being written", within: 500 * time.Millisecond, enter: n.typing},
		{name: "answer: encrypted, not sent", within: soon, enter: n.encrypted},
		{name: "answer: sent, lost on its way", within: soon, enter: n.lost},
		{name: "answer: sent, arrives after the kill", within: soon, enter: n.halted(func(wait func()) { n.server.OnMessage(func(string) { wait() }) })},
		{name: "delivery: reported, not stored", within: soon, enter: n.lockedFrom("outbox", "share", confirming, func() {})},
		{name: "starting", within: min(n.startTime+n.startTime/4, 3*time.Second), starting: true},
		{name: connecting, within: time.Second, enter: n.anyTime},
		{name: "at any time", within: 3 * time.Second, enter: n.anyTime},
		{name: "stopping", within: 400 * time.Millisecond, enter: n.stopping},
	}
	for i := range out {
		if enter := out[i].enter; enter != nil && out[i].name != connecting {
			out[i].enter = func(context.Context) (func(), bool) {
				n.answers(2)
				ctx, cancel := context.WithTimeout(n.Context(), patienceOfGaps)
				defer cancel()
				return enter(ctx)
			}
		}
	}
	return out
}

const connecting = "connecting"

// answers waits until so many have arrived, or it takes too long: they are written at the pace of a person, and would never come if each kill came before.
func (n *number) answers(more int) {
	ctx, cancel := context.WithTimeout(n.Context(), patienceOfGaps)
	defer cancel()
	before := n.arrived()
	_ = n.server.Until(ctx, func() bool { return n.arrived() >= before+more }) // then without
}

// How the statements begin for which the gaps wait.
const (
	storing    = `^with given as`                         // messages, by the runner
	keeping    = `^\s*insert into whatsmeow_event_buffer` // what was decrypted, by whatsmeow
	noting     = `^\s*update whatsmeow_event_buffer`      // that the handler has done with it
	enciphered = `^\s*insert into whatsmeow_sessions`
	resulting  = `^update outbox o set\s+state = case` // results of sending
	confirming = `^with told as`                       // receipts of phones
)

// halted lets the first call of the server's hook wait, with all that comes after it on the same connection; what was held is carried out after the kill.
func (n *number) halted(set func(wait func())) func(context.Context) (func(), bool) {
	return func(ctx context.Context) (func(), bool) {
		release, reached := n.halt(set)
		select {
		case <-reached:
			return release, true
		case <-ctx.Done():
			return release, false
		}
	}
}

func (n *number) halt(set func(wait func())) (release func(), reached <-chan struct{}) {
	met, free := make(chan struct{}), make(chan struct{})
	var taken atomic.Bool
	set(func() {
		if taken.CompareAndSwap(false, true) {
			close(met)
			<-free
		}
	})
	return sync.OnceFunc(func() { close(free) }), met
}

// unconfirmed waits until a message is stored of which the server will not hear that it is.
func (n *number) unconfirmed(ctx context.Context) (func(), bool) {
	n.wire.swallow()
	stored := `select coalesce(sum(next_event), 0) from conversations`
	for before := n.count(n.db, stored); n.count(n.db, stored) == before; {
		select {
		case <-ctx.Done():
			return func() {}, false
		case <-time.After(2 * time.Millisecond):
		}
	}
	return func() {}, true
}

// onConfirmation has the receipts of messages wait; those that say that one was read come later and matter less.
func (n *number) onConfirmation(wait func()) {
	n.server.OnReceipt(func(_, kind string) {
		if kind == "" || kind == "inactive" {
			wait()
		}
	})
}

// unnoted waits until a message is stored and whatsmeow cannot note that it is done with.
func (n *number) unnoted(ctx context.Context) (func(), bool) {
	release, entered := n.lockedFrom("events", "share", storing, func() {})(ctx)
	if !entered {
		return release, false
	}
	return n.lockedFrom("whatsmeow_event_buffer", "share", noting, release)(ctx)
}

// unacknowledged waits until an answer is at a phone and the service hears of it neither from the server nor from the phone.
func (n *number) unacknowledged(ctx context.Context) (func(), bool) {
	n.server.AutoDeliver(false)
	n.server.DropAcks(true)
	before := n.arrived()
	return func() {}, n.server.Until(ctx, func() bool { return n.arrived() > before }) == nil
}

// unstored waits until the service knows that an answer was taken, and cannot store it.
func (n *number) unstored(ctx context.Context) (func(), bool) {
	n.server.AutoDeliver(false) // what the phone reports is stored as well
	send, reached := n.halt(func(wait func()) { n.server.OnMessage(func(string) { wait() }) })
	select {
	case <-reached:
		return n.lockedFrom("outbox", "share", resulting, send)(ctx)
	case <-ctx.Done():
		return send, false
	}
}

// typing waits until a reader is shown that an answer is being written.
func (n *number) typing(ctx context.Context) (func(), bool) {
	before := n.typed()
	return func() {}, n.server.Until(ctx, func() bool { return n.typed() > before }) == nil
}

// encrypted waits until an answer is encrypted and its key cannot be kept. Nothing new comes meanwhile, which would need keys as well.
func (n *number) encrypted(ctx context.Context) (func(), bool) {
	n.server.HoldInbox(true)
	return n.lockedFrom("whatsmeow_sessions", "share", enciphered, func() {})(ctx)
}

// lost waits until an answer is sent into a line on which nothing arrives.
func (n *number) lost(ctx context.Context) (func(), bool) { return func() {}, n.wire.lose(ctx) }

func (n *number) typed() (sum int) {
	for _, r := range n.readers {
		sum += r.mouth.(*phoneReader).phone.Typing()
	}
	return sum
}

func (n *number) arrived() (sum int) {
	for _, r := range n.readers {
		sum += len(r.mouth.(*phoneReader).phone.Inbox())
	}
	return sum
}
