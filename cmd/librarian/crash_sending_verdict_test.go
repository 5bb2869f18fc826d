package main

import (
	"bytes"
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots/email/mailtest"
)

// atKill is what was in the program's hands when it was killed.
type atKill struct {
	leased []letterRow
	ended  map[string]int // by Message-ID: how often the server had been given the letter by then
}

// letterRow names a message of the outbox.
type letterRow struct {
	Conversation int64
	Seq          int
}

// remember finds the letters that were in the dead program's hands, and which of them the server had.
func (p *posting) remember() {
	p.Helper()
	p.await("the connections to the mail server end", p.gate.idle)
	rows, err := p.db.Query(p.Context(), `select conversation_id as conversation, seq from outbox where state = 'leased'`)
	if err != nil {
		p.Fatal(err)
	}
	k := atKill{}
	if k.leased, err = pgx.CollectRows(rows, pgx.RowToStructByName[letterRow]); err != nil {
		p.Fatal(err)
	}
	k.ended, _ = p.gate.counts()
	p.killed = append(p.killed, k)
}

// exposed is at how many kills the server had just been given the letter, and nobody had noted that it took it.
func (p *posting) exposed(row letterRow, id string) (n int) {
	before := 0
	for _, k := range p.killed {
		for _, l := range k.leased {
			if l == row && k.ended[id] > before {
				n++
			}
		}
		before = k.ended[id]
	}
	return n
}

// mailbox are the letters of the user, by Message-ID.
func (p *posting) mailbox(user string, least int) (copies map[string]int, pdfs [][]byte) {
	p.Helper()
	copies = map[string]int{}
	for _, l := range p.server.Letters(p.T, user, least) {
		for _, f := range l.Files {
			if copies[l.MessageID] == 0 && strings.HasSuffix(f.Name, ".pdf") {
				pdfs = append(pdfs, f.Content)
			}
		}
		copies[l.MessageID]++
	}
	return copies, pdfs
}

// judgeLetters: what the mail server took lies in the mailboxes, and it is what was to be sent, once; or once more for each kill at which nobody could know.
func (p *posting) judgeLetters() {
	p.Helper()
	rows, err := p.db.Query(p.Context(), `select o.conversation_id as conversation, o.seq, o.provider_id as id, split_part(a.external, '@', 1) as user
from outbox o join addresses a on a.library_id = o.library_id and a.id = o.conversation_id`)
	if err != nil {
		p.Fatal(err)
	}
	type sent struct {
		letterRow
		ID, User string
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[sent])
	if err != nil {
		p.Fatal(err)
	}
	_, taken := p.gate.counts()
	due, seen := map[string]int{}, map[string]map[string]int{}
	for _, l := range all {
		due[l.User] += taken[l.ID]
	}
	for user, n := range due {
		seen[user], _ = p.mailbox(user, n)
	}
	letters, twice, exposures := 0, 0, 0
	for _, l := range all {
		copies, exposed := seen[l.User][l.ID], p.exposed(l.letterRow, l.ID)
		delete(seen[l.User], l.ID)
		if l.ID == "" || copies < 1 || copies > 1+exposed || copies != taken[l.ID] {
			p.Errorf("letter %d of conversation %d lies %d times in the mailbox of %s, was taken %d times; it was on its way at %d kills", l.Seq, l.Conversation, copies, l.User,
				taken[l.ID], exposed)
		}
		letters, twice, exposures = letters+1, twice+copies-1, exposures+exposed
	}
	for user, left := range seen {
		for id := range maps.Keys(left) {
			p.Errorf("%s has the letter %s, which nobody sent", user, id)
		}
	}
	p.Logf("%d letters; %d were with the server and not noted at a kill, %d went once more under their Message-ID", letters, exposures, twice)
}

// judgeOrders: each letter that came is stored once, each reader has ordered once, the department was asked once, and the page that it brought is in the
// reader's mailbox, in one PDF.
func (p *posting) judgeOrders() {
	p.Helper()
	for sql, want := range map[string]int{
		`select count(*) from letters where state = 'event'`:    p.readers,
		`select count(*) from letters where state = 'returned'`: p.returned,
		`select count(*) from letters`:                          p.readers + p.returned,
		`select count(*) from events where kind = 'message'`:    p.readers,
		`select count(*) from orders where state = 'sent'`:      p.readers,
		`select count(*) from order_slips`:                      p.readers,
		`select count(*) from order_parts`:                      p.readers,
		`select count(*) from outbox o join orders r on r.conversation_id = o.conversation_id where o.body::text like '%' || r.file_ids[1] || '%'`: p.readers,
	} {
		if n := p.count(p.db, sql); n != want {
			p.Errorf("%d, wanted %d: %s", n, want, sql)
		}
	}
	for n := range p.readers {
		user := fmt.Sprintf("reader%d", n+1)
		order := p.count(p.db, `select o.id from orders o join addresses a on a.id = o.conversation_id where a.external = $1`, user+"@"+mailtest.Domain)
		_, pdfs := p.mailbox(user, 0)
		if len(pdfs) != 1 {
			p.Errorf("%s has %d PDFs", user, len(pdfs))
			continue
		}
		if !bytes.Contains(pdfs[0], p.pages[order]) {
			p.Errorf("%s has not the page of order %d", user, order)
		}
	}
}
