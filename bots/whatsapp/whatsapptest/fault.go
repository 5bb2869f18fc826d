package whatsapptest

import "time"

// faults are what goes wrong, and who is told before anything goes on. They are under the server's lock.
type faults struct {
	dropAcks, hold, autoDeliver, outdated bool

	corrupt int
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

// DropAcks says whether clients are left without an answer to the messages that they send. The messages arrive nevertheless.
func (s *Server) DropAcks(yes bool) { s.set(func(f *faults) { f.dropAcks = yes }) }

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

// spoil breaks the code at the end of a ciphertext where that is asked for.
func (f *faults) spoil(ciphertext []byte) {
	if f.corrupt > 0 {
		f.corrupt--
		ciphertext[len(ciphertext)-20] ^= 0xff
	}
}

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

// Unacked are the ids of the messages that clients have not confirmed, by account as they came.
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
