package bottest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"librarian/bots"
)

// A text is what its sender has written, whatever letters it has, but for what may not be stored and for what is too long.
func textsArrive(s *scene) {
	s.receive()
	texts := []string{
		longText(min(s.Longest, bots.MaxText)),
		"👩‍👧 🙏🏽 ❤️ 📚",
		"\u202eשלום עולם، مرحبا",
		"до\x00 после\x01",
		"Үтүө күнүнэн! Мин аатым Айыына: ҕ, ҥ, ө, һ, ү.",
		"Добрий день! Ґанок, їжак, є, і.",
		"раз\r\nдва\rтри\n\nчетыре\tпять",
		"<b>не разметка</b> *и* _не_ `она` & \\ " + Secret,
		"1",
	}
	if s.Longest > bots.MaxText {
		texts = append(texts, longText(s.Longest))
	}
	for _, text := range texts {
		s.Says(Aita, text)
	}
	for i, in := range s.await(len(texts)) {
		if in.Text != cleaned(texts[i]) {
			s.Errorf("text %d arrived as %.200q", i, in.Text)
		}
	}
	if len(s.texts()) != len(texts) {
		s.Errorf("%d messages of %d", len(s.texts()), len(texts))
	}
}

// longText has so many runes, without a space at its end, which some channels take away.
func longText(runes int) string {
	all := []rune(strings.Repeat("Үһүс кинигэ, сорок 7 😀 — ", runes/20+1))[:runes]
	all[runes-1] = '.'
	return string(all)
}

func cleaned(text string) string {
	text, _ = bots.Clean(text)
	return text
}

// The database is away: the provider keeps what it has, and the reader's order stands.
func notStored(s *scene) {
	var failures atomic.Int32
	s.first(func(_ context.Context, in bots.Inbound) error {
		if strings.HasPrefix(in.Text, "2") && failures.Add(1) <= 3 {
			return errors.New("the database is away")
		}
		return nil
	})
	s.inOrder(s.sayFive)
	if failures.Load() < 4 {
		s.Errorf("stored after %d tries", failures.Load())
	}
}

// A panic tells as little of what is stored as an error does.
func panics(s *scene) {
	var failures atomic.Int32
	s.first(func(_ context.Context, in bots.Inbound) error {
		if strings.HasPrefix(in.Text, "2") && failures.Add(1) <= 2 {
			panic(Secret)
		}
		return nil
	})
	s.inOrder(s.sayFive)
}

// The process dies between receiving and storing; the next one has it all.
func stops(s *scene) {
	stuck := make(chan struct{}, 10)
	s.first(func(ctx context.Context, in bots.Inbound) error {
		if strings.HasPrefix(in.Text, "3") {
			stuck <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	stop := s.receive()
	s.sayFive()
	<-stuck
	stop()
	s.first(nil)
	s.inOrder(func() {})
}

func (s *scene) sayFive() {
	for i := range 5 {
		s.Says(Aita, fmt.Sprintf("%d %s", i, Secret))
	}
}

// inOrder receives while say does, and checks that the five came once each and as they were said.
func (s *scene) inOrder(say func()) {
	s.Helper()
	s.receive()
	say()
	s.await(5)
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("%d %s", i, Secret))
	}
	if got := s.texts(); !slices.Equal(got, want) {
		s.Errorf("stored %q", got)
	}
}

// The same words twice are two messages; one message twice is one.
func repeats(s *scene) {
	s.needs(s.Again != nil)
	s.receive()
	s.Says(Aita, "да")
	s.Says(Aita, "да")
	s.await(2)
	s.Again(Aita)
	s.Says(Aita, "после")
	s.await(3)
	if got := s.texts(); !slices.Equal(got, []string{"да", "да", "после"}) {
		s.Errorf("stored %q", got)
	}
}

func twoReaders(s *scene) {
	s.receive()
	s.Says(Aita, "от Айты")
	s.Says(Olesya, "от Олеси")
	s.Says(Aita, "снова от Айты")
	from := map[string]bots.Inbound{}
	for _, in := range s.await(3) {
		from[in.Text] = in
	}
	a, o, again := from["от Айты"], from["от Олеси"], from["снова от Айты"]
	if a.Sender == "" || a.Sender == o.Sender || a.Sender != again.Sender {
		s.Errorf("addresses %q, %q and %q", a.Sender, o.Sender, again.Sender)
	}
	for who, in := range map[Reader]bots.Inbound{Aita: a, Olesya: o} {
		name := ""
		if s.Named {
			name = who.Name()
		}
		if in.Name != name || in.Unproven != s.Unproven || in.Gone || in.Choice != "" || len(in.Files)+len(in.Refused) > 0 {
			s.Errorf("%s is understood as %+v", who.Name(), in)
		}
	}
}

func leaves(s *scene) {
	s.needs(s.Blocks != nil)
	sender := s.greet(Aita)
	s.Blocks(Aita)
	if in := s.await(2)[1]; !in.Gone || in.Sender != sender || in.Text != "" {
		s.Errorf("understood as %+v", in)
	}
}
