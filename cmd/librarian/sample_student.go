package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// sampleStudents registered in full some days ago, so to say: their papers came by post, and their cards wait for the lesson for new readers.
func sampleStudents() []samplePerson {
	register := func(name, born, phone, address, database string) []sampleMessage {
		return slices.Concat([]sampleMessage{{choice: "start"}, {choice: "lang:ru"}}, sampleNeed("resource", database), []sampleMessage{
			{choice: "register"},
			{choice: "self"},
			{choice: "yes"},
			{text: name},
			{text: born},
			{text: phone},
			{choice: "yes"},
			{choice: "f.document.passport"},
			{choice: "f.document.student_card"},
			{choice: "skip"},
			{choice: "f.residence.city"},
			{choice: "f.education.unfinished"},
			{choice: "f.category.student"},
			{text: "СВФУ им. М. К. Аммосова"},
			{choice: "skip"},
			{choice: "f.year.1"},
			{text: address},
			{choice: "yes"},
		})
	}
	return []samplePerson{
		{name: "Айсен", says: register("Охлопков Айсен Николаевич", "21.04.2007", "+7 914 100-20-30", "677000, Якутск, ул. Каландаришвили, 17", "База Scopus"), after: (*service).sampleLesson},
		{name: "Дайаана", says: register("Семёнова Дайаана Петровна", "09.12.2006", "+7 914 200-30-40", "677000, Якутск, ул. Кулаковского, 42", "база «Scopus»"), after: (*service).sampleNewcomer},
	}
}

// sampleNewcomer lets the papers of the registration come by post and a librarian accept them.
func (s *service) sampleNewcomer(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	waiting, err := s.waitingPapers(ctx, lib.ID)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		reg, err := contacts.RegistrationByID(ctx, s.pool, lib.ID, w.Registration)
		if err != nil {
			return err
		}
		if bots.ConversationID(reg.AddressID) != conv {
			continue
		}
		if err := s.awaitPapers(ctx, lib.ID, reg.ID); err != nil {
			return err
		}
		client, err := s.sampleSignIn(ctx, "full-librarian")
		if err != nil {
			return err
		}
		if err := s.samplePost(ctx, client, fmt.Sprintf("/desk/registrations/%d/by-post", reg.ID), nil); err != nil {
			return err
		}
		return s.sampleAct(ctx, lib, "full-librarian", queue.KindRegistration, conv, "accept", nil)
	}
	return fmt.Errorf("conversation %d waits for no papers", conv)
}

var errNotDrawn = errors.New("the papers were not drawn in time")

// awaitPapers waits until they are drawn.
func (s *service) awaitPapers(ctx context.Context, lib library.ID, registration int64) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		pages, err := s.papersOf(ctx, lib, registration)
		if err != nil || len(pages) > 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-late.C:
			return errNotDrawn
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sampleLesson lets the newcomer choose the next lesson.
func (s *service) sampleLesson(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	if err := s.sampleNewcomer(ctx, lib, conv); err != nil {
		return err
	}
	next := lib.Lessons(s.now(), s.now().AddDate(0, 1, 0))
	if len(next) == 0 {
		return fmt.Errorf("library %d has no lessons", lib.ID)
	}
	_, channel, err := s.chatLibrary(ctx, lib.Slug)
	if err != nil {
		return err
	}
	key := contacts.PartyKey{Library: lib.ID, Address: contacts.AddressID(conv)}
	senders, err := contacts.Externals(ctx, s.pool, []contacts.PartyKey{key})
	if err != nil {
		return err
	}
	for n, choice := range []string{"lesson", fmt.Sprintf("lesson:t%d", next[0].At.Unix())} {
		if err := s.sampleSays(ctx, lib, channel, senders[key], "", 100+n, sampleMessage{choice: choice}); err != nil {
			return err
		}
	}
	return nil
}
