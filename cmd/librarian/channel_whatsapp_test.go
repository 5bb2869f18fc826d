package main

import (
	"errors"
	"image"
	"image/color"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/whatsapp/whatsapptest"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

// newNumber is a number in WhatsApp that is to be linked, in a library of its own.
func newNumber(t *testing.T) (*linking, *syncBuffer) {
	t.Helper()
	pool := pgtest.New(t)
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := contacts.AddLibrary(t.Context(), tx, "demo", "Asia/Yakutsk", library.Settings{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	out := &syncBuffer{}
	l, err := newLinking(t.Context(), pool, "demo", "number", out)
	if !errors.Is(err, bots.ErrNoSuch) {
		t.Fatalf("a number that is not there: %v", err)
	}
	if err := l.add(t.Context(), "number"); err != nil {
		t.Fatal(err)
	}
	if again, err := newLinking(t.Context(), pool, "demo", "number", out); err != nil || again.id != l.id {
		t.Fatalf("the number is found as %d, %v", again.id, err)
	}
	l.look = 10 * time.Millisecond
	return l, out
}

// holds writes what the process that holds the number would.
func holds(t *testing.T, pool *pgxpool.Pool, id bots.ChannelID, set string, args ...any) {
	t.Helper()
	tag, err := pool.Exec(t.Context(), `update whatsapp_links set held_at = clock_timestamp(), `+set+` where channel_id = $1`, append([]any{id}, args...)...)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%s: %s, %v", set, tag, err)
	}
}

// eventually waits until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patienceOfTests); !holds(); time.Sleep(5 * time.Millisecond) { // another goroutine polls the database too
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// scanned reads the last code on the screen as a camera would.
func scanned(t *testing.T, text string) string {
	t.Helper()
	if i := strings.LastIndex(text, "\x1b[J"); i >= 0 {
		text = text[i:]
	}
	var rows [][]rune
	for line := range strings.Lines(text) {
		if _, drawn, ok := strings.Cut(line, "\x1b[38;5;231;48;5;16m"); ok {
			drawn, _, _ = strings.Cut(drawn, "\x1b[0m")
			rows = append(rows, []rune(drawn))
		}
	}
	if len(rows) == 0 {
		t.Fatal("no code on the screen")
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, len(rows[0])*scale, 2*len(rows)*scale))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			r, lower := rows[y/scale/2][x/scale], y/scale%2 == 1
			if r == '█' || r == '▀' && !lower || r == '▄' && lower {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("the code cannot be read: %v", err)
	}
	return read.GetText()
}

func TestAPhoneIsLinkedInTheTerminal(t *testing.T) {
	t.Parallel()
	l, out := newNumber(t)
	done := make(chan error, 1)
	go func() { done <- l.link(t.Context(), "") }()
	asked := func(want bots.LinkAsk) func() bool {
		return func() bool {
			link, err := l.links.Link(t.Context(), l.lib, l.id)
			return err == nil && link.Asked == want
		}
	}
	eventually(t, "a picture is asked for", asked(bots.AskQR))
	for _, code := range []string{"https://wa.me/settings/linked_devices#first,noise,identity,adv,9", "https://wa.me/settings/linked_devices#second,noise,identity,adv,9"} {
		before := len(out.String())
		holds(t, l.pool, l.id, `code = $2, code_until = clock_timestamp() + interval '20 s'`, code)
		eventually(t, "the code is drawn", func() bool { return strings.HasSuffix(out.String(), "\x1b[0m\n") && len(out.String()) > before })
		if got := scanned(t, out.String()); got != code {
			t.Errorf("a camera reads %q", got)
		}
	}
	holds(t, l.pool, l.id, `device = '79141234567:2@s.whatsapp.net', state = 'connecting', since = clock_timestamp(), asked = '', code = ''`)
	holds(t, l.pool, l.id, `state = 'connected'`)
	if err := <-done; err != nil || !strings.HasSuffix(out.String(), "linked: +79141234567\n") {
		t.Errorf("%v: %q", err, out.String()[max(0, len(out.String())-60):])
	}
	if done, err := l.linked(t.Context()); !done || err != nil || !strings.HasSuffix(out.String(), "linked: +79141234567 (connected)\n") {
		t.Errorf("once more: %v", err)
	}

	go func() { done <- l.unlink(t.Context()) }()
	eventually(t, "it is to be unlinked", asked(bots.AskUnlink))
	holds(t, l.pool, l.id, `device = '', state = 'unlinked', asked = ''`)
	if err := <-done; err != nil || !strings.HasSuffix(out.String(), "unlinked\n") {
		t.Errorf("unlinked: %v", err)
	}
}

func TestLettersInTheTerminalAndWhatGoesWrong(t *testing.T) {
	t.Parallel()
	l, out := newNumber(t)
	if err := l.link(t.Context(), "12"); !errors.Is(err, bots.ErrLinkPhone) {
		t.Errorf("no number of a phone: %v", err)
	}
	for problem, want := range map[string]error{"timeout": errPairTime, "outdated": errPairOld, "phone": errPairPhone, "error": errPairFailed} {
		done := make(chan error, 1)
		go func() { done <- l.link(t.Context(), "+7 914 123-45-67") }()
		eventually(t, "letters are asked for", func() bool {
			link, err := l.links.Link(t.Context(), l.lib, l.id)
			return err == nil && link.Asked == bots.AskCode
		})
		holds(t, l.pool, l.id, `code = 'W2XG-RM6S', code_until = clock_timestamp() + interval '20 s'`)
		eventually(t, "the letters are shown", func() bool { return strings.HasSuffix(out.String(), "W2XG-RM6S\n") })
		holds(t, l.pool, l.id, `code = '', asked = '', pair_problem = $2`, problem)
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("%s: %v", problem, err)
		}
	}
	if _, err := l.pool.Exec(t.Context(), `update whatsapp_links set held_at = null`); err != nil {
		t.Fatal(err)
	}
	l.waits = 50 * time.Millisecond
	if err := l.link(t.Context(), ""); !errors.Is(err, errNoService) {
		t.Errorf("without a service: %v", err)
	}
	if link, err := l.links.Link(t.Context(), l.lib, l.id); err != nil || link.Asked != bots.AskNothing {
		t.Errorf("what was asked stays: %q, %v", link.Asked, err)
	}
	var audit string
	if err := l.pool.QueryRow(t.Context(), `select string_agg(act || detail::text, ' ') from audit`).Scan(&audit); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(audit, "channel.added") || !strings.Contains(audit, "channel.link_cancelled") || strings.Contains(audit, "914") || strings.Contains(audit, "RM6S") {
		t.Errorf("audit: %s", audit)
	}
}

