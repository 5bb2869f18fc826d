package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// numberHolder holds a number in WhatsApp in place of the service: it has the lock, and writes what a holder writes.
type numberHolder struct {
	*testing.T
	pool *pgxpool.Pool
	lib  library.ID
	id   bots.ChannelID
}

// newHolder adds a number to the demo's library. Before anybody else knows of it the lock is taken, which lasts as long as the test.
func newHolder(t *testing.T, url string) *numberHolder {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	h := &numberHolder{T: t, pool: pool}
	if err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		if err := tx.QueryRow(t.Context(), `insert into channels (library_id, kind, name) select id, 'whatsapp', 'Читальный зал' from libraries where slug = 'demo'
returning library_id, id`).Scan(&h.lib, &h.id); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `select pg_advisory_lock($1, $2)`, pollLock, h.id); err != nil {
			return err
		}
		return bots.Notify(t.Context(), tx, bots.Signal{Topic: bots.TopicChannels, Library: h.lib, ID: int64(h.id)})
	}); err != nil {
		t.Fatal(err)
	}
	return h
}

// writes changes the link and says so, and marks the channel as its holder would.
func (h *numberHolder) writes(problem, set string, args ...any) {
	h.Helper()
	if err := pgx.BeginFunc(h.Context(), h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(h.Context(), `insert into whatsapp_links (library_id, channel_id) values ($1, $2) on conflict do nothing`, h.lib, h.id); err != nil {
			return err
		}
		// The test is shorter than the patience of who looks for signs of life, but for a busy machine.
		if _, err := tx.Exec(h.Context(), `update whatsapp_links set held_at = clock_timestamp() + interval '5 min', `+set+` where channel_id = $1`, append([]any{h.id}, args...)...); err != nil {
			return err
		}
		return bots.Notify(h.Context(), tx, bots.Signal{Topic: bots.TopicChannels, Library: h.lib, ID: int64(h.id)})
	}); err != nil {
		h.Fatal(err)
	}
	if _, err := bots.MarkChannel(h.Context(), h.pool, h.id, problem); err != nil {
		h.Fatal(err)
	}
}

// isAsked waits until that is asked of the number.
func (h *numberHolder) isAsked(want bots.LinkAsk) {
	h.Helper()
	for deadline := time.Now().Add(patienceOfTests); ; time.Sleep(20 * time.Millisecond) { // the other side is a browser
		var asked bots.LinkAsk
		if err := h.pool.QueryRow(h.Context(), `select asked from whatsapp_links where channel_id = $1`, h.id).Scan(&asked); err == nil && asked == want {
			return
		}
		if time.Now().After(deadline) {
			h.Fatalf("in vain: to be asked for %s", want)
		}
	}
}

const showCode = `code = $2, code_until = clock_timestamp() + interval '20 s'`

// TestWalkChannels walks through every state of a number in WhatsApp with a director at a desk and on a phone, whose pages follow by themselves.
func TestWalkChannels(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	url := pgtest.URL(t)
	d, _ := startDemoIn(t, t.TempDir(), "DATABASE_URL="+url)
	h := newHolder(t, url)
	if _, err := h.pool.Exec(t.Context(), `update staff set notify_email = true, email = 'director@library.example' where login = 'director'`); err != nil {
		t.Fatal(err)
	}
	desk, pocket := b.person("director", desktop), b.person("pocket", phone)
	for _, p := range []*page{desk, pocket} {
		p.signsIn(d, "director")
		p.open(d.url + "/desk/channels")
		p.sees("Читальный зал")
		p.look("list")
		p.press("the number", `document.querySelector('#channels a.row')`)
		p.sees("не связана с телефоном")
		p.look("unlinked")
	}
	linkByPicture(h, desk, pocket)
	linkByLetters(h, desk, pocket)
	h.writes("", `state = 'connecting', device = '79141234567:3@s.whatsapp.net', asked = '', code = '', since = clock_timestamp()`)
	desk.sees("подключается к WhatsApp")
	h.writes("", `state = 'connected', heard_at = clock_timestamp() - interval '3 min', said_at = clock_timestamp() - interval '2 min'`)
	for _, p := range []*page{desk, pocket} {
		p.sees("Читатели пишут и получают ответы")
		p.sees("+79141234567")
		p.look("connected")
	}
	breakDown(h, desk, pocket)
	helpIsCalled(d, h, desk)
	unlinkAtLast(d, h, desk, pocket)
}

