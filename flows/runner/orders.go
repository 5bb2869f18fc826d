package runner

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// What a conversation is shown.
const (
	booksMost  = 6
	ordersMost = 10
	bookLabel  = 48 // runes of a book on a button, before its year
)

// account is what the library knows of the reader.
func account(p contacts.Person) library.Account {
	switch {
	case p.Card != "":
		return library.AccountCard
	case p.State == "accepted" || p.State == "done":
		return library.AccountRemote
	}
	return library.AccountUnknown
}

// may is what the library's table allows those for whom the contact acts, by kind of request; of what conversations can do.
func (t *turn) may() map[string]bool {
	out := map[string]bool{}
	for _, kind := range library.Copied() {
		for _, p := range t.party.People {
			if t.lib.Settings.Policy.May(account(p), kind) {
				out[string(kind)] = true
			}
		}
	}
	return out
}

// mayAsk reports whether the contact may ask for this, for themselves or anybody for whom they act.
func (t *turn) mayAsk(kind library.Request) bool {
	policy := t.lib.Settings.Policy
	return len(t.party.People) == 0 && policy.May(library.AccountUnknown, kind) ||
		slices.ContainsFunc(t.party.People, func(p contacts.Person) bool { return policy.May(account(p), kind) })
}

func (r *Runner) findBook(ctx context.Context, tx pgx.Tx, a asked[flows.FindBook]) (flows.Answer, error) {
	found, err := findEditions(ctx, tx, a.libID, a.ask)
	if err != nil {
		return nil, err
	}
	out := flows.BooksFound{}
	for _, e := range found {
		out.Books = append(out.Books, flows.Book{ID: int64(e.ID), Line: e.Description, Short: short(e), Pages: e.Pages, Free: e.PublicDomain, Issue: fragments.OfIssue(e)})
	}
	return out, nil
}

