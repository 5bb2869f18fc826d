package main

import (
	"context"
	"sync"
	"time"
)

// postGaps are the places on the way of a letter from its cause to its stored result.
func (p *posting) postGaps() []gap {
	soon := 20 * time.Millisecond
	out := []gap{
		{name: "letter: at any time", within: 1500 * time.Millisecond, enter: p.anyTime},
		{name: "slip: written, not committed", within: soon, enter: p.locked("order_slips", "share")},
		{name: "PDF: joined, not kept", within: soon, enter: p.locked("pending_blobs", "share")},
		{name: "PDF: kept, order not sent", within: soon, enter: p.locked("order_steps", "share")},
		{name: "letter: written, not committed", within: soon, enter: p.locked("outbox", "share")},
		{name: "letter: committed", within: 2 * time.Millisecond, enter: p.committed},
		{name: "stopping", within: 400 * time.Millisecond, enter: p.stopping},
	}
	for i := range out {
		enter := out[i].enter
		out[i].enter = func(ctx context.Context) (func(), bool) { // there is work while the service runs
			p.feed(2)
			return enter(ctx)
		}
	}
	held := []gap{
		{name: "PDF: taken, not answered", within: soon, enter: p.holding(pdfLetter, unanswered)},
		{name: "slip: answered, not stored", within: soon, enter: p.unstored(slipLetter)},
		{name: "answer: not ended", within: soon, enter: p.holding(answerLetter, unended)},
		{name: "PDF: answered, not stored", within: soon, enter: p.unstored(pdfLetter)},
		{name: "slip: not ended", within: soon, enter: p.holding(slipLetter, unended)},
		{name: "answer: taken, not answered", within: soon, enter: p.holding(answerLetter, unanswered)},
		{name: "PDF: not ended", within: soon, enter: p.holding(pdfLetter, unended)},
		{name: "slip: taken, not answered", within: soon, enter: p.holding(slipLetter, unanswered)},
		{name: "answer: answered, not stored", within: soon, enter: p.unstored(answerLetter)},
	}
	return append(append(held, out...), gap{name: "starting", within: min(p.startTime+p.startTime/4, 3*time.Second), starting: true})
}

// holding waits until a letter of the kind is held at the moment.
func (p *posting) holding(kind string, at halt) func(context.Context) (func(), bool) {
	return func(ctx context.Context) (func(), bool) {
		h := p.gate.hold(kind, at)
		p.feed(2)
		entered := p.gate.meet(ctx, h)
		return sync.OnceFunc(func() { h.fate <- false }), entered
	}
}

// unstored waits until the program has been told that its letter was taken, and cannot note it.
func (p *posting) unstored(kind string) func(context.Context) (func(), bool) {
	return func(ctx context.Context) (func(), bool) {
		h := p.gate.hold(kind, unended)
		p.feed(2)
		if !p.gate.meet(ctx, h) {
			return func() {}, false
		}
		release, waits := p.lockedThen("outbox", "share", func() { h.fate <- true })(ctx)
		select {
		case <-h.passed:
			return release, waits
		case <-ctx.Done():
			return release, false
		}
	}
}