func TestAPhoneIsLinkedThoughNoServiceRuns(t *testing.T) {
	t.Parallel()
	server, err := whatsapptest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	account := server.AddAccount("+49 30 1234567")
	l, out := newNumber(t)
	l.transport, l.notice = server.HTTPClient().Transport, 0
	has := func() bool {
		keys, err := l.links.HasKeys(t.Context(), l.lib, l.id)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	within := func(do func() error) {
		t.Helper()
		stop, err := l.hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		if err := do(); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
	}
	within(func() error {
		done := make(chan error, 1)
		go func() { done <- l.link(t.Context(), "") }()
		eventually(t, "the code is drawn", func() bool { return strings.HasSuffix(out.String(), "\x1b[0m\n") })
		if err := account.ScanQR(scanned(t, out.String())); err != nil {
			t.Fatal(err)
		}
		return <-done
	})
	if !strings.HasSuffix(out.String(), "linked: +49301234567\n") || !account.Linked() || !has() {
		t.Errorf("linked %t, keys %t: %q", account.Linked(), has(), out)
	}
	within(func() error { return l.unlink(t.Context()) })
	if account.Linked() || has() {
		t.Errorf("unlinked: the phone says linked %t, keys %t", account.Linked(), has())
	}
}

// TestTheServiceLinksWhatTheTerminalAsks has the built program serve, and the built command ask it.
func TestTheServiceLinksWhatTheTerminalAsks(t *testing.T) {
	t.Parallel()
	server, err := whatsapptest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	account := server.AddAccount("+49 30 1234567")
	w := newWorld(t)
	pool := w.pool()
	if _, err := pool.Exec(t.Context(), `insert into channels (library_id, kind, name) select id, 'whatsapp', 'hall' from libraries`); err != nil {
		t.Fatal(err)
	}
	w.serve("--whatsapp-test-server", server.Addr(), "--whatsapp-test-cert", server.CertHex())
	w.await("the service holds the number", func() bool {
		return w.count(pool, `select count(*) from whatsapp_links where held_at is not null`) == 1
	})
	out := &syncBuffer{}
	cmd := w.command("channel", "add", "whatsapp", "--library", "demo", "--name", "hall", "--phone", "+49 30 1234567")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	letters := ""
	w.await("the letters", func() bool {
		_, after, _ := strings.Cut(out.String(), "and type: ")
		letters, _, _ = strings.Cut(after, "\n")
		return letters != ""
	})
	if err := account.EnterCode(letters); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(out.String(), "linked: +49301234567\n") {
		t.Fatalf("%v: %q", err, out)
	}
	if said := w.must("channel", "unlink", "--library", "demo", "--name", "hall"); said != "unlinked\n" || account.Linked() {
		t.Errorf("unlinked: %q, the phone says linked %t", said, account.Linked())
	}
}

func TestDoctorAndNumbersKnowTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pool := w.pool()
	var id bots.ChannelID
	if err := pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) select id, 'whatsapp', 'hall' from libraries returning id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	says := func(want string) {
		t.Helper()
		if out, _ := w.run("doctor"); !strings.Contains(out, want) {
			t.Errorf("the doctor does not say %q: %s", want, out)
		}
	}
	says("no phone is linked")
	if _, err := pool.Exec(t.Context(), `insert into whatsapp_links (library_id, channel_id, device, state, heard_at)
select library_id, id, '79141234567:2@s.whatsapp.net', 'connected', '2026-03-02 10:00Z' from channels where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	says("the keys of the linked device are not in the database")
	if _, err := pool.Exec(t.Context(), `create table whatsmeow_device (jid text); insert into whatsmeow_device values ('79141234567:2@s.whatsapp.net')`); err != nil {
		t.Fatal(err)
	}
	says("no process holds the number")
	holds(t, pool, id, `state = 'connected'`)
	says("+79141234567 is connected since")
	holds(t, pool, id, `state = 'outdated'`)
	says("WhatsApp refuses this version: update the service")
	page := numbersOf(t, w, pool)
	for _, want := range []string{
		`librarian_channel_up{channel="web",kind="webchat",library="demo"} 1`, `librarian_channel_up{channel="hall",kind="whatsapp",library="demo"} 0`,
		`librarian_whatsapp_heard_timestamp_seconds{channel="hall",kind="whatsapp",library="demo"} 1.7724`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the numbers", want)
		}
	}
	if strings.Contains(page, "79141234567") {
		t.Error("the phone's number is in the numbers")
	}
	holds(t, pool, id, `state = 'connected'`)
	if page := numbersOf(t, w, pool); !strings.Contains(page, `librarian_channel_up{channel="hall",kind="whatsapp",library="demo"} 1`) {
		t.Error("a number that is connected does not work")
	}
}

// numbersOf is what Prometheus would read of a service that has just started.
func numbersOf(t *testing.T, w *world, pool *pgxpool.Pool) string {
	t.Helper()
	keys, err := files.ReadKeyFile(w.key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(settings{Files: t.TempDir()}, pool, keys, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1:8080"
	answer := httptest.NewRecorder()
	s.mux.ServeHTTP(answer, r)
	return answer.Body.String()
}
