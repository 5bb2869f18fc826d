package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Application is a registration as the reader sends it.
type Application struct {
	Library     library.ID
	Contact     ID
	Address     AddressID
	Relation    string
	Name        string
	Born        library.Date
	Email       string
	EmailProven bool
	Phone       string
	PhoneProven bool
	Consent     int64
	Photos      []string
	Answers     []Answer // to what the library asks besides
	Rules       Acceptance
	Papers      bool // it waits for signed papers before staff look at it
	At          time.Time
}

// Answer is what the reader said to one of the library's own questions.
type Answer struct {
	Key   string `json:"key"` // of the field, as the library's settings have it
	Value string `json:"value"`
}

// Registration is a registration as staff see it.
type Registration struct {
	ID        int64
	ReaderID  ReaderID
	ContactID ID
	AddressID AddressID
	State     string // papers, sent, accepted, refused, done, withdrawn
	ConsentID int64
	Photos    []string
	Answers   []Answer
	Papers    bool // signed papers belong to it
	Reason    string
	Relation  string
	CreatedAt time.Time
}

// What may stand in the way of a registration.
var (
	ErrRegistered = errors.New("registered already, or waiting to be")
	ErrState      = errors.New("the registration is not in a state for that")
	ErrNoConsent  = errors.New("the consent is not the contact's own, or was withdrawn")
)

// Apply makes a reader for whom the contact acts, with a registration that waits for staff. A contact is one reader itself: a second application for
// itself, even at the same moment, is ErrRegistered, unless the first was refused. The same child given twice is ErrRegistered too. ErrNoConsent when the
// consent is not the contact's own, or was withdrawn.
func Apply(ctx context.Context, tx pgx.Tx, a Application) (Registration, error) {
	reg := Registration{
		ContactID: a.Contact, AddressID: a.Address, State: "sent", ConsentID: a.Consent, Photos: a.Photos, Answers: a.Answers, Papers: a.Papers, Relation: a.Relation, CreatedAt: a.At,
	}
	if a.Papers {
		reg.State = "papers"
	}
	// Applications of one contact wait for each other here; the rows below would not collide otherwise.
	if _, err := tx.Exec(ctx, `select from contacts where library_id = $1 and id = $2 for no key update`, a.Library, a.Contact); err != nil {
		return reg, fmt.Errorf("registration for contact %d: %w", a.Contact, err)
	}
	if err := a.agreed(ctx, tx); err != nil {
		return reg, err
	}
	var state string
	err := tx.QueryRow(ctx, `select cr.reader_id, coalesce((select g.state from registrations g
    where g.library_id = r.library_id and g.reader_id = r.id order by g.id desc limit 1), '')
from contact_readers cr join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null and r.double_of is null
where cr.library_id = $1 and cr.contact_id = $2
  and (cr.relation = 'self' and $3 = 'self' or cr.relation = $3 and r.born = $4 and lower(r.name) = lower($5))
order by cr.created_at limit 1`, a.Library, a.Contact, a.Relation, a.Born.Time(time.UTC), a.Name).Scan(&reg.ReaderID, &state)
	switch {
	case err == nil && state != "refused" && state != "withdrawn":
		return reg, ErrRegistered
	case err == nil:
		err = a.correctReader(ctx, tx, reg.ReaderID)
	case errors.Is(err, pgx.ErrNoRows):
		reg.ReaderID, err = a.addReader(ctx, tx)
	}
	if err != nil {
		return reg, fmt.Errorf("registration for contact %d: %w", a.Contact, err)
	}
	photos, answers := a.Photos, a.Answers
	if photos == nil {
		photos = []string{}
	}
	if answers == nil {
		answers = []Answer{}
	}
	err = tx.QueryRow(ctx, `with c as (
  update consents set reader_id = $2 where library_id = $1 and id = $5 and contact_id = $3 and withdrawn_at is null returning id)
insert into registrations (library_id, reader_id, contact_id, address_id, state, consent_id, photos, answers, papers, created_at)
select $1, $2, $3, $4, $8, c.id, $6, $9, $10, $7 from c returning id`,
		a.Library, reg.ReaderID, a.Contact, a.Address, a.Consent, photos, a.At, reg.State, answers, a.Papers).Scan(&reg.ID)
	if err != nil {
		return reg, fmt.Errorf("registration for contact %d: %w", a.Contact, err)
	}
	return reg, a.Rules.accept(ctx, tx, a.Library, reg.ID)
}

// agreed looks at the consent before anything is written: what is refused leaves no reader behind. Whoever withdraws it waits for the contact, as Apply does.
func (a Application) agreed(ctx context.Context, tx pgx.Tx) error {
	var stands bool
	err := tx.QueryRow(ctx, `select exists (select from consents where library_id = $1 and id = $2 and contact_id = $3 and withdrawn_at is null)`,
		a.Library, a.Consent, a.Contact).Scan(&stands)
	if err == nil && !stands {
		err = ErrNoConsent
	}
	if err != nil {
		return fmt.Errorf("consent %d: %w", a.Consent, err)
	}
	return nil
}

