package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/cards"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/web"
)

// deskDeps is what the desk stands on.
func (s *service) deskDeps() web.Deps {
	return web.Deps{
		Pool: s.pool, Desk: s.desk, Conversations: s.runner, Signals: s.signals, Accounts: s.accounts, Texts: s.texts, Log: s.log, Now: s.now, Secure: s.secure(),
		Library:      s.libraries.ByID,
		Libraries:    s.allLibraries,
		Forget:       s.libraries.Forget,
		Hold:         s.runner.Hold,
		Registration: s.registration,
		Accept:       s.acceptRegistration,
		Refuse:       s.refuseRegistration,
		Papers:       s.papersOf, AcceptPage: s.acceptPage, ReturnPage: s.returnPage, SendBack: s.sendBack, ByPost: s.byPost, Waiting: s.waitingPapers,
		Double: s.double, ReopenPage: s.reopenPage, Redraw: s.redrawPapers, ReadGiven: s.readGiven,
		Proof:      s.proof,
		Sample:     s.samplePaper,
		NextNumber: s.nextNumber,
		IssueCard:  s.issueCard, KeepCard: s.keepCard,
		File: s.deskFile,
		Keep: s.keepFile, Letters: s.letters(),
		Typing: s.typing,
		Links:  s.links,
		Block: func(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, on bool) error {
			return contacts.Block(ctx, tx, lib, contacts.AddressID(conv), int64(by), on, s.now())
		},
	}
}

func (s *service) allLibraries(ctx context.Context) ([]library.Library, error) {
	all, err := s.libraries.All(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]library.Library, 0, len(all))
	for _, l := range all {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b library.Library) int {
		return strings.Compare(a.Title(a.RecordLang()), b.Title(b.RecordLang()))
	})
	return out, nil
}

// nextNumber proposes a card number where the library has a series of its own.
func (s *service) nextNumber(ctx context.Context, lib library.ID) (string, bool, error) {
	tenant, err := s.libraries.ByID(ctx, lib)
	if err != nil {
		return "", false, err
	}
	return cards.NextNumber(ctx, s.pool, tenant)
}

// registration gathers what the librarian and the registrar look at.
func (s *service) registration(ctx context.Context, lib library.ID, id int64) (web.Registration, error) {
	reg, err := contacts.RegistrationByID(ctx, s.pool, lib, id)
	if err != nil {
		return web.Registration{}, missing(err)
	}
	reader, err := contacts.ReaderByID(ctx, s.pool, lib, reg.ReaderID)
	if err != nil {
		return web.Registration{}, missing(err)
	}
	consent, err := contacts.ConsentByID(ctx, s.pool, lib, reg.ConsentID)
	if err != nil {
		return web.Registration{}, missing(err)
	}
	same, err := contacts.Alike(ctx, s.pool, lib, reg.ReaderID)
	if err != nil {
		return web.Registration{}, err
	}
	contact, err := contacts.NameOf(ctx, s.pool, lib, reg.ContactID)
	if err != nil {
		return web.Registration{}, missing(err)
	}
	out := web.Registration{
		ID: reg.ID, State: reg.State, Reader: int64(reg.ReaderID), Name: reader.Name, Born: bornOf(reader), Email: reader.Email,
		EmailProven: reader.EmailProven, Phone: reader.Phone, PhoneProven: reader.PhoneProven, Contact: contact, Relation: reg.Relation,
		ConsentVersion: consent.Version, ConsentAt: consent.At, Photos: reg.Photos, Sent: reg.CreatedAt, Reason: reg.Reason, Card: reader.Card,
		Papers: reg.Papers, Conversation: bots.ConversationID(reg.AddressID),
	}
	if out.Answers, err = s.answers(ctx, lib, reg); err != nil {
		return out, err
	}
	for _, r := range same {
		out.Same = append(out.Same, web.SamePerson{
			Reader: int64(r.ID), Name: r.Name, Born: bornOf(r.Reader), Card: r.Card, Why: r.Why, Contact: r.Contact,
			Conversation: bots.ConversationID(r.Address), Two: r.Two,
		})
	}
	return out, nil
}

// answers are what was said to the library's own questions, in the language of record: it is what the registrar copies.
func (s *service) answers(ctx context.Context, lib library.ID, reg contacts.Registration) ([]web.Answer, error) {
	tenant, err := s.libraries.ByID(ctx, lib)
	if err != nil {
		return nil, err
	}
	out, err := s.rulesAnswer(ctx, tenant, reg.ID)
	if err != nil {
		return nil, err
	}
	for _, given := range reg.Answers {
		field, known := tenant.Settings.Registration.Known(given.Key)
		if !known {
			field = library.Field{Key: given.Key} // the library has dropped the question since
		}
		if given.Value == "" {
			continue
		}
		lang := tenant.RecordLang()
		out = append(out, web.Answer{Label: s.texts.Words(lang, field.Name()), Value: s.texts.WordsList(lang, field.Say(given.Value))})
	}
	return out, nil
}

