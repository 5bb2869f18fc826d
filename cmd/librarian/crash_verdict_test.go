package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// quiet waits until nothing is left to do.
func (c *crash) quiet() {
	c.Helper()
	deadline := time.Now().Add(patienceOfTests)
	for c.unfinished() != "" {
		if time.Now().After(deadline) {
			c.Errorf("left over: %s", c.unfinished())
			return
		}
		time.Sleep(50 * time.Millisecond) // another process signals nobody here: the database is asked again
	}
}

// unfinished says what is left to do.
func (c *crash) unfinished() string {
	c.Helper()
	var left []string
	for _, what := range []struct{ name, sql string }{
		{"events", `select count(*) from events where state <> 'done'`},
		{"conversations that are ready", `select count(*) from conversations where ready_at is not null`},
		{"notes of dead processes", `select count(*) from working w where not exists (
  select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid = 27753 and l.objid = w.instance::oid
  and l.database = (select oid from pg_database where datname = current_database()))`},
		{"messages", `select count(*) from outbox where state not in ('sent', 'confirmed')`},
	} {
		if n := c.count(c.db, what.sql); n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, what.name))
		}
	}
	return strings.Join(left, ", ")
}

// tell prints what the kills found.
func (c *crash) tell() {
	c.Helper()
	var out strings.Builder
	var all tally
	fmt.Fprintf(&out, "%-34s %5s %7s | in hand: %10s %7s %6s %6s %8s %8s\n", "gap", "kills", "entered", "unfinished", "working", "queued", "leased", "fetching", "arriving")
	print := func(name string, t tally) {
		fmt.Fprintf(&out, "%-34s %5d %7d | %9s%10d %7d %6d %6d %8d %8d\n", name, t.kills, t.entered, "", t.unfinished, t.working, t.queued, t.leased, t.fetching, t.arriving)
	}
	for _, name := range slices.Sorted(maps.Keys(c.tallies)) {
		t := c.tallies[name]
		print(name, *t)
		all = tally{
			all.kills + t.kills, all.entered + t.entered, all.unfinished + t.unfinished, all.working + t.working,
			all.queued + t.queued, all.leased + t.leased, all.fetching + t.fetching, all.arriving + t.arriving,
		}
	}
	print("all", all)
	c.Logf("a start takes %v\n%s", c.startTime.Round(time.Millisecond), out.String())
}

// verdict compares what was said, what is in the database, and what came back.
func (c *crash) verdict() {
	c.Helper()
	for _, r := range c.readers {
		c.judge(r)
	}
	c.judgeRepeats()
	c.judgeWork()
	c.judgeFiles()
	c.judgeParents()
}

// judge follows one reader's conversation.
func (c *crash) judge(r *reader) {
	c.Helper()
	var conv, nextEvent, nextOut, turn int
	err := c.db.QueryRow(c.Context(), `select c.id, c.next_event, c.next_out, c.turn from conversations c join addresses a on a.library_id = c.library_id and a.id = c.id
where a.external = $1`, r.address()).Scan(&conv, &nextEvent, &nextOut, &turn)
	if err != nil {
		c.Fatalf("conversation of reader %d: %v", r.number, err)
	}
	stored := c.list(`select kind || ' ' || state || ' ' || external_id from events where conversation_id = $1 order by seq`, conv)
	turns := len(r.ids)
	if r.aside {
		turns = len(r.opening()) // then the bot was silent
	}
	if len(stored) != len(r.ids) || nextEvent != len(r.ids)+1 || turn != turns {
		c.Errorf("reader %d sent %d messages: %d events, the next is %d, %d turns", r.number, len(r.ids), len(stored), nextEvent, turn)
	}
	for i, id := range r.ids[:min(len(r.ids), len(stored))] {
		if want := "message done m:" + id; stored[i] != want && (id != "cb:" || !strings.HasPrefix(stored[i], want)) {
			c.Errorf("reader %d, message %d: %q is stored, wanted %q", r.number, i, stored[i], want)
		}
	}
	said := c.list(`select body ->> 'text' from outbox where conversation_id = $1 order by seq`, conv)
	if top := c.count(c.db, `select coalesce(max(seq), 0) from outbox where conversation_id = $1`, conv); top != len(said) || nextOut != top+1 {
		c.Errorf("reader %d: %d messages go up to %d, the next is %d", r.number, len(said), top, nextOut)
	}
	seen := r.heard()
	if len(said) != len(r.want) || len(seen) != len(r.want) {
		c.Errorf("reader %d: %d answers are due, %d stored, %d seen", r.number, len(r.want), len(said), len(seen))
	}
	numbered := c.text("common.choose_number", nil) // what a channel without buttons is told
	for i := range min(len(said), len(seen), len(r.want)) {
		if strings.Contains(said[i], numbered) && !r.whatsapp() || said[i] != seen[i].text || !strings.HasPrefix(said[i], r.want[i]) {
			c.Errorf("reader %d, answer %d: due %q, stored %q, seen %q", r.number, i+1, r.want[i], said[i], seen[i].text)
		}
	}
	if v, ok := r.mouth.(*webReader); ok {
		c.judgeStream(r, v)
	}
	c.judgeNotes(r, conv)
}

