package contacts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Why a reader may be the same person as another, the strongest reasons first.
const (
	SameEmail     = "email"
	SamePhone     = "phone"
	SameNameBorn  = "name_born"  // the same name and day of birth
	AlikeNameBorn = "alike_born" // the same day of birth, and a name with a mistake, another spelling or another surname
	PartNameBorn  = "part_born"  // the same day of birth, and one name of several
	AlikeNear     = "alike_near" // a name that is alike, and a day of birth that may be a slip of the pen
	SameName      = "name"       // the same name, whatever the day of birth
	AlikeName     = "alike"      // a name that is alike, beside an address
)

// Similar is a reader who may be the same person as another.
type Similar struct {
	Reader
	Why     []string  // as above
	Contact ID        // who acts for them, themselves if they do; 0: nobody
	Address AddressID // that one's newest; 0: none
	Two     bool      // they act for themselves, and so does the other: as contacts they cannot be joined
}

// alikeMost is how many are proposed.
const alikeMost = 10

// phoneAnswered is the phone number that was given beside an e-mail, as the index has it.
const phoneAnswered = `(jsonb_path_query_first(g.answers, '$[*] ? (@.key == "phone")') ->> 'value')`

const hasPhone = `jsonb_path_exists(g.answers, '$[*] ? (@.key == "phone")')`

// Each look-up stays on its index and is bounded: a name or a birthday may be that of hundreds. Among 100 000 readers it takes some 5 ms, and 50 ms for who was
// born on the day that stands for an unknown one (BenchmarkAlike).
const alike = `with me as (select * from readers where library_id = $1 and id = $2),
phones as (
  select phone from me where phone is not null
  union select ` + phoneAnswered + ` from registrations g where g.library_id = $1 and g.reader_id = $2 and ` + hasPhone + `),
found as (
  (select r.id, 'phone' as why from phones p join readers r on r.library_id = $1 and r.phone = p.phone limit 50)
  union all
  (select g.reader_id, 'phone' from phones p join registrations g on g.library_id = $1 and ` + phoneAnswered + ` = p.phone and ` + hasPhone + ` where p.phone <> '' limit 50)
  union all
  (select r.id, 'email' from me join readers r on r.library_id = $1 and lower(r.email) = lower(me.email) limit 50)
  union all
  (select r.id, 'name' from me join readers r on r.library_id = $1 and r.name_key = me.name_key and r.erased_at is null where me.name_key <> '' limit 50)
  union all
  (select r.id, 'born' from readers r where r.library_id = $1 and r.born = any($3::date[]) limit 1000)),
each as (select id, array_agg(distinct why) as why from found where id <> $2 group by id)
select ` + readerColumns + `, each.why, r.name_key,
  coalesce(c.contact_id, 0) as contact,
  coalesce((select max(a.id) from addresses a where a.library_id = $1 and a.contact_id = c.contact_id), 0) as address,
  coalesce(c.relation = 'self', false) and exists (select from contact_readers m where m.library_id = $1 and m.reader_id = $2 and m.relation = 'self') as two,
  exists (select from contact_readers m join contact_readers t on t.library_id = $1 and t.contact_id = m.contact_id and t.reader_id = r.id
    where m.library_id = $1 and m.reader_id = $2) as together
from each join readers r on r.library_id = $1 and r.id = each.id and r.erased_at is null and r.double_of is null
left join lateral (select contact_id, relation from contact_readers x where x.library_id = $1 and x.reader_id = r.id
  order by x.relation = 'self' desc, x.created_at desc limit 1) c on true`

// candidate is a reader as found, before it is weighed.
type candidate struct {
	Similar
	NameKey  string
	Together bool // one contact acts for both: a family shares its addresses
}

