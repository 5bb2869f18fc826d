package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Who is one who writes, as the channel names them.
type Who struct {
	Library  library.ID
	Channel  int64
	External string // the address within the channel
	Name     string // what they call themselves
	Proven   bool   // the channel itself proves that the address is theirs
}

// Known is an address that has its id.
type Known struct {
	ID      AddressID
	Contact ID
	Blocked bool // by staff: what comes is not to be stored
	Gone    bool // the person had shut the door
	New     bool // made just now
}

const findAddresses = `select w.n, a.id, a.contact_id, a.blocked_at is not null as blocked, a.gone_at is not null as gone
from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality as w (lib, channel, external, n)
join addresses a on a.library_id = w.lib and a.channel_id = w.channel and a.external = w.external`

// Addresses finds each address, or makes it with a contact of its own; the same one given twice is one. Order of the answer is that of who, and New
// is set once for each address. Two callers with the same new address at the same moment get the same id: the second waits for the first.
func Addresses(ctx context.Context, tx pgx.Tx, who []Who, now time.Time) ([]Known, error) {
	out, err := Find(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	missing := without(out)
	if len(missing) == 0 {
		return out, nil
	}
	batch := &pgx.Batch{}
	queueLocks(batch, who, missing)
	queueFind(batch, who, missing, out) // again: somebody may have made them before the locks were ours
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("lock %d addresses: %w", len(missing), err)
	}
	if missing = without(out); len(missing) == 0 {
		return out, nil
	}
	return out, create(ctx, tx, who, missing, out, now)
}

// Find gives those of the addresses that exist, in the order of who; the others have no ID. It makes none.
func Find(ctx context.Context, tx pgx.Tx, who []Who) ([]Known, error) {
	out, all := make([]Known, len(who)), make([]int, len(who))
	for i := range who {
		all[i] = i
	}
	batch := &pgx.Batch{}
	queueFind(batch, who, all, out)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("find %d addresses: %w", len(who), err)
	}
	return out, nil
}

// queueFind fills in those of the addresses that exist.
func queueFind(batch *pgx.Batch, who []Who, which []int, out []Known) {
	libs, channels, externals := columns(who, which)
	batch.Queue(findAddresses, libs, channels, externals).Query(func(rows pgx.Rows) error {
		var n int
		var k Known
		_, err := pgx.ForEachRow(rows, []any{&n, &k.ID, &k.Contact, &k.Blocked, &k.Gone}, func() error {
			out[which[n-1]] = k
			return nil
		})
		return err
	})
}

// The locks are taken in one order, or two callers with the same two addresses could wait for each other.
const lockAddresses = `select pg_advisory_xact_lock(k) from (
  select distinct hashtextextended(u.external, u.channel) as k from unnest($1::bigint[], $2::text[]) as u (channel, external) order by k) w`

func queueLocks(batch *pgx.Batch, who []Who, which []int) {
	_, channels, externals := columns(who, which)
	batch.Queue(lockAddresses, channels, externals)
}

const createAddresses = `with w as materialized (
  select *, nextval(pg_get_serial_sequence('contacts', 'id')) as contact
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bool[]) with ordinality as u (lib, channel, external, name, proven, n)),
c as (insert into contacts (library_id, id, name) overriding system value select lib, contact, name from w),
a as (insert into addresses (library_id, contact_id, channel_id, external, proven_at)
  select lib, contact, channel, external, case when proven then $6::timestamptz end from w order by n returning id, contact_id)
select w.n, a.id, a.contact_id from a join w on w.contact = a.contact_id`

