package runner

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/stock"
)

// noteNeeds notes what people miss, in one order for all workers: two that count the same things would wait for each other.
func (r *Runner) noteNeeds(ctx context.Context, tx pgx.Tx, all []asked[flows.NoteNeed]) ([]flows.Answer, error) {
	order := make([]int, len(all))
	keys := make([]string, len(all))
	for i, a := range all {
		order[i], keys[i] = i, cmp.Or(stock.Key(a.ask.Words), a.ask.Words) // a letter that no search knows is a word too
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(all[i].libID, all[j].libID), cmp.Compare(all[i].ask.Kind, all[j].ask.Kind), cmp.Compare(keys[i], keys[j]))
	})
	out := make([]flows.Answer, len(all))
	for _, i := range order {
		var err error
		if out[i], err = r.noteNeed(ctx, tx, all[i], keys[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Runner) noteNeed(ctx context.Context, tx pgx.Tx, a asked[flows.NoteNeed], key string) (flows.Answer, error) {
	n := queue.NewNeed{
		Library: a.libID, Kind: queue.NeedKind(a.ask.Kind), Words: a.ask.Words, Key: key, Conversation: a.id, Contact: a.party.Contact, Channel: a.kind, At: a.now,
	}
	if self, known := a.reader.Self(); known {
		n.Reader = contacts.ReaderID(self.ID)
		if field, asked := a.lib.Settings.Registration.Segment(); asked {
			var err error
			if n.Category, err = contacts.Said(ctx, tx, a.libID, n.Reader, field.Key); err != nil {
				return nil, err
			}
		}
	}
	_, err := queue.AddNeed(ctx, tx, n)
	if errors.Is(err, queue.ErrTooManyNeeds) {
		return flows.NeedNoted{TooMany: true}, nil
	}
	return flows.NeedNoted{}, err
}
