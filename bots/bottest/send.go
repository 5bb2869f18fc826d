package bottest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"librarian/bots"
)

// wide is a text of so many runes of four bytes each, which a limit counted in anything else would cut.
func wide(runes int) string { return strings.Repeat("📚", runes) }

// shown is the only message that the reader has of us.
func (s *scene) shown(who Reader) Shown {
	s.Helper()
	all := s.Shown(who, 1)
	if len(all) != 1 {
		s.Fatalf("the reader sees %d messages", len(all))
	}
	return all[0]
}

// No sign of markup is read.
func plainWords(s *scene) {
	s.greet(Aita)
	text := "<b>не разметка</b> *и не она* _и_ `нет` & \\ https://l.example/once\nҮһүс, їжак, שלום"
	s.send(Aita, bots.Outbound{Text: text})
	if m := s.shown(Aita); m.Text != text {
		s.Errorf("shown %q", m.Text)
	}
}

func longestText(s *scene) {
	s.greet(Aita)
	text := wide(s.Channel.Limits().Text)
	if id := s.send(Aita, bots.Outbound{Text: text}); id == "" {
		s.Error("the provider's id is not given")
	}
	if m := s.shown(Aita); m.Text != text || len(m.Choices)+len(m.Files) > 0 {
		s.Errorf("shown %d bytes, %d choices, %d files", len(m.Text), len(m.Choices), len(m.Files))
	}
}

func longestCaption(s *scene) {
	s.greet(Aita)
	text := wide(s.Channel.Limits().Caption)
	f := File{Name: "Стр. 12–15 «Олоҥхо».pdf", MediaType: "application/pdf", Data: bytesOf(300_000)}
	s.Shelf["pages"] = f
	s.send(Aita, bots.Outbound{Text: text, Files: []string{"pages"}})
	m := s.shown(Aita)
	if m.Text != text || len(m.Files) != 1 {
		s.Fatalf("shown %d bytes and %d files", len(m.Text), len(m.Files))
	}
	if got := m.Files[0]; got.Name != f.Name || got.Photo || !bytes.Equal(got.Data, f.Data) {
		s.Errorf("the file is %q, %d bytes", got.Name, len(got.Data))
	}
}

func fullMessage(s *scene) {
	s.greet(Aita)
	m := bots.Outbound{Text: "Вот"}
	for i := range s.Channel.Limits().Files {
		id := fmt.Sprint(i)
		s.Shelf[id] = File{Name: fmt.Sprintf("глава %d.pdf", i), MediaType: "application/pdf", Data: bytesOf(1000 + i)}
		m.Files = append(m.Files, id)
	}
	s.needs(len(m.Files) > 0)
	s.send(Aita, m)
	got := s.shown(Aita)
	if got.Text != "Вот" || len(got.Files) != len(m.Files) {
		s.Fatalf("shown %q and %d files", got.Text, len(got.Files))
	}
	for i, f := range got.Files {
		if want := s.Shelf[m.Files[i]]; f.Name != want.Name || !bytes.Equal(f.Data, want.Data) {
			s.Errorf("file %d is %s", i, f.Name)
		}
	}
}

// The picture of a card has to be read by a scanner.
func picture(s *scene) {
	s.greet(Aita)
	f := File{Name: "билет.jpg", MediaType: "image/jpeg", Data: s.jpegOf(300)}
	s.Shelf["card"] = f
	s.send(Aita, bots.Outbound{Text: "Ваш билет", Files: []string{"card"}})
	if m := s.shown(Aita); m.Text != "Ваш билет" || len(m.Files) != 1 || !bytes.Equal(m.Files[0].Data, f.Data) {
		s.Errorf("shown %q and %d files", m.Text, len(m.Files))
	}
}

// Where there are buttons a pressed one says which, and of which turn. Elsewhere the choices stand in the text already.
func choices(s *scene) {
	s.greet(Aita)
	limits := s.Channel.Limits()
	long := wide(limits.Label)
	m := bots.Outbound{Text: "Верно?\n1. Да\n2. Нет", Turn: 4, Choices: []bots.Choice{{ID: "yes", Label: "Да"}, {ID: "no", Label: long}}}
	s.send(Aita, m)
	got := s.shown(Aita)
	if !limits.Buttons {
		if got.Text != m.Text || len(got.Choices) != 0 {
			s.Errorf("shown %+v", got)
		}
		return
	}
	if got.Text != m.Text || !slices.Equal(got.Choices, []string{"Да", long}) {
		s.Fatalf("shown %+v", got)
	}
	s.needs(s.Presses != nil)
	s.Presses(Aita, long)
	if in := s.await(2)[1]; in.Choice != "no" || in.Turn != 4 {
		s.Errorf("the press is understood as %+v", in)
	}
}

// A kill between sending and noting it sends once more: whoever gets both has to know that they are one.
func sentAgain(s *scene) {
	s.greet(Aita)
	send := func(ctx context.Context, m bots.Outbound) (string, error) { return s.Send(ctx, Aita, m) }
	s.seq++
	m := bots.Outbound{Seq: s.seq, Text: "Готово"}
	first, failed := s.sendBy(context.Background(), send, m)
	again, failedAgain := s.sendBy(context.Background(), send, m)
	if failed != nil || failedAgain != nil || first == "" || first != again {
		s.Fatalf("sent as %q, then as %q: %v, %v", first, again, failed, failedAgain)
	}
	if limits := s.Channel.Limits(); limits.OwnIDs || limits.Acks {
		s.Says(Aita, "после") // behind it both have arrived
		s.await(2)
		s.send(Aita, bots.Outbound{Text: "и это"})
		if all := s.Shown(Aita, 2); len(all) != 2 || all[0].Text != "Готово" || all[1].Text != "и это" {
			s.Errorf("shown %+v", all)
		}
	}
}

func unknownFile(s *scene) {
	s.greet(Aita)
	send := func(ctx context.Context, m bots.Outbound) (string, error) { return s.Send(ctx, Aita, m) }
	if _, failed := s.sendBy(context.Background(), send, bots.Outbound{Seq: 1, Text: Secret, Files: []string{"nowhere"}}); failed == nil || failed.Outcome != bots.Refused {
		s.Errorf("sent with %v", failed)
	}
}
