package web

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// Letters are the letters to the library's mailbox that matched nothing and wait in the tray for a person.
type Letters struct {
	Count func(ctx context.Context, lib library.ID) (n int, used bool, err error)         // used: letters have come at all
	Tray  func(ctx context.Context, lib library.ID, limit int) ([]Letter, error)          // the oldest first
	ByID  func(ctx context.Context, lib library.ID, id int64) (Letter, error)             // ErrNotFound also of one that never was a person's to settle
	Words func(ctx context.Context, lib library.ID, id int64) (string, error)             // empty where they cannot be read
	Files func(ctx context.Context, lib library.ID, ids []files.ID) ([]files.File, error) // in this order; what has gone is purged

	// Look finds out what a file is, if nobody has looked at it yet.
	Look func(ctx context.Context, lib library.ID, id files.ID) (files.File, files.Finding, error)

	// Hold keeps colleagues from settling the letter until the transaction ends, Settle takes it out of the tray: ErrState when it waits no longer.
	Hold   func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64) error
	Settle func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, end LetterEnd) error

	// Pass makes the letter a message of its sender, as if it had come to them at once; it may be repeated. 0: nobody may write from there.
	Pass func(ctx context.Context, lib library.ID, id int64) (bots.ConversationID, error)
}

// Letter is a letter that waits, or that a person has settled.
type Letter struct {
	ID       int64
	Sender   string // address, which proves nothing; may be empty
	Name     string
	Subject  string
	Why      string // it waits: foreign, unknown, list, sender, empty, flood, unreadable, or another word
	Received time.Time
	Files    []files.ID
	Source   files.ID
	Speaks   bool // it can become a message of its sender
	Waits    bool
	Settled  time.Time // zero: not yet
	By       queue.StaffID
	End      LetterEnd
}

// LetterEnd is what became of a letter: it was given to an order, or to its sender's conversation, or put aside with a word why.
type LetterEnd struct {
	Order        fragments.ID
	Conversation bots.ConversationID
	Words        string
	Stays        bool // in the tray: it holds pages of another order too
}

// letterFile is a file of a letter as its page shows it.
type letterFile struct {
	Letter  int64
	Number  int // from 1
	Name    string
	Size    string
	Pages   bool // it may hold pages of an order
	Picks   bool // it can be given to one
	Chosen  bool
	Preview bool
	Problem string
	Gone    bool // it is not to be had
}

// letterFiles are the files of the letter, those that may hold pages before the others. One that nobody has looked at yet is looked at when its picture is
// asked for.
func (v *visit) letterFiles(l Letter) ([]letterFile, error) {
	all, err := v.Letters.Files(v.ctx(), v.lib.ID, l.Files)
	if err != nil {
		return nil, err
	}
	chosen := v.chosen()
	var out []letterFile
	for i, f := range all {
		view := letterFile{Letter: l.ID, Number: i + 1, Name: f.Name, Size: v.size(f.Size)}
		paged := f.Kind == files.Image || f.Kind == files.PDF
		switch f.State {
		case files.Stored:
			view.Preview, view.Pages = paged, paged // it is looked at when it is asked for
		case files.Clean:
			view.Preview, view.Pages = f.Preview != "", paged
		case files.Unreadable:
			view.Problem = v.t("desk_tray.file_unreadable")
		case files.Infected:
			view.Problem, view.Gone = v.t("desk_tray.file_infected"), true
		case files.Purged:
			view.Problem, view.Gone = v.t("desk_tray.file_gone"), true
		}
		view.Picks, view.Chosen = view.Pages && l.Waits, chosen == nil || chosen[view.Number]
		out = append(out, view)
	}
	slices.SortStableFunc(out, func(a, b letterFile) int {
		switch {
		case a.Pages == b.Pages:
			return 0
		case a.Pages:
			return -1
		}
		return 1
	})
	return out, nil
}
