package runner_test

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/email/mailtest"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
)

// A letter that cannot be read waits in Failed and in the tray, and holds up nobody.
func TestUnreadableLetter(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	parts := strings.Repeat("--b\r\n\r\nx\r\n", 1200)
	o.server.Post(t, ada, desk, []byte("From: "+ada+"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+parts))
	o.open()
	o.letters("failed", email.ReasonUnreadable, 1)
	o.write(ada, desk, "next@reader.test", "", "меню")
	o.letters("event", "", 1)
	failed := func() bool {
		all, err := filepath.Glob(filepath.Join(o.server.Maildir(mailtest.User), ".Failed", "*", "*lib.test*"))
		return err == nil && len(all) == 1
	}
	o.await("it lies in Failed", func() bool { return o.inbox(mailtest.User) == 0 })
	if all, _ := filepath.Glob(filepath.Join(o.server.Maildir(mailtest.User), ".Failed", "cur", "*")); len(all) != 1 && !failed() {
		t.Errorf("Failed holds %q", all)
	}
	waiting, err := email.Tray(t.Context(), o.pool, o.lib, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("the tray holds %v, %v", waiting, err)
	}
	if _, _, err := o.store.Open(t.Context(), o.lib, waiting[0].Raw); err != nil {
		t.Errorf("its source: %v", err)
	}
}

// Wherever the process dies, the letter is stored once and its event is there once (C7; issue 4, Shows 4).
func TestIntakeDiesAndGoesOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.write(ada, desk, "first@reader.test", "", "меню")
	for _, after := range []bool{false, true, true} { // before the event is stored, after it, and after it again
		dying, die := context.WithCancel(t.Context())
		died := make(chan struct{})
		o.config.Receive = func(ctx context.Context, in bots.Inbound) error {
			if after {
				if err := o.Receive(ctx, in); err != nil {
					return err
				}
			}
			close(died)
			<-dying.Done()
			return dying.Err()
		}
		stop := o.open()
		<-died
		if n := o.count(`select count(*) from letters where state = 'arrived'`); n != 1 {
			t.Errorf("%d letters are under way", n)
		}
		go stop() // so that the connection is gone before the handing over ends
		die()
		stop()
	}
	o.config.Receive = o.Receive
	o.open()
	o.letters("event", "", 1)
	o.await("it is put away", func() bool { return o.inbox(mailtest.User) == 0 })
	if n := o.count(`select count(*) from events`); n != 1 {
		t.Errorf("%d events", n)
	}
	if n := o.count(`select count(*) from letters`); n != 1 {
		t.Errorf("%d letters", n)
	}
}

// A mailbox that counts anew, as after it was moved to another server, is read from its beginning and stored once.
func TestMailboxCountsAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "first@reader.test", "", "меню")
	o.letters("event", "", 1)
	o.await("it is put away", func() bool { return o.inbox(mailtest.User) == 0 })
	before := o.position()
	o.server.StopMailboxes()
	dir := o.server.Maildir(mailtest.User)
	old, err := filepath.Glob(filepath.Join(dir, ".Processed", "cur", "*"))
	if err != nil || len(old) != 1 {
		t.Fatalf("Processed holds %q, %v", old, err)
	}
	lists, err := filepath.Glob(filepath.Join(dir, "dovecot*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		if err := os.RemoveAll(list); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(old[0], filepath.Join(dir, "new", "1.first.mx")); err != nil {
		t.Fatal(err)
	}
	// Dovecot counts anew by its clock, in whole seconds.
	o.await("the second in which it began to count is over", func() bool { return time.Now().Unix() > before>>32 })
	o.server.StartMailboxes(t)
	o.write(ada, desk, "second@reader.test", "", "меню")
	o.letters("event", "", 2)
	o.await("both are put away", func() bool { return o.inbox(mailtest.User) == 0 })
	if now := o.position(); now>>32 == before>>32 {
		t.Errorf("the mailbox does not count anew: %x, %x", before, now)
	}
	if n := o.count(`select count(*) from letters`); n != 2 {
		t.Errorf("%d letters are stored", n)
	}
}

func (o *office) position() (at int64) {
	o.Helper()
	o.scan(&at, `select position from channels where id = $1`, o.mail)
	return at
}

