package runner_test

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/papers"
	"librarian/templates"
)

// longConsent takes two pages.
func longConsent() string {
	return strings.Repeat("Библиотека хранит только то, что вы сказали.\n", 45)
}

// owing registers somebody in full and waits until their papers are drawn; it gives the registration and the token of the papers' codes.
func (w *world) owing(i *instance, sender string) (registration int64, token string) {
	w.Helper()
	w.joins(i, sender, "self")
	w.await("the papers of "+sender+" are drawn", func() bool {
		return w.count(`select count(*) from paper_orders where conversation_id = $1 and state = 'made'`, w.conv(sender)) == 1
	})
	w.settle(sender)
	w.scan(&registration, `select registration_id from paper_orders where conversation_id = $1 and state = 'made'`, w.conv(sender))
	w.scan(&token, `select token from paper_orders where conversation_id = $1 and state = 'made'`, w.conv(sender))
	return registration, token
}

// shot is a photo with what its inspection saw.
type shot struct {
	code     string
	unsigned bool
	problem  string
}

func shotOf(token string, kind papers.Kind, number int) shot {
	return shot{code: papers.Code(token, papers.Page{Kind: kind, Number: number})}
}

// taken puts the photo into the store as if it had been looked at.
func (w *world) taken(s shot) files.ID {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	data := "photo " + w.newID()
	f, err := w.store.Put(ctx, w.lib, strings.NewReader(data), files.Meta{Name: "IMG.jpg"}, int64(len(data)))
	if err != nil {
		w.Fatal(err)
	}
	w.exec(`update files set state = 'clean', kind = 'image', media_type = 'image/jpeg', problem = $2 where id = $1`, f.ID, s.problem)
	w.exec(`insert into file_sheets (library_id, file_id, number, code, unsigned, problem) values ($1, $2, 1, $3, $4, $5)`, w.lib, f.ID, s.code, s.unsigned, s.problem)
	return f.ID
}

// shows sends the photos one after the other, as a burst, and gives what is answered.
func (w *world) shows(i *instance, sender string, shots ...shot) []string {
	w.Helper()
	ids := make([]files.ID, len(shots))
	for n, s := range shots {
		ids[n] = w.taken(s)
	}
	return w.brings(i, w.message(sender, "", ""), ids...)
}

// brings sends files that are in the store, each in a message of its own that is otherwise as given, and gives what is answered.
func (w *world) brings(i *instance, as bots.Inbound, ids ...files.ID) []string {
	w.Helper()
	before := 0
	if w.known(as.Sender) {
		before = w.said(as.Sender)
	}
	for _, id := range ids {
		as.ID, as.Files = w.newID(), []bots.InboundFile{{File: string(id)}}
		w.receive(i, as)
	}
	w.await("all is looked at", func() bool {
		return w.count(`select count(*) from events where conversation_id = $1 and state = 'waiting'`, w.conv(as.Sender)) == 0
	})
	w.pass(11 * time.Second)
	w.settle(as.Sender)
	return w.answers(as.Sender, before)
}

// words is the shipped text with its fields.
func (w *world) words(key string, fields templates.Fields) string {
	w.Helper()
	text, err := w.texts.Render("ru", key, fields)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

// hears fails unless one of the messages holds the words.
func (w *world) hears(got []string, words ...string) {
	w.Helper()
	all := strings.Join(got, "\n")
	for _, want := range words {
		if !strings.Contains(all, want) {
			w.Errorf("heard %q, not %q", got, want)
		}
	}
}

// stand is where each page of the registration stands.
func (w *world) stand(registration int64) map[papers.Page]papers.PageStand {
	w.Helper()
	out := map[papers.Page]papers.PageStand{}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		stand, err := papers.Stand(ctx, tx, w.lib, registration)
		for _, p := range stand {
			out[p.Page] = p
		}
		return err
	})
	return out
}

// registrationState is how far the registration is, and how many tasks it has given.
func (w *world) registrationState(registration int64) (state string, tasks int) {
	w.Helper()
	w.scan(&state, `select state from registrations where id = $1`, registration)
	return state, w.count(`select count(*) from tasks where registration_id = $1`, registration)
}

// nothingIsLost holds that each file that came is linked.
func (w *world) nothingIsLost() {
	w.Helper()
	if n := w.count(`select count(*) from files f join events e on (e.body -> 'files')::jsonb @> jsonb_build_array(jsonb_build_object('file', f.id)) where not f.linked`); n != 0 {
		w.Errorf("%d files that came are shown by nothing", n)
	}
}
