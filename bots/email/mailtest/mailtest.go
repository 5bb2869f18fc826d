// Package mailtest starts a real mail server for a test: Exim takes letters in by SMTP, Dovecot keeps them.
package mailtest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/bots/email/letter"
)

// Server takes letters for any user at Domain. It answers 550 to nobody@ and 451 to later@; what it takes for gone@ comes back, and so does all but the
// first letter for FullUser, whose mailbox holds one.
type Server struct {
	SMTPURL string         // without encryption
	Addr    string         // host:port of the same; STARTTLS is offered
	Secure  string         // host:port where it speaks encrypted from the start
	Roots   *x509.CertPool // by which its certificate holds

	IMAP       string // host:port where mailboxes are read, without encryption or by STARTTLS
	SecureIMAP string // host:port of the same, encrypted from the start
	dir        string
	dovecot    string
	stop       func() // ends Dovecot
}

// Domain is what the server takes letters for; User and Password may sign in to it.
const (
	Domain   = "lib.test"
	User     = "library"
	Password = "secret"
	FullUser = "full"
)

const patience = 20 * time.Second // for a server to start and for a letter to arrive

// New starts the servers and ends them with the test. Without Exim, Dovecot or root's rights, which both need, the test is skipped; with CI set it fails.
func New(t testing.TB) *Server {
	t.Helper()
	exim, dovecot := program(t, "exim4"), program(t, "dovecot")
	if os.Geteuid() != 0 {
		missing(t, "root's rights to run exim4 and dovecot")
	}
	// Not the test's own directory: the servers' accounts cannot enter it, and a socket's path must stay short.
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s := &Server{dir: dir, dovecot: dovecot, Addr: FreeAddr(t), Secure: FreeAddr(t), IMAP: FreeAddr(t), SecureIMAP: FreeAddr(t)}
	s.SMTPURL = "smtp://" + s.Addr + "?tls=none"
	if s.Roots, err = s.prepare(); err != nil {
		t.Fatal(err)
	}
	s.StartMailboxes(t)
	start(t, exim, "-C", s.path("exim.conf"), "-bdf", "-q5s")
	s.await(t, "exim", s.greet)
	return s
}

// MailboxURL is where the user's letters are read, without encryption.
func (s *Server) MailboxURL(user string) string {
	return "imap://" + user + ":" + Password + "@" + s.IMAP + "?tls=none"
}

// StopMailboxes ends the server that keeps the letters: whoever reads loses the connection, and what comes meanwhile waits.
func (s *Server) StopMailboxes() { s.stop() }

// StartMailboxes starts it, again with the letters that it had.
func (s *Server) StartMailboxes(t testing.TB) {
	t.Helper()
	s.stop = start(t, s.dovecot, "-F", "-c", s.path("dovecot.conf"))
	s.await(t, "dovecot", func() error {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.IMAP)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Post hands a raw letter in by SMTP, from and to these addresses. The letter's own headers may say anything.
func (s *Server) Post(t testing.TB, from, to string, raw []byte) {
	t.Helper()
	if err := s.post(from, to, raw); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) post(from, to string, raw []byte) error {
	c, err := smtp.Dial(s.Addr) // without encryption: the certificate is the test's own
	if err != nil {
		return err
	}
	if err := errors.Join(c.Hello("reader.test"), c.Mail(from), c.Rcpt(to)); err != nil {
		return errors.Join(err, c.Close())
	}
	w, err := c.Data()
	if err != nil {
		return errors.Join(err, c.Close())
	}
	if _, err := w.Write(raw); err != nil {
		return errors.Join(err, c.Close())
	}
	return errors.Join(w.Close(), c.Quit())
}

// Maildir is the folder in which the user's letters lie: new and cur of the inbox, and .Processed and .Failed as folders beside them.
func (s *Server) Maildir(user string) string { return s.path("mail", user) }

// Letters waits until the user has at least so many letters, and gives them in the order of their arrival.
func (s *Server) Letters(t testing.TB, user string, least int) []letter.Letter {
	t.Helper()
	var out []letter.Letter
	s.await(t, fmt.Sprintf("%d letters of %s", least, user), func() (err error) {
		out, err = s.letters(user)
		if err == nil && len(out) < least {
			err = fmt.Errorf("there are %d", len(out))
		}
		return err
	})
	return out
}

func (s *Server) letters(user string) ([]letter.Letter, error) {
	inbox := s.path("mail", user, "new")
	entries, err := os.ReadDir(inbox)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return slices.Compare(arrival(a.Name()), arrival(b.Name())) })
	var out []letter.Letter
	for _, entry := range entries {
		f, err := os.Open(filepath.Join(inbox, entry.Name()))
		if err != nil {
			return nil, err
		}
		l, err := letter.Parse(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// arrival is when a letter came, by its name: seconds.Mmicroseconds, without zeros before them.
func arrival(name string) []int {
	var seconds, micros int
	_, _ = fmt.Sscanf(name, "%d.M%d", &seconds, &micros) // another name counts as the oldest
	return []int{seconds, micros}
}

func (s *Server) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

// greet reads the first bytes of the server's greeting, by which it is ours and not another's on the same port.
func (s *Server) greet() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // ends the read, which then has the error
	greeting := make([]byte, 256)
	n, err := conn.Read(greeting)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(greeting[:n]), "220 "+hostName) {
		return fmt.Errorf("another server says %q", greeting[:n])
	}
	return nil
}

// await asks again until there is no error.
func (s *Server) await(t testing.TB, what string, ask func() error) {
	t.Helper()
	end, tick := time.NewTimer(patience), time.NewTicker(10*time.Millisecond)
	defer end.Stop()
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("wait for %s: %v\n%s", what, err, s.logs())
		case <-t.Context().Done():
			t.Fatalf("wait for %s: %v", what, t.Context().Err())
		}
	}
}

func (s *Server) logs() string {
	var all strings.Builder
	for _, name := range []string{"dovecot.log", "log/mainlog", "log/paniclog"} {
		text, err := os.ReadFile(s.path(name))
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(&all, "%s:\n%s\n", name, text)
	}
	return all.String()
}

func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		missing(t, name)
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}
