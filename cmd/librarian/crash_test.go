package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"librarian/bots/email/mailtest"
	"librarian/bots/telegram/telegramtest"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
	"librarian/templates"
)

const (
	crashReaders      = 50
	patienceOfReaders = 3 * time.Minute // for one answer, kills included
	patienceOfGaps    = 5 * time.Second // until a gap is entered; then the kill comes anyway
)

// crash is an installation that is killed again and again while readers write to it.
type crash struct {
	*world
	rng       *rand.Rand
	db        *pgxpool.Pool
	bot       *telegramtest.Server
	words     *templates.Texts
	sheet     []byte
	transport *http.Transport
	pace      time.Duration // longest pause of a reader between two messages
	stored    chan struct{} // a message in the web chat was answered with 200
	readers   []*reader
	startTime time.Duration
	release   func() // lets go of what the last round held
	heal      func() // ends what a provider was told to do wrong

	inGap   map[row]int // kills that fell between a request to Telegram and its stored result
	widest  int         // such messages at one kill
	tallies map[string]*tally
}

// row names a message of the outbox: by the address, and its number.
type row struct {
	address string
	seq     int
}

// tally is what the kills in one gap found.
type tally struct{ kills, entered, unfinished, working, queued, leased, fetching, arriving int }

// A service that is killed at any moment answers each message once, in order, and loses no file. LIBRARIAN_SEED repeats the times of a run.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := pgtest.Rounds(t, 4)
	c := newCrash(t, seed(t))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Duration(rounds)*20*time.Second)
	defer cancel()
	listening, hush := context.WithCancel(ctx)
	defer hush()
	var streams sync.WaitGroup
	c.begin()
	c.admit(ctx, func(v *webReader) { streams.Go(func() { v.listen(listening) }) })
	over := make(chan struct{})
	talk, talking := errgroup.WithContext(ctx)
	for _, r := range c.readers {
		talk.Go(func() error { return r.run(talking, over) })
	}
	gaps := c.gaps()
	for n := range rounds {
		if n%len(gaps) == 0 {
			c.rng.Shuffle(len(gaps), func(i, j int) { gaps[i], gaps[j] = gaps[j], gaps[i] })
		}
		c.round(talking, gaps[n%len(gaps)])
		if talking.Err() != nil {
			break
		}
	}
	close(over)
	c.release()
	c.alone()
	c.age()
	c.serve()
	err := talk.Wait()
	if err == nil {
		c.quiet()
	}
	hush()
	streams.Wait()
	c.tell()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, c.unfinished(), c.log)
	}
	c.verdict()
	if took, err := c.stop(); err != nil || took > 10*time.Second {
		t.Errorf("the service stopped after %v: %v", took, err)
	}
	if n := c.count(c.db, `select count(*) from working`); n != 0 {
		t.Errorf("%d rows in working after the stop", n)
	}
}

func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("LIBRARIAN_SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("LIBRARIAN_SEED: %v", err)
		}
	}
	t.Logf("LIBRARIAN_SEED=%d", n)
	return n
}

func newCrash(t *testing.T, seed uint64) *crash {
	t.Helper()
	w := &world{T: t, database: pgtest.URL(t), key: filepath.Join(t.TempDir(), "key"), files: filepath.Join(t.TempDir(), "files"), log: &syncBuffer{}}
	w.listen = mailtest.FreeAddr(t)
	c := &crash{
		world: w, rng: rand.New(rand.NewPCG(seed, 1)), stored: make(chan struct{}), inGap: map[row]int{}, tallies: map[string]*tally{},
		transport: &http.Transport{MaxIdleConnsPerHost: crashReaders}, pace: 400 * time.Millisecond,
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	var err error
	if c.words, err = templates.Load(); err != nil {
		t.Fatal(err)
	}
	if c.sheet, err = sheet(); err != nil {
		t.Fatal(err)
	}
	if c.bot, err = telegramtest.Start("123456:crash", time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.bot.Close)
	config, err := pgxpool.ParseConfig(w.database)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["application_name"] = testName // tells the test's own connections from the program's
	config.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(patienceOfTests.Milliseconds(), 10)
	if c.db, err = pgxpool.NewWithConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.db.Close)
	c.release, c.heal = func() {}, func() {}
	t.Cleanup(func() { c.release() }) // or the pool would wait for it
	c.must("key", "new", w.key)
	return c
}

const testName = "crash-test"

// begin kills the program while it makes its tables, and then sets a library up.
func (c *crash) begin() {
	c.Helper()
	if _, err := c.db.Exec(c.Context(), `drop schema public cascade; create schema public`); err != nil {
		c.Fatal(err)
	}
	for range 2 {
		c.start()
		time.Sleep(c.upTo(400 * time.Millisecond)) // a kill at a time from the seed, while the tables are made
		c.kill()
		c.alone()
	}
	c.found()
}

// found sets a library up with the program's own commands, and lets it serve.
func (c *crash) found() {
	c.Helper()
	settings := library.Settings{
		Languages: []library.Lang{library.English}, Record: library.English,
		Registration: library.Registration{ConsentPhoto: true, Consent: library.Consent{
			Version: "1", Text: map[library.Lang]string{library.English: "We keep what you tell us."},
		}},
	}
	for day := range settings.Hours.Week {
		settings.Hours.Week[day] = []library.Span{{From: 0, Until: 24 * 60}}
	}
	text, err := json.Marshal(settings)
	if err != nil {
		c.Fatal(err)
	}
	dir := c.TempDir()
	for name, data := range map[string][]byte{"settings": text, "token": []byte(c.bot.Token)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			c.Fatal(err)
		}
	}
	c.must("library", "add", "demo", "--name", "Demo", "--zone", "Asia/Yakutsk", "--record", "en", "--settings", filepath.Join(dir, "settings"))
	c.must("channel", "add", "telegram", "--library", "demo", "--token-file", filepath.Join(dir, "token"), "--api-url", c.bot.URL)
	begun := time.Now()
	c.serve()
	c.startTime = time.Since(begun)
}

// admit lets the readers in while the service runs, half of them by each channel, and kills it.
func (c *crash) admit(ctx context.Context, listen func(*webReader)) {
	c.Helper()
	for i := range crashReaders {
		r := &reader{
			c: c, number: i, rng: rand.New(rand.NewPCG(c.rng.Uint64(), 2)), hasty: i/2%3 == 0, registers: i/2%3 == 1,
			files: map[[sha256.Size]byte]bool{},
		}
		if i%2 == 0 {
			r.mouth = &telegramReader{c.bot, int64(7000 + i)}
		} else {
			v := &webReader{c: c, name: fmt.Sprintf("reader-%d", i)}
			if err := v.open(ctx); err != nil {
				c.Fatal(err)
			}
			listen(v)
			r.mouth = v
		}
		c.readers = append(c.readers, r)
	}
	c.kill()
	c.alone()
}

func (c *crash) url(path string) *url.URL {
	return &url.URL{Scheme: "http", Host: c.listen, Path: path}
}

func (c *crash) upTo(most time.Duration) time.Duration {
	return time.Duration(c.rng.Int64N(int64(most)))
}
