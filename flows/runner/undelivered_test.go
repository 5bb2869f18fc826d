package runner_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue/fragments"
)

// undelivered counts the tasks that tell of it.
func (s *shelf) undelivered() int {
	s.Helper()
	return s.count(`select count(*) from tasks where kind = 'undelivered'`)
}

// TestCopyByMailBringsIt: the chat took nothing, the letters did, and the order's page says so; a letter for each part, also for one without words.
func TestCopyByMailBringsIt(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.proven("anna@reader.test")
	s.narrowTo(1)
	s.web.limit(func(l *bots.Limits) { l.Files = 1 })
	o := s.placed("1-3")
	s.registry.Set(s.chat, refusing{s.web})
	letters := len(s.post.delivered())
	s.released(o, s.noises(3)...)
	s.await("the copies have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent"}) })
	var got []string
	for _, l := range s.post.delivered()[letters:] {
		got = append(got, l.Files...)
	}
	sends, err := fragments.Sends(t.Context(), s.pool, s.lib, o.ID)
	if err != nil || len(sends) != 1 || len(sends[0].Files) != 3 || len(got) != 3 {
		t.Errorf("sent %+v, by letters %v, %v", sends, got, err)
	}
	if n := s.undelivered(); n != 0 {
		t.Errorf("%d tasks", n)
	}
}

// TestCopyByMailFailsToo: of the pages that nobody got by either way a task tells, and the order's page. What the e-mail did not take is not sent to it again,
// though its address is the reader's own.
func TestCopyByMailFailsToo(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"never written from": false, "written from": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.proven("anna@reader.test")
			if known {
				s.exec(`with a as (insert into addresses (library_id, contact_id, channel_id, external)
  select library_id, contact_id, $1, 'anna@reader.test' from addresses where external = 'anna' returning library_id, id)
insert into conversations (library_id, id, lang) select library_id, id, 'ru' from a`, s.mail)
			}
			o := s.placed("5")
			s.registry.Set(s.chat, refusing{s.web})
			s.registry.Set(s.mail, refusing{s.post})
			s.released(o, s.page("1.jpg", 90))
			s.await("staff are told", func() bool { return s.undelivered() == 1 })
			if got := s.fates(o); !slices.Equal(got, []string{"failed"}) {
				t.Errorf("it fared %v", got)
			}
		})
	}
}

// TestPartsThatFailAreOneTask, whether they fail together or one after the other.
func TestPartsThatFailAreOneTask(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.narrowTo(1)
	s.web.limit(func(l *bots.Limits) { l.Files = 1 })
	o := s.placed("1-4")
	s.released(o, s.noises(4)...)
	s.await("the parts have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent"}) })
	s.exec(`update readers set email_proven = false`)
	parts := s.sentOf(o)
	if len(parts) < 4 {
		t.Fatalf("%d messages", len(parts))
	}
	for _, fail := range [][]bots.Failure{parts[:2], parts[2:3], parts[3:]} {
		s.tx(func(ctx context.Context, tx pgx.Tx) error { return s.fail(ctx, tx, fail) })
	}
	if n := s.undelivered(); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// TestBothWaysFailAtOnce: neither transaction sees the other's failure, and yet somebody is told.
func TestBothWaysFailAtOnce(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.proven("anna@reader.test")
	o := s.placed("5")
	s.releasedTo(o, 2, s.page("1.jpg", 90))
	s.await("both have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent", "sent"}) })
	s.exec(`update readers set email_proven = false`)
	sent := s.sentOf(o)
	if len(sent) != 2 {
		t.Fatalf("%d messages", len(sent))
	}
	var second chan error
	s.tx(func(ctx context.Context, tx pgx.Tx) error {
		if err := s.noteFailed(ctx, tx, sent[:1]); err != nil {
			return err
		}
		if err := s.HandOn(ctx, tx, sent[:1]); err != nil {
			return err
		}
		second = make(chan error, 1)
		go func() {
			second <- s.do(func(ctx context.Context, tx pgx.Tx) error { return s.fail(ctx, tx, sent[1:]) })
		}()
		s.await("the other is through, or waits", func() bool {
			return len(second) == 1 || s.count(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) > 0
		})
		return nil
	})
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if n := s.undelivered(); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// sentOf are the order's messages as failures, in the order of their conversations.
func (s *shelf) sentOf(o fragments.Order) []bots.Failure {
	s.Helper()
	rows, err := s.pool.Query(context.Background(), `select m.library_id, m.conversation_id, m.seq, m.kind, m.body from outbox m join order_sends d
on d.library_id = m.library_id and d.id = (m.body ->> 'send')::bigint where d.order_id = $1 order by m.conversation_id, m.seq`, o.ID)
	if err != nil {
		s.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (bots.Failure, error) {
		f := bots.Failure{Problem: "550"}
		err := row.Scan(&f.Library, &f.Conversation, &f.Seq, &f.Kind, &f.Body)
		return f, err
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *shelf) noteFailed(ctx context.Context, tx pgx.Tx, all []bots.Failure) error {
	for _, f := range all {
		if _, err := tx.Exec(ctx, `update outbox set state = 'failed' where library_id = $1 and conversation_id = $2 and seq = $3`, f.Library, f.Conversation, f.Seq); err != nil {
			return err
		}
	}
	return nil
}

// fail notes the messages as failed and hands them on, as the sender does.
func (s *shelf) fail(ctx context.Context, tx pgx.Tx, all []bots.Failure) error {
	if err := s.noteFailed(ctx, tx, all); err != nil {
		return err
	}
	return s.HandOn(ctx, tx, all)
}
