package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// What was sent to a person stays theirs, though the bot speaks again by the time that it can be worked.
func TestPhotoForAPersonIsNotTheFlows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrives := make(chan struct{})
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) {
		<-arrives
		return text("слова"), nil
	}
	i := w.start()
	t.Cleanup(func() {
		select {
		case <-arrives:
		default:
			close(arrives)
		}
	})
	olga := w.staff("olga")
	w.say(i, "anna", "меню")
	w.press(i, "anna", "register")
	w.takeOver(i, "anna", olga)
	w.receive(i, w.photo("anna", "private", ""))
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return i.HandBack(ctx, tx, w.lib, w.conv("anna"), olga) })
	w.await("the bot speaks again", func() bool {
		return w.count(`select count(*) from events where kind = 'resume' and state = 'done'`) == 1
	})
	w.receive(i, w.photo("anna", "for-the-bot", ""))
	said, step, turn := w.said("anna"), w.step("anna"), w.turn("anna")
	close(arrives)
	w.inspected("anna", 2)
	w.pass(10 * time.Second)
	w.settle("anna")
	if got := w.strings(`select external_id || ' ' || muted || ' ' || coalesce(turn ->> 'muted', 'false') from events
where json_array_length(body -> 'files') > 0 order by seq`); !slices.Equal(got, []string{"m:private true true", "m:for-the-bot false false"}) {
		t.Errorf("worked as %q", got)
	}
	if got := w.turn("anna"); got != turn+1 {
		t.Errorf("%d turns, want the one of the second photo", got-turn)
	}
	if got := w.answers("anna", said); len(got) == 0 || w.step("anna") != step {
		t.Errorf("at %s, said %q", w.step("anna"), got)
	}
}

func TestUnreadableLibraryHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.crowd(i, 2)
	i.stop()
	var other library.ID
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if other, err = contacts.AddLibrary(ctx, tx, "second", "Europe/Kyiv", settings()); err != nil {
			return err
		}
		_, err = bots.AddChannel(ctx, tx, w.secrets, bots.Account{Library: other, Kind: bots.WebChat, Name: "chat"}, "")
		return err
	})
	w.move(3 * time.Second) // what was read of the libraries is old
	in := w.message("stranger", "hello", "меню")
	in.Library = other
	w.scan(&in.Channel, `select id from channels where library_id = $1`, other)
	if err := w.newRunner(bots.NewSignals(w.pool)).Keep(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	w.exec(`update events set state = 'done' where conversation_id = $1`, w.conv("stranger"))
	w.wait("меню")
	w.exec(`update libraries set zone = 'Mars/Olympus' where id = $1`, other)
	w.move(3 * time.Second)
	w.start()
	w.await("the other library is answered", func() bool {
		return w.count(`select count(*) from events where external_id = 'm:меню' and state = 'done'`) == 2
	})
	for n := 1; n < 5; n++ {
		w.await(fmt.Sprintf("attempt %d", n), func() bool { return w.count(`select max(attempts) from events`) >= n })
		w.pass(time.Duration(n*n) * time.Second)
	}
	w.settle("stranger")
	if got := w.strings(`select kind || ' ' || library_id from tasks`); !slices.Equal(got, []string{fmt.Sprintf("stuck %d", other)}) {
		t.Errorf("tasks: %q", got)
	}
	if n := w.count(`select count(*) from events where attempts > 0 and library_id = $1`, w.lib); n != 0 {
		t.Errorf("%d of the other library count as failed", n)
	}
}

// An upload that was acknowledged is linked when it is stored; the copy that a repeat brought is not.
func TestUploadIsLinkedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	i.stop() // nobody will look at the file
	r := w.newRunner(bots.NewSignals(w.pool))
	var ids []string
	for range 2 {
		kept, err := w.store.Put(t.Context(), w.lib, strings.NewReader("слова"), files.Meta{Name: "слова.txt"}, bots.MaxFile)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(kept.ID))
		in := w.message("anna", "upload", "")
		in.Files = []bots.InboundFile{{File: string(kept.ID), Name: "слова.txt"}}
		if err := r.Keep(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.strings(`select id::text from files where linked`); !slices.Equal(got, ids[:1]) {
		t.Errorf("linked %q of %q", got, ids)
	}
}

func TestDraftsAreForgottenWithTheirPhotos(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	var ids []string
	for n := range 3 {
		kept, err := w.store.Put(t.Context(), w.lib, strings.NewReader(fmt.Sprint("слова ", n)), files.Meta{Name: "слова.txt"}, bots.MaxFile)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(kept.ID))
	}
	for _, sender := range []string{"anna", "boris"} {
		w.say(i, sender, "меню")
		w.press(i, sender, "register")
	}
	w.press(i, "anna", "self")
	w.press(i, "anna", "yes")
	w.say(i, "anna", "Тайная Анна Петровна")
	const kept = `select (select count(*) from events where turn::text like '%Тайная%') + (select count(*) from events where body::text like '%Тайная%')`
	if n := w.count(kept); n != 2 {
		t.Errorf("what was typed lies in %d places, want the body and the turn", n)
	}
	w.exec(`update conversations set state = jsonb_set(state::jsonb, '{vars}', jsonb_build_object('photos', $2::text)) where id = $1`, w.conv("anna"), ids[0])
	w.exec(`update conversations set state = jsonb_build_object('flow', 'question', 'step', 'ask', 'held', state::jsonb || jsonb_build_object('vars', jsonb_build_object('photos', $2::text)))
where id = $1`, w.conv("boris"), ids[1])
	if n, err := i.ForgetDrafts(t.Context(), w.lib, w.Now().Add(time.Hour)); err != nil || n != 2 {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	if got := w.strings(`select id::text from files where state = 'purged' order by array_position($1::text[], id::text)`, ids); !slices.Equal(got, ids[:2]) {
		t.Errorf("purged %q of %q", got, ids)
	}
	if n := w.count(kept); n != 0 {
		t.Errorf("what was typed lies in %d places yet", n)
	}
	if n := w.count(`select count(*) from events where body ->> 'text' = 'меню'`); n != 2 {
		t.Errorf("%d of two words outside of the draft stay", n)
	}
	if n := w.count(`select count(*) from conversations where state::text <> '{}'`); n != 0 {
		t.Errorf("%d drafts stay", n)
	}
}