// create makes the addresses, each with its contact. The caller holds their locks.
func create(ctx context.Context, tx pgx.Tx, who []Who, missing []int, out []Known, now time.Time) error {
	first := map[addressKey]int{}
	var each []int
	for _, i := range missing {
		if _, again := first[who[i].key()]; !again {
			first[who[i].key()] = i
			each = append(each, i)
		}
	}
	libs, channels, externals := columns(who, each)
	names, proven := make([]string, len(each)), make([]bool, len(each))
	for n, i := range each {
		names[n], proven[n] = who[i].Name, who[i].Proven
	}
	rows, err := tx.Query(ctx, createAddresses, libs, channels, externals, names, proven, now)
	if err != nil {
		return fmt.Errorf("make %d addresses: %w", len(each), err)
	}
	var n int
	var k Known
	if _, err := pgx.ForEachRow(rows, []any{&n, &k.ID, &k.Contact}, func() error {
		out[each[n-1]] = k
		return nil
	}); err != nil {
		return fmt.Errorf("make %d addresses: %w", len(each), err)
	}
	for _, i := range missing {
		out[i] = out[first[who[i].key()]]
	}
	for _, i := range each {
		out[i].New = true
	}
	return nil
}

type addressKey struct {
	channel  int64
	external string
}

func (w Who) key() addressKey { return addressKey{w.Channel, w.External} }

func columns(who []Who, which []int) (libs, channels []int64, externals []string) {
	libs, channels, externals = make([]int64, len(which)), make([]int64, len(which)), make([]string, len(which))
	for n, i := range which {
		libs[n], channels[n], externals[n] = int64(who[i].Library), who[i].Channel, who[i].External
	}
	return libs, channels, externals
}

// without gives the places that are still empty.
func without(out []Known) []int {
	var missing []int
	for i := range out {
		if out[i].ID == 0 {
			missing = append(missing, i)
		}
	}
	return missing
}

// Externals gives the addresses as their channels know them, one query however many they are. One that does not exist is not in the answer.
func Externals(ctx context.Context, db DB, keys []PartyKey) (map[PartyKey]string, error) {
	libs, ids := keyColumns(keys)
	rows, err := db.Query(ctx, `select a.library_id, a.id, a.external from unnest($1::bigint[], $2::bigint[]) as w (lib, id)
join addresses a on a.library_id = w.lib and a.id = w.id`, libs, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d addresses: %w", len(keys), err)
	}
	out := make(map[PartyKey]string, len(keys))
	var k PartyKey
	var external string
	if _, err := pgx.ForEachRow(rows, []any{&k.Library, &k.Address, &external}, func() error {
		out[k] = external
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read %d addresses: %w", len(keys), err)
	}
	return out, nil
}

// Block shuts the door on a sender, or opens it again: what they send meanwhile is not stored.
func Block(ctx context.Context, tx pgx.Tx, lib library.ID, id AddressID, staff int64, on bool, now time.Time) error {
	tag, err := tx.Exec(ctx, `update addresses set blocked_at = case when $4 then $5::timestamptz end, blocked_by = case when $4 then $3::bigint end
where library_id = $1 and id = $2`, lib, id, staff, on, now)
	if err != nil {
		return fmt.Errorf("block address %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("block address %d: %w", id, ErrNotFound)
	}
	return nil
}

// Gone notes whether the person has shut the door on the library.
func Gone(ctx context.Context, tx pgx.Tx, lib library.ID, id AddressID, gone bool, now time.Time) error {
	_, err := tx.Exec(ctx, `update addresses set gone_at = case when $3 then $4::timestamptz end where library_id = $1 and id = $2`, lib, id, gone, now)
	if err != nil {
		return fmt.Errorf("address %d gone: %w", id, err)
	}
	return nil
}

// Lookup gives the address if somebody has written from it.
func Lookup(ctx context.Context, db DB, channel int64, external string) (AddressID, bool, error) {
	var id AddressID
	err := db.QueryRow(ctx, `select id from addresses where channel_id = $1 and external = $2`, channel, external).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look for an address of channel %d: %w", channel, err)
	}
	return id, true, nil
}

// Mailbox gives an e-mail address as the library has it already, however its letters are written this time; one that it does not have is given back.
func Mailbox(ctx context.Context, db DB, lib library.ID, channel int64, external string) (string, error) {
	var known string
	err := db.QueryRow(ctx, `select external from addresses
where library_id = $1 and channel_id = $2 and lower(external) = lower($3) and external like '%@%' order by external <> $3, id limit 1`,
		lib, channel, external).Scan(&known)
	if errors.Is(err, pgx.ErrNoRows) {
		return external, nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a mailbox of channel %d: %w", channel, err)
	}
	return known, nil
}
