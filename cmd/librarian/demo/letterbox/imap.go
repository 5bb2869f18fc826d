package letterbox

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2/imapserver"

	"librarian/cmd/librarian/demo/mailbox"
)

// mailboxes is the directory of the libraries' own mailboxes, beside the letters that the pages show.
const mailboxes = "mailboxes"

// imapService serves the libraries' mailboxes.
type imapService struct {
	server    *imapserver.Server
	listener  net.Listener
	libraries []string                    // in the order given
	mail      map[string]*mailbox.Mailbox // by address
	password  string                      // of all; another one each time
	served    chan error

	mu     sync.Mutex
	over   bool
	inside sync.WaitGroup // sessions
}

// Mailbox is the IMAP URL by which the library with the address reads what came to it.
func (b *Box) Mailbox(address string) string {
	u := url.URL{Scheme: "imap", User: url.UserPassword(address, b.imap.password), Host: b.imap.listener.Addr().String(), RawQuery: "tls=none"}
	return u.String()
}

// startIMAP opens the mailboxes and serves them on the same host as the letter box itself.
func (b *Box) startIMAP(addr string, libraries []string) (err error) {
	s := &b.imap
	s.mail, s.password, s.served = map[string]*mailbox.Mailbox{}, rand.Text(), make(chan error, 1)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeMail())
		}
	}()
	for _, address := range libraries {
		if err := b.openMail(strings.ToLower(address)); err != nil {
			return err
		}
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read address of letter box: %w", err)
	}
	listener, err := listen(b.ctx, net.JoinHostPort(host, "0"))
	if err != nil {
		return err
	}
	s.listener = &guarded{Listener: listener, ctx: b.ctx}
	s.server = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) { return s.session() },
		Caps:       mailbox.Caps(), InsecureAuth: true, // nothing leaves this machine
		Logger: log.New(io.Discard, "", 0), // as with the letter box's own
	})
	go func() { s.served <- s.server.Serve(s.listener) }()
	return nil
}

func (b *Box) openMail(address string) error {
	name := mailboxes + "/" + url.PathEscape(address)
	if err := b.dir.MkdirAll(name, 0o700); err != nil {
		return fmt.Errorf("make mailbox: %w", err)
	}
	dir, err := b.dir.OpenRoot(name)
	if err != nil {
		return fmt.Errorf("open mailbox: %w", err)
	}
	mail, err := mailbox.Open(dir)
	if err != nil {
		return err
	}
	b.imap.libraries = append(b.imap.libraries, address)
	b.imap.mail[address] = mail
	return nil
}

// session begins one, unless the box is about to end.
func (s *imapService) session() (imapserver.Session, *imapserver.GreetingData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, nil, context.Canceled
	}
	s.inside.Add(1)
	return mailbox.NewSession(func(user, password string) (*mailbox.Mailbox, bool) {
		mail, ok := s.mail[strings.ToLower(user)]
		return mail, ok && subtle.ConstantTimeCompare([]byte(password), []byte(s.password)) == 1
	}, s.inside.Done), nil, nil
}

// stop ends the server and waits for the sessions, which the end of the box's context has cut off.
func (s *imapService) stop() error {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	err := s.server.Close()
	s.inside.Wait()
	return errors.Join(err, <-s.served, s.closeMail())
}

func (s *imapService) closeMail() error {
	var err error
	for _, mail := range s.mail {
		err = errors.Join(err, mail.Close())
	}
	return err
}

// library gives the library's address that a letter to this one goes to, empty where it is nobody's. What stands behind a + is for the library to read.
func (s *imapService) library(to string) string {
	local, host, _ := strings.Cut(strings.ToLower(to), "@")
	local, _, _ = strings.Cut(local, "+")
	if own := local + "@" + host; slices.Contains(s.libraries, own) {
		return own
	}
	return ""
}

// hand delivers the letter that is whole in the file to the mailboxes of those it is for, once to each.
func (b *Box) hand(part string, to []string) error {
	var done []string
	for _, address := range to {
		library := b.imap.library(address)
		if library == "" || slices.Contains(done, library) {
			continue
		}
		if err := b.handTo(b.imap.mail[library], part); err != nil {
			return err
		}
		done = append(done, library)
	}
	return nil
}

func (b *Box) handTo(mail *mailbox.Mailbox, part string) (err error) {
	f, err := b.dir.Open(part)
	if err != nil {
		return fmt.Errorf("open letter: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return mail.Deliver(f)
}
