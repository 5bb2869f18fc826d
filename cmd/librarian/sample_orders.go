package main

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"mime/multipart"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// sampleOrder is what a sample reader orders, and how far it has come.
type sampleOrder struct {
	says    []sampleMessage
	came    []int // the pages that the department has photographed
	checked bool  // a librarian has let them go
}

// sampleOrders wait for a librarian to choose a department, for the department, and for a librarian to look at the pages; the last has been sent.
func sampleOrders() []sampleOrder {
	found := func(words, pages string) []sampleMessage {
		return []sampleMessage{{choice: "fragment"}, {text: words}, {text: "1"}, {text: pages}, {choice: "want:photo"}, {choice: "yes"}}
	}
	return []sampleOrder{
		{says: []sampleMessage{
			{choice: "fragment"},
			{text: "Узоры на бересте, тонкая книга в серой обложке"},
			{choice: "book:words"},
			{choice: "book:keep"},
			{text: "глава о туесах"},
			{choice: "want:scan"},
			{choice: "yes"},
		}},
		{says: found("Тургенев, Записки охотника", "87–92")},
		{says: found("Лермонтов, Стихотворения и поэмы", "120–122"), came: []int{121, 120, 122}},
		{says: found("Пушкин, Капитанская дочка", "15–16"), came: []int{15, 16}, checked: true},
	}
}

// sampleOrdering lets the reader of the conversation order, the department bring pages and the librarian let them go.
func (s *service) sampleOrdering(ctx context.Context, lib library.Library, conv bots.ConversationID) error {
	_, channel, err := s.chatLibrary(ctx, lib.Slug)
	if err != nil {
		return err
	}
	key := contacts.PartyKey{Library: lib.ID, Address: contacts.AddressID(conv)}
	senders, err := contacts.Externals(ctx, s.pool, []contacts.PartyKey{key})
	if err != nil {
		return err
	}
	for i, o := range sampleOrders() {
		for n, m := range o.says {
			if err := s.sampleSays(ctx, lib, channel, senders[key], "", 100*(i+1)+n, m); err != nil {
				return fmt.Errorf("sample order %d: %w", i+1, err)
			}
		}
		if err := s.sampleServed(ctx, lib, conv, o); err != nil {
			return fmt.Errorf("sample order %d: %w", i+1, err)
		}
	}
	return nil
}

// sampleServed lets the department and the librarian do their part of the order that was made last.
func (s *service) sampleServed(ctx context.Context, lib library.Library, conv bots.ConversationID, o sampleOrder) error {
	if len(o.came) == 0 {
		return nil
	}
	keeper, err := s.desk.StaffByLogin(ctx, "storage")
	if err != nil {
		return err
	}
	rows, err := s.desk.List(ctx, lib.ID, queue.Filter{Scope: keeper.Scope(), Kinds: []string{queue.KindFind}, Limit: 50})
	if err != nil {
		return err
	}
	order := int64(0)
	for _, row := range rows {
		if row.Conversation == conv {
			order = max(order, row.Order)
		}
	}
	page := fmt.Sprintf("/desk/orders/%d", order)
	if err := s.sampleBrings(ctx, page, o.came); err != nil || !o.checked {
		return err
	}
	librarian, err := s.sampleSignIn(ctx, "librarian")
	if err != nil {
		return err
	}
	return s.samplePost(ctx, librarian, page+"/release", nil)
}

// sampleBrings uploads photos of the pages and says that these are all.
func (s *service) sampleBrings(ctx context.Context, page string, numbers []int) error {
	keeper, err := s.sampleSignIn(ctx, "storage")
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i, n := range numbers {
		img, err := samplePage(n)
		if err != nil {
			return err
		}
		part, err := form.CreateFormFile("files", fmt.Sprintf("IMG_%04d.jpg", i+1))
		if err != nil {
			return err
		}
		if err := jpeg.Encode(part, img, &jpeg.Options{Quality: 85}); err != nil {
			return fmt.Errorf("photo of a sample page: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return fmt.Errorf("photos of sample pages: %w", err)
	}
	if err := s.sampleSends(ctx, keeper, page+"/parts", form.FormDataContentType(), &body); err != nil {
		return err
	}
	return s.samplePost(ctx, keeper, page+"/hand-over", nil)
}