// linkByPicture sees the picture come, renew itself and be cancelled, with nothing else moving.
func linkByPicture(h *numberHolder, desk, pocket *page) {
	desk.writes("#phone", "+7 914")
	h.writes("", `pair_problem = 'timeout'`)
	desk.sees("не считали")
	if typed := answer[string](desk, `document.querySelector("#phone").value`); typed != "+7 914" {
		desk.fail("what was typed has become %q", typed)
	}
	desk.look("timeout")
	desk.presses("Показать картинку")
	h.isAsked(bots.AskQR)
	const place = `String(document.querySelector(".linking-box").getBoundingClientRect().height) + " " + document.querySelector('form[action$="/cancel"]').getBoundingClientRect().y`
	for _, p := range []*page{desk, pocket} {
		p.sees("Готовим картинку")
		p.look("waits")
	}
	before := answer[string](desk, place)
	last := ""
	for n := range 2 {
		h.writes("", showCode, "https://wa.me/settings/linked_devices#2@"+strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef", 6)+fmt.Sprint(n)+",noise,identity,adv,9")
		for _, p := range []*page{desk, pocket} {
			p.await("another picture", fmt.Sprintf(`(() => { const i = document.querySelector("img.phone-code"); return i && i.complete && i.naturalWidth > 300 && i.src !== %q; })()`, last))
			p.look("picture")
		}
		last = answer[string](desk, `document.querySelector("img.phone-code").src`)
	}
	if after := answer[string](desk, place); after != before {
		desk.Errorf("the page jumps: %s, then %s", before, after)
	}
	pocket.size(narrowest)
	pocket.fits("picture-narrowest")
	pocket.size(phone)
	desk.presses("Отменить")
	h.isAsked(bots.AskNothing)
}

func linkByLetters(h *numberHolder, desk, pocket *page) {
	desk.writes("#phone", "914")
	desk.presses("Показать буквы")
	desk.sees("Это не номер телефона")
	desk.look("no-number")
	desk.writes("#phone", "+7 914 123-45-67")
	desk.presses("Показать буквы")
	h.isAsked(bots.AskCode)
	h.writes("", showCode, "W2XG-RM6S")
	for _, p := range []*page{desk, pocket} {
		p.sees("W2XG-RM6S")
		p.look("letters")
	}
	pocket.size(narrowest)
	pocket.fits("letters-narrowest")
	pocket.size(phone)
}

// breakDown goes through all that may befall a number.
func breakDown(h *numberHolder, desk, pocket *page) {
	for _, c := range []struct{ problem, set, says, todo string }{
		{bots.ProblemBanned, `state = 'banned', since = clock_timestamp(), until = clock_timestamp() + interval '26 hours'`, "запретил номеру работать до", "служба подключится сама"},
		{bots.ProblemOutdated, `state = 'outdated', since = clock_timestamp(), until = null`, "больше не принимает эту версию", "нужно обновить службу"},
		{bots.ProblemReplaced, `state = 'replaced', since = clock_timestamp()`, "забрала подключение", "закройте другую программу"},
	} {
		h.writes(c.problem, c.set)
		for _, p := range []*page{desk, pocket} {
			p.sees(c.says)
			p.sees(c.todo)
			p.await("the note on every page", `document.querySelector("#alarms .note.bad")`)
			p.look(c.problem)
		}
	}
	desk.presses("Подключить снова")
	h.isAsked(bots.AskConnect)
	desk.sees("Подключаем…")
	h.writes("", `state = 'connected', asked = '', since = clock_timestamp()`)
	for _, p := range []*page{desk, pocket} {
		p.sees("Читатели пишут и получают ответы")
		p.await("no note any more", `!document.querySelector("#alarms .note")`)
	}
	h.writes(bots.ProblemLoggedOut, `state = 'logged_out', since = clock_timestamp(), device = ''`)
	for _, p := range []*page{desk, pocket} {
		p.sees("прервал связь")
		p.await("it can be linked again", `document.querySelector("#phone")`)
		p.look("logged-out")
	}
}

// helpIsCalled finds the task and the letter, each with what is to be done.
func helpIsCalled(d *exhibit, h *numberHolder, desk *page) {
	desk.open(d.url + "/desk")
	desk.await("the task", `document.querySelector("a.row.task.is-late")`)
	desk.look("queue")
	desk.press("the task", `document.querySelector("a.row.task.is-late")`)
	desk.sees("свяжите телефон заново")
	desk.look("task")
	letter := d.letter("director@library.example", "прервал связь")
	for _, want := range []string{"Читальный зал", "свяжите телефон заново", fmt.Sprintf("/desk/channels/%d", h.id)} {
		if !strings.Contains(letter, want) {
			desk.Errorf("the letter does not say %q", want)
		}
	}
	h.writes("", `state = 'connected', device = '79141234567:4@s.whatsapp.net', since = clock_timestamp()`)
	desk.await("the task is done", `document.querySelector("#task-side .tag.good")`)
	desk.sees("канал снова работает")
	desk.open(d.url + answer[string](desk, "location.pathname"))
	desk.await("nothing is to be done", `!document.querySelector("#main .note")`)
	desk.look("task-done")
}

func unlinkAtLast(d *exhibit, h *numberHolder, desk, pocket *page) {
	desk.open(fmt.Sprintf("%s/desk/channels/%d", d.url, h.id))
	desk.presses("Отвязать…")
	desk.look("unlink")
	desk.presses("Отвязать и стереть ключи")
	h.isAsked(bots.AskUnlink)
	desk.sees("Отвязываем…")
	h.writes("", `state = 'unlinked', device = '', asked = '', since = clock_timestamp()`)
	for _, p := range []*page{desk, pocket} {
		p.sees("не связана с телефоном")
	}
	desk.open(d.url + "/desk/audit")
	desk.sees("запрошена отвязка")
	desk.open(d.url + "/desk/settings")
	desk.sees("WhatsApp (Читальный зал): не связан")
	desk.look("settings")
}