func bornOf(r contacts.Reader) library.Date {
	if r.Born == nil {
		return library.Date{}
	}
	return library.DateOf(*r.Born)
}

// missing is the desk's own word for what is not there.
func missing(err error) error {
	if errors.Is(err, contacts.ErrNotFound) || errors.Is(err, files.ErrNotFound) {
		return queue.ErrNotFound
	}
	return err
}

// decide accepts or refuses a registration that was sent, and counts a refusal.
func (s *service) decide(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, to, reason string, by queue.StaffID) error {
	_, err := contacts.Decide(ctx, tx, lib, id, "sent", to, reason, int64(by), s.now())
	if errors.Is(err, contacts.ErrState) {
		return web.ErrState
	}
	if err != nil {
		return missing(err)
	}
	if to != "refused" {
		return nil
	}
	tenant, err := s.libraries.ByID(ctx, lib)
	if err != nil {
		return err
	}
	return ledger.Add(ctx, tx, ledger.Fact{Library: lib, At: s.now(), Day: tenant.Today(s.now()), Kind: ledger.Refusal, Staff: int64(by)})
}

// cardFiles draws the card and keeps its picture and the sheet to print it from.
func (s *service) cardFiles(ctx context.Context, lib library.Library, name, number string) (picture, sheet string, err error) {
	if err := cards.CheckNumber(number); err != nil {
		return "", "", web.ErrNumberForm
	}
	png, err := cards.Picture(lib, name, number)
	if err != nil {
		return "", "", err
	}
	pdf, err := cards.Print(lib, png)
	if err != nil {
		return "", "", err
	}
	shown, err := s.store.Put(ctx, lib.ID, bytes.NewReader(png), files.Meta{Name: "card.png"}, int64(len(png)))
	if err != nil {
		return "", "", err
	}
	printed, err := s.store.Put(ctx, lib.ID, bytes.NewReader(pdf), files.Meta{Name: "card.pdf"}, int64(len(pdf)))
	return string(shown.ID), string(printed.ID), err
}

// typing shows the reader that an answer is being written, on channels that can.
func (s *service) typing(ctx context.Context, lib library.ID, conv bots.ConversationID) error {
	key := contacts.PartyKey{Library: lib, Address: contacts.AddressID(conv)}
	batch, parties := &pgx.Batch{}, map[contacts.PartyKey]contacts.Party{}
	contacts.QueueParties(batch, []contacts.PartyKey{key}, parties)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("who writes in conversation %d: %w", conv, err)
	}
	channel, ok := s.registry.Get(bots.ChannelID(parties[key].Channel))
	if !ok {
		return nil
	}
	presence, ok := channel.(bots.Presence)
	if !ok {
		return nil
	}
	addresses, err := contacts.Externals(ctx, s.pool, []contacts.PartyKey{key})
	if err != nil {
		return err
	}
	return presence.Typing(ctx, addresses[key])
}

// deskFile opens a document, or the re-encoded picture of it.
func (s *service) deskFile(ctx context.Context, lib library.ID, id string, preview bool) (io.ReadCloser, web.FileInfo, error) {
	if preview {
		f, err := s.store.Find(ctx, lib, files.ID(id))
		if err == nil && f.State == files.Stored { // made here, such as a card: nobody has looked at it yet
			if _, err = s.inspector.Inspect(ctx, lib, f.ID); err == nil {
				f, err = s.store.Find(ctx, lib, f.ID)
			}
		}
		if err != nil {
			return nil, web.FileInfo{}, missing(err)
		}
		switch {
		case f.Preview != "":
			id = string(f.Preview)
		case f.State != files.Clean || f.MediaType != "image/jpeg": // not made from another file
			return nil, web.FileInfo{}, queue.ErrNotFound
		}
	}
	r, f, err := s.store.Open(ctx, lib, files.ID(id))
	if err != nil {
		return nil, web.FileInfo{}, missing(err)
	}
	return r, web.FileInfo{Name: f.Name, MediaType: f.MediaType, Size: f.Size}, nil
}

// deliverNotice puts the news of tasks on its way to one member of staff.
func (s *service) deliverNotice(ctx context.Context, tx pgx.Tx, to queue.Staff, n queue.Notice) error {
	lib, err := s.libraries.ByID(ctx, n.Library)
	if err != nil {
		return err
	}
	link := fmt.Sprintf("%s/desk/tasks/%d", s.PublicURL, n.Task)
	switch {
	case n.Count > 1:
		link = s.PublicURL + "/desk"
	case n.Account != 0:
		link = fmt.Sprintf("%s/desk/channels/%d", s.PublicURL, n.Account)
	}
	return s.runner.TellStaff(ctx, tx, lib, to, n, link)
}
