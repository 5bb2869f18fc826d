package web

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// letters are the tables of package email themselves. Only the words of a letter, the look at a file and the way of a message stand for what is elsewhere.
func (h *house) letters() Letters {
	settled := func(err error) error {
		if err != nil {
			return fmt.Errorf("%w: %w", ErrState, err)
		}
		return nil
	}
	return Letters{
		Count: func(ctx context.Context, lib library.ID) (int, bool, error) { return email.CountTray(ctx, h.pool, lib) },
		Tray: func(ctx context.Context, lib library.ID, limit int) (out []Letter, err error) {
			all, err := email.Tray(ctx, h.pool, lib, limit)
			for _, l := range all {
				out = append(out, shownLetter(l))
			}
			return out, err
		},
		ByID: func(ctx context.Context, lib library.ID, id int64) (Letter, error) {
			l, err := email.FindLetter(ctx, h.pool, lib, email.LetterID(id))
			if err != nil {
				return Letter{}, queue.ErrNotFound
			}
			return shownLetter(l), nil
		},
		Words: func(_ context.Context, _ library.ID, id int64) (string, error) {
			return fmt.Sprintf("Посылаем страницы <%d>", id), nil
		},
		Files: func(ctx context.Context, lib library.ID, ids []files.ID) (out []files.File, err error) {
			for _, id := range ids {
				f, _, err := h.look(ctx, lib, id)
				if err != nil {
					return nil, err
				}
				out = append(out, f)
			}
			return out, nil
		},
		Look: h.look,
		Hold: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64) error {
			_, err := email.HoldLetter(ctx, tx, lib, email.LetterID(id))
			return settled(err)
		},
		Settle: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, end LetterEnd) error {
			return settled(email.Settle(ctx, tx, lib, email.LetterID(id), email.Settlement{
				State: email.StateIgnored, Conversation: end.Conversation, Order: int64(end.Order), Words: end.Words, By: int64(by),
			}, h.clock.Now()))
		},
		Pass: func(ctx context.Context, lib library.ID, id int64) (conv bots.ConversationID, err error) {
			l, err := email.FindLetter(ctx, h.pool, lib, email.LetterID(id))
			_, _ = fmt.Sscanf(l.Sender, "%d@", &conv) // as h.letter has named the sender
			return conv, err
		},
	}
}

func shownLetter(l email.TrayLetter) Letter {
	out := Letter{
		ID: int64(l.ID), Sender: l.Sender, Name: l.Name, Subject: l.Subject, Why: l.Reason, Received: l.ReceivedAt, Files: l.Files, Source: l.Raw, Waits: l.Waits(),
		Speaks: l.Sender != "", By: queue.StaffID(l.SettledBy), End: LetterEnd{Order: fragments.ID(l.Order), Conversation: l.Conversation, Words: l.Words},
	}
	if l.SettledAt != nil {
		out.Settled = *l.SettledAt
	}
	return out
}

// look finds a file as h.keep has stored it; a bad one cannot be read, and one with a virus is what its name says.
func (h *house) look(ctx context.Context, lib library.ID, id files.ID) (f files.File, found files.Finding, err error) {
	f = files.File{ID: id, Library: lib, Size: 2048, State: files.Clean}
	err = h.pool.QueryRow(ctx, `select name, kind, sha256 from files where library_id = $1 and id = $2`, lib, id).Scan(&f.Name, &f.Kind, &f.SHA256)
	if f.Kind == files.Image {
		f.Preview = id
	}
	found = files.Finding{FileID: id, Kind: f.Kind, Sheets: []files.Sheet{{Number: 1, Preview: f.Preview}}}
	switch {
	case strings.HasPrefix(f.Name, "bad"): // nobody had looked at it when the page was shown
		f.State, found.Problem = files.Stored, files.ProblemUnreadable
	case strings.HasPrefix(f.Name, "virus"):
		f.State, found.Problem = files.Infected, files.ProblemInfected
	}
	return f, found, err
}

// letter waits in the tray for this reason, with files of these names; its sender can be answered in a conversation.
func (h *house) letter(why string, names ...string) Letter {
	h.t.Helper()
	conv := h.conversation(h.lib, "Туйаара")
	var ids []files.ID
	for _, name := range append([]string{"letter.eml.txt"}, names...) {
		f, _, err := h.keep(h.t.Context(), h.lib, name, strings.NewReader(fmt.Sprint(name, h.count)), 0)
		if err != nil {
			h.t.Fatal(err)
		}
		ids = append(ids, f.ID)
	}
	var id int64
	h.scan(&id, `insert into letters (library_id, channel_id, identity, sender, sender_name, subject, raw_file, files, received_at, state, reason)
values ($1, $2, $3, $3 || '@reader.test', 'Туйаара', 'Страницы из книги', $4, $5, $6, 'tray', $7) returning id`,
		h.lib, h.channels[h.lib], fmt.Sprint(conv), ids[0], ids[1:], h.clock.Now(), why)
	l, err := h.site.Letters.ByID(h.t.Context(), h.lib, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}
