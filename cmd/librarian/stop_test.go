package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"librarian/bots/telegram/telegramtest"
)

// stopLimit is what a supervisor grants before it kills.
const stopLimit = 10 * time.Second

func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	pool := w.pool()
	visitors := make([]*visitor, 6)
	for i := range visitors {
		visitors[i] = w.visitor(fmt.Sprintf("reader%d", i))
	}
	// A page that is open keeps a stream, which must not hold up the stop.
	visitors[0].says("hello")
	streaming, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(streaming, http.MethodGet, "http://"+w.listen+"/chat/demo/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := (&http.Client{Jar: visitors[0].client.Jar}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	taken := w.hammer(visitors)
	w.await("readers are being answered", func() bool {
		return w.count(pool, `select count(*) from outbox where state in ('sent', 'confirmed')`) > 10
	})
	took, err := w.stop()
	if err != nil || took > stopLimit {
		t.Errorf("ended after %s: %v\n%s", took, err, w.log)
	}
	stored := w.count(pool, `select count(*) from events where kind = 'message'`)
	if n := taken(); stored < n {
		t.Errorf("%d messages were taken, %d are stored", n, stored)
	}
	w.serve()
	w.answered(pool)
	if n := w.count(pool, `select count(*) from events where state = 'dead'`); n != 0 {
		t.Errorf("%d events were given up", n)
	}
}

// hammer lets visitors write until the service is away, and gives how many messages it took.
func (w *world) hammer(visitors []*visitor) (taken func() int) {
	var all sync.WaitGroup
	for i, v := range visitors {
		picture := photo(w.T, i)
		all.Go(func() {
			for n := 0; ; n++ {
				var attached []byte
				if n%5 == 0 {
					attached = picture
				}
				err := v.try(w.Context(), map[string]string{"text": fmt.Sprintf("%s writes %d", v.name, n)}, attached)
				if err != nil && !strings.Contains(err.Error(), "429") {
					return
				}
				if err != nil {
					<-time.After(100 * time.Millisecond)
				}
			}
		})
	}
	return func() int {
		all.Wait()
		sum := 0
		for _, v := range visitors {
			sum += v.sent
		}
		return sum
	}
}

func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, after := range []time.Duration{5 * time.Millisecond, 30 * time.Millisecond, 80 * time.Millisecond, 150 * time.Millisecond, 300 * time.Millisecond} {
		w.start()
		<-time.After(after)
		took, err := w.stop()
		// Before the program has come to listen for signals the system ends it.
		if early := w.log.String() == "" && err != nil && strings.Contains(err.Error(), "terminated"); err != nil && !early || took > stopLimit {
			t.Errorf("stopped %s after its start it ended after %s: %v\n%s", after, took, err, w.log)
		}
	}
	w.serve()
	if _, err := w.stop(); err != nil {
		t.Error(err)
	}
}

func TestStopWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gate := w.throughGate()
	w.serve()
	gate.shut()
	w.await("the service says that the database is away", func() bool { return w.health() == http.StatusServiceUnavailable })
	gate.open()
	w.await("the service has recovered", func() bool { return w.health() == http.StatusOK })
	w.visitor("reader").says("hello")
	w.answered(w.direct().pool())
	gate.shut()
	took, err := w.stop()
	if took > stopLimit {
		t.Errorf("ended after %s: %v\n%s", took, err, w.log)
	}
}

// gate stands between the service and its database.
type gate struct {
	network, address string
	mu               sync.Mutex
	closed           bool
	conns            map[net.Conn]bool
}

// throughGate lets the service reach its database by a gate that can be shut.
func (w *world) throughGate() *gate {
	w.Helper()
	c, err := pgconn.ParseConfig(w.database)
	if err != nil {
		w.Fatal(err)
	}
	g := &gate{conns: map[net.Conn]bool{}}
	g.network, g.address = pgconn.NetworkAddress(c.Host, c.Port)
	l, err := (&net.ListenConfig{}).Listen(w.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { g.pass(in) })
		}
	})
	w.Cleanup(func() { l.Close(); g.shut(); all.Wait() })
	u := url.URL{Scheme: "postgres", User: url.UserPassword(c.User, c.Password), Host: l.Addr().String(), Path: "/" + c.Database, RawQuery: "sslmode=disable"}
	w.beyond, w.database = w.database, u.String()
	return g
}