// findEditions looks for an article in periodicals first: in a book only where none of them has the words, for there are collections.
func findEditions(ctx context.Context, tx pgx.Tx, lib library.ID, ask flows.FindBook) ([]stock.Edition, error) {
	if ask.Kind == flows.KindArticle {
		found, err := stock.SearchIn(ctx, tx, lib, ask.Words, booksMost, stock.Periodical, stock.Article)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return stock.SearchIn(ctx, tx, lib, ask.Words, booksMost)
}

// short is the edition on a button: who, what, when.
func short(e stock.Edition) string {
	author, _, _ := strings.Cut(e.Author, ",")
	text := e.Title
	if author != "" {
		text = author + ". " + text
	}
	text = strings.TrimSpace(text + " " + e.Volume)
	if runes := []rune(text); len(runes) > bookLabel {
		text = strings.TrimSpace(string(runes[:bookLabel-1])) + "…"
	}
	if e.Year > 0 {
		text += ", " + strconv.Itoa(e.Year)
	}
	return text
}

func (r *Runner) placeOrder(ctx context.Context, tx pgx.Tx, a asked[flows.PlaceOrder]) (flows.Answer, error) {
	person, acts := a.person(a.ask.Reader)
	if !acts || !a.lib.Settings.Policy.May(account(person), library.Request(a.ask.Kind)) {
		return flows.OrderPlaced{Verdict: flows.VerdictNotAllowed}, nil
	}
	o, err := fragments.Place(ctx, tx, fragments.Wish{
		Library: a.lib, Kind: a.ask.Kind, Reader: contacts.ReaderID(a.ask.Reader), Conversation: a.id, Channel: a.kind,
		Edition: stock.EditionID(a.ask.Book), Title: a.ask.Title, Pages: a.ask.Pages, Count: a.ask.Count, Want: a.ask.Want, Permit: a.ask.Permit,
		At: a.now,
	})
	if answer, refused := orderRefused(err); refused {
		return answer, nil
	}
	if err != nil {
		return nil, err
	}
	if err := r.shownFiles(ctx, tx, a.lib, o, a.ask.Files); err != nil {
		return nil, err
	}
	return flows.OrderPlaced{Order: int64(o.ID), Code: o.Code(), Due: o.Due}, nil
}

// orderRefused says what stood in the way of an order.
func orderRefused(err error) (flows.OrderPlaced, bool) {
	var limit *fragments.LimitError
	switch {
	case errors.Is(err, fragments.ErrAgain):
		return flows.OrderPlaced{Verdict: flows.VerdictAgain}, true
	case errors.Is(err, fragments.ErrTooMany):
		return flows.OrderPlaced{Verdict: flows.VerdictTooMany}, true
	case errors.Is(err, stock.ErrNotFound): // taken out of the catalogue meanwhile
		return flows.OrderPlaced{Verdict: flows.VerdictNotAllowed}, true
	case !errors.As(err, &limit):
		return flows.OrderPlaced{}, false
	}
	out := flows.OrderPlaced{UpTo: limit.UpTo, Limit: limit.Limit, Used: limit.Used, Verdict: flows.VerdictUsedUp}
	switch {
	case limit.May:
		out.Verdict = flows.VerdictPermission
	case limit.UpTo > 0:
		out.Verdict = flows.VerdictUpTo
	}
	return out, true
}

// shownFiles keeps what the reader sent to show what they mean: it stands in the conversation, where staff see it.
func (r *Runner) shownFiles(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, shown []string) error {
	if len(shown) == 0 {
		return nil
	}
	ids := make([]files.ID, len(shown))
	for i, id := range shown {
		ids[i] = files.ID(id)
	}
	if err := files.Link(ctx, tx, lib.ID, ids...); err != nil {
		return err
	}
	return queue.NoteOfOrder(ctx, tx, lib.ID, int64(o.ID), r.Texts.Words(lib.RecordLang(), library.Words{Key: "desk_order.see_chat"}))
}

// person is one for whom the contact acts.
func (t *turn) person(reader int64) (contacts.Person, bool) {
	for _, p := range t.party.People {
		if int64(p.ID) == reader {
			return p, true
		}
	}
	return contacts.Person{}, false
}

func (r *Runner) showOrders(ctx context.Context, tx pgx.Tx, a asked[flows.ShowOrders]) (flows.Answer, error) {
	readers := make([]contacts.ReaderID, len(a.party.People))
	for i, p := range a.party.People {
		readers[i] = p.ID
	}
	list, err := fragments.OfReaders(ctx, tx, a.libID, readers, ordersMost)
	if err != nil {
		return nil, err
	}
	out := flows.OrdersShown{}
	for _, o := range list {
		out.Orders = append(out.Orders, orderKnown(o))
	}
	return out, nil
}

// orderKnown is the order as the flow knows it.
func orderKnown(o fragments.Order) flows.Order {
	out := flows.Order{
		ID: int64(o.ID), Code: o.Code(), Kind: o.Kind, Title: o.Title, Pages: o.Pages, State: string(o.State), Reason: o.Reason, Words: o.Words, Reader: int64(o.Reader),
		Created: o.Created, Due: o.Due, Open: o.Open(),
	}
	switch {
	case o.Question != "":
		out.State, out.Words = "waiting", o.Question
	case o.State == fragments.Making: // a minute's work of the program
		out.State = string(fragments.Came)
	}
	if o.Sent != nil {
		out.Sent = *o.Sent
	}
	if o.Hoped != nil {
		out.Hoped = *o.Hoped
	}
	for _, f := range o.Files {
		out.Files = append(out.Files, string(f))
	}
	return out
}

// orderOf is the order, if it is that of a reader for whom the contact acts.
func (t *turn) orderOf(ctx context.Context, tx pgx.Tx, id int64) (fragments.Order, error) {
	o, err := fragments.ByID(ctx, tx, t.libID, fragments.ID(id))
	if _, acts := t.person(int64(o.Reader)); err == nil && !acts {
		err = fragments.ErrNotFound
	}
	return o, err
}

// changed says what came of a change of an order.
func (t *turn) changed(ctx context.Context, tx pgx.Tx, id int64, change func() (fragments.Order, error)) (flows.Answer, error) {
	o, err := t.orderOf(ctx, tx, id)
	if errors.Is(err, fragments.ErrNotFound) {
		return flows.OrderChanged{}, nil
	}
	if err != nil {
		return nil, err
	}
	after, err := change()
	if errors.Is(err, fragments.ErrState) {
		return flows.OrderChanged{Order: orderKnown(o)}, nil
	}
	if err != nil {
		return nil, err
	}
	return flows.OrderChanged{OK: true, Order: orderKnown(after), Due: after.Due}, nil
}

func (r *Runner) cancelOrder(ctx context.Context, tx pgx.Tx, a asked[flows.CancelOrder]) (flows.Answer, error) {
	return a.changed(ctx, tx, a.ask.Order, func() (fragments.Order, error) {
		return fragments.Cancel(ctx, tx, a.lib, fragments.ID(a.ask.Order), fragments.ByReader(), a.now)
	})
}

func (r *Runner) addToOrder(ctx context.Context, tx pgx.Tx, a asked[flows.AddToOrder]) (flows.Answer, error) {
	return a.changed(ctx, tx, a.ask.Order, func() (fragments.Order, error) {
		o, err := fragments.Add(ctx, tx, a.lib, fragments.ID(a.ask.Order), a.ask.Text, a.now)
		if err != nil {
			return o, err
		}
		return o, r.shownFiles(ctx, tx, a.lib, o, a.ask.Files)
	})
}

func (r *Runner) complainOrder(ctx context.Context, tx pgx.Tx, a asked[flows.ComplainOrder]) (flows.Answer, error) {
	return a.changed(ctx, tx, a.ask.Order, func() (fragments.Order, error) {
		o, err := fragments.Complain(ctx, tx, a.lib, fragments.ID(a.ask.Order), fragments.ByReader(), a.ask.Text, a.now)
		if err != nil {
			return o, err
		}
		return o, r.shownFiles(ctx, tx, a.lib, o, a.ask.Files)
	})
}
