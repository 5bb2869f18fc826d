// Package bottest holds the cases that every channel must pass, played over its provider's real wire with readers at the far end.
package bottest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"librarian/bots"
)

// Reader is one of the people at the far end.
type Reader int

// The readers of a case. Each writes from an address of their own.
const (
	Aita Reader = 1 + iota
	Olesya
)

// Name is what the reader calls themself, where the channel has such a thing.
func (r Reader) Name() string {
	return []string{"", "Айта Һолтуурап", "Олеся Їжакевич"}[r]
}

// Secret stands in texts of every case. No log line and no error may hold it.
const Secret = "тайна-7f3a"

// Party is one channel under test, with its provider behind it. What needs the provider's own means is a function; one that a channel has no use for is nil,
// and the cases that need it stand in the table of what the channel lacks. The functions fail the test themselves.
type Party struct {
	Channel bots.Channel
	Receive func(ctx context.Context) error // receives until the context ends

	Says    func(who Reader, text string)
	Longest int // runes of one message that a reader can write
	Sends   func(who Reader, caption string, files ...File)
	Again   func(who Reader) // the provider delivers the reader's last message once more
	Presses func(who Reader, label string)
	Blocks  func(who Reader) // the reader shuts the door, and the provider tells us

	Named    bool // the channel tells readers' names
	Unproven bool // anybody may write in another's name

	Kept   func(id string) []byte // a file that the channel has stored itself
	Forget func()                 // the provider lets go of the files that readers have sent

	Send  func(ctx context.Context, who Reader, m bots.Outbound) (string, error) // to the reader, as the sender does it
	Shown func(who Reader, least int) []Shown                                    // what the reader has seen of us, once there is so much
	// Trouble gives a way to send that meets the trouble, with how long the provider then asks to wait; 0: it does not say.
	Trouble func(of Trouble) (send func(context.Context, bots.Outbound) (string, error), wait time.Duration)
}

// File is one that goes either way.
type File struct {
	Name, MediaType string
	Data            []byte
	Photo           bool // as a picture of the channel rather than a document, where it knows the difference
}

// Shown is one message as its reader sees it.
type Shown struct {
	Text    string
	Files   []File
	Choices []string // the labels of its buttons
}

// Trouble is a way in which a message does not go.
type Trouble string

// The troubles.
const (
	Wait    Trouble = "the provider says wait"
	Away    Trouble = "the provider is away"
	Page    Trouble = "a page of HTML instead of an answer"
	Silence Trouble = "the provider says nothing"
	Shut    Trouble = "the reader has shut the door"
	Address Trouble = "an address that is none"
)

// World is what a channel is given to work with.
type World struct {
	*Inbox
	Shelf Shelf
	Log   *slog.Logger
}

// Run plays every case with a channel of its own. Lacks says for the cases that are not the channel's why they are not, by their names.
func Run(t *testing.T, lacks map[string]string, open func(t *testing.T, w *World) *Party) {
	t.Helper()
	known := map[string]bool{}
	for _, c := range cases() {
		known[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if why := lacks[c.name]; why != "" {
				t.Skip(why)
			}
			c.play(newScene(t, open))
		})
	}
	for name, why := range lacks {
		if !known[name] || why == "" {
			t.Errorf("the channel lacks %q, which is no case or has no reason", name)
		}
	}
}

type testCase struct {
	name string
	play func(s *scene)
}

func cases() []testCase {
	return []testCase{
		{"texts arrive whole and once", textsArrive},
		{"what is not stored comes again in order", notStored},
		{"what panics is not stored", panics},
		{"who stops while storing loses nothing", stops},
		{"a repeat is known by sender and id", repeats},
		{"two readers are two addresses", twoReaders},
		{"a reader who leaves is heard", leaves},
		{"a photo", photo},
		{"a document with name and caption", document},
		{"a file with an odd name", oddName},
		{"several files in one go", several},
		{"more files than a message holds", many},
		{"an empty file", empty},
		{"a file that is too large", tooLarge},
		{"a file that the provider has no more", gone},
		{"words are shown as they are", plainWords},
		{"the longest text is shown whole", longestText},
		{"the longest caption and a file are shown whole", longestCaption},
		{"as many files as a message holds", fullMessage},
		{"a picture is shown as it is", picture},
		{"choices show a way on", choices},
		{"a repeated sending bears the same id", sentAgain},
		{"a file that nobody has is refused", unknownFile},
		{string(Wait), trouble(Wait, bots.Retry)},
		{string(Away), trouble(Away, bots.Retry)},
		{string(Page), trouble(Page, bots.Retry)},
		{string(Silence), silence},
		{string(Shut), trouble(Shut, bots.Blocked)},
		{string(Address), trouble(Address, bots.Refused)},
	}
}
