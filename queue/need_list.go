package queue

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// NeedID names a group: what is missed, with all its ways of writing.
type NeedID int64

// Need is what people miss, counted.
type Need struct {
	ID         NeedID
	Kind       NeedKind
	Words      string // as most people write it
	People     int    // each once, however often and in how many chats they have said it
	First      time.Time
	Last       time.Time
	Segments   []NeedSegment
	Open       bool
	Note       string // what staff have decided; of an open one, before it was asked for again
	Decided    *time.Time
	DecidedBy  string // name
	Version    int
	Categories int // how many there are, known and unknown
}

// NeedSegment is how many of those who miss it belong to a part of the readers.
type NeedSegment struct {
	Category string `json:"category"` // as NewNeed has it; empty: not known
	People   int    `json:"people"`
}

// NeedFilter chooses groups.
type NeedFilter struct {
	Kind    NeedKind // empty: all
	Since   time.Time
	Decided bool // those on which staff have decided, instead of those that wait
	After   NeedCursor
	Limit   int // 1 to 200, else 50
}

// NeedCursor is a place in the list of groups: the last one seen. The zero value is the start.
type NeedCursor struct {
	People int
	Last   time.Time
	ID     NeedID
}

// Cursor is the group's place in its list.
func (n Need) Cursor() NeedCursor { return NeedCursor{n.People, n.Last, n.ID} }

