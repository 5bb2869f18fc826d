package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue"
)

// tray is where papers are put that a reader has sent: what was taken, and what there is to say of the rest.
type tray struct {
	*Runner
	*turn
	tx    pgx.Tx
	stand flows.PapersStand
}

func (r *Runner) showPapers(ctx context.Context, tx pgx.Tx, a asked[flows.ShowPapers]) (flows.Answer, error) {
	d := tray{Runner: r, turn: a.turn, tx: tx}
	return d.tell(ctx)
}

// papersByPost notes for staff that an envelope will come.
func (r *Runner) papersByPost(ctx context.Context, tx pgx.Tx, a asked[flows.PapersByPost]) (flows.Answer, error) {
	d := tray{Runner: r, turn: a.turn, tx: tx, stand: flows.PapersStand{Post: true}}
	for _, p := range d.awaiting() {
		if err := contacts.ByPost(ctx, tx, a.libID, p.Registration, a.now); err != nil {
			return nil, err
		}
	}
	return d.tell(ctx)
}

// keepPapers puts each page where its code says, or the reader, or the one place that is left.
func (r *Runner) keepPapers(ctx context.Context, tx pgx.Tx, a asked[flows.KeepPapers]) (flows.Answer, error) {
	d := tray{Runner: r, turn: a.turn, tx: tx}
	if err := d.keep(ctx, a.ask.Files); err != nil {
		return nil, err
	}
	var nameless []flows.Sheet
	for _, s := range a.ask.Sheets {
		if s.As == nil && s.Code == "" {
			nameless = append(nameless, s)
			continue
		}
		if err := d.place(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := d.placeNameless(ctx, nameless); err != nil {
		return nil, err
	}
	for _, p := range d.awaiting() {
		sent, err := d.send(ctx, p.Registration, d.id)
		if err != nil {
			return nil, err
		}
		if sent != nil {
			d.stand.Sent = append(d.stand.Sent, *sent)
		}
	}
	return d.tell(ctx)
}

// keep links what came to the first papers for which it may have come: what becomes no page goes with their term too.
func (d *tray) keep(ctx context.Context, came []string) error {
	ids := make([]files.ID, len(came))
	for i, id := range came {
		ids[i] = files.ID(id)
	}
	for _, p := range d.awaiting() {
		err := papers.Keep(ctx, d.tx, d.libID, p.Registration, ids)
		if errors.Is(err, contacts.ErrNotFound) || errors.Is(err, papers.ErrState) { // they are not drawn yet, or are over
			continue
		}
		return err
	}
	return nil
}

// awaiting are the people of this conversation whose papers are not complete.
func (d *tray) awaiting() []flows.Person {
	var out []flows.Person
	for _, p := range d.reader.People {
		if p.State == "papers" && !slices.ContainsFunc(d.stand.Sent, func(s flows.PapersSent) bool { return s.Registration == p.Registration }) {
			out = append(out, p)
		}
	}
	return out
}

// own reports whether the registration is one of this conversation's people.
func (d *tray) own(registration int64) bool {
	return slices.ContainsFunc(d.reader.People, func(p flows.Person) bool { return p.Registration == registration })
}

// over reports whether the registration is one of this conversation's people and came to nothing.
func (d *tray) over(registration int64) bool {
	return slices.ContainsFunc(d.reader.People, func(p flows.Person) bool {
		return p.Registration == registration && (p.State == "refused" || p.State == "withdrawn")
	})
}

// settled reports whether the registration is one of this conversation's people and was accepted: nothing more is wanted of it.
func (d *tray) settled(registration int64) bool {
	return slices.ContainsFunc(d.reader.People, func(p flows.Person) bool {
		return p.Registration == registration && (p.State == "accepted" || p.State == "done")
	})
}

// place puts a page of which it is known what it is.
func (d *tray) place(ctx context.Context, s flows.Sheet) error {
	if s.As != nil {
		if !d.own(s.As.Registration) {
			return d.refuse("foreign")
		}
		how := papers.ByReader
		if s.Code != "" { // the reader has only said that it is signed
			how = papers.ByCode
		}
		return d.receive(ctx, s.As.Registration, s, papers.Page{Kind: papers.Kind(s.As.Kind), Number: s.As.Number}, how)
	}
	token, page, ok := papers.ReadCode(s.Code)
	if !ok {
		return d.refuse("foreign")
	}
	registration, void, err := papers.Find(ctx, d.tx, d.libID, token)
	switch {
	case errors.Is(err, contacts.ErrNotFound):
		return d.refuse("foreign")
	case err != nil:
		return err
	case d.over(registration):
		return d.refuse("over")
	case void && d.settled(registration):
		return d.refuse("settled")
	case void:
		return d.refuse("old")
	case !d.own(registration):
		return d.handOver(ctx, registration, s, page)
	case s.Unsigned:
		s.As = &flows.PaperPage{Registration: registration, Kind: string(page.Kind), Number: page.Number}
		d.stand.Unsure = append(d.stand.Unsure, s)
		return nil
	}
	return d.receive(ctx, registration, s, page, papers.ByCode)
}

// refuse notes why a page was not taken, each reason once.
func (d *tray) refuse(problem string) error {
	if !slices.Contains(d.stand.Problems, problem) {
		d.stand.Problems = append(d.stand.Problems, problem)
	}
	return nil
}

func scan(s flows.Sheet, page papers.Page, how papers.How) []papers.Scan {
	return []papers.Scan{{Page: page, File: files.ID(s.File), Sheet: s.Number, Preview: files.ID(s.Preview), How: how, Unsigned: s.Unsigned, At: s.At}}
}

func (d *tray) receive(ctx context.Context, registration int64, s flows.Sheet, page papers.Page, how papers.How) error {
	taken, err := papers.Receive(ctx, d.tx, d.libID, registration, scan(s, page, how), d.now)
	switch closed := errors.Is(err, papers.ErrState) || errors.Is(err, contacts.ErrNotFound); { // it is over, or not begun
	case closed && d.over(registration):
		return d.refuse("over")
	case closed:
		return d.refuse("old")
	}
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		return d.refuse("settled")
	}
	for _, p := range taken {
		d.stand.Taken = append(d.stand.Taken, flows.PaperPage{Registration: registration, Kind: string(p.Kind), Number: p.Number})
	}
	return nil
}

// handOver puts the page to the papers of another conversation, which hears of it; this one is told nothing about those. It needs a transaction of its own:
// a turn of the other conversation in the same one would be saved without the news.
func (d *tray) handOver(ctx context.Context, registration int64, s flows.Sheet, page papers.Page) error {
	reg, err := contacts.RegistrationByID(ctx, d.tx, d.libID, registration)
	if err != nil {
		return err
	}
	if !d.alone {
		return errInHand
	}
	if _, err := d.lockFree(ctx, d.tx, d.turn, contacts.AddressID(reg.AddressID)); err != nil {
		return err
	}
	d.stand.Elsewhere = true
	if reg.State != "papers" && reg.State != "sent" {
		return nil
	}
	if _, err := papers.Receive(ctx, d.tx, d.libID, registration, scan(s, page, papers.ByCode), d.now); err != nil {
		return err
	}
	sent, err := d.send(ctx, registration, bots.ConversationID(reg.AddressID))
	if err != nil || sent == nil {
		return err
	}
	return d.Tell(ctx, d.tx, d.libID, bots.ConversationID(reg.AddressID), queue.News{Kind: flows.NewsArrived, Reader: int64(reg.ReaderID)})
}

// placeNameless takes a page without a code for the only one that is missing; of several the reader is asked.
func (d *tray) placeNameless(ctx context.Context, sheets []flows.Sheet) error {
	if len(sheets) == 0 {
		return nil
	}
	missing, _, err := d.missing(ctx)
	if err != nil {
		return err
	}
	if len(sheets) != 1 || len(missing) != 1 {
		d.stand.Unsure = append(d.stand.Unsure, sheets...)
		return nil
	}
	page := papers.Page{Kind: papers.Kind(missing[0].Kind), Number: missing[0].Number}
	return d.receive(ctx, missing[0].Registration, sheets[0], page, papers.Alone)
}

// missing are the pages that are still to come, of all people of the conversation, and whether papers are still being drawn.
func (d *tray) missing(ctx context.Context) (out []flows.PaperPage, making bool, err error) {
	for _, p := range d.awaiting() {
		stand, err := papers.Stand(ctx, d.tx, d.libID, p.Registration)
		if err != nil {
			return nil, false, err
		}
		making = making || len(stand) == 0
		for _, s := range stand {
			if s.State == papers.Wanted || s.State == papers.Returned {
				out = append(out, flows.PaperPage{Registration: p.Registration, Kind: string(s.Kind), Number: s.Number, Reason: s.Reason})
			}
		}
	}
	return out, making, nil
}

func (d *tray) tell(ctx context.Context) (flows.Answer, error) {
	missing, making, err := d.missing(ctx)
	if err != nil {
		return nil, err
	}
	d.stand.Missing, d.stand.Making = missing, making && len(missing) == 0
	if len(d.awaiting()) > 0 {
		d.stand.Owed, err = owed(ctx, d.tx, d.key(), fetching)
	}
	return d.stand, err
}

// send gives the registration to the librarians if its papers are complete; nil when they are not, or it has been given before, or a file from the
// conversation is still to be fetched: that may be a better photo.
func (d *tray) send(ctx context.Context, registration int64, conv bots.ConversationID) (*flows.PapersSent, error) {
	stand, err := papers.Stand(ctx, d.tx, d.libID, registration)
	if err != nil || !papers.Complete(stand) {
		return nil, err
	}
	left, err := owed(ctx, d.tx, key{d.libID, conv}, fetching)
	if err != nil {
		return nil, err
	}
	if left > 0 {
		return nil, papers.HoldBack(ctx, d.tx, d.libID, registration, d.now)
	}
	task, err := d.papersCame(ctx, d.tx, d.libID, registration)
	if errors.Is(err, contacts.ErrState) { // staff look at it already
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &flows.PapersSent{Registration: registration, Due: task.Due}, nil
}

// papersCame gives a registration whose papers are complete to the librarians. ErrState of contacts when it does not wait for papers.
func (r *Runner) papersCame(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) (queue.NewTask, error) {
	reg, err := contacts.Move(ctx, tx, lib, registration, "papers", "sent")
	if err != nil {
		return queue.NewTask{}, err
	}
	tenant, err := r.Libraries.ByID(ctx, lib)
	if err != nil {
		return queue.NewTask{}, err
	}
	reader, err := contacts.ReaderByID(ctx, tx, lib, reg.ReaderID)
	if err != nil {
		return queue.NewTask{}, err
	}
	channel, err := r.channelOf(ctx, tx, lib, bots.ConversationID(reg.AddressID))
	if err != nil {
		return queue.NewTask{}, err
	}
	account, err := r.Accounts.ByID(ctx, channel)
	if err != nil {
		return queue.NewTask{}, err
	}
	now := r.Now()
	task := queue.NewTask{
		Library: lib, Kind: queue.KindRegistration, Role: queue.RoleLibrarian, Conversation: bots.ConversationID(reg.AddressID), Reader: int64(reg.ReaderID),
		Registration: registration, ReaderName: reader.Name, Channel: account.Kind, Created: now,
	}.Promised(tenant, tenant.Settings.Hours)
	if _, err := queue.Open(ctx, tx, []queue.NewTask{task}); err != nil {
		return task, fmt.Errorf("papers of registration %d: %w", registration, err)
	}
	return task, nil
}
