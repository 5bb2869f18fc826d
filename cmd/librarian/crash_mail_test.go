package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"librarian/bots/email/mailtest"
	"librarian/cmd/schema/pgtest"
)

// lettersARound are posted before each kill.
const lettersARound = 6

// A service that is killed while it reads its mailbox stores each letter once and answers it; what was being handed to the mail server at the kill may go
// once more, under the same Message-ID (C7; issue 4, Shows 4). LIBRARIAN_SEED repeats the times of a run.
func TestCrashOfMail(t *testing.T) {
	t.Parallel()
	rounds := pgtest.Rounds(t, 3)
	server := mailtest.New(t)
	c := newCrash(t, seed(t))
	c.begin()
	c.addMailbox(server)
	c.kill()
	var readers []string
	for n := range rounds {
		for i := range lettersARound {
			reader := fmt.Sprintf("reader%d.%d", n, i)
			readers = append(readers, reader)
			server.Post(t, reader+"@"+mailtest.Domain, "library@"+mailtest.Domain, fmt.Appendf(nil,
				"From: %s@%s\r\nSubject: Book %d\r\nMessage-ID: <%s@reader.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
					"--b\r\n\r\nMay I have the pages on this list, please? They are for my work.\r\n--b\r\nContent-Disposition: attachment; filename=list.txt\r\n\r\n%s\r\n--b--\r\n",
				reader, mailtest.Domain, i, reader, strings.Repeat(reader+" ", 2000)))
		}
		c.serve()
		time.Sleep(c.upTo(1500 * time.Millisecond)) // the moment of the kill is a time from the seed
		c.kill()
		c.alone()
		c.age()
	}
	c.serve()
	c.await("all letters are stored and answered", func() bool {
		return c.count(c.db, `select count(*) from letters where state = 'event'`) == len(readers) &&
			c.count(c.db, `select count(*) from events where state <> 'done'`) == 0 &&
			c.count(c.db, `select count(*) from outbox where state not in ('sent', 'confirmed')`) == 0
	})
	for what, sql := range map[string]string{
		"letters":       `select count(*) from letters`,
		"conversations": `select count(*) from conversations`,
		"messages":      `select count(*) from events where kind = 'message'`,
		"files":         `select count(*) from letters l join files f on f.library_id = l.library_id and f.id = any(l.files) where f.linked`,
	} {
		if n := c.count(c.db, sql); n != len(readers) {
			t.Errorf("%d %s of %d letters", n, what, len(readers))
		}
	}
	repeated := 0
	for _, reader := range readers {
		answers := c.count(c.db, `select count(*) from outbox o join addresses a on a.library_id = o.library_id and a.id = o.conversation_id where a.external = $1`,
			reader+"@"+mailtest.Domain)
		ids := map[string]int{}
		for _, l := range server.Letters(t, reader, answers) {
			ids[l.MessageID]++
			repeated += min(ids[l.MessageID]-1, 1)
		}
		if len(ids) != answers || answers == 0 {
			t.Errorf("%s has %d letters of %d", reader, len(ids), answers)
		}
	}
	if repeated > rounds*lettersARound/2 {
		t.Errorf("%d answers went twice in %d kills", repeated, rounds)
	}
	if took, err := c.stop(); err != nil || took > 10*time.Second {
		t.Errorf("the service stopped after %v: %v", took, err)
	}
}

// addMailbox lets the library send and receive on the server.
func (w *world) addMailbox(server *mailtest.Server) {
	w.Helper()
	w.addMailboxBehind(server, server.Addr)
}

// addMailboxBehind lets it send by way of another address.
func (w *world) addMailboxBehind(server *mailtest.Server, smtp string) {
	w.Helper()
	password := filepath.Join(w.TempDir(), "password")
	if err := os.WriteFile(password, []byte(mailtest.Password), 0o600); err != nil {
		w.Fatal(err)
	}
	w.must("channel", "add", "email", "--library", "demo", "--smtp", "smtp://"+smtp+"?tls=none", "--imap", "imap://"+mailtest.User+"@"+server.IMAP+"?tls=none",
		"--address", "library@"+mailtest.Domain, "--password-file", password, "--plus")
}

// Doctor signs in where letters go out and where they come in, and says which of them does not work.
func TestDoctorSignsInToTheMailbox(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	w := newWorld(t)
	w.addMailbox(server)
	out, _ := w.run("doctor") // other things may be wrong
	if l := line(out, "demo/email"); !strings.HasPrefix(l, "ok ") {
		t.Errorf("a mailbox that works: %q", l)
	}
	server.StopMailboxes()
	out, err := w.run("doctor")
	if l := line(out, "demo/email"); err == nil || !strings.HasPrefix(l, "wrong ") || !strings.Contains(l, "receiving") {
		t.Errorf("a mailbox that is away: %q, %v", l, err)
	}
	w.without(out, mailtest.Password)
	for _, bad := range []string{"imap://user@mail.example?tls=none", "pop3://user@mail.example", "imaps://mail.example"} {
		if _, err := w.run("channel", "add", "email", "--library", "demo", "--smtp", "smtp://"+server.Addr, "--imap", bad, "--address", "b@lib.test", "--name", "b"); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
