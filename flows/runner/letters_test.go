package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/email/mailtest"
	"librarian/bots/files"
	"librarian/contacts/library"
)

// office is a world whose mailbox is a real one: letters come in by IMAP and go out by SMTP.
type office struct {
	*world
	*instance
	server   *mailtest.Server
	sender   *bots.Sender
	problems chan string
	config   email.IntakeConfig
}

// newOffice starts everything but the intake, which may be changed before it is opened.
func newOffice(t *testing.T, user string) *office {
	t.Helper()
	o := &office{server: mailtest.New(t), world: newWorld(t), problems: make(chan string, 100)}
	o.instance = o.start()
	address := user + "@" + mailtest.Domain
	out, err := email.New(email.Config{
		Library: o.lib, Channel: o.mail, SMTP: o.server.SMTPURL, From: address, FromName: "Библиотека", Secret: []byte("0123456789abcdef"), Plus: true, Now: o.Now,
		Earlier: func(ctx context.Context, m bots.Outbound) (email.Thread, error) {
			return email.Past(ctx, o.pool, m.Library, m.Conversation)
		},
		Open: func(ctx context.Context, lib library.ID, id string) (io.ReadCloser, string, string, int64, error) {
			r, f, err := o.store.Open(ctx, lib, files.ID(id))
			return r, f.Name, f.MediaType, f.Size, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.registry.Set(o.mail, out)
	o.sender = o.send()
	o.config = email.IntakeConfig{
		Library: o.lib, Channel: o.mail, IMAP: o.server.MailboxURL(user), Address: address, Pool: o.pool, Store: o.store, Receive: o.Receive, Bounced: o.sender.Bounced,
		MessageID: out.MessageID,
		Inspect:   func(context.Context, library.ID, files.ID) error { return nil },
		Lock:      func(context.Context) (func(), bool, error) { return func() {}, true, nil },
		Report:    func(_ context.Context, problem string) { o.problems <- problem },
		Now:       o.Now, Log: o.logger(),
	}
	return o
}

// send runs a sender until the test ends.
func (o *office) send() *bots.Sender {
	signals := bots.NewSignals(o.pool)
	s := bots.NewSender(o.pool, o.registry, o.secrets, signals, o.HandOn, o.Now, o.logger())
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, run := range []func(context.Context) error{signals.Run, s.Run} {
		all.Go(func() {
			if err := run(ctx); err != nil {
				o.Error(err)
			}
		})
	}
	o.Cleanup(func() {
		cancel()
		all.Wait()
	})
	return s
}

// open receives until the test ends or stop is called.
func (o *office) open() (stop func()) {
	o.Helper()
	in, err := email.NewIntake(o.config)
	if err != nil {
		o.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := in.Poll(ctx); err != nil {
			o.Error(err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	o.Cleanup(stop)
	return stop
}

// write posts a letter with these further headers.
func (o *office) write(from, to, id, headers, words string) {
	o.Helper()
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nMessage-ID: <%s>\r\nContent-Type: text/plain; charset=utf-8\r\n%s\r\n%s\r\n", from, to, id, headers, words)
	o.server.Post(o, from, to, []byte(raw))
}

// letters waits until so many letters have ended in the state.
func (o *office) letters(state, reason string, n int) {
	o.Helper()
	o.await(fmt.Sprintf("%d letters are %s %s", n, state, reason), func() bool {
		return o.count(`select count(*) from letters where state = $1 and reason = $2`, state, reason) == n
	})
}

// inbox is how many letters lie in the user's inbox.
func (o *office) inbox(user string) int {
	o.Helper()
	n := 0
	for _, of := range []string{"new", "cur"} {
		all, err := filepath.Glob(filepath.Join(o.server.Maildir(user), of, "*"))
		if err != nil {
			o.Fatal(err)
		}
		n += len(all)
	}
	return n
}

const (
	desk = "library@" + mailtest.Domain
	ada  = "ada@" + mailtest.Domain
)

// A reader writes, is answered in the same thread, and answers that: the whole way over real servers (C5, C9).
func TestReaderWritesByMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "first@reader.test", "Subject: Question about a book\r\n", "Hello! Do you have anything by Kulakovsky in English, please?")
	o.letters("event", "", 1)
	answer := o.server.Letters(t, "ada", 1)[0]
	if answer.Subject != "Re: Question about a book" || answer.Header.Get("In-Reply-To") != "<first@reader.test>" || answer.Header.Get("References") != "<first@reader.test>" {
		t.Errorf("the answer is not in the thread: %q, %v", answer.Subject, answer.Header)
	}
	if !strings.Contains(answer.Text, "1. ") || !strings.Contains(answer.HTML, "1. ") || answer.Header.Get("Auto-Submitted") == "" {
		t.Errorf("the answer offers %q", answer.Text)
	}
	if n := o.count(`select count(*) from addresses where external = $1 and proven_at is null`, ada); n != 1 {
		t.Error("the sender of a letter counts as proven")
	}
	to := strings.Trim(answer.Header.Get("Reply-To")[strings.Index(answer.Header.Get("Reply-To"), "<"):], "<>")
	if to != "library+"+strings.TrimSuffix(answer.MessageID, "@"+mailtest.Domain)+"@"+mailtest.Domain {
		t.Fatalf("answers go to %q", to)
	}
	// The program of the reader drops what it answers: the address alone says it. Only IDLE can tell of it so soon.
	o.write("Ada@LIB.test", to, "second@reader.test", "Subject: Re: Question\r\n", "меню\r\n\r\nOn 3 March 2026 10:00, Library wrote:\r\n> 1. No")
	o.letters("event", "", 2)
	if n := o.count(`select count(*) from addresses where external ilike $1`, ada); n != 1 {
		t.Errorf("%d conversations", n)
	}
	if got := o.strings(`select body ->> 'text' || coalesce(body ->> 'unproven', '') from events order by seq`); len(got) != 2 || !strings.HasSuffix(got[0], "true") || got[1] != "меню" {
		t.Errorf("heard %q", got)
	}
	o.await("both are put away", func() bool { return o.inbox(mailtest.User) == 0 })
}

// An answer that goes out before the letter is noted as handed on is in its thread too.
func TestAnswerIsQuickerThanTheNote(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.config.Receive = func(ctx context.Context, in bots.Inbound) error {
		if err := o.Receive(ctx, in); err != nil {
			return err
		}
		o.await("the answer is sent", func() bool { return o.count(`select count(*) from outbox where state in ('sent', 'confirmed')`) == 1 })
		return nil
	}
	o.open()
	o.write("Ada@lib.test", desk, "first@reader.test", "Subject: Question\r\n", "Hello! Do you have anything by Kulakovsky in English, please?")
	answer := o.server.Letters(t, "ada", 1)[0]
	if answer.Subject != "Re: Question" || answer.Header.Get("In-Reply-To") != "<first@reader.test>" {
		t.Errorf("the answer is not in the thread: %q, %v", answer.Subject, answer.Header)
	}
	o.letters("event", "", 1)
}

// A reader hands our letter to a friend, who answers it: the friend is not the reader (issue 4, bad input).
func TestFriendAnswersOurLetter(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "first@reader.test", "", "меню")
	answer := o.server.Letters(t, "ada", 1)[0]
	o.write("friend@lib.test", desk, "x@reader.test", "In-Reply-To: <"+answer.MessageID+">\r\n", "1")
	o.letters("tray", email.ReasonForeign, 1)
	o.write("friend@lib.test", desk, "z@reader.test", "Auto-Submitted: auto-replied\r\nIn-Reply-To: <"+answer.MessageID+">\r\n", "I am away")
	o.letters("ignored", email.ReasonAutomatic, 1)
	o.write("friend@lib.test", desk, "y@reader.test", "In-Reply-To: <"+strings.Repeat("0", 32)+"@lib.test>\r\n", "1")
	o.letters("tray", email.ReasonUnknown, 1)
	if n := o.count(`select count(*) from addresses where external = 'friend@lib.test'`); n != 0 {
		t.Error("the friend has a conversation")
	}
	waiting, err := email.Tray(t.Context(), o.pool, o.lib, 10)
	if err != nil || len(waiting) != 2 || waiting[0].Sender != "friend@lib.test" {
		t.Fatalf("the tray holds %v, %v", waiting, err)
	}
	settle := func(id email.LetterID) error {
		return o.do(func(ctx context.Context, tx pgx.Tx) error {
			return email.Settle(ctx, tx, o.lib, id, email.Settlement{State: email.StateIgnored, By: 1}, o.Now())
		})
	}
	if err := settle(waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	if settle(waiting[0].ID) == nil {
		t.Error("a letter was settled twice")
	}
	if left, err := email.Tray(t.Context(), o.pool, o.lib, 10); err != nil || len(left) != 1 || left[0].ID != waiting[1].ID {
		t.Errorf("left in the tray: %v, %v", left, err)
	}
}

// Staff give a letter of the tray to its sender's conversation: the bot answers it in its thread, once however often it is given (issue 4, tray).
func TestLetterOfTheTrayIsPassedOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	news, stop := o.listen(bots.Signal{Topic: bots.TopicQueue, Library: o.lib})
	defer stop()
	o.open()
	o.write("friend@lib.test", desk, "x@reader.test", "Subject: Re: Question\r\nIn-Reply-To: <"+strings.Repeat("0", 32)+"@lib.test>\r\n", "меню")
	o.letters("tray", email.ReasonUnknown, 1)
	awaitSignal(t, news)
	if n, used, err := email.CountTray(t.Context(), o.pool, o.lib); n != 1 || !used || err != nil {
		t.Fatalf("%d wait, %v, %v", n, used, err)
	}
	waiting, err := email.Tray(t.Context(), o.pool, o.lib, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatal(waiting, err)
	}
	letter, err := email.Reread(t.Context(), o.store, o.lib, waiting[0], desk)
	if err != nil || letter.Text != "меню" || letter.From != "friend@lib.test" {
		t.Fatalf("read again: %+v, %v", letter, err)
	}
	for range 2 {
		err := o.do(func(ctx context.Context, tx pgx.Tx) error {
			if _, err := email.HoldLetter(ctx, tx, o.lib, waiting[0].ID); err != nil && !errors.Is(err, email.ErrNoLetter) {
				return err
			}
			conv, err := email.Pass(ctx, o.pool, o.Receive, o.lib, waiting[0], letter)
			if err != nil || conv == 0 {
				return fmt.Errorf("conversation %d: %w", conv, err)
			}
			return email.Settle(ctx, tx, o.lib, waiting[0].ID, email.Settlement{State: email.StateEvent, Conversation: conv, By: 1}, o.Now())
		})
		if err != nil && !errors.Is(err, email.ErrNoLetter) {
			t.Fatal(err)
		}
	}
	awaitSignal(t, news)
	answer := o.server.Letters(t, "friend", 1)[0]
	if answer.Header.Get("In-Reply-To") != "<x@reader.test>" || !strings.Contains(answer.Text, "1. ") {
		t.Errorf("answered %q in the thread of %q", answer.Text, answer.Header.Get("In-Reply-To"))
	}
	if got := o.strings(`select body ->> 'text' || coalesce(body ->> 'unproven', '') from events`); len(got) != 1 || got[0] != "менюtrue" {
		t.Errorf("heard %q", got)
	}
	if n, _, err := email.CountTray(t.Context(), o.pool, o.lib); n != 0 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
	letter.From = ""
	if _, err := email.Pass(t.Context(), o.pool, o.Receive, o.lib, waiting[0], letter); !errors.Is(err, email.ErrEmpty) {
		t.Errorf("passed on without a sender: %v", err)
	}
}

// listen gives what is ready when a signal came.
func (o *office) listen(want bots.Signal) (<-chan struct{}, func()) {
	o.Helper()
	signals := bots.NewSignals(o.pool)
	connected, end := signals.Subscribe(bots.Signal{Topic: "start"})
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := signals.Run(ctx); err != nil {
			o.Error(err)
		}
	})
	o.Cleanup(func() {
		cancel()
		all.Wait()
	})
	awaitSignal(o, connected)
	return signals.Subscribe(want)
}

func awaitSignal(t testing.TB, from <-chan struct{}) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(20 * time.Second):
		t.Fatal("no signal came")
	}
}

// What robots and lists send is kept and answered by nobody; who writes without an end is stopped (issue 4, "mail loop").
func TestRobotsAreNotAnswered(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "a@reader.test", "Auto-Submitted: auto-replied\r\n", "I am away")
	o.write(ada, desk, "l@reader.test", "List-Id: <news.test>\r\n", "News")
	o.write(desk, desk, "o@reader.test", "", "Our own")
	o.letters("ignored", email.ReasonAutomatic, 1)
	o.letters("tray", email.ReasonList, 1)
	o.letters("ignored", email.ReasonOurs, 1)
	if n := o.count(`select count(*) from addresses`); n != 0 {
		t.Errorf("%d conversations were begun", n)
	}
	for i := range 40 { // a robot that does not say what it is
		o.write("robot@lib.test", desk, fmt.Sprintf("r%d@reader.test", i), "", fmt.Sprintf("Your letter %d was received", i))
	}
	o.letters("event", "", 30)
	o.letters("tray", email.ReasonFlood, 10)
}
