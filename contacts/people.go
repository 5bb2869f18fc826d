package contacts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Party is who writes at an address and for whom they act.
type Party struct {
	Contact ID
	Channel int64
	Name    string
	Blocked bool // by staff
	Gone    bool // the person has shut the door
	People  []Person
}

// Person is a reader for whom a contact acts, as their conversation needs them.
type Person struct {
	ID           ReaderID `json:"id"`
	Name         string   `json:"name"`
	Relation     string   `json:"relation"`     // self, child, other
	State        string   `json:"state"`        // of the latest registration
	Registration int64    `json:"registration"` // the latest; 0: none
	Card         string   `json:"card"`
	Picture      string   `json:"picture"`
	Consent      string   `json:"consent"` // version of the text that the contact agreed to last for this reader; empty: no consent stands
	Lesson       *Lesson  `json:"lesson"`  // for which the card of an accepted registration waits; nil: for none
}

const parties = `select a.library_id, a.id, a.contact_id, a.channel_id, c.name, a.blocked_at is not null, a.gone_at is not null, coalesce(p.people, '[]')
from in_hand($1, $2) as w
join addresses a on a.library_id = w.lib and a.id = w.id
join contacts c on c.library_id = a.library_id and c.id = a.contact_id
left join lateral (
  select json_agg(json_build_object('id', r.id, 'name', r.name, 'relation', cr.relation, 'state', coalesce(g.state, ''), 'registration', coalesce(g.id, 0),
    'card', coalesce(r.card, ''), 'picture', coalesce(r.picture, ''),
    'lesson', case when g.state = 'accepted' then (select json_build_object('state', n.state, 'how', coalesce(n.how, ''), 'at', n.slot_at, 'place', n.place)
      from newcomers n where n.library_id = r.library_id and n.registration_id = g.id) end,
    'consent', coalesce((select k.version from consents k where k.library_id = r.library_id and k.reader_id = r.id and k.contact_id = a.contact_id
      and k.withdrawn_at is null order by k.id desc limit 1), '')) order by cr.created_at, r.id) as people
  from contact_readers cr
  join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null and r.double_of is null
  left join lateral (select id, state from registrations g where g.library_id = r.library_id and g.reader_id = r.id order by g.id desc limit 1) g on true
  where cr.library_id = a.library_id and cr.contact_id = a.contact_id) p on true`

// PartyKey names an address of a library.
type PartyKey struct {
	Library library.ID
	Address AddressID
}

// QueueParties adds the reading of who writes at the addresses to the batch, one query however many they are, and fills the map when it is sent.
// Without keys they are those of the conversations that the transaction has claimed.
func QueueParties(batch *pgx.Batch, keys []PartyKey, into map[PartyKey]Party) {
	libs, ids := keyColumns(keys)
	batch.Queue(parties, libs, ids).Query(func(rows pgx.Rows) error {
		var k PartyKey
		var p Party
		var people []byte
		_, err := pgx.ForEachRow(rows, []any{&k.Library, &k.Address, &p.Contact, &p.Channel, &p.Name, &p.Blocked, &p.Gone, &people}, func() error {
			p.People = nil
			if err := json.Unmarshal(people, &p.People); err != nil {
				return fmt.Errorf("people of address %d: %w", k.Address, err)
			}
			into[k] = p
			return nil
		})
		return err
	})
}

func keyColumns(keys []PartyKey) (libs, ids []int64) {
	if keys == nil {
		return nil, nil
	}
	libs, ids = make([]int64, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		libs[i], ids[i] = int64(k.Library), int64(k.Address)
	}
	return libs, ids
}

// Reader is one who is served.
type Reader struct {
	ID          ReaderID
	Name        string
	Born        *time.Time
	Email       string
	EmailProven bool
	Phone       string
	PhoneProven bool
	Card        string
	CreatedAt   time.Time
}

const readerColumns = `r.id, r.name, r.born, coalesce(r.email, '') as email, r.email_proven, coalesce(r.phone, '') as phone, r.phone_proven,
coalesce(r.card, '') as card, r.created_at`

// ReaderByID gives the reader, or ErrNotFound.
func ReaderByID(ctx context.Context, db DB, lib library.ID, id ReaderID) (Reader, error) {
	rows, err := db.Query(ctx, `select `+readerColumns+` from readers r where r.library_id = $1 and r.id = $2`, lib, id)
	if err != nil {
		return Reader{}, fmt.Errorf("reader %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Reader])
	return r, notFound(err, "reader", int64(id))
}

// SetCard writes the reader's valid card number and its picture beside their name.
func SetCard(ctx context.Context, tx pgx.Tx, lib library.ID, id ReaderID, number, picture string) error {
	tag, err := tx.Exec(ctx, `update readers set card = $3, picture = nullif($4, '') where library_id = $1 and id = $2`, lib, id, number, picture)
	if err != nil {
		return fmt.Errorf("card of reader %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("card of reader %d: %w", id, ErrNotFound)
	}
	return nil
}

// Reach is an e-mail address that somebody has proven to be theirs.
type Reach struct {
	Email string
	Name  string
}

// ProvenEmail gives the one proven e-mail among the readers for whom the contact of the address acts, themselves included. It reports false where there
// is none, or more than one: an answer must not go to the wrong person.
func ProvenEmail(ctx context.Context, db DB, lib library.ID, id AddressID) (Reach, bool, error) {
	rows, err := db.Query(ctx, `select distinct on (lower(r.email)) r.email, r.name from addresses a
join contact_readers cr on cr.library_id = a.library_id and cr.contact_id = a.contact_id
join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.email_proven and r.erased_at is null
where a.library_id = $1 and a.id = $2 order by lower(r.email), (cr.relation = 'self') desc limit 2`, lib, id)
	if err != nil {
		return Reach{}, false, fmt.Errorf("e-mail beside address %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Reach])
	if err != nil {
		return Reach{}, false, fmt.Errorf("e-mail beside address %d: %w", id, err)
	}
	if len(found) != 1 {
		return Reach{}, false, nil
	}
	return found[0], true, nil
}

// AddressesOfSame gives all addresses of the contact to whom the address belongs, in order.
func AddressesOfSame(ctx context.Context, db DB, lib library.ID, id AddressID) ([]AddressID, error) {
	rows, err := db.Query(ctx, `select b.id from addresses a join addresses b on b.library_id = a.library_id and b.contact_id = a.contact_id
where a.library_id = $1 and a.id = $2 order by b.id`, lib, id)
	if err != nil {
		return nil, fmt.Errorf("addresses beside %d: %w", id, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[AddressID])
	if err != nil {
		return nil, fmt.Errorf("addresses beside %d: %w", id, err)
	}
	return out, nil
}

// AddressesOf gives all addresses of the contacts, in order.
func AddressesOf(ctx context.Context, db DB, lib library.ID, ids ...ID) ([]AddressID, error) {
	rows, err := db.Query(ctx, `select id from addresses where library_id = $1 and contact_id = any($2) order by id`, lib, ids)
	if err != nil {
		return nil, fmt.Errorf("addresses of contacts %v: %w", ids, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[AddressID])
	if err != nil {
		return nil, fmt.Errorf("addresses of contacts %v: %w", ids, err)
	}
	return out, nil
}

// NameOf is what a contact calls themself.
func NameOf(ctx context.Context, db DB, lib library.ID, id ID) (string, error) {
	var name string
	err := db.QueryRow(ctx, `select name from contacts where library_id = $1 and id = $2`, lib, id).Scan(&name)
	return name, notFound(err, "contact", int64(id))
}