func (a Application) addReader(ctx context.Context, tx pgx.Tx) (ReaderID, error) {
	var id ReaderID
	err := tx.QueryRow(ctx, `with r as (
  insert into readers (library_id, name, born, email, email_proven, phone, phone_proven)
  values ($1, $3, $4, nullif($5, ''), $6, nullif($7, ''), $8) returning id)
insert into contact_readers (library_id, contact_id, reader_id, relation) select $1, $2, r.id, $9 from r returning reader_id`,
		a.Library, a.Contact, a.Name, a.Born.Time(time.UTC), a.Email, a.EmailProven, a.Phone, a.PhoneProven, a.Relation).Scan(&id)
	return id, err
}

// correctReader replaces the answers of a registration that was refused.
func (a Application) correctReader(ctx context.Context, tx pgx.Tx, id ReaderID) error {
	_, err := tx.Exec(ctx, `update readers set name = $3, born = $4, email = nullif($5, ''), email_proven = $6, phone = nullif($7, ''), phone_proven = $8
where library_id = $1 and id = $2`, a.Library, id, a.Name, a.Born.Time(time.UTC), a.Email, a.EmailProven, a.Phone, a.PhoneProven)
	return err
}

// RegistrationByID gives the registration, or ErrNotFound.
func RegistrationByID(ctx context.Context, db DB, lib library.ID, id int64) (Registration, error) {
	rows, err := db.Query(ctx, `select g.id, g.reader_id, g.contact_id, g.address_id, g.state, g.consent_id, g.photos, g.answers, g.papers, g.reason, cr.relation, g.created_at
from registrations g join contact_readers cr on cr.library_id = g.library_id and cr.contact_id = g.contact_id and cr.reader_id = g.reader_id
where g.library_id = $1 and g.id = $2`, lib, id)
	if err != nil {
		return Registration{}, fmt.Errorf("registration %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Registration])
	return r, notFound(err, "registration", id)
}

// Decide moves the registration from one state to the next in one statement: two members of staff cannot both do it. ErrState when it is elsewhere.
func Decide(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, from, to, reason string, staff int64, at time.Time) (Registration, error) {
	tag, err := tx.Exec(ctx, `update registrations set state = $4, reason = $5, decided_by = $6, decided_at = $7
where library_id = $1 and id = $2 and state = $3`, lib, id, from, to, reason, staff, at)
	if err != nil {
		return Registration{}, fmt.Errorf("decide registration %d: %w", id, err)
	}
	reg, err := RegistrationByID(ctx, tx, lib, id)
	if err != nil {
		return reg, err
	}
	if tag.RowsAffected() == 0 {
		return reg, fmt.Errorf("registration %d is %s: %w", id, reg.State, ErrState)
	}
	return reg, nil
}

// Move moves the registration from one state to another where nobody decides anything: its papers have come, or are sent back. ErrState when it is elsewhere.
func Move(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, from, to string) (Registration, error) {
	tag, err := tx.Exec(ctx, `update registrations set state = $4 where library_id = $1 and id = $2 and state = $3`, lib, id, from, to)
	if err != nil {
		return Registration{}, fmt.Errorf("move registration %d: %w", id, err)
	}
	reg, err := RegistrationByID(ctx, tx, lib, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("registration %d is %s: %w", id, reg.State, ErrState)
	}
	return reg, err
}

// ByPost notes that the reader sends the papers of the registration by post.
func ByPost(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, at time.Time) error {
	if _, err := tx.Exec(ctx, `update registrations set by_post_at = $3 where library_id = $1 and id = $2 and state = 'papers'`, lib, id, at); err != nil {
		return fmt.Errorf("registration %d by post: %w", id, err)
	}
	return nil
}

// Awaiting is a registration that waits for its papers.
type Awaiting struct {
	Registration int64
	Name         string
	Since        time.Time
	Post         bool // the reader has said that they come by post
}

// AwaitingPapers gives the registrations that wait for papers, who waits longest first.
func AwaitingPapers(ctx context.Context, db DB, lib library.ID, limit int) ([]Awaiting, error) {
	rows, err := db.Query(ctx, `select g.id as registration, r.name, g.created_at as since, g.by_post_at is not null as post
from registrations g join readers r on r.library_id = g.library_id and r.id = g.reader_id
where g.library_id = $1 and g.state = 'papers' order by g.created_at, g.id limit $2`, lib, limit)
	if err != nil {
		return nil, fmt.Errorf("registrations that wait for papers: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Awaiting])
	if err != nil {
		return nil, fmt.Errorf("registrations that wait for papers: %w", err)
	}
	return out, nil
}

// PhotosPast gives and forgets the files of registrations decided before the moment: their term is over.
func PhotosPast(ctx context.Context, tx pgx.Tx, lib library.ID, before time.Time, limit int) ([]string, error) {
	rows, err := tx.Query(ctx, `with past as (
  select library_id, id, photos from registrations
  where library_id = $1 and decided_at < $2 and photos <> '{}' order by id limit $3 for update skip locked),
wiped as (
  update registrations g set photos = '{}' from past p where g.library_id = p.library_id and g.id = p.id returning p.photos)
select unnest(photos) from wiped`, lib, before, limit)
	if err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	return out, nil
}
