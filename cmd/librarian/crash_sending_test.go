package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email/mailtest"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// posting is an installation that is killed while it sends letters: answers to readers, slips to a department, and the pages that are ordered.
type posting struct {
	*crash
	server     *mailtest.Server
	gate       *letterGate
	librarian  fragments.Actor
	department int64
	readers    int             // who have written
	answered   map[string]bool // slips, by Message-ID
	pages      map[int][]byte  // compressed bytes of the picture that was brought, by the number of its order: a PDF has them as they came
	returned   int             // letters of the department

	killed []atKill
}

// A service that is killed while it sends letters loses none and sends each once; only one of which the mail server had the end at a kill, and the program no
// answer stored, goes once more, under the same Message-ID. Every order ends with its pages in its reader's mailbox (issue 4, Shows 4). LIBRARIAN_SEED
// repeats the times of a run.
func TestCrashOfSending(t *testing.T) {
	t.Parallel()
	rounds := pgtest.Rounds(t, 3)
	p := newPosting(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(rounds)*20*time.Second)
	defer cancel()
	p.fill()
	gaps := p.postGaps()
	for n := range rounds {
		if n%len(gaps) == 0 && n > 0 { // the first are those that hurt most
			p.rng.Shuffle(len(gaps), func(i, j int) { gaps[i], gaps[j] = gaps[j], gaps[i] })
		}
		p.round(ctx, gaps[n%len(gaps)])
		p.remember()
	}
	p.goOn()
	p.awaitWithin(3*patienceOfTests, "all orders are sent", func() bool { // a claim that the dead process was still making lasts its time
		p.feed(0)
		return p.count(p.db, `select count(*) from orders where state <> 'sent'`) == 0
	})
	p.awaitWithin(2*patienceOfTests, "nothing is left to do", func() bool { return p.unfinished() == "" })
	p.tell()
	p.judgeLetters()
	p.judgeOrders()
	p.judgeParents()
	if took, err := p.stop(); err != nil || took > 10*time.Second {
		t.Errorf("the service stopped after %v: %v", took, err)
	}
}

func newPosting(t *testing.T) *posting {
	t.Helper()
	p := &posting{server: mailtest.New(t), crash: newCrash(t, seed(t)), answered: map[string]bool{}, pages: map[int][]byte{}}
	p.gate = newLetterGate(t, p.server.Addr)
	p.begin()
	p.addMailboxBehind(p.server, p.gate.door.Addr().String())
	ctx := t.Context()
	err := pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) (err error) {
		err = tx.QueryRow(ctx, `update departments set way = 'email', email = $1 where id = (select min(id) from departments) returning id`, slipUser+"@"+mailtest.Domain).
			Scan(&p.department)
		if err != nil {
			return err
		}
		p.librarian.Role = queue.RoleLibrarian
		return tx.QueryRow(ctx, `insert into staff (library_id, login, name, role, password_hash) values (1, 'olga', 'Olga', 'librarian', '') returning id`).Scan(&p.librarian.Staff)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fill goes on until there are orders in each state, and kills the service for the first time.
func (p *posting) fill() {
	p.Helper()
	p.feed(8)
	p.await("pages have come", func() bool {
		if p.count(p.db, `select count(*) from orders`) < 4 { // the others order while it is killed
			p.place(1)
		}
		p.bring()
		return p.count(p.db, `select count(*) from orders where state = 'came'`) >= 3
	})
	p.kill()
	p.alone()
	p.age()
}

// feed gives the service work of every kind, with so many new readers.
func (p *posting) feed(newcomers int) {
	p.Helper()
	for range newcomers {
		p.readers++
		from := fmt.Sprintf("reader%d@%s", p.readers, mailtest.Domain)
		p.server.Post(p.T, from, ourAddress, letterOf(from, ourAddress, fmt.Sprintf("Message-ID: <%d@reader.test>\r\nSubject: Books\r\n", p.readers), "Good day"))
	}
	p.bring()
	p.letGo()
	p.place(2) // the last: a slip is written within a second
}

// place orders a page for so many of the readers who have a conversation and no order yet.
func (p *posting) place(most int) {
	p.Helper()
	p.acts(fmt.Sprintf(`select id from conversations c where exists (select from addresses a where a.id = c.id and a.external like 'reader%%')
and not exists (select from orders o where o.conversation_id = c.id)
order by id limit %d`, most), func(ctx context.Context, tx pgx.Tx, lib library.Library, conv int64) error {
		var reader contacts.ReaderID
		err := tx.QueryRow(ctx, `with r as (insert into readers (library_id, name, card) values (1, 'Reader', $1::bigint::text) returning library_id, id)
insert into contact_readers (library_id, contact_id, reader_id, relation)
select r.library_id, a.contact_id, r.id, 'self' from r, addresses a where a.id = $1::bigint returning reader_id`, conv).Scan(&reader)
		if err != nil {
			return err
		}
		o, err := fragments.Place(ctx, tx, fragments.Wish{
			Library: lib, Kind: fragments.Fragment, Reader: reader, Conversation: bots.ConversationID(conv), Channel: bots.Email,
			Title: "A book", Pages: "a page", Count: 1, Want: "photo", At: time.Now(),
		})
		if err != nil {
			return err
		}
		_, err = fragments.Route(ctx, tx, lib, o.ID, p.librarian, p.department, time.Now())
		return err
	})
}

// bring answers the slips that have come: with one page, of the order's own number.
func (p *posting) bring() {
	p.Helper()
	for _, slip := range p.server.Letters(p.T, slipUser, 0) {
		if p.answered[slip.MessageID] {
			continue
		}
		p.answered[slip.MessageID] = true
		p.returned++
		number, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(slip.Subject))
		if err != nil {
			p.Fatalf("slip %q: %v\n%s", slip.Subject, err, slip.Text)
		}
		page := pagePhoto(p.T, number, 0)
		p.pages[number] = page[bytes.Index(page, []byte{0xff, 0xda}):] // from the start of the scan
		from := slipUser + "@" + mailtest.Domain
		p.server.Post(p.T, from, ourAddress, letterOf(from, ourAddress,
			fmt.Sprintf("Message-ID: <%d@storage.test>\r\nIn-Reply-To: <%s>\r\nSubject: Pages\r\n", p.returned, slip.MessageID), "Here", attached{"page.jpg", page}))
	}
}

// letGo lets all pages go out that have come.
func (p *posting) letGo() {
	p.Helper()
	p.acts(`select conversation_id from orders where state = 'came'`, func(ctx context.Context, tx pgx.Tx, lib library.Library, conv int64) error {
		var id fragments.ID
		if err := tx.QueryRow(ctx, `select id from orders where conversation_id = $1`, conv).Scan(&id); err != nil {
			return err
		}
		_, err := fragments.Release(ctx, tx, lib, id, p.librarian, false, time.Now())
		return err
	})
}

// acts does something with each conversation that the query finds, as the desk does: in a transaction that holds it.
func (p *posting) acts(find string, do func(ctx context.Context, tx pgx.Tx, lib library.Library, conv int64) error) {
	p.Helper()
	ctx := p.Context()
	lib, err := contacts.NewLibraries(p.db, time.Now).ByID(ctx, 1)
	if err != nil {
		p.Fatal(err)
	}
	rows, err := p.db.Query(ctx, find)
	if err != nil {
		p.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		p.Fatal(err)
	}
	for _, conv := range all {
		err := pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `select from conversations where id = $1 for update`, conv); err != nil {
				return err
			}
			return do(ctx, tx, lib, conv)
		})
		if err != nil {
			p.Fatal(err)
		}
	}
}
