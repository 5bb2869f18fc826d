package runner_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// phonebook is a channel of phone numbers.
type phonebook struct{ *channel }

func (phonebook) AddressOf(_ context.Context, phone string) (string, error) {
	return strings.TrimPrefix(phone, "+"), nil
}

// unlinkedBook has no phone that would send.
type unlinkedBook struct{ *channel }

func (unlinkedBook) AddressOf(context.Context, string) (string, error) { return "", bots.ErrUnreached }

// refusingBook knows its numbers, and reaches none.
type refusingBook struct {
	phonebook
	refusing
}

func (r refusingBook) Kind() bots.Kind     { return r.phonebook.Kind() }
func (r refusingBook) Limits() bots.Limits { return r.phonebook.Limits() }

func (r refusingBook) Send(ctx context.Context, m bots.Outbound) (string, error) {
	return r.refusing.Send(ctx, m)
}

const annasPhone = "+79141234567"

// whatsapp gives the library a number in WhatsApp.
func (s *shelf) whatsapp() (id bots.ChannelID, c *channel) {
	s.Helper()
	s.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = bots.AddChannel(ctx, tx, s.secrets, bots.Account{Library: s.lib, Kind: bots.WhatsApp, Name: "number"}, "")
		return err
	})
	c = newChannel(bots.WhatsApp)
	c.limit(func(l *bots.Limits) { l.Buttons, l.Files = false, 1 })
	s.registry.Set(id, phonebook{c})
	s.accounts.Forget()
	return id, c
}

// writes lets the librarian write to Anna in the web chat.
func (s *shelf) writes(words string, files ...string) {
	s.Helper()
	s.tx(func(ctx context.Context, tx pgx.Tx) error {
		return s.Say(ctx, tx, s.lib, s.conv("anna"), s.librarian.Staff, words, files)
	})
}

func TestWordsGoToAProvenNumber(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	number, c := s.whatsapp()
	s.registry.Set(s.chat, refusing{s.web})
	letters := len(s.post.delivered())
	s.exec(`update readers set email_proven = false, phone = $1, phone_proven = true`, annasPhone)
	for n, words := range []string{"Книга вас ждёт", "И ещё одна"} {
		s.writes(words)
		s.await("the copy has gone", func() bool { return len(c.delivered()) == n+1 })
		if m := c.delivered()[n]; m.Address != "79141234567" || !strings.HasSuffix(m.Text, "\n\n"+words) || !strings.Contains(m.Text, "Библиотека") {
			t.Errorf("sent %q to %s", m.Text, m.Address)
		}
	}
	if n := s.count(`select count(*) from addresses a join conversations c using (library_id, id) where a.channel_id = $1`, number); n != 1 {
		t.Errorf("%d conversations at the number", n)
	}
	if s.undelivered() != 0 || len(s.post.delivered()) != letters {
		t.Errorf("%d tasks, %d letters", s.undelivered(), len(s.post.delivered())-letters)
	}
	// A reply comes into the conversation that was begun.
	s.receive(s.instance, bots.Inbound{Library: s.lib, Channel: number, Sender: "79141234567", ID: "1", Text: "Спасибо!", At: s.Now()})
	if n := s.count(`select count(*) from addresses where channel_id = $1`, number); n != 1 {
		t.Errorf("%d addresses after the reply", n)
	}
}

func TestPagesGoToAProvenNumber(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	_, c := s.whatsapp()
	s.exec(`update readers set email_proven = false, phone = $1, phone_proven = true`, annasPhone)
	o := s.placed("5")
	s.registry.Set(s.chat, refusing{s.web})
	s.released(o, s.page("1.jpg", 90))
	s.await("the copy has gone", func() bool { return len(c.delivered()) == 1 })
	if len(c.delivered()[0].Files) != 1 || s.undelivered() != 0 {
		t.Errorf("sent %+v, %d tasks", c.delivered(), s.undelivered())
	}
}

// TestCopyIsNotCopied: neither from WhatsApp on to the letters nor back.
func TestCopyIsNotCopied(t *testing.T) {
	t.Parallel()
	for name, mail := range map[string]bool{"to the number": false, "to the e-mail": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			number, c := s.whatsapp()
			s.exec(`update readers set email = 'anna@reader.test', email_proven = $1, phone = $2, phone_proven = true`, mail, annasPhone)
			s.await("what was said before has gone", func() bool { return s.count(`select count(*) from outbox where state in ('queued', 'leased')`) == 0 })
			s.registry.Set(s.chat, refusing{s.web})
			s.registry.Set(s.mail, refusing{s.post})
			s.registry.Set(number, refusingBook{phonebook{c}, refusing{c}})
			before := s.count(`select count(*) from outbox`)
			s.writes("Книга вас ждёт")
			s.await("staff are told", func() bool { return s.undelivered() == 1 })
			if n := s.count(`select count(*) from outbox where state = 'failed'`); n != 2 || s.count(`select count(*) from outbox`) != before+2 {
				t.Errorf("%d have failed", n)
			}
		})
	}
}

func TestWhatIsNotForAnotherWayBecomesATask(t *testing.T) {
	t.Parallel()
	for name, unless := range map[string]func(s *shelf, number bots.ChannelID){
		"not proven": func(s *shelf, _ bots.ChannelID) { s.exec(`update readers set phone_proven = false`) },
		"broken": func(s *shelf, number bots.ChannelID) {
			s.exec(`update channels set state = 'broken' where id = $1`, number)
		},
		"not linked": func(s *shelf, number bots.ChannelID) { s.registry.Set(number, unlinkedBook{newChannel(bots.WhatsApp)}) },
		"elsewhere":  func(s *shelf, number bots.ChannelID) { s.registry.Remove(number) },
		"blocked": func(s *shelf, number bots.ChannelID) {
			s.receive(s.instance, bots.Inbound{Library: s.lib, Channel: number, Sender: "79141234567", ID: "1", Text: "меню", At: s.Now()})
			s.settle("79141234567")
			s.exec(`update addresses set blocked_at = now() where channel_id = $1`, number)
		},
		"a file": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			number, c := s.whatsapp()
			s.exec(`update readers set email_proven = false, phone = $1, phone_proven = true`, annasPhone)
			s.registry.Set(s.chat, refusing{s.web})
			if unless != nil {
				unless(s, number)
				s.accounts.Forget()
				s.writes("Книга вас ждёт")
			} else {
				s.writes("Ваше заявление", "file-of-the-reader")
			}
			s.await("staff are told", func() bool { return s.undelivered() == 1 })
			for _, m := range c.delivered() {
				if m.Text == "" || strings.Contains(m.Text, "ждёт") || len(m.Files) > 0 {
					t.Errorf("sent %+v", m)
				}
			}
		})
	}
}