// judgeStream: what the reader wrote stands in the stream once, in order. A pressed button may be missing: the page shows it by itself.
func (c *crash) judgeStream(r *reader, v *webReader) {
	c.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.problems {
		c.Errorf("reader %d: %s", r.number, p)
	}
	var want []string
	for _, id := range r.ids {
		if !v.pressed[id] || slices.Contains(v.own, id) {
			want = append(want, id)
		}
	}
	if !slices.Equal(v.own, want) {
		c.Errorf("reader %d sent %v, the stream shows %v", r.number, want, v.own)
	}
}

// judgeNotes: the task holds what was asked and added, once and in order, as far as there is room.
func (c *crash) judgeNotes(r *reader, conv int) {
	c.Helper()
	if r.registers || r.aside {
		return
	}
	notes := c.list(`select note from tasks where conversation_id = $1`, conv)
	if len(notes) != 1 {
		c.Errorf("reader %d has %d tasks", r.number, len(notes))
		return
	}
	kept := slices.DeleteFunc(strings.Split(notes[0], "\n"), func(s string) bool { return s == "" })
	if !strings.HasPrefix(strings.Join(r.notes, "\n"), strings.Join(kept, "\n")) || len(kept) < min(len(r.notes), 100) {
		c.Errorf("reader %d wrote %q, the task holds %q", r.number, r.notes, kept)
	}
	if n := c.count(c.db, `select count(*) from task_log l join tasks t using (library_id) where t.id = l.task_id and t.conversation_id = $1 and l.act = 'note'`, conv); n != r.adds {
		c.Errorf("reader %d added %d times, the task was added to %d times", r.number, r.adds, n)
	}
}

// judgeParents finds rows whose conversation, channel, text or library is not there: no foreign key watches over those that are written with each turn.
func (c *crash) judgeParents() {
	c.Helper()
	for _, lost := range c.list(`select 'message ' || seq || ' of conversation ' || conversation_id from outbox o
where not exists (select from conversations c where c.library_id = o.library_id and c.id = o.conversation_id)
  or not exists (select from channels h where h.library_id = o.library_id and h.id = o.channel_id)
union all select 'consent ' || id from consents a where not exists (select from consent_texts t where t.library_id = a.library_id and t.hash = a.text_hash)
  or not exists (select from contacts k where k.library_id = a.library_id and k.id = a.contact_id)
  or a.address_id is not null and not exists (select from addresses d where d.library_id = a.library_id and d.id = a.address_id)
union all select 'fact ' || id from facts f where not exists (select from libraries l where l.id = f.library_id)`) {
		c.Errorf("%s belongs to nothing", lost)
	}
}

// judgeRepeats: only what was between a request to Telegram and its stored result at a kill came again, at most once for each such kill.
func (c *crash) judgeRepeats() {
	c.Helper()
	repeated, exposed := 0, 0
	for _, n := range c.inGap {
		exposed += n
	}
	for _, r := range c.readers {
		for i, h := range r.heard() {
			repeated += h.copies - 1
			if at := (row{r.address(), i + 1}); h.copies-1 > c.inGap[at] {
				c.Errorf("reader %d: answer %d came %d times, %d kills fell between its request and its result", r.number, i+1, h.copies, c.inGap[at])
			}
		}
	}
	c.Logf("repeats in Telegram: %d; at the kills %d messages were between request and stored result, at most %d at one kill, each of another chat", repeated, exposed, c.widest)
}

// judgeWork: what the turns asked for was done once.
func (c *crash) judgeWork() {
	c.Helper()
	messages, answers, agreed, registered, questions, enquiries := 0, 0, 0, 0, 0, 0
	for _, r := range c.readers {
		messages, answers = messages+len(r.ids), answers+len(r.want)
		agreed, registered = agreed+r.agreed, registered+r.registered
		asks := !r.registers && !r.aside
		if asks {
			questions++
		}
		if asks || r.registered > 0 { // who came to an end with something
			enquiries++
		}
	}
	for _, what := range []struct {
		sql  string
		want int
	}{
		{`select count(*) from events`, messages},
		{`select count(*) from outbox`, answers},
		{`select count(*) from consents`, agreed},
		{`select count(*) from facts where kind = 'consent'`, agreed},
		{`select count(*) from registrations where cardinality(photos) = 1`, registered},
		{`select count(*) from registrations`, registered},
		{`select count(*) from readers`, registered},
		{`select count(*) from facts where kind = 'applied'`, registered},
		{`select count(*) from tasks where kind = 'registration'`, registered},
		{`select count(*) from tasks where kind = 'question'`, questions},
		{`select count(*) from tasks`, questions + registered},
		{`select count(*) from facts where kind = 'enquiry'`, enquiries},
		{`select count(distinct once) from facts where kind = 'enquiry'`, enquiries},
		{`select count(*) from addresses`, len(c.readers)},
		{`select count(*) from contacts`, len(c.readers)},
		{`select count(*) from outbox o join channels h on h.id = o.channel_id where h.kind = 'telegram' and o.state <> 'confirmed'`, 0},
		{`select count(*) from outbox where state <> 'confirmed'`, 0},
	} {
		if n := c.count(c.db, what.sql); n != what.want {
			c.Errorf("%d, wanted %d: %s", n, what.want, what.sql)
		}
	}
	c.Logf("%d messages and %d answers of %d readers; %d registrations; %d of the events were tried more than once", messages, answers, len(c.readers), registered,
		c.count(c.db, `select count(*) from events where attempts > 0`))
}

// list reads one column of text.
func (c *crash) list(sql string, args ...any) []string {
	c.Helper()
	rows, err := c.db.Query(c.Context(), sql, args...)
	if err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
	return out
}