// String is the cursor as part of an address.
func (c NeedCursor) String() string {
	if c == (NeedCursor{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", c.People, c.Last.UnixMicro(), c.ID)
}

// ParseNeedCursor reads what String wrote. Anything else is the start.
func ParseNeedCursor(s string) NeedCursor {
	people, rest, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(people)
	at := ParseCursor(rest)
	if err != nil || n < 0 || n > math.MaxInt32 || at == (Cursor{}) {
		return NeedCursor{}
	}
	return NeedCursor{People: n, Last: at.At, ID: NeedID(at.ID)}
}

// needPeople counts people: whoever is forgotten or was named by staff is one row.
const needPeople = `count(distinct s.contact_id) + count(*) filter (where s.contact_id is null)`

// needOf are the needs of the group p.
const needOf = `from needs_said s where s.library_id = $1 and s.said_at >= $2
    and s.topic_id in (select id from need_topics where library_id = $1 and id = p.id union all select id from need_topics where library_id = $1 and same_as = p.id)`

// What a group's people have said is put together for the page alone, not for all groups.
const (
	needColumns = `p.id, p.kind, w.words, p.people, p.first, p.last, c.segments, c.categories, p.open, p.note, p.decided_at as decided, coalesce(st.name, '') as decided_by,
  p.version
from p
cross join lateral (select mode() within group (order by s.words) as words ` + needOf + `) w
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('category', k.category, 'people', k.people) order by k.people desc, k.category), '[]') as segments, count(*) as categories
  from (select s.category, ` + needPeople + ` as people ` + needOf + ` group by s.category) k) c
left join staff st on st.id = p.decided_by`

	listNeeds = `with p as materialized (
  select g.*, r.kind, r.open, r.note, r.decided_at, r.decided_by, r.version from (
    select coalesce(t.same_as, t.id) as id, ` + needPeople + ` as people, min(s.said_at) as first, max(s.said_at) as last
    from needs_said s join need_topics t on t.library_id = s.library_id and t.id = s.topic_id
    where s.library_id = $1 and s.said_at >= $2 and ($3::text = '' or t.kind = $3) group by 1) g
  join need_topics r on r.library_id = $1 and r.id = g.id and r.open = $4
  where (g.people, g.last, g.id) < ($5, $6, $7) order by g.people desc, g.last desc, g.id desc limit $8)
select ` + needColumns + ` order by p.people desc, p.last desc, p.id desc`

	getNeed = `with p as (
  select r.id, r.kind, r.open, r.note, r.decided_at, r.decided_by, r.version, ` + needPeople + ` as people, min(s.said_at) as first, max(s.said_at) as last
  from need_topics r join need_topics t on t.library_id = r.library_id and (t.id = r.id or t.same_as = r.id)
  join needs_said s on s.library_id = t.library_id and s.topic_id = t.id and s.said_at >= $2
  where r.library_id = $1 and r.id = $3 and r.same_as is null group by r.library_id, r.id)
select ` + needColumns
)

// ListNeeds gives the groups after the cursor: what most people miss first, of equal ones what was asked for last.
func (d *Desk) ListNeeds(ctx context.Context, lib library.ID, f NeedFilter) ([]Need, error) {
	if f.After == (NeedCursor{}) {
		f.After = NeedCursor{math.MaxInt32, latest(), math.MaxInt64}
	}
	list, err := all[Need](ctx, d.pool, listNeeds, lib, f.Since, f.Kind, !f.Decided, f.After.People, f.After.Last, f.After.ID, pageSize(f.Limit))
	if err != nil {
		return nil, fmt.Errorf("list needs of library %d: %w", lib, err)
	}
	return list, nil
}

// GetNeed gives the group, or ErrNotFound: also for one that counts in another by now.
func (d *Desk) GetNeed(ctx context.Context, lib library.ID, id NeedID) (Need, error) {
	n, err := one[Need](ctx, d.pool, getNeed, lib, time.Time{}, id)
	if err != nil {
		return Need{}, fmt.Errorf("need %d: %w", id, err)
	}
	return n, nil
}

const needGroup = `select coalesce(same_as, id) from need_topics where library_id = $1 and id = $2`

// NeedGroup is the group in which the id counts by now: itself, or the one that staff have put it to. ErrNotFound when there is none.
func (d *Desk) NeedGroup(ctx context.Context, lib library.ID, id NeedID) (group NeedID, err error) {
	err = d.pool.QueryRow(ctx, needGroup, lib, id).Scan(&group)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("group of need %d: %w", id, err)
	}
	return group, nil
}

// NeedVoice is one who misses it.
type NeedVoice struct {
	ID           int64
	Words        string
	Conversation bots.ConversationID // 0: staff have noted it, or the person is forgotten
	Name         string              // of the reader, of the contact, or of whom staff named; empty: nobody knows
	Category     string
	Channel      bots.Kind
	By           string // of staff, who noted it
	At           time.Time
}

const needVoices = `
select s.id, s.words, coalesce(s.conversation_id, 0) as conversation, s.name, s.category, s.channel, coalesce(st.name, '') as by, s.said_at as at
from needs_said s left join staff st on st.id = s.staff_id
where s.library_id = $1 and s.topic_id in (select id from need_topics where library_id = $1 and (id = $2 or same_as = $2)) and (s.said_at, s.id) < ($3, $4)
order by s.said_at desc, s.id desc limit $5`

// NeedVoices gives who misses it, the latest first, before the cursor (the zero value: from the latest), at most limit (1 to 200, else 50).
func (d *Desk) NeedVoices(ctx context.Context, lib library.ID, id NeedID, before Cursor, limit int) ([]NeedVoice, error) {
	if before == (Cursor{}) {
		before = Cursor{At: latest(), ID: math.MaxInt64}
	}
	list, err := all[NeedVoice](ctx, d.pool, needVoices, lib, id, before.At, before.ID, pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("who said need %d: %w", id, err)
	}
	return list, nil
}

// NeedWriting is a way of writing that staff have put to a group.
type NeedWriting struct {
	ID    NeedID
	Words string
}

const needWritings = `
select t.id, coalesce((select mode() within group (order by n.words) from needs n where n.library_id = t.library_id and n.topic_id = t.id), t.key) as words
from need_topics t where t.library_id = $1 and t.same_as = $2 order by t.id`

// NeedWritings are the other ways of writing of the group, which were groups themselves before.
func (d *Desk) NeedWritings(ctx context.Context, lib library.ID, id NeedID) ([]NeedWriting, error) {
	list, err := all[NeedWriting](ctx, d.pool, needWritings, lib, id)
	if err != nil {
		return nil, fmt.Errorf("ways of writing need %d: %w", id, err)
	}
	return list, nil
}