// Alike gives readers who may be the same person: by e-mail, phone, and name with day of birth, in whatever order, spelling or alphabet the name was written
// and with a slip in either. They are proposed to staff, never joined by themselves. The likeliest first, at most ten; ErrNotFound.
func Alike(ctx context.Context, db DB, lib library.ID, id ReaderID) ([]Similar, error) {
	var key string
	var born *time.Time
	err := db.QueryRow(ctx, `select name_key, born from readers where library_id = $1 and id = $2`, lib, id).Scan(&key, &born)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("readers like %d: %w", id, err)
	}
	rows, err := db.Query(ctx, alike, lib, id, near(born))
	if err != nil {
		return nil, fmt.Errorf("readers like %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[candidate])
	if err != nil {
		return nil, fmt.Errorf("readers like %d: %w", id, err)
	}
	return weighed(found, key, born), nil
}

// weighed are those who have a reason, the strongest first.
func weighed(found []candidate, key string, born *time.Time) []Similar {
	var out []Similar
	weight := map[ReaderID]int{}
	for _, c := range found {
		c.Why, weight[c.ID] = c.reasons(key, born)
		if len(c.Why) > 0 {
			out = append(out, c.Similar)
		}
	}
	slices.SortFunc(out, func(a, b Similar) int {
		return cmp.Or(weight[b.ID]-weight[a.ID], cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), alikeMost)]
}

// reasons are why this may be who has the name and the day of birth, and how much they weigh together.
func (c candidate) reasons(key string, born *time.Time) (why []string, weight int) {
	name := likeness(key, c.NameKey)
	add := func(reason string, much int) { why, weight = append(why, reason), weight+much }
	family := c.Together && name < alikeNames
	if slices.Contains(c.Why, SameEmail) && !family {
		add(SameEmail, 4)
	}
	if slices.Contains(c.Why, SamePhone) && !family {
		add(SamePhone, 4)
	}
	sameDay := born != nil && c.Born != nil && born.Equal(*c.Born)
	nearDay := slices.Contains(c.Why, "born") && !sameDay
	switch {
	case sameDay && name == sameNames:
		add(SameNameBorn, 8)
	case sameDay && name == alikeNames:
		add(AlikeNameBorn, 6)
	case sameDay && name == partNames && !c.Together: // twins
		add(PartNameBorn, 3)
	case nearDay && name >= alikeNames:
		add(AlikeNear, 5)
	case name == sameNames && key == c.NameKey:
		add(SameName, 2)
	case len(why) > 0 && name >= alikeNames:
		add(AlikeName, 2)
	}
	return why, weight
}

// How much two names have in common.
const (
	otherNames = iota
	partNames  // one of several
	alikeNames // two at least, with mistakes or beside one that differs
	sameNames  // all, but for one that is left out
)

// likeness compares names as name_key writes them: in the order of the alphabet, each as it sounds.
func likeness(one, two string) int {
	short, long := strings.Fields(one), strings.Fields(two)
	if len(short) > len(long) {
		short, long = long, short
	}
	exact, loose := 0, 0
	var left []string
	for _, w := range short {
		if i := slices.Index(long, w); i >= 0 {
			long = slices.Delete(long, i, i+1)
			exact++
		} else {
			left = append(left, w)
		}
	}
	for _, w := range left {
		if i := slices.IndexFunc(long, func(other string) bool { return slip(w, other) }); i >= 0 {
			long = slices.Delete(long, i, i+1)
			loose++
		}
	}
	switch {
	case exact == len(short) && exact >= 2:
		return sameNames
	case exact+loose >= 2:
		return alikeNames
	case exact+loose == 1:
		return partNames
	}
	return otherNames
}

// slip reports whether one word may be the other with a letter wrong, left out, put in, or changed over with its neighbour; in a long word two. A single
// letter may stand for a name.
func slip(one, two string) bool {
	a, b := []rune(one), []rune(two)
	if len(a) > len(b) {
		a, b = b, a
	}
	switch {
	case len(a) == 0:
		return false
	case len(a) == 1:
		return a[0] == b[0]
	case len(a) < 4 || len(b)-len(a) > 2:
		return false
	}
	most := 1
	if len(a) >= 7 {
		most = 2
	}
	return Distance(a, b) <= most
}

// Distance is the number of such slips between two words.
func Distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// near are the day and those that may be meant by it: a day, a month, a year or ten beside it, or day and month changed over.
func near(born *time.Time) []time.Time {
	if born == nil {
		return []time.Time{}
	}
	out := []time.Time{*born}
	for _, by := range [][3]int{{0, 0, 1}, {0, 0, -1}, {0, 1, 0}, {0, -1, 0}, {1, 0, 0}, {-1, 0, 0}, {10, 0, 0}, {-10, 0, 0}} {
		out = append(out, born.AddDate(by[0], by[1], by[2]))
	}
	if turned := time.Date(born.Year(), time.Month(born.Day()), int(born.Month()), 0, 0, 0, 0, time.UTC); born.Day() <= 12 {
		out = append(out, turned)
	}
	return out
}

// Proposed reports whether one contact acts for a reader who may be the same person as one of the other's.
func Proposed(ctx context.Context, db DB, lib library.ID, one, other ID) (bool, error) {
	rows, err := db.Query(ctx, `select reader_id from contact_readers where library_id = $1 and contact_id = $2 order by reader_id`, lib, one)
	if err != nil {
		return false, fmt.Errorf("readers of contact %d: %w", one, err)
	}
	readers, err := pgx.CollectRows(rows, pgx.RowTo[ReaderID])
	if err != nil {
		return false, fmt.Errorf("readers of contact %d: %w", one, err)
	}
	for _, id := range readers {
		found, err := Alike(ctx, db, lib, id)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(found, func(s Similar) bool { return s.Contact == other }) {
			return true, nil
		}
	}
	return false, nil
}