// cutter hands bytes on to the mailbox, and cuts its first connections off in the middle of a letter.
func cutter(t *testing.T, to string, cuts int, after int) (addr string, cut *atomic.Int32) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cut = &atomic.Int32{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			all.Go(func() { pipe(near, far, nil) })
			limit := -1
			if int(cut.Load()) < cuts {
				limit = after
			}
			all.Go(func() {
				pipe(far, near, &limit)
				if limit == 0 {
					cut.Add(1)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().String(), cut
}

// pipe copies until either end closes, or the limit is used up; it leaves 0 in it then.
func pipe(from, to net.Conn, limit *int) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if limit != nil && *limit >= 0 {
			n = min(n, *limit)
			*limit -= n
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil || limit != nil && *limit == 0 {
			return
		}
	}
}

func TestConnectionDropsDuringFetch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	addr, cut := cutter(t, o.server.IMAP, 2, 300_000)
	o.config.IMAP = "imap://" + mailtest.User + ":" + mailtest.Password + "@" + addr + "?tls=none"
	scan := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("%PDF-1.4 page ", 200_000)))
	o.write(ada, desk, "big@reader.test", "MIME-Version: 1.0\r\nX: y\r\n", "меню "+strings.Repeat("\r\n> "+scan[:900], 3000))
	o.open()
	o.letters("event", "", 1)
	if n := cut.Load(); n != 2 {
		t.Errorf("the connection was cut %d times", n)
	}
	if n := o.count(`select count(*) from letters`); n != 1 {
		t.Errorf("%d letters", n)
	}
	if n := o.count(`select count(*) from events`); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Of a letter of 30 MB the headers alone are fetched, and its reader is told.
func TestLetterTooLarge(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "huge@reader.test", "Subject: Scans\r\n", strings.Repeat(strings.Repeat("x", 998)+"\r\n", 31_000))
	o.letters("event", email.ReasonTooLarge, 1)
	var refused string
	o.scan(&refused, `select body -> 'refused' ->> 0 from events`)
	if !strings.Contains(refused, "too_large") {
		t.Errorf("the event says %s", refused)
	}
	answer := o.server.Letters(t, "ada", 1)
	o.await("it is put away", func() bool { return o.inbox(mailtest.User) == 0 })
	var size int64
	o.scan(&size, `select f.size from files f join letters l on l.raw_file = f.id`)
	if size > 10_000 || len(answer) == 0 {
		t.Errorf("%d bytes were fetched, %d answers", size, len(answer))
	}
}

// Two hundred files of one letter are all kept, and all belong to its conversation.
func TestTwoHundredFiles(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	raw, err := filepath.Glob("../../bots/email/testdata/letters/*two-hundred*.eml")
	if err != nil || len(raw) != 1 {
		t.Fatalf("%q, %v", raw, err)
	}
	text, err := os.ReadFile(raw[0])
	if err != nil {
		t.Fatal(err)
	}
	o.open()
	o.server.Post(t, ada, desk, text)
	o.letters("event", "", 1)
	if n := o.count(`select sum(json_array_length(body -> 'files')) from events`); n != 200 {
		t.Errorf("%d files are in the conversation", n)
	}
	if n := o.count(`select cardinality(files) from letters`); n != 200 {
		t.Errorf("%d files are kept", n)
	}
	if n := o.count(`select count(*) from files where not linked`); n != 0 {
		t.Errorf("%d files belong to nothing", n)
	}
}

// What comes back is noted with its message; after three that came back for good the address counts as gone.
func TestLettersComeBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write("gone@lib.test", desk, "first@reader.test", "", "меню") // whose answer comes back
	o.letters("bounce", email.ReasonPermanent, 1)
	state := func() []string {
		return o.strings(`select state || ' ' || problem from outbox order by seq`)
	}
	if got := state(); len(got) != 1 || !strings.HasPrefix(got[0], "failed bounce 5.") {
		t.Errorf("the message is %q", got)
	}
	gone := `select count(*) from addresses where external = 'gone@lib.test' and gone_at is not null`
	for n := 2; n <= 3; n++ {
		if o.count(gone) != 0 {
			t.Errorf("the address is gone after %d", n-1)
		}
		o.tell("gone@lib.test")
		o.letters("bounce", email.ReasonPermanent, n)
	}
	o.await("the address is gone", func() bool { return o.count(gone) == 1 })
}

