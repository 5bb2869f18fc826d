package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"librarian/bots"
	"librarian/cmd/schema/pgtest"
	"librarian/queue"
)

// together starts n at one moment and waits for them.
func together(n int, work func(k int)) {
	barrier := make(chan struct{})
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() {
			<-barrier
			work(k)
		})
	}
	close(barrier)
	all.Wait()
}

// once checks that every message was answered, and that none was answered twice or lost.
func (w *world) once(messages int) {
	w.Helper()
	if n := w.count(`select count(*) from events where kind = 'message'`); n != messages {
		w.Errorf("%d messages stored, want %d", n, messages)
	}
	if n := w.count(`select count(*) from events where state <> 'done' or turn is null`); n != 0 {
		w.Errorf("%d events are not done", n)
	}
	// Each turn that was not muted took at least one event, and none was taken by two.
	if n := w.count(`select count(*) from conversations c where turn <> (
  select count(distinct (e.done_at, e.turn::text, case when e.body::jsonb ? 'files' then 0 else e.seq end)) from events e
  where e.library_id = c.library_id and e.conversation_id = c.id and not coalesce((e.turn ->> 'muted')::bool, false))`); n != 0 {
		w.Errorf("%d conversations have another number of turns than of answered messages", n)
	}
	w.contiguous()
}

func TestReceiversAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.start(), w.start()
	rounds := pgtest.Rounds(t, 8)
	for round := range rounds {
		together(16, func(k int) {
			i := one
			if k%2 == 1 {
				i = other
			}
			sender := fmt.Sprintf("same-%d", round) // of half of them, all new
			if k >= 8 {
				sender = fmt.Sprintf("sender-%d-%d", round, k)
			}
			id := fmt.Sprint(k)
			if k < 4 {
				id = "repeated"
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := i.Receive(ctx, w.message(sender, id, "меню")); err != nil {
				t.Error(err)
			}
		})
	}
	w.await("all is answered", func() bool { return w.count(`select count(*) from events where state <> 'done'`) == 0 })
	if n := w.count(`select count(*) from addresses`); n != rounds*9 {
		t.Errorf("%d addresses, want %d", n, rounds*9)
	}
	w.once(rounds * 13)
}

// Transactions of the desk that lock two conversations in opposite orders, amid turns of both: what deadlocks is done again, and nothing stays.
func TestOppositeLockOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(fmt.Sprintf(`alter database %q set deadlock_timeout = '20ms'`, w.pool.Config().ConnConfig.Database))
	w.pool.Reset()
	one, other := w.start(), w.start()
	senders := w.crowd(one, 4)
	rounds := pgtest.Rounds(t, 3)
	for round := range rounds {
		together(16, func(k int) {
			i, first, second := one, senders[k%4], senders[(k+1)%4]
			if k%2 == 1 {
				i = other
			}
			if k >= 8 {
				first, second = second, first
			}
			a, b := w.conv(first), w.conv(second)
			for {
				err := w.do(func(ctx context.Context, tx pgx.Tx) error {
					for _, conv := range []bots.ConversationID{a, b} {
						if err := i.Tell(ctx, tx, w.lib, conv, queue.News{Kind: queue.NewsAccepted}); err != nil {
							return err
						}
					}
					return nil
				})
				var pg *pgconn.PgError
				if errors.As(err, &pg) && pg.Code == "40P01" {
					continue
				}
				if err != nil {
					t.Error(err)
				}
				break
			}
			if err := i.Receive(context.Background(), w.message(first, fmt.Sprintf("%d-%d", round, k), "меню")); err != nil {
				t.Error(err)
			}
		})
	}
	w.await("all is answered", func() bool { return w.count(`select count(*) from events where state <> 'done'`) == 0 })
	if n := w.count(`select count(*) from outbox where kind = 'notice'`); n != rounds*32 {
		t.Errorf("%d notices, want %d", n, rounds*32)
	}
	w.once(4 + rounds*16)
}

// tenure is the epochs of one conversation in which a person spoke.
type tenure struct {
	mu     sync.Mutex
	epochs map[int]bool
}

// hold takes the conversation over if nobody else has, speaks, and hands it back.
func (w *world) hold(i *instance, conv bots.ConversationID, by queue.StaffID, spoken *tenure) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h, err := i.Header(ctx, w.lib, conv)
	if err != nil {
		w.Error(err)
		return
	}
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		if err := i.TakeOver(ctx, tx, w.lib, conv, by, h.Epoch); err != nil {
			return err
		}
		var epoch int
		if err := tx.QueryRow(ctx, `select epoch from conversations where id = $1`, conv).Scan(&epoch); err != nil {
			return err
		}
		spoken.mu.Lock()
		defer spoken.mu.Unlock()
		spoken.epochs[epoch] = true
		return nil
	})
	if errors.Is(err, queue.ErrOtherSpeaks) {
		return
	}
	if err != nil {
		w.Error(err)
	}
	// Another may have taken it from them by now.
	for _, act := range []func(context.Context, pgx.Tx) error{
		func(ctx context.Context, tx pgx.Tx) error {
			return i.Say(ctx, tx, w.lib, conv, by, "Здравствуйте!", nil)
		},
		func(ctx context.Context, tx pgx.Tx) error { return i.HandBack(ctx, tx, w.lib, conv, by) },
	} {
		if err := w.do(act); err != nil && !errors.Is(err, queue.ErrOtherSpeaks) {
			w.Error(err)
		}
	}
}

