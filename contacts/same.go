package contacts

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Likely is a contact who may be the same person as another.
type Likely struct {
	ID      ID
	Name    string    // what they call themself
	Address AddressID // the newest
	Readers []string  // names of those for whom they act
	// Why: email, phone: proven by a reader of each; mailbox: proven by a reader of one, the other writes from it; born: the same name and birthday; double: a
	// registration of one was found to be the other's.
	Why []string
	Two bool // each is registered as another reader: they cannot be joined
}

// The limits keep each look-up on its index, however large the library is, and bound an address that half the town has proven.
const likely = `with mine as (
  select r.*, cr.relation from contact_readers cr
  join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null
  where cr.library_id = $1 and cr.contact_id = $2),
theirs as (
  select r.id, 'email' as why, '{self,child,other}'::text[] as relations from mine cross join lateral (
    select id from readers where library_id = $1 and lower(email) = lower(mine.email) and email_proven and erased_at is null limit 20) r where mine.email_proven
  union all
  select r.id, 'phone', '{self,child,other}' from mine cross join lateral (
    select id from readers where library_id = $1 and phone = mine.phone and phone_proven and erased_at is null limit 20) r where mine.phone_proven
  union all
  select r.id, 'born', '{self}' from mine cross join lateral (
    select id from readers where library_id = $1 and born = mine.born and lower(name) = lower(mine.name) and erased_at is null limit 20) r
  where mine.relation = 'self'
  union all
  select r.id, 'mailbox', '{self,child,other}' from addresses a cross join lateral (
    select id from readers where library_id = $1 and lower(email) = lower(a.external) and email_proven and erased_at is null limit 20) r
  where a.library_id = $1 and a.contact_id = $2 and a.external like '%@%'
  union all
  select mine.double_of, 'double', '{self,child,other}' from mine where mine.double_of is not null
  union all
  select r.id, 'double', '{self,child,other}' from mine join readers r on r.library_id = $1 and r.double_of = mine.id and r.erased_at is null),
found as (
  select cr.contact_id, t.why from theirs t cross join lateral (
    select contact_id from contact_readers where library_id = $1 and reader_id = t.id and relation = any(t.relations) limit 20) cr
  union
  select a.contact_id, 'mailbox' from mine cross join lateral (
    select contact_id from addresses where library_id = $1 and lower(external) = lower(mine.email) and external like '%@%' limit 20) a where mine.email_proven)
select c.id, c.name,
  coalesce((select max(a.id) from addresses a where a.library_id = c.library_id and a.contact_id = c.id), 0) as address,
  array(select r.name from contact_readers cr join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null
    where cr.library_id = c.library_id and cr.contact_id = c.id order by cr.created_at, r.id) as readers,
  array_agg(f.why order by f.why) as why,
  exists (select from contact_readers i join contact_readers o on o.library_id = i.library_id and o.reader_id <> i.reader_id
    where i.library_id = c.library_id and i.contact_id = c.id and i.relation = 'self' and o.contact_id = $2 and o.relation = 'self') as two
from found f join contacts c on c.library_id = $1 and c.id = f.contact_id
where c.id <> $2 group by c.library_id, c.id order by c.id limit 10`

// LikelySame gives contacts who may be the same person as this one, at most ten. They are proposed to staff, never joined by themselves: families share
// a mailbox.
func LikelySame(ctx context.Context, db DB, lib library.ID, id ID) ([]Likely, error) {
	rows, err := db.Query(ctx, likely, lib, id)
	if err != nil {
		return nil, fmt.Errorf("contacts like %d: %w", id, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Likely])
	if err != nil {
		return nil, fmt.Errorf("contacts like %d: %w", id, err)
	}
	return out, nil
}