// tell puts a message into the outbox of the address.
func (o *office) tell(to string) {
	o.Helper()
	o.tx(func(ctx context.Context, tx pgx.Tx) error {
		var seq int
		err := tx.QueryRow(ctx, `update conversations set next_out = next_out + 1 where id = $1 returning next_out - 1`, o.conv(to)).Scan(&seq)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		m := bots.Message{Library: o.lib, Conversation: o.conv(to), Seq: seq, Channel: o.mail, Kind: bots.OutBot, Body: bots.Body{Text: "News"}}
		if err := bots.QueueMessages(batch, o.Now(), []bots.Message{m}); err != nil {
			return err
		}
		bots.QueueNotify(batch, bots.Signal{Topic: bots.TopicOutbox, Library: o.lib})
		return tx.SendBatch(ctx, batch).Close()
	})
}

// A mailbox of the reader's that is full says nothing about the address.
func TestReadersMailboxIsFull(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	full := mailtest.FullUser + "@lib.test"
	o.write(full, desk, "first@reader.test", "", "меню")
	o.server.Letters(t, mailtest.FullUser, 1)
	for range 4 {
		o.tell(full)
	}
	o.letters("bounce", email.ReasonFailed, 4)
	if n := o.count(`select count(*) from addresses where gone_at is not null`); n != 0 {
		t.Error("the address is gone")
	}
	if n := o.count(`select count(*) from outbox where state = 'failed'`); n != 4 {
		t.Errorf("%d messages have failed", n)
	}
}

// Our own mailbox is full, or will not have a letter put away: what is in it is read once all the same.
func TestOwnMailboxIsFull(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.FullUser)
	dir := filepath.Join(o.server.Maildir(mailtest.FullUser), ".Processed")
	stop := o.open()
	<-o.problems // it has made the folders
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	o.write(ada, mailtest.FullUser+"@lib.test", "first@reader.test", "", "меню")
	o.letters("event", "", 1)
	o.await("the answer", func() bool { return o.count(`select count(*) from outbox where state = 'sent'`) > 0 })
	stop()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o.exec(`update channels set position = 0`)
	stop = o.open() // our mark says that it is done with
	<-o.problems
	stop()
	if n := o.inbox(mailtest.FullUser); n != 1 {
		t.Errorf("%d letters in the inbox", n)
	}
	if n := o.count(`select count(*) from letters`); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func TestWrongPasswordIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.config.IMAP = strings.Replace(o.config.IMAP, mailtest.Password, "wrongpassword", 1)
	stop := o.open()
	if problem := <-o.problems; problem != email.ProblemSignIn {
		t.Errorf("told %q", problem)
	}
	stop()
	if strings.Contains(o.log.String(), "wrongpassword") {
		t.Error("the log shows the password")
	}
	o.config.IMAP = o.server.MailboxURL(mailtest.User)
	o.open()
	if problem := <-o.problems; problem != email.ProblemNone {
		t.Errorf("told %q", problem)
	}
}

// The server goes away and comes back: nothing is lost, and the channel says so meanwhile.
func TestMailboxGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	if problem := <-o.problems; problem != email.ProblemNone {
		t.Errorf("told %q", problem)
	}
	o.server.StopMailboxes()
	if problem := <-o.problems; problem != email.ProblemConnect {
		t.Errorf("told %q", problem)
	}
	o.write(ada, desk, "first@reader.test", "", "меню")
	o.server.StartMailboxes(t)
	o.letters("event", "", 1)
	if problem := <-o.problems; problem != email.ProblemNone {
		t.Errorf("told %q", problem)
	}
}

