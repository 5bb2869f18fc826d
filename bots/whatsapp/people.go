package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.mau.fi/whatsmeow/types"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// people knows who is who. WhatsApp names a person by an id of its own, by the phone number, or by both; for the library a person is one address, which is
// what they were called first and never changes.
type people struct {
	pool    *pgxpool.Pool
	library library.ID
	channel bots.ChannelID
}

// lidMark begins the address of a person whose number was not known when they first wrote.
const lidMark = "lid:"

// person is one row.
type person struct {
	External   string
	LID, Phone string
	SameAs     string // the address that took this one's place
	Heard      bool   // they have written to us
	Met        *time.Time
}

const findPeople = `select external, coalesce(lid, '') as lid, coalesce(phone, '') as phone, coalesce(same_as, '') as same_as, heard_at is not null as heard, least(heard_at, begun_at) as met
from whatsapp_people where library_id = $1 and channel_id = $2 and (lid = nullif($3, '') or phone = nullif($4, '')
  or external in ($5, (select same_as from whatsapp_people where library_id = $1 and channel_id = $2 and external = $5)))
order by met nulls last, external`

// named gives those who bear one of the names, whom we have known longest first.
func (p people) named(ctx context.Context, db contacts.DB, lid, phone, external string) ([]person, error) {
	rows, err := db.Query(ctx, findPeople, p.library, p.channel, lid, phone, external)
	if err != nil {
		return nil, fmt.Errorf("find a person of channel %d: %w", p.channel, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[person])
	if err != nil {
		return nil, fmt.Errorf("find a person of channel %d: %w", p.channel, err)
	}
	return found, nil
}

const allAddresses = `with p as (select external from whatsapp_people
  where library_id = $1 and channel_id = $2 and (lid = nullif($3, '') or phone = nullif($4, '') and (lid is null or $3 = '')))
select external from p
union select a.external from p join whatsapp_people a on a.library_id = $1 and a.channel_id = $2 and a.same_as = p.external order by external`

// addresses gives all under which a person was ever written to: none for somebody unknown. A number that is with somebody else by now is not theirs.
func (p people) addresses(ctx context.Context, lid, phone string) ([]string, error) {
	rows, err := p.pool.Query(ctx, allAddresses, p.library, p.channel, lid, phone)
	if err != nil {
		return nil, fmt.Errorf("addresses of a person of channel %d: %w", p.channel, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("addresses of a person of channel %d: %w", p.channel, err)
	}
	return found, nil
}

var errNameless = errors.New("neither an id nor a number")

// lock lets one process at a time change who is who on a channel.
func (p people) lock(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('whatsapp_people', $1))`, p.channel); err != nil {
		return fmt.Errorf("lock the people of channel %d: %w", p.channel, err)
	}
	return nil
}

// meet gives the address of a person who writes, and keeps what is new of them. Two messages of one stranger at the same moment, one by the id and one by
// the number, get the same address: the second waits for the first.
func (p people) meet(ctx context.Context, lid, phone string, now time.Time) (address string, err error) {
	if lid == "" && phone == "" {
		return "", errNameless
	}
	found, err := p.named(ctx, p.pool, lid, phone, "")
	if err != nil {
		return "", err
	}
	if len(found) == 1 && found[0].Heard && (lid == "" || found[0].LID == lid) && (phone == "" || found[0].Phone == phone) {
		return found[0].External, nil // as nearly always
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if err := p.lock(ctx, tx); err != nil {
			return err
		}
		found, err := p.named(ctx, tx, lid, phone, "")
		if err != nil {
			return err
		}
		address, err = p.settle(ctx, tx, found, lid, phone, now)
		return err
	})
	return address, err
}

// settle brings what is known in line with what WhatsApp says now.
func (p people) settle(ctx context.Context, tx pgx.Tx, found []person, lid, phone string, now time.Time) (string, error) {
	var same []person
	for _, one := range found {
		if lid == "" || one.LID == "" || one.LID == lid {
			same = append(same, one)
			continue
		}
		// The number was another person's: WhatsApp's id stays with who has it, numbers are given out again.
		if err := p.exec(ctx, tx, `update whatsapp_people set phone = null where library_id = $1 and channel_id = $2 and external = $3`, one.External); err != nil {
			return "", err
		}
	}
	if len(same) == 0 {
		return p.add(ctx, tx, lid, phone, &now, nil)
	}
	kept := same[0]
	for _, twin := range same[1:] {
		// Two rows turn out to be one person, who wrote by id and was written to by number, say. The address known longer is theirs from now on; the other's
		// conversation stays as it is, and nothing new comes to it, from nobody: the number may be another person's one day.
		if err := p.exec(ctx, tx, `update whatsapp_people set lid = null, phone = null, same_as = $4
where library_id = $1 and channel_id = $2 and $3 in (external, same_as)`, twin.External, kept.External); err != nil {
			return "", err
		}
	}
	err := p.exec(ctx, tx, `update whatsapp_people set lid = coalesce(nullif($4, ''), lid), phone = coalesce(nullif($5, ''), phone), heard_at = coalesce(heard_at, $6)
where library_id = $1 and channel_id = $2 and external = $3`, kept.External, lid, phone, now)
	return kept.External, err
}

func (p people) exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	if _, err := tx.Exec(ctx, sql, append([]any{p.library, p.channel}, args...)...); err != nil {
		return fmt.Errorf("change a person of channel %d: %w", p.channel, err)
	}
	return nil
}

const addPerson = `insert into whatsapp_people (library_id, channel_id, external, lid, phone, heard_at, begun_at)
values ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, $7) on conflict (library_id, channel_id, external) do nothing`

// add makes the address of a stranger: the number where it is known. If it once was the address of another, who has changed theirs, it stays that one's.
func (p people) add(ctx context.Context, tx pgx.Tx, lid, phone string, heard, begun *time.Time) (string, error) {
	var names []string
	if phone != "" {
		names = append(names, phone)
	}
	if lid != "" {
		names = append(names, lidMark+lid)
	}
	if met := heard; met != nil && phone != "" {
		names = append(names, fmt.Sprintf("%s@%d", phone, met.Unix()))
	}
	for _, name := range names {
		tag, err := tx.Exec(ctx, addPerson, p.library, p.channel, name, lid, phone, heard, begun)
		if err != nil {
			return "", fmt.Errorf("add a person to channel %d: %w", p.channel, err)
		}
		if tag.RowsAffected() == 1 {
			return name, nil
		}
	}
	return "", fmt.Errorf("add a person to channel %d: %w", p.channel, errNameless)
}

// names reads what an address says of itself.
func names(address string) (lid, phone string) {
	if lid, ok := strings.CutPrefix(address, lidMark); ok {
		return lid, ""
	}
	return "", digits(address)
}

var errAddress = errors.New("neither a number nor an id of whatsapp")

// whose gives the person at an address: who bears it, or else who has its number or id now. It is false for one we have never met.
func (p people) whose(ctx context.Context, db contacts.DB, address string) (person, bool, error) {
	lid, phone := names(address)
	found, err := p.named(ctx, db, lid, phone, address)
	if err != nil || len(found) == 0 {
		return person{External: address, LID: lid, Phone: phone}, false, err
	}
	for _, one := range found {
		if one.External == address && one.SameAs != "" {
			address = one.SameAs
			break
		}
	}
	for _, one := range found {
		if one.External == address {
			return one, true, nil
		}
	}
	return found[0], true, nil
}

// AddressOf gives the address of the person with the number, or the one that they would have. Conversations keep the number by which they began, so that one
// that was given out again leads to who had it first.
func (w *WhatsApp) AddressOf(ctx context.Context, phone string) (string, error) {
	number := digits(strings.TrimPrefix(phone, "+"))
	if number == "" {
		return "", errAddress
	}
	switch s, err := w.Links.stands(ctx, w.Library, w.Channel); {
	case err != nil:
		return "", err
	case s.device == "":
		return "", fmt.Errorf("channel %d is not linked: %w", w.Channel, bots.ErrUnreached)
	}
	one, known, err := w.people.whose(ctx, w.Pool, number)
	if err == nil && known && one.Phone != number {
		err = fmt.Errorf("a number of channel %d has changed hands: %w", w.Channel, bots.ErrUnreached)
	}
	if err != nil {
		return "", err
	}
	return one.External, nil
}

// reach gives where messages to the address go. WhatsApp's id is better than the number, which may be another person's by now.
func (p people) reach(ctx context.Context, address string) (types.JID, error) {
	one, _, err := p.whose(ctx, p.pool, address)
	switch {
	case err != nil:
		return types.JID{}, err
	case one.LID != "":
		return types.NewJID(one.LID, types.HiddenUserServer), nil
	case one.Phone != "":
		return types.NewJID(one.Phone, types.DefaultUserServer), nil
	}
	return types.JID{}, errAddress
}

// day is the time in which only so many strangers are written to.
const day = 24 * time.Hour

// begin notes that we write to somebody who may never have written to us. When that were more than the most in a day, it gives how long to wait.
func (p people) begin(ctx context.Context, address string, most int, now time.Time) (wait time.Duration, err error) {
	one, ok, err := p.whose(ctx, p.pool, address)
	if err != nil || ok && one.Met != nil {
		return 0, err
	}
	if !ok && one.LID == "" && one.Phone == "" {
		return 0, errAddress
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if err := p.lock(ctx, tx); err != nil {
			return err
		}
		if one, ok, err = p.whose(ctx, tx, address); err != nil || ok && one.Met != nil {
			return err
		}
		var begun int
		var first *time.Time
		if err := tx.QueryRow(ctx, `select count(*), min(begun_at) from whatsapp_people where library_id = $1 and channel_id = $2 and begun_at > $3`,
			p.library, p.channel, now.Add(-day)).Scan(&begun, &first); err != nil {
			return fmt.Errorf("count who was written to on channel %d: %w", p.channel, err)
		}
		if begun >= most && first != nil {
			wait = max(first.Add(day).Sub(now), time.Minute)
			return nil
		}
		if ok {
			return p.exec(ctx, tx, `update whatsapp_people set begun_at = $4 where library_id = $1 and channel_id = $2 and external = $3`, one.External, now)
		}
		_, err = p.add(ctx, tx, one.LID, one.Phone, nil, &now)
		return err
	})
	return wait, err
}
