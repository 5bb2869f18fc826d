package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// ErrTooManyNeeds says that the person has told enough of them for a day.
var ErrTooManyNeeds = errors.New("too many needs within a day")

// NeedKind is what somebody misses.
type NeedKind string

// The kinds.
const (
	NeedDigitise NeedKind = "digitise" // a book to be digitised first
	NeedSection  NeedKind = "section"  // a topic, an author or a book that the stock lacks
	NeedResource NeedKind = "resource" // a database or another resource to subscribe to
)

// NeedKinds are all kinds.
func NeedKinds() []NeedKind { return []NeedKind{NeedDigitise, NeedSection, NeedResource} }

// What is kept of a need, in characters, and how many a person may tell within a day.
const (
	NeedWordsMost = 400
	needKeyMost   = 500 // bytes of an index are few
	needWhoMost   = 200
	needsADay     = 20
)

// NewNeed is what somebody says that they miss.
type NewNeed struct {
	Library      library.ID
	Kind         NeedKind
	Words        string
	Key          string // of the words, as stock.Key has it: what has the same key is the same
	Conversation bots.ConversationID
	Contact      contacts.ID // to whom the conversation belongs
	Reader       contacts.ReaderID
	Category     string // the answer of their registration; of staff's note, any words
	Channel      bots.Kind
	By           StaffID // of staff, who notes it on behalf of Who, without a conversation
	Who          string
	At           time.Time
}

func (n NewNeed) valid() bool {
	said, noted := n.Conversation != 0 && n.Contact != 0, n.By != 0
	return slices.Contains(NeedKinds(), n.Kind) && strings.TrimSpace(n.Words) != "" && n.Key != "" && len(n.Key) <= 4*needKeyMost && said != noted &&
		within(NeedWordsMost, n.Words) && within(needKeyMost, n.Key) && within(needWhoMost, n.Who)
}

// within reports that the text has at most so many characters.
func within(most int, text string) bool { return len([]rune(text)) <= most }

const countNeedsSince = `select count(*) from needs_said where library_id = $1 and contact_id = $2 and said_at > $3`

// AddNeed notes what somebody misses and gives the group that it counts in; a group on which staff had decided waits for them again. Whoever says the
// same once more counts once. ErrTooManyNeeds after twenty within a day, ErrInvalid for a need without words or of an unknown kind.
func AddNeed(ctx context.Context, tx pgx.Tx, n NewNeed) (NeedID, error) {
	fail := func(err error) (NeedID, error) { return 0, fmt.Errorf("need in library %d: %w", n.Library, err) }
	if answer := []rune(n.Category); len(answer) > needWhoMost { // somebody's own words
		n.Category = string(answer[:needWhoMost])
	}
	if !n.valid() {
		return fail(ErrInvalid)
	}
	if n.Contact != 0 {
		var told int
		if err := tx.QueryRow(ctx, countNeedsSince, n.Library, n.Contact, n.At.AddDate(0, 0, -1)).Scan(&told); err != nil {
			return fail(err)
		}
		if told >= needsADay {
			return fail(ErrTooManyNeeds)
		}
	}
	topic, group, err := n.topic(ctx, tx)
	if err != nil {
		return fail(err)
	}
	again, err := tx.Exec(ctx, sayNeedAgain, n.Library, group, n.Contact, n.Who, n.Words, n.At, n.Category)
	if err != nil {
		return fail(err)
	}
	if again.RowsAffected() > 0 {
		return group, nil
	}
	if _, err := tx.Exec(ctx, insertNeed, n.Library, topic, n.Words, n.Conversation, n.Reader, n.Category, n.Channel, n.By, n.Who, n.At); err != nil {
		return fail(err)
	}
	return group, nil
}

const (
	addTopic = `insert into need_topics (library_id, kind, key) values ($1, $2, $3) on conflict do nothing`
	// All that lock several do so in the order of their numbers.
	lockTopics = `select from need_topics where library_id = $1 and id in (
  select unnest(array[id, same_as]) from need_topics where library_id = $1 and kind = $2 and key = $3) order by id for no key update`
	reopenTopic = `update need_topics g set open = true, version = g.version + 1 from need_topics t
where t.library_id = $1 and t.kind = $2 and t.key = $3 and g.library_id = t.library_id and g.id = coalesce(t.same_as, t.id) returning t.id, g.id`

	sayNeedAgain = `update needs n set words = $5, said_at = $6, category = $7
where n.library_id = $1 and n.id in (select s.id from needs_said s join need_topics t on t.library_id = s.library_id and t.id = s.topic_id
  where s.library_id = $1 and coalesce(t.same_as, t.id) = $2 and (s.contact_id = $3 or $3 = 0 and $4 <> '' and lower(s.who) = lower($4))
  order by s.said_at desc, s.id desc limit 1)`
	insertNeed = `insert into needs (library_id, topic_id, words, conversation_id, reader_id, category, channel, staff_id, who, said_at)
values ($1, $2, $3, nullif($4::bigint, 0), nullif($5::bigint, 0), $6, $7, nullif($8::bigint, 0), $9, $10)`
)

// topic finds or makes what is missed, and locks the group that it is in, so that nobody decides on it meanwhile.
func (n NewNeed) topic(ctx context.Context, tx pgx.Tx) (topic int64, group NeedID, err error) {
	for _, sql := range []string{addTopic, lockTopics} {
		if _, err := tx.Exec(ctx, sql, n.Library, n.Kind, n.Key); err != nil {
			return 0, 0, err
		}
	}
	err = tx.QueryRow(ctx, reopenTopic, n.Library, n.Kind, n.Key).Scan(&topic, &group)
	return topic, group, err
}

const forgetNeeds = `with mine as (
  select s.id, row_number() over (partition by coalesce(t.same_as, t.id) order by s.said_at desc, s.id desc) as nth
  from needs_said s join need_topics t on t.library_id = s.library_id and t.id = s.topic_id
  where s.library_id = $1 and s.contact_id = $2 and ($3::bigint = 0 or s.reader_id = $3)),
twice as (delete from needs n using mine where n.library_id = $1 and n.id = mine.id and mine.nth > 1)
update needs n set conversation_id = null, reader_id = null from mine where n.library_id = $1 and n.id = mine.id and mine.nth = 1`

// ForgetNeeds takes the person out of what they have said that they miss: each need still counts as one, and nobody can tell whose it was. For one reader of
// the contact alone, or all that the contact said where reader is 0.
func ForgetNeeds(ctx context.Context, tx pgx.Tx, lib library.ID, contact contacts.ID, reader contacts.ReaderID) error {
	if _, err := tx.Exec(ctx, forgetNeeds, lib, contact, reader); err != nil {
		return fmt.Errorf("forget needs of contact %d: %w", contact, err)
	}
	return nil
}