// Departments' letters are offered to those who wait for them, with their files looked at; what they do not take goes its usual way.
func TestDepartmentsLettersAreOffered(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	var looked atomic.Int32
	got := make(chan email.Stored, 10)
	o.config.Inspect = func(context.Context, library.ID, files.ID) error { looked.Add(1); return nil }
	o.config.Listed = func(_ context.Context, _ library.ID, address string) (bool, error) {
		return address == "scans@lib.test", nil
	}
	o.config.Returned = func(_ context.Context, s email.Stored) (bool, error) {
		got <- s
		if s.Letter.Subject == "Late" {
			return false, email.ForPerson(email.ReasonOver)
		}
		return len(s.Files) > 0, nil
	}
	o.open()
	scan := "MIME-Version: 1.0\r\nContent-Disposition: attachment; filename=p1.txt\r\n"
	o.write("scans@lib.test", desk, "a@dept.test", scan, "page one")
	s := <-got
	o.letters("returned", "", 1)
	if len(s.Files) != 1 || s.Letter.Files[0].Name != "p1.txt" || looked.Load() != 1 || s.Sent != nil {
		t.Errorf("offered %v, looked at %d", s.Files, looked.Load())
	}
	o.write("colleague@lib.test", "library+"+strings.Repeat("a", 32)+"@lib.test", "b@dept.test", scan, "page two")
	if s := <-got; s.Letter.Token != strings.Repeat("a", 32) {
		t.Errorf("its token is %q", s.Letter.Token)
	}
	o.letters("returned", "", 2)
	o.write("scans@lib.test", desk, "c@dept.test", "", "Where is the list, please?")
	<-got
	o.letters("event", "", 1)
	o.write("scans@lib.test", desk, "d@dept.test", "Subject: Late\r\n"+scan, "page three")
	<-got
	o.letters("tray", email.ReasonOver, 1)
	if n := o.count(`select count(*) from tasks where kind = $1`, queue.KindQuestion); n != 0 {
		t.Errorf("%d questions", n)
	}
}

// A letter that the server took before the process died, which nobody noted, is known all the same when it is answered: nothing waits for its repeat.
func TestAnswerToALetterThatNobodyNoted(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.open()
	o.write(ada, desk, "first@reader.test", "", "меню")
	ours := o.server.Letters(t, "ada", 1)[0].MessageID
	const noted = `select count(*) from outbox where state = 'sent' and provider_id = $1`
	o.await("it is noted", func() bool { return o.count(noted, ours) == 1 })
	o.exec(`update outbox set state = 'leased', lease_until = '2100-01-01', provider_id = null, sent_at = null where provider_id = $1`, ours)
	o.write(ada, desk, "second@reader.test", "In-Reply-To: <"+ours+">\r\n", "меню")
	o.letters("event", "", 2)
	o.write(ada, desk, "third@reader.test", "In-Reply-To: <"+strings.Repeat("0", 32)+"@lib.test>\r\n", "меню")
	o.letters("tray", email.ReasonUnknown, 1)
}

// What a caller's function cannot take, try after try, waits for a person, and holds up no other letter. A letter of a department's that is too large does too.
func TestDepartmentsLetterGetsStuck(t *testing.T) {
	t.Parallel()
	o := newOffice(t, mailtest.User)
	o.config.Limit = 20_000
	o.config.Listed = func(_ context.Context, _ library.ID, address string) (bool, error) {
		return address == "scans@lib.test", nil
	}
	var tries atomic.Int32
	o.config.Returned = func(context.Context, email.Stored) (bool, error) {
		tries.Add(1)
		return false, io.ErrUnexpectedEOF
	}
	o.write("scans@lib.test", desk, "a@dept.test", "Subject: Scans\r\n", "page one")
	o.write("scans@lib.test", desk, "b@dept.test", "Subject: All scans\r\n", strings.Repeat("page two\r\n", 5000))
	o.write(ada, desk, "c@reader.test", "", "меню")
	o.open()
	o.letters("tray", email.ReasonStuck, 1)
	o.letters("tray", email.ReasonTooLarge, 1)
	o.letters("event", "", 1)
	if n := tries.Load(); n != 5 {
		t.Errorf("tried %d times", n)
	}
	o.await("all are put away", func() bool { return o.inbox(mailtest.User) == 0 })
	waiting, err := email.Tray(t.Context(), o.pool, o.lib, 10)
	if err != nil || len(waiting) != 2 {
		t.Fatalf("the tray holds %v, %v", waiting, err)
	}
	l, err := email.Reread(t.Context(), o.store, o.lib, waiting[0], desk)
	if err != nil || l.Text != "page one" {
		t.Errorf("it says %q, %v", l.Text, err)
	}
}