const scene = 6 // messages of the reader in one interleaving

// interleave lets the bot, two librarians, the timers and the reader act at once in a conversation of their own.
func (w *world) interleave(round int, one, other *instance, olga, pavel queue.StaffID) {
	sender := fmt.Sprintf("scene-%d", round)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	hear := func(i *instance, id int, words string) {
		if err := i.Receive(ctx, w.message(sender, fmt.Sprint(id), words)); err != nil {
			w.Error(err)
		}
	}
	hear(one, 0, "меню")
	conv := w.conv(sender)
	spoken := &tenure{epochs: map[int]bool{}}
	together(4, func(k int) {
		switch k {
		case 0:
			for n := 1; n < scene; n++ {
				hear([]*instance{one, other}[rand.IntN(2)], n, []string{"меню", "1", "вопрос о книге", "да", "отмена"}[rand.IntN(5)])
			}
		case 1:
			w.hold(one, conv, olga, spoken)
		case 2:
			w.hold(other, conv, pavel, spoken)
		case 3:
			w.exec(`update conversations set wake_at = $2, wake_turn = turn where id = $1 and speaker is null`, conv, w.Now())
		}
	})
	for _, by := range []queue.StaffID{olga, pavel} { // who still holds it, hands it back
		err := w.do(func(ctx context.Context, tx pgx.Tx) error { return one.HandBack(ctx, tx, w.lib, conv, by) })
		if err != nil && !errors.Is(err, queue.ErrOtherSpeaks) {
			w.Error(err)
		}
	}
	w.settle(sender)
	for epoch := range spoken.epochs {
		if n := w.count(`select count(*) from outbox where conversation_id = $1 and kind in ('bot', 'reminder') and epoch = $2`, conv, epoch); n != 0 {
			w.Errorf("%s: the bot spoke %d times in epoch %d, while a person did", sender, n, epoch)
		}
	}
	if n := w.count(`select count(*) from outbox o where conversation_id = $1 and kind in ('bot', 'reminder') and state = 'queued'
  and epoch < (select epoch from conversations where id = $1) and exists (select from outbox s where s.conversation_id = $1 and s.kind = 'staff' and s.seq > o.seq)`, conv); n != 0 {
		w.Errorf("%s: %d messages from before a person spoke are still to be sent", sender, n)
	}
	if n := w.count(`select count(*) from events where conversation_id = $1 and kind = 'message' and state = 'done'`, conv); n != scene {
		w.Errorf("%s: %d messages done", sender, n)
	}
}

func TestNeverTwoVoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.start(), w.start()
	w.send(one)
	olga, pavel := w.staff("olga"), w.staff("pavel")
	rounds := pgtest.Rounds(t, 40)
	next := make(chan int)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for round := range next {
				w.interleave(round, one, other, olga, pavel)
			}
		})
	}
	for round := range rounds {
		next <- round
	}
	close(next)
	all.Wait()
	w.once(rounds * scene)
}

// All connections are cut again and again; who sends repeats until it is stored.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away := 3 * time.Second
	if pgtest.Rounds(t, 1) > 100 {
		away = 30 * time.Second
	}
	one, other := w.start(), w.start()
	ctx, cancel := context.WithTimeout(context.Background(), away)
	defer cancel()
	killer, err := pgx.Connect(context.Background(), w.pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer killer.Close(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if _, err := killer.Exec(context.Background(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	const senders = 6
	sent := make([]int, senders)
	for k := range senders {
		all.Go(func() {
			for ; ctx.Err() == nil; sent[k]++ {
				i := []*instance{one, other}[sent[k]%2]
				words := []string{"меню", "2", "Есть ли Гоголь?", "да"}[sent[k]%4] // with an ask among them
				for {
					if err := i.Receive(context.Background(), w.message(fmt.Sprintf("sender-%d-%d", k, sent[k]/40), fmt.Sprint(sent[k]), words)); err == nil { // none fast enough to be slowed down
						break
					}
				}
			}
		})
	}
	all.Wait()
	messages := 0
	for _, n := range sent {
		messages += n
	}
	t.Logf("%d messages in %v without a connection that lasts", messages, away)
	// What was counted against a turn meanwhile would wait for time to pass, which it does not.
	w.await("all is answered", func() bool { return w.count(`select count(*) from events where state <> 'done'`) == 0 })
	if n := w.count(`select max(attempts) from events`); n != 0 {
		t.Errorf("the outage is counted as %d failures of a turn", n)
	}
	w.once(messages)
}
