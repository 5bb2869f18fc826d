package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// samplePerson is a reader of the demo. They come by the same door as everybody: what they write goes through the web chat's channel.
type samplePerson struct {
	name  string
	says  []sampleMessage
	after func(s *service, ctx context.Context, lib library.Library, conv bots.ConversationID) error
}

// sampleMessage is one thing that a sample reader sends.
type sampleMessage struct {
	text   string
	choice string
	photo  bool
}

func samplePeople() []samplePerson {
	register := func(name, born, phone string) []sampleMessage {
		return []sampleMessage{
			{choice: "start"},
			{choice: "lang:ru"},
			{choice: "register"},
			{choice: "self"},
			{choice: "yes"},
			{photo: true},
			{text: name},
			{text: born},
			{text: phone},
			{choice: "yes"},
		}
	}
	return []samplePerson{
		{
			name: "Саргылана", says: append(register("Алексеева Саргылана Ивановна", "14.05.1988", "+7 914 222-11-00"), sampleMessage{text: "Здравствуйте! Есть ли у вас газета «Кыым» за 1965 год и можно ли получить из неё статью?"}, sampleMessage{choice: "yes"}),
			after: (*service).sampleReader,
		},
		{name: "Олесь", says: register("Коваленко Олесь Петрович", "2 березня 1979", "+7 924 333-22-11"), after: (*service).sampleAccepted},
		{name: "Туйаара", says: register("Гоголева Туйаара Семёновна", "03.11.2001", "+7 964 076-54-32")},
		{name: "Анна", says: slices.Concat([]sampleMessage{{choice: "start"}, {choice: "lang:ru"}},
			sampleNeed("digitise", "Кулаковский, Ойуун түүлэ"), sampleNeed("section", "Пчеловодство на севере"),
			[]sampleMessage{{text: "Как продлить доступ к электронной библиотеке? Пароль больше не подходит."}, {choice: "yes"}})},
		{name: "John", says: []sampleMessage{{choice: "start"}, {choice: "lang:en"}, {choice: "register"}, {choice: "self"}}},
	}
}

// demoPeople lets the sample readers of a library write, once.
func (s *service) demoPeople(ctx context.Context, slug string, people []samplePerson) error {
	lib, channel, err := s.chatLibrary(ctx, slug)
	if err != nil {
		return err
	}
	for i, p := range people {
		sender := fmt.Sprintf("sample-%d", i+1)
		for n, m := range p.says {
			if err := s.sampleSays(ctx, lib, channel, sender, p.name, n, m); err != nil {
				return fmt.Errorf("sample reader %d: %w", i+1, err)
			}
		}
		if p.after == nil {
			continue
		}
		id, _, err := contacts.Lookup(ctx, s.pool, int64(channel), sender)
		if err != nil {
			return err
		}
		if err := p.after(s, ctx, lib, bots.ConversationID(id)); err != nil {
			return fmt.Errorf("sample reader %d: %w", i+1, err)
		}
	}
	return nil
}

// sampleSays sends one message and waits for its answer, as a reader would.
func (s *service) sampleSays(ctx context.Context, lib library.Library, channel bots.ChannelID, sender, name string, n int, m sampleMessage) error {
	in := bots.Inbound{
		Library: lib.ID, Channel: channel, Sender: sender, ID: fmt.Sprintf("%s-%d", sender, n), Name: name, Text: m.text, Choice: m.choice, At: s.now(),
	}
	if m.photo {
		paper, err := samplePaper(name)
		if err != nil {
			return err
		}
		f, err := s.store.Put(ctx, lib.ID, bytes.NewReader(paper), files.Meta{Name: "consent.jpg"}, bots.MaxFile)
		if err != nil {
			return err
		}
		in.Files = []bots.InboundFile{{File: string(f.ID), Name: f.Name, MediaType: f.MediaType, Size: f.Size, Photo: true}}
	}
	before := 0
	if id, ok, err := contacts.Lookup(ctx, s.pool, int64(channel), sender); err != nil {
		return err
	} else if ok {
		if before, err = s.runner.Turns(ctx, lib.ID, bots.ConversationID(id)); err != nil {
			return err
		}
	}
	if err := s.runner.Receive(ctx, in); err != nil {
		return err
	}
	id, _, err := contacts.Lookup(ctx, s.pool, int64(channel), sender)
	if err != nil {
		return err
	}
	return s.awaitTurn(ctx, lib.ID, bots.ConversationID(id), before)
}

var errNoAnswer = errors.New("the bot did not answer in time")

// awaitTurn waits until the conversation has moved on from the turn.
func (s *service) awaitTurn(ctx context.Context, lib library.ID, conv bots.ConversationID, before int) error {
	changed, stop := s.signals.Subscribe(bots.Signal{Topic: bots.TopicChat, Library: lib, ID: int64(conv)})
	defer stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		turns, err := s.runner.Turns(ctx, lib, conv)
		if err != nil || turns > before {
			return err
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-late.C:
			return errNoAnswer
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sampleAccepted lets a librarian accept the reader's registration.
func (s *service) sampleAccepted(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	return s.sampleAct(ctx, lib, "librarian", queue.KindRegistration, conv, "accept", nil)
}

// sampleCard lets a librarian accept the registration and the registrar issue the card.
func (s *service) sampleCard(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	if err := s.sampleAccepted(ctx, lib, conv); err != nil {
		return err
	}
	return s.sampleAct(ctx, lib, "registrar", queue.KindCard, conv, "card", map[string]string{"number": "000001", "password": "moroz-2471"})
}

// sampleReader gives the reader a card, with which they order pages.
func (s *service) sampleReader(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	if err := s.sampleCard(ctx, lib, conv); err != nil {
		return err
	}
	return s.sampleOrdering(ctx, lib, conv)
}
