// Package mailbox is a mailbox on disk as IMAP knows it: folders of letters with UIDs and flags that outlive the program.
package mailbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

const inbox = "INBOX" // where letters arrive

// kept is how many letters a folder holds that are done with; older ones go. The inbox holds all.
const kept = 200

// Mailbox is one account. It is safe for concurrent use.
type Mailbox struct {
	dir *os.Root

	mu       sync.Mutex
	index    index
	changed  chan struct{}                         // closed when watchers have been told something
	watchers map[string]*imapserver.MailboxTracker // by folder
}

// Open reads the mailbox that dir holds, or makes an empty one there. The mailbox closes dir.
func Open(dir *os.Root) (*Mailbox, error) {
	m := &Mailbox{dir: dir, changed: make(chan struct{}), watchers: map[string]*imapserver.MailboxTracker{}}
	var err error
	if m.index, err = readIndex(dir); err == nil && len(m.index.Folders) == 0 {
		err = m.change(func(x *index) error { return x.create(inbox) })
	}
	if err == nil {
		err = m.sweep()
	}
	if err != nil {
		return nil, fmt.Errorf("open mailbox: %w", errors.Join(err, dir.Close()))
	}
	for _, f := range m.index.Folders {
		m.watchers[f.Name] = imapserver.NewMailboxTracker(uint32(len(f.Letters)))
	}
	return m, nil
}

// Close ends the use of the directory.
func (m *Mailbox) Close() error { return m.dir.Close() }

// Deliver puts a letter into the inbox and tells those who wait for it. After an error it is not there.
func (m *Mailbox) Deliver(r io.Reader) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	number := m.index.Last + 1 // that of a letter which a killed run did not finish: it is written anew
	size, at, err := writeLetter(m.dir, number, r)
	if err == nil {
		err = m.change(func(x *index) error {
			x.Last = number
			f := &x.Folders[x.folder(inbox)]
			f.add(entry{File: number, Size: size, At: at})
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("deliver letter: %w", err)
	}
	m.watchers[inbox].QueueNumMessages(uint32(len(m.index.Folders[m.index.folder(inbox)].Letters)))
	m.wake()
	return nil
}

// wake lets the sessions that wait look at what their watchers have.
func (m *Mailbox) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// next is closed when there is something to tell that was not there before.
func (m *Mailbox) next() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// change makes a new index of the old one, writes it, and only then goes by it. The lock must be held.
func (m *Mailbox) change(what func(x *index) error) error {
	next := m.index.clone()
	if err := what(&next); err != nil {
		return err
	}
	if err := next.write(m.dir); err != nil {
		return err
	}
	m.index = next
	return nil
}

// sweep removes the letters that the index does not name: those of a killed run.
func (m *Mailbox) sweep() error {
	named := map[string]bool{}
	for _, f := range m.index.Folders {
		for _, l := range f.Letters {
			named[fileName(l.File)] = true
		}
	}
	files, err := fs.Glob(m.dir.FS(), "*"+ending)
	for _, file := range files {
		if !named[file] {
			err = errors.Join(err, m.dir.Remove(file))
		}
	}
	return err
}

// selected is the folder that the session has open. The lock must be held.
func (m *Mailbox) selected(s *session) (folder, error) {
	at := m.index.folder(s.folder)
	if at < 0 {
		return folder{}, errNoFolder
	}
	return m.index.Folders[at], nil
}

// flag changes the flags of letters, by UID, and tells the other sessions.
func (m *Mailbox) flag(s *session, uids []imap.UID, change *imap.StoreFlags) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.change(func(x *index) error {
		at := x.folder(s.folder)
		if at < 0 {
			return errNoFolder
		}
		for i := range x.Folders[at].Letters {
			if l := &x.Folders[at].Letters[i]; slices.Contains(uids, l.UID) {
				l.Flags = flagged(l.Flags, change)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, l := range m.index.Folders[m.index.folder(s.folder)].Letters {
		if slices.Contains(uids, l.UID) {
			m.watchers[s.folder].QueueMessageFlags(uint32(i+1), l.UID, l.Flags, s.updates)
		}
	}
	m.wake()
	return nil
}

// flagged gives new flags in place of the old ones, which stay as they are: another index may hold them.
func flagged(old []imap.Flag, change *imap.StoreFlags) []imap.Flag {
	var out []imap.Flag
	if change.Op != imap.StoreFlagsSet {
		out = slices.Clone(old)
	}
	for _, flag := range change.Flags {
		out = slices.DeleteFunc(out, func(f imap.Flag) bool { return same(f, flag) })
		if change.Op != imap.StoreFlagsDel {
			out = append(out, flag)
		}
	}
	return out
}

func same(a, b imap.Flag) bool { return strings.EqualFold(string(a), string(b)) }

func (l entry) bears(flag imap.Flag) bool {
	return slices.ContainsFunc(l.Flags, func(f imap.Flag) bool { return same(f, flag) })
}

// move puts letters, by UID, into another folder and gives what UIDs they had and have, in the same order.
func (m *Mailbox) move(s *session, uids []imap.UID, to string) (validity uint32, before, after []imap.UID, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var gone, dropped []uint32 // sequence numbers in the two folders, from the last to the first
	var lost []entry
	count := 0
	err = m.change(func(x *index) error {
		from, dest := x.folder(s.folder), x.folder(to)
		if from < 0 || dest < 0 {
			return errNoFolder
		}
		var taken []entry
		taken, gone = x.Folders[from].take(func(l entry) bool { return slices.Contains(uids, l.UID) })
		for _, l := range taken {
			before, after = append(before, l.UID), append(after, x.Folders[dest].add(l))
		}
		validity, count = x.Folders[dest].Validity, len(x.Folders[dest].Letters)
		lost, dropped = x.Folders[dest].overflow()
		return nil
	})
	if err != nil {
		return 0, nil, nil, err
	}
	m.tell(s.folder, gone)
	if len(after) > 0 {
		m.watchers[to].QueueNumMessages(uint32(count))
	}
	m.tell(to, dropped)
	m.wake()
	m.remove(lost)
	return validity, before, after, nil
}

// expunge drops the letters that are marked as deleted; of these UIDs, unless they are nil.
func (m *Mailbox) expunge(s *session, uids *imap.UIDSet) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var gone []uint32
	var lost []entry
	err := m.change(func(x *index) error {
		at := x.folder(s.folder)
		if at < 0 {
			return errNoFolder
		}
		lost, gone = x.Folders[at].take(func(l entry) bool { return l.bears(imap.FlagDeleted) && (uids == nil || uids.Contains(l.UID)) })
		return nil
	})
	if err != nil {
		return err
	}
	m.tell(s.folder, gone)
	m.wake()
	m.remove(lost)
	return nil
}

// tell lets all sessions know that letters have left the folder.
func (m *Mailbox) tell(folder string, gone []uint32) {
	for _, number := range gone {
		m.watchers[folder].QueueExpunge(number)
	}
}

func (m *Mailbox) remove(lost []entry) {
	for _, l := range lost {
		_ = m.dir.Remove(fileName(l.File)) // the index names it no more; the next Open tries again
	}
}

// create makes a folder.
func (m *Mailbox) create(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.change(func(x *index) error { return x.create(name) }); err != nil {
		return err
	}
	m.watchers[name] = imapserver.NewMailboxTracker(0)
	return nil
}
