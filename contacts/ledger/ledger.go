// Package ledger keeps what happened and is counted: facts that are only ever added, and that need no person to be counted.
package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// The kinds of fact.
const (
	Enquiry  = "enquiry"  // one request for a service; the messages of one dialogue are one (S9)
	Consent  = "consent"  // somebody agreed to the text on personal data
	Applied  = "applied"  // a registration was sent
	Joined   = "joined"   // a reader was registered
	CardMade = "card"     // a card was issued
	Known    = "known"    // a reader with a card of the library's came to us with it
	Refusal  = "refusal"  // a registration was refused
	Answered = "answered" // a question was answered by a person
)

// Fact is one thing that happened.
type Fact struct {
	Library library.ID
	At      time.Time
	Day     library.Date // the library's own
	Kind    string
	Once    string // counted once for each value; empty: each time
	Channel string // kind of channel
	Age     *int   // on the day, where it is known
	Reader  int64  // 0: nobody in particular
	Staff   int64  // 0: nobody
}

// The order keeps two groups with the same keys from waiting for each other.
const insertFacts = `insert into facts (library_id, at, day, kind, once, channel, age, reader_id, staff_id)
select l, a, d, k, nullif(o, ''), ch, ag, nullif(r, 0), nullif(s, 0)
from unnest($1::bigint[], $2::timestamptz[], $3::date[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], $9::bigint[])
  as f (l, a, d, k, o, ch, ag, r, s)
order by l, o
on conflict (library_id, once) where once is not null do nothing`

// Queue adds the facts, one statement of the batch however many they are. A fact whose Once has been counted is left out.
func Queue(batch *pgx.Batch, facts []Fact) {
	if len(facts) == 0 {
		return
	}
	n := len(facts)
	libs, readers, staff := make([]int64, n), make([]int64, n), make([]int64, n)
	at, days, ages := make([]time.Time, n), make([]time.Time, n), make([]*int32, n)
	kinds, once, channels := make([]string, n), make([]string, n), make([]string, n)
	for i, f := range facts {
		libs[i], readers[i], staff[i] = int64(f.Library), f.Reader, f.Staff
		at[i], days[i] = f.At, f.Day.Time(time.UTC)
		kinds[i], once[i], channels[i] = f.Kind, f.Once, f.Channel
		if f.Age != nil {
			age := int32(*f.Age)
			ages[i] = &age
		}
	}
	batch.Queue(insertFacts, libs, at, days, kinds, once, channels, ages, readers, staff)
}

// Add adds the facts within the transaction.
func Add(ctx context.Context, tx pgx.Tx, facts ...Fact) error {
	batch := &pgx.Batch{}
	Queue(batch, facts)
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add %d facts: %w", len(facts), err)
	}
	return nil
}
