package whatsapptest

import (
	"bytes"
	"time"
)

// faults are what goes wrong, and who is told before anything goes on. They are under the server's lock.
type faults struct {
	dropAcks, dropReceipts, hold, autoDeliver, autoAsk, outdated bool

	corrupt int // how many messages are still to be spoilt
	refusal int
	slow    time.Duration
	hooks   hooks
}

type hooks struct {
	message func(id string)
	receipt func(id, kind string)
	media   func()
}

func (s *Server) hooks() hooks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.hooks
}

func (s *Server) set(change func(*faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
	s.change()
}

// AutoDeliver says whether every phone confirms what it gets.
func (s *Server) AutoDeliver(yes bool) { s.set(func(f *faults) { f.autoDeliver = yes }) }

// AutoAsk says whether every phone asks again for what it cannot read, by itself.
func (s *Server) AutoAsk(yes bool) { s.set(func(f *faults) { f.autoAsk = yes }) }

// DropAcks says whether clients are left without an answer to the messages that they send. The messages arrive nevertheless.
func (s *Server) DropAcks(yes bool) { s.set(func(f *faults) { f.dropAcks = yes }) }

// DropReceipts says whether what clients confirm is lost on its way, so that it is sent to them again.
func (s *Server) DropReceipts(yes bool) { s.set(func(f *faults) { f.dropReceipts = yes }) }

// Outdated says whether every program is refused for its version, those too that are to be linked.
func (s *Server) Outdated(yes bool) { s.set(func(f *faults) { f.outdated = yes }) }

// HoldInbox keeps back all that goes to clients by itself (messages, receipts), also at a login; what was held goes when it ends.
func (s *Server) HoldInbox(yes bool) {
	s.set(func(f *faults) { f.hold = yes })
	if !yes {
		s.Redeliver()
	}
}

// CorruptNext spoils the next message to a client on its way, so that the client asks for it again.
func (s *Server) CorruptNext() { s.set(func(f *faults) { f.corrupt++ }) }

// passes gives a ciphertext as it comes through.
func (f *faults) passes(ciphertext []byte) []byte {
	if f.corrupt == 0 {
		return ciphertext
	}
	f.corrupt--
	return spoilt(ciphertext)
}

// spoilt is a ciphertext with an error near its end, where its code is.
func spoilt(ciphertext []byte) []byte {
	c := bytes.Clone(ciphertext)
	c[max(0, len(c)-20)] ^= 0xff
	return c
}

// RefuseSends answers each message that a client sends with this error, such as 463 for one to people who do not know the sender; 0 ends that. What is
// refused does not arrive.
func (s *Server) RefuseSends(code int) { s.set(func(f *faults) { f.refusal = code }) }

// Redeliver sends all that clients have not confirmed once more on their live connections.
func (s *Server) Redeliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for d := range s.devices() {
		d.resend()
	}
	s.change()
}

// devices are all that are linked, in no order; the lock is held.
func (s *Server) devices() map[*device]bool {
	all := map[*device]bool{}
	for _, a := range s.accounts {
		for _, d := range a.linked() {
			all[d] = true
		}
	}
	return all
}

// Unacked are the ids of the messages that clients have not confirmed, those of each device as they came.
func (s *Server) Unacked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for d := range s.devices() {
		for _, p := range d.waiting {
			if p.class == "message" {
				ids = append(ids, p.id)
			}
		}
	}
	return ids
}

// OnMessage calls before the server does anything with a message that a client sends; nil ends that.
func (s *Server) OnMessage(call func(id string)) { s.set(func(f *faults) { f.hooks.message = call }) }

// OnReceipt calls before the server does anything with a receipt of a client, with its first id and its kind ("" is delivered); nil ends that.
func (s *Server) OnReceipt(call func(id, kind string)) {
	s.set(func(f *faults) { f.hooks.receipt = call })
}

// BeforeMedia calls before a file is given out; nil ends that.
func (s *Server) BeforeMedia(call func()) { s.set(func(f *faults) { f.hooks.media = call }) }

// SlowMedia lets every download wait so long.
func (s *Server) SlowMedia(d time.Duration) { s.set(func(f *faults) { f.slow = d }) }
