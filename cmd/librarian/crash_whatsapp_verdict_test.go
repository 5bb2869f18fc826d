package main

import (
	"regexp"

	"github.com/jackc/pgx/v5"
)

// openedLeft counts messages that were decrypted and are not done with.
const openedLeft = `select count(*) from whatsmeow_event_buffer where plaintext is not null`

// delivered waits until WhatsApp has nothing more to bring, when the phones have reported what they did not at once.
func (n *number) delivered() {
	n.Helper()
	for _, r := range n.readers {
		var ids []string
		for _, m := range r.mouth.(*phoneReader).phone.Inbox() {
			ids = append(ids, m.ID)
		}
		r.mouth.(*phoneReader).phone.Delivered(ids...)
	}
	n.await("each answer is known to be delivered, each message to be received", func() bool {
		return len(n.server.Unacked()) == 0 && n.unfinished() == "" && n.count(n.db, `select count(*) from outbox where state <> 'confirmed'`) == 0
	})
}

// judgeChats compares what was said, what is in the database, and what is at the phones.
func (n *number) judgeChats() {
	n.Helper()
	answers, copies := 0, 0
	for _, r := range n.readers {
		n.judge(r)
		a, c := n.judgePhone(r)
		answers, copies = answers+a, copies+c
	}
	n.judgeOwnPhone(answers)
	n.judgeWork()
	n.judgeFiles()
	n.judgeParents()
	for sql, want := range map[string]int{
		openedLeft:                              0,
		`select count(*) from whatsapp_people`:  len(n.readers),
		`select count(*) from whatsmeow_device`: 1,
		`select count(*) from whatsapp_media`:   0,
	} {
		if got := n.count(n.db, sql); got != want {
			n.Errorf("%d, wanted %d: %s", got, want, sql)
		}
	}
	n.Logf("%d answers at the phones, of which %d came more than once, under the same id; %d logins", answers, copies, n.account.Logins())
}

// judgePhone: each row of the outbox is one message at the phone, with the row's own id, in order; what came again bears the same id.
func (n *number) judgePhone(r *reader) (answers, copies int) {
	n.Helper()
	type sent struct{ ID, Text string }
	rows, err := n.db.Query(n.Context(), `select coalesce(o.provider_id, '') as id, o.body ->> 'text' as text from outbox o
join addresses a on a.library_id = o.library_id and a.id = o.conversation_id where a.external = $1 order by o.seq`, r.address())
	if err != nil {
		n.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[sent])
	if err != nil {
		n.Fatal(err)
	}
	inbox := r.mouth.(*phoneReader).phone.Inbox()
	if len(inbox) != len(all) {
		n.Errorf("reader %d: %d messages at the phone, %d were to be sent", r.number, len(inbox), len(all))
	}
	for i, m := range inbox[:min(len(inbox), len(all))] {
		if m.Err != nil || m.ID != all[i].ID || m.Text() != all[i].Text {
			n.Errorf("reader %d, answer %d: sent %+v, at the phone %s %q %v", r.number, i+1, all[i], m.ID, m.Text(), m.Err)
		}
		copies += min(m.Copies-1, 1)
	}
	return len(all), copies
}

// judgeOwnPhone: the library's own phone shows each answer, once.
func (n *number) judgeOwnPhone(answers int) {
	n.Helper()
	seen := map[string]bool{}
	for _, m := range n.account.Copies() {
		if seen[m.ID] || m.Err != nil {
			n.Errorf("%s at the library's phone: twice %v, %v", m.ID, seen[m.ID], m.Err)
		}
		seen[m.ID] = true
	}
	if len(seen) != answers {
		n.Errorf("%d answers at the library's phone, wanted %d", len(seen), answers)
	}
}

var collapse = regexp.MustCompile(`(?m)^.*(panic|goroutine \d|DATA RACE|fatal error).*$`)

// ends stops a process and looks for what broke inside it.
func (n *number) ends(w *world) {
	n.Helper()
	if took, err := w.stop(); err != nil || took > stopLimit {
		n.Errorf("the service stopped after %v: %v", took, err)
	}
	for _, line := range collapse.FindAllString(w.log.String(), 10) {
		n.Errorf("in the log: %s", line)
	}
}