// direct is the world without its gate.
func (w *world) direct() *world { return &world{T: w.T, database: w.beyond} }

func (g *gate) pass(in net.Conn) {
	defer in.Close()
	var dialer net.Dialer
	out, err := dialer.DialContext(context.Background(), g.network, g.address)
	if err != nil || !g.admit(in, out) {
		return
	}
	defer out.Close()
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(in, out); in.Close() }) // ends when either side does
	_, _ = io.Copy(out, in)
	out.Close()
	back.Wait()
}

func (g *gate) admit(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		if g.closed {
			c.Close()
		} else {
			g.conns[c] = true
		}
	}
	return !g.closed
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}

// Markers that may stand in no line of a log.
const (
	markedText  = "Marker-Text-Saryal"
	markedName  = "Marker-Name-Tuyaara"
	markedMail  = "marker.mail@reader.example"
	markedPhone = "+7 914 271-82-81"
	markedChat  = 618033988
	markedToken = "271828:AAmarkertokenmarkertokenmarkertoken"
)

// TestLogsHoldNoReader lets everything go wrong that can and looks for readers in the log.
func TestLogsHoldNoReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gate := w.throughGate()
	api, err := telegramtest.Start(markedToken, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(markedToken), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must("channel", "add", "telegram", "--library", "demo", "--token-file", token, "--api-url", api.URL)
	w.must("channel", "add", "email", "--library", "demo", "--smtp", "smtp://user@127.0.0.1:9?tls=none", "--address", "library@mail.example")
	w.serve()
	pool := w.direct().pool()
	v := w.visitor("reader")
	for _, c := range []string{"start", "lang:en", "register", "self", "agree"} {
		v.chooses(c)
		w.answered(pool)
	}
	for _, text := range []string{markedName, "14.05.1988", markedMail, markedPhone, markedText} {
		v.says(text)
	}
	if err := v.try(t.Context(), map[string]string{"text": markedText}, []byte("\xff\xd8\xffnot a picture "+markedText)); err != nil {
		t.Fatal(err)
	}
	api.Introduce(markedChat, telegramtest.User{FirstName: markedName, Language: "en"})
	api.Fail("sendMessage", telegramtest.Refusal(500, "Internal: "+markedText), 1)
	api.UserSays(markedChat, markedText)
	w.await("sending to Telegram failed", func() bool { return strings.Contains(w.log.String(), "message did not go") })
	api.UserBlocks(markedChat)
	gate.shut()
	w.await("the database is missed", func() bool { return w.health() == http.StatusServiceUnavailable })
	if err := v.try(t.Context(), map[string]string{"text": markedText}, nil); err == nil {
		t.Error("a message was taken without a database")
	}
	gate.open()
	w.await("the service has recovered", func() bool { return w.health() == http.StatusOK })
	v.says(markedText)
	var external string
	if err := pool.QueryRow(t.Context(), `select a.external from addresses a join channels c on c.id = a.channel_id where c.kind = 'webchat'`).Scan(&external); err != nil {
		t.Fatal(err)
	}
	if _, err := w.stop(); err != nil {
		t.Log("stop:", err)
	}
	log := w.log.String()
	if len(log) < 500 {
		t.Errorf("too little is logged for this test to mean anything:\n%s", log)
	}
	marks := []string{markedText, markedName, markedMail, "271-82-81", "9142718281", fmt.Sprint(markedChat), markedToken, "AAmarkertoken", external}
	for _, c := range v.client.Jar.Cookies(&url.URL{Scheme: "http", Host: w.listen, Path: "/chat/demo"}) {
		marks = append(marks, c.Value)
	}
	for line := range strings.Lines(log) {
		for _, m := range marks {
			if strings.Contains(line, m) {
				t.Errorf("%q is in the log: %s", m, line)
			}
		}
	}
}
