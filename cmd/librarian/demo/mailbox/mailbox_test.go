package mailbox_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"

	"librarian/cmd/librarian/demo/mailbox"
)

const bound = 20 * time.Second

// house is a mailbox that is served.
type house struct {
	*testing.T
	dir, addr string
	mail      *mailbox.Mailbox
	stop      func()
}

func serve(t *testing.T, dir string) *house {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := mailbox.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var inside sync.WaitGroup
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			inside.Add(1)
			open := func(user, password string) (*mailbox.Mailbox, bool) {
				return mail, user == "ada" && password == "secret"
			}
			return mailbox.NewSession(open, inside.Done), nil, nil
		},
		Caps: mailbox.Caps(), InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	h := &house{T: t, dir: dir, addr: listener.Addr().String(), mail: mail}
	h.stop = sync.OnceFunc(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		inside.Wait()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := mail.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

func (h *house) deliver(text string) {
	h.Helper()
	if err := h.mail.Deliver(strings.NewReader("Subject: " + text + "\r\n\r\n" + text + "\r\n")); err != nil {
		h.Fatal(err)
	}
}

// client is a program that reads the mailbox.
type client struct {
	*imapclient.Client
	h    *house
	news chan uint32
}

func (h *house) client() *client {
	h.Helper()
	c := &client{h: h, news: make(chan uint32, 100)}
	var err error
	c.Client, err = imapclient.DialInsecure(h.addr, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				c.news <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() }) // it may be closed already
	if err := c.Login("ada", "secret").Wait(); err != nil {
		h.Fatal(err)
	}
	return c
}

func (c *client) open(folder string) *imap.SelectData {
	c.h.Helper()
	data, err := c.Select(folder, nil).Wait()
	if err != nil {
		c.h.Fatal(err)
	}
	return data
}

const handled = imap.Flag("$Handled")

// waiting gives the UIDs behind this one without our mark.
func (c *client) waiting(after imap.UID) []imap.UID {
	c.h.Helper()
	var set imap.UIDSet
	set.AddRange(after+1, 0)
	found, err := c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}, NotFlag: []imap.Flag{handled}}, nil).Wait()
	if err != nil {
		c.h.Fatal(err)
	}
	return found.AllUIDs()
}

func (c *client) mark(uid imap.UID) {
	c.h.Helper()
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{handled}}, nil).Close(); err != nil {
		c.h.Fatal(err)
	}
}

func (c *client) puts(uid imap.UID, folder string) {
	c.h.Helper()
	if _, err := c.Move(imap.UIDSetNum(uid), folder).Wait(); err != nil {
		c.h.Fatal(err)
	}
}

// says gives the text of a letter, and its flags.
func (c *client) says(uid imap.UID) (string, []imap.Flag) {
	c.h.Helper()
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierText}
	all, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(all) != 1 {
		c.h.Fatalf("letter %d: %d, %v", uid, len(all), err)
	}
	if all[0].RFC822Size == 0 || time.Since(all[0].InternalDate) > time.Hour {
		c.h.Errorf("letter %d has %d bytes and is of %s", uid, all[0].RFC822Size, all[0].InternalDate)
	}
	return strings.TrimSpace(string(all[0].FindBodySection(section))), all[0].Flags
}

func TestMailboxOutlivesItsServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir)
	c := h.client()
	for _, word := range []string{"one", "two", "three", "four"} {
		h.deliver(word)
	}
	first := c.open("inbox")
	if first.NumMessages != 4 || !slices.Contains(first.PermanentFlags, imap.FlagWildcard) {
		t.Errorf("opened: %+v", first)
	}
	if err := c.Create("Processed", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Create("Processed", nil).Wait(); err == nil {
		t.Error("a folder is made twice")
	}
	c.mark(1)
	c.puts(1, "Processed")
	c.mark(2)
	if text, flags := c.says(2); text != "two" || !slices.Contains(flags, handled) {
		t.Errorf("the second says %q and bears %v", text, flags)
	}
	if got := c.waiting(0); !slices.Equal(got, []imap.UID{3, 4}) {
		t.Errorf("waiting: %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "000005.eml"), []byte("half"), 0o600); err != nil { // of a killed run
		t.Fatal(err)
	}
	h.stop()

	h = serve(t, dir)
	c = h.client()
	again := c.open("INBOX")
	if again.UIDValidity != first.UIDValidity || again.NumMessages != 3 {
		t.Errorf("opened again: %+v, before %+v", again, first)
	}
	if got := c.waiting(0); !slices.Equal(got, []imap.UID{3, 4}) {
		t.Errorf("waiting after the restart: %v", got)
	}
	c.puts(4, "Processed")
	h.deliver("five")
	if err := c.Noop().Wait(); err != nil { // what it has not been told of it does not find
		t.Fatal(err)
	}
	if got := c.waiting(3); !slices.Equal(got, []imap.UID{5}) { // 4 is given to nobody else
		t.Errorf("the new one: %v", got)
	}
	if text, _ := c.says(5); text != "five" {
		t.Errorf("the new one says %q", text)
	}
	if got := c.open("Processed"); got.NumMessages != 2 {
		t.Errorf("put away: %+v", got)
	}
	if text, flags := c.says(1); text != "one" || !slices.Contains(flags, handled) {
		t.Errorf("the first says %q and bears %v", text, flags)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.eml")); err != nil || len(files) != 5 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// A letter that comes between a look and IDLE, and one during it, are both told of.
func TestIdleHearsOfLetters(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir())
	c := h.client()
	c.open("INBOX")
	for n := range uint32(3) {
		if n != 1 {
			h.deliver("before")
		}
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			h.deliver("meanwhile")
		}
		select {
		case got := <-c.news:
			if got != n+1 {
				t.Errorf("heard of %d letters, want %d", got, n+1)
			}
		case <-time.After(bound):
			t.Fatal("nothing was heard")
		}
		if err := idle.Close(); err != nil {
			t.Fatal(err)
		}
		if err := idle.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// Of two programs that read, one hears what the other puts away.
func TestTwoRead(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir())
	a, b := h.client(), h.client()
	if err := a.Create("Done", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		h.deliver(fmt.Sprint("letter ", n+1))
	}
	a.open("INBOX")
	b.open("INBOX")
	a.puts(2, "Done")
	a.puts(4, "Done")
	a.mark(3)
	all, err := b.Fetch(imap.SeqSetNum(3, 4), &imap.FetchOptions{UID: true}).Collect() // it has not heard yet: its fourth is gone
	if err != nil || len(all) != 1 || all[0].UID != 3 || all[0].SeqNum != 3 {
		t.Errorf("before it heard: %v, %v", all, err)
	}
	if err := b.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	all, err = b.Fetch(imap.SeqSetNum(2, 3), &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil || len(all) != 2 || all[0].UID != 3 || all[1].UID != 5 || !slices.Contains(all[0].Flags, handled) {
		t.Errorf("after it heard: %v, %v", all, err)
	}
	if err := b.Store(imap.UIDSetNum(5), &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.waiting(0); !slices.Equal(got, []imap.UID{1}) {
		t.Errorf("left: %v", got)
	}
	status, err := b.Status("Done", &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
	if err != nil || *status.NumMessages != 2 || *status.NumUnseen != 2 {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir())
	h.deliver("one")
	c := h.client()
	stranger, err := imapclient.DialInsecure(h.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Login("ada", "wrong").Wait(); err == nil {
		t.Error("a wrong password opens the mailbox")
	}
	_ = stranger.Close() // the server may have been quicker
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"a flag in what is read only": c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close(),
		"a folder that is not there":  func() error { _, err := c.Select("Nowhere", nil).Wait(); return err }(),
	} {
		if err == nil {
			t.Error(what)
		}
	}
	c.open("INBOX")
	if _, err := c.UIDSearch(&imap.SearchCriteria{Text: []string{"one"}}, nil).Wait(); err == nil {
		t.Error("a search for words finds everything")
	}
	if _, err := c.Move(imap.UIDSetNum(1), "Nowhere").Wait(); err == nil {
		t.Error("a letter goes into a folder that is not there")
	}
	if got := c.waiting(0); !slices.Equal(got, []imap.UID{1}) {
		t.Errorf("left: %v", got)
	}
}

func TestNewestOfWhatIsDoneAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir)
	c := h.client()
	if err := c.Create("Processed", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	other := h.client()
	other.open("Processed")
	for range 203 {
		h.deliver("x")
	}
	c.open("INBOX")
	var all imap.UIDSet
	all.AddRange(1, 0)
	if _, err := c.Move(all, "Processed").Wait(); err != nil {
		t.Fatal(err)
	}
	if err := other.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	if got := other.waiting(0); len(got) != 200 || got[0] != 4 {
		t.Errorf("%d letters are kept, from %v", len(got), got[:1])
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.eml")); err != nil || len(files) != 200 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// Letters that come while others are put away are neither lost nor found twice, and each has a UID of its own.
func TestLettersComeWhileOthersGo(t *testing.T) {
	t.Parallel()
	const each = 25
	h := serve(t, t.TempDir())
	c := h.client()
	if err := c.Create("Processed", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	c.open("INBOX")
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for n := range each {
				if err := h.mail.Deliver(strings.NewReader(fmt.Sprintf("Subject: x\r\n\r\n%d.%d\r\n", s, n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	read := map[string]bool{}
	after := imap.UID(0)
	deadline := time.Now().Add(bound)
	for len(read) < 4*each && time.Now().Before(deadline) {
		for _, uid := range c.waiting(after) {
			if uid <= after {
				continue // the last one, whatever is asked for
			}
			text, _ := c.says(uid)
			if read[text] {
				t.Errorf("%s twice", text)
			}
			read[text], after = true, uid
			c.mark(uid)
			c.puts(uid, "Processed")
		}
	}
	senders.Wait()
	if len(read) != 4*each || after != 4*each {
		t.Errorf("%d letters, the last has the UID %d", len(read), after)
	}
}
