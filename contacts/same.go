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
	Why     []string  // email, phone: proven by a reader of each; mailbox: proven by a reader of one, the other writes from it; born: the same name and birthday
	Two     bool      // each is registered as another reader: they cannot be joined
}

const likely = `with mine as (
  select r.*, cr.relation from contact_readers cr
  join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null
  where cr.library_id = $1 and cr.contact_id = $2),
theirs as (
  select r.id, 'email' as why, '{self,child,other}'::text[] as relations
  from mine join readers r on r.library_id = $1 and lower(r.email) = lower(mine.email) and r.email_proven and r.erased_at is null where mine.email_proven
  union all
  select r.id, 'phone', '{self,child,other}'
  from mine join readers r on r.library_id = $1 and r.phone = mine.phone and r.phone_proven and r.erased_at is null where mine.phone_proven
  union all
  select r.id, 'born', '{self}'
  from mine join readers r on r.library_id = $1 and r.born = mine.born and lower(r.name) = lower(mine.name) and r.erased_at is null where mine.relation = 'self'
  union all
  select r.id, 'mailbox', '{self,child,other}'
  from addresses a join readers r on r.library_id = a.library_id and lower(r.email) = lower(a.external) and r.email_proven and r.erased_at is null
  where a.library_id = $1 and a.contact_id = $2 and a.external like '%@%'),
found as (
  select cr.contact_id, t.why from theirs t
  join contact_readers cr on cr.library_id = $1 and cr.reader_id = t.id and cr.relation = any(t.relations)
  union
  select a.contact_id, 'mailbox' from mine
  join addresses a on a.library_id = $1 and lower(a.external) = lower(mine.email) and a.external like '%@%' where mine.email_proven)
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
