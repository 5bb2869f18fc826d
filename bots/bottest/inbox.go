package bottest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
)

// Inbox stands where the database does: it keeps each message once, by sender and id, and may be told to fail.
type Inbox struct {
	mu      sync.Mutex
	stored  []bots.Inbound
	seen    map[[2]string]bool
	repeats int
	odd     []string
	before  func(ctx context.Context, in bots.Inbound) error // may fail, wait or panic
	changed chan struct{}
}

// Receive is the channel's bots.Receive.
func (b *Inbox) Receive(ctx context.Context, in bots.Inbound) error {
	b.mu.Lock()
	before := b.before
	b.mu.Unlock()
	if before != nil {
		if err := before(ctx, in); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	in.Text, _ = bots.Clean(in.Text) // whoever stores it does, and notes that it was cut
	b.look(in)
	if key := [2]string{in.Sender, in.ID}; b.seen[key] {
		b.repeats++
	} else {
		b.seen[key] = true
		b.stored = append(b.stored, in)
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

// look notes what a message lacks, or holds that no database takes: it would come again forever.
func (b *Inbox) look(in bots.Inbound) {
	if in.Library == 0 || in.Channel == 0 || in.Sender == "" || in.ID == "" || in.At.IsZero() {
		b.odd = append(b.odd, fmt.Sprintf("message without something: %+v", in))
	}
	words := []string{in.Sender, in.ID, in.Choice, in.Answers, in.Phone, in.Name}
	for _, f := range in.Files {
		words = append(words, f.Ref, f.Name, f.MediaType)
	}
	for _, f := range in.Refused {
		words = append(words, f.Name)
	}
	for _, w := range words {
		if clean, cut := bots.Clean(w); clean != w || cut {
			b.odd = append(b.odd, fmt.Sprintf("message %s: %q is not fit to be stored", in.ID, w))
		}
	}
}

// first calls what is to happen before each message is stored.
func (b *Inbox) first(before func(ctx context.Context, in bots.Inbound) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = before
}

// texts are those of the sender, or of all.
func (b *Inbox) texts() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, in := range b.stored {
		all = append(all, in.Text)
	}
	return all
}

func (b *Inbox) oddities() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.odd
}

// Shelf holds the files that the library can send, by their ids.
type Shelf map[string]File

// Open gives a file as the channels' configurations want it.
func (s Shelf) Open(_ context.Context, _ library.ID, id string) (r io.ReadCloser, name, mediaType string, size int64, err error) {
	f, ok := s[id]
	if !ok {
		return nil, "", "", 0, files.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(f.Data)), f.Name, f.MediaType, int64(len(f.Data)), nil
}
