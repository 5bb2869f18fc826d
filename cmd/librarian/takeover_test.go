package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"librarian/bots/email/mailtest"
)

// Times of a take-over.
const (
	takeOver = 10 * time.Second // until another process has the number
	leased   = 90 * time.Second // after which a message that a dead process had in hand is sent by another
	claimed  = 2 * time.Minute  // and a file fetched
)

// pair is two processes of the service on one database and one store; one of them holds the number.
type pair struct {
	*number
	processes [2]*world
}

// Of two processes one holds the number. When it dies, is cut off from the database, or stands still, the other has the number within ten seconds and the
// conversations go on with nothing lost and nothing sent twice; the first stands by when it comes back. Two connect at a time only where the first stands
// still, and it does not fight for the number afterwards (issue 5, Shows 3).
func TestSecondInstanceTakesOver(t *testing.T) {
	t.Parallel()
	p := &pair{number: unlinkedNumber(t)}
	first := p.world
	second := &world{T: t, database: p.database, key: p.key, files: p.files, env: p.env, listen: mailtest.FreeAddr(t), log: &syncBuffer{}}
	p.processes = [2]*world{first, second}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	p.link(false)
	second.serve()
	p.meet(4)
	over := make(chan struct{})
	talk, talking := errgroup.WithContext(ctx)
	for _, r := range p.readers {
		talk.Go(func() error { return r.run(talking, over) })
	}
	p.goesOn("before anything happens")

	p.outlast(p.passes("killed", 0, first.kill))
	p.goesOn("without the first")
	first.log = &syncBuffer{}
	first.serve()
	p.stays("with the first back", second)

	p.passes("cut off from the database", 0, p.cutLock)
	holder := p.holder()
	p.passes("standing still", 1, func() {
		p.signal(holder, syscall.SIGSTOP)
		p.cutLock()
	})
	p.signal(holder, syscall.SIGCONT)
	p.stays("with both running again", p.holder())

	close(over)
	if err := talk.Wait(); err != nil {
		t.Fatalf("%v\n%s\n%s\n%s", err, p.unfinished(), first.log, second.log)
	}
	p.quiet()
	p.delivered()
	p.judgeChats()
	p.ends(first)
	p.ends(second)
}

// kill ends the process at once.
func (w *world) kill() {
	w.Helper()
	if err := w.process.Process.Signal(syscall.SIGKILL); err != nil {
		w.Fatal(err)
	}
	if err := <-w.ended; err == nil {
		w.Error("the process had ended by itself before the kill")
	}
}

func (p *pair) signal(w *world, s syscall.Signal) {
	p.Helper()
	if err := w.process.Process.Signal(s); err != nil {
		p.Fatal(err)
	}
}

// passes does something to the process that holds the number, and waits until a process has logged in again, once, and thrown out so many connections of
// another. It gives when that was done.
func (p *pair) passes(how string, replaced int, do func()) (begun time.Time) {
	p.Helper()
	logins, before := p.account.Logins(), p.account.Replaced()
	begun = time.Now()
	do()
	ctx, cancel := context.WithTimeout(p.Context(), patienceOfTests)
	defer cancel()
	if err := p.server.Until(ctx, func() bool { return p.account.Logins() > logins && p.account.Online() }); err != nil {
		p.Fatalf("%s: nobody took the number over\n%s\n%s", how, p.processes[0].log, p.processes[1].log)
	}
	took := time.Since(begun)
	p.Logf("%s: the number was online again after %v", how, took.Round(time.Millisecond))
	if took > takeOver {
		p.Errorf("%s: the number was away for %v", how, took)
	}
	if n := p.account.Logins() - logins; n != 1 {
		p.Errorf("%s: %d logins", how, n)
	}
	if n := p.account.Replaced() - before; n != replaced {
		p.Errorf("%s: %d connections were thrown out, wanted %d", how, n, replaced)
	}
	return begun
}

// stays waits until the conversations have gone on, and nobody has taken the number from who holds it.
func (p *pair) stays(when string, holder *world) {
	p.Helper()
	logins := p.account.Logins()
	p.goesOn(when)
	if n := p.account.Logins() - logins; n != 0 {
		p.Errorf("%s: %d more logins", when, n)
	}
	if p.holder() != holder {
		p.Errorf("%s: another process holds the number", when)
	}
}

// goesOn waits until each reader has another answer.
func (p *pair) goesOn(when string) {
	p.Helper()
	begun := time.Now()
	before := make([]int, len(p.readers))
	for i, r := range p.readers {
		before[i] = len(r.heard())
	}
	ctx, cancel := context.WithTimeout(p.Context(), patienceOfTests)
	defer cancel()
	for i, r := range p.readers {
		if err := r.await(ctx, before[i]+1); err != nil {
			p.Fatalf("%s, reader %d: %v\n%s\n%s", when, i, err, p.processes[0].log, p.processes[1].log)
		}
	}
	p.Logf("%s: each reader had another answer after %v", when, time.Since(begun).Round(time.Millisecond))
}

// outlast makes it as if the time of the leases and claims had passed that a process took before it was killed.
func (p *pair) outlast(killed time.Time) {
	p.Helper()
	for sql, lasts := range map[string]time.Duration{
		`update outbox set lease_until = clock_timestamp() where state = 'leased' and lease_until < $1`:                                             leased,
		`update events set fetch_at = clock_timestamp() where state = 'waiting' and fetch_at > clock_timestamp() and fetches > 0 and fetch_at < $1`: claimed,
	} {
		if _, err := p.db.Exec(p.Context(), sql, killed.Add(lasts)); err != nil {
			p.Fatal(err)
		}
	}
}

// cutLock ends the connection by whose lock the number is held.
func (p *pair) cutLock() {
	p.Helper()
	n := p.count(p.db, `select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and granted
and database = (select oid from pg_database where datname = current_database())`, pollLock, p.channel)
	if n != 1 {
		p.Fatalf("%d locks of the number", n)
	}
}

// holder is the process that has said last that it holds the number.
func (p *pair) holder() (holder *world) {
	p.Helper()
	about := fmt.Sprintf("channel=%d", p.channel)
	p.await("one process holds the number", func() bool {
		holder = nil
		for _, w := range p.processes {
			held := 0
			for line := range strings.Lines(w.log.String()) {
				switch {
				case !strings.Contains(line, about):
				case strings.Contains(line, "number is held by this process"):
					held++
				case strings.Contains(line, "number is held no more"):
					held--
				}
			}
			if held == 0 {
				continue
			}
			if holder != nil {
				return false
			}
			holder = w
		}
		return holder != nil
	})
	return holder
}
