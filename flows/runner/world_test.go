package runner_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/flows/runner"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/templates"
)

// noon is a Monday on which the library of the tests is open.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// patience bounds every wait of the tests.
const patience = 40 * time.Second

// gcm seals with a key of the test's own.
type gcm struct{ cipher.AEAD }

func newGCM(t testing.TB) gcm {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return gcm{aead}
}

func (g gcm) Seal(plain []byte) ([]byte, error) {
	nonce := make([]byte, g.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return g.AEAD.Seal(nonce, nonce, plain, nil), nil
}

func (g gcm) Open(sealed []byte) ([]byte, error) {
	return g.AEAD.Open(nil, sealed[:g.NonceSize()], sealed[g.NonceSize():], nil)
}

func text(words string) bots.Download {
	return bots.Download{ReadCloser: io.NopCloser(strings.NewReader(words)), Name: "слова.txt", MediaType: "text/plain"}
}

// world is a library with a web chat and a mailbox, and what a runner is made of.
type world struct {
	testing.TB
	*clock
	pool        *pgxpool.Pool
	lib         library.ID
	chat, mail  bots.ChannelID
	web, post   *channel
	texts       *templates.Texts
	libraries   *contacts.Libraries
	accounts    *bots.Accounts
	registry    *bots.Registry
	secrets     *bots.Secrets
	store       *files.Store
	log         *syncBuffer
	flows       []*flows.Flow
	workers     int
	examples    func(papers.Example) ([]byte, error)
	sentCounter int
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func settings() library.Settings {
	return library.Settings{
		Name:      map[library.Lang]string{library.Russian: "Библиотека", library.English: "The Library"},
		Languages: []library.Lang{library.Russian, library.English},
		Registration: library.Registration{Consent: library.Consent{Version: "1", Text: map[library.Lang]string{
			library.Russian: "Согласие.", library.English: "Consent.",
		}}},
	}
}

// loadTexts reads the texts once for all worlds: a copy for each would fill the memory.
var loadTexts = sync.OnceValues(templates.Load)

func newWorld(t testing.TB) *world { return worldOn(t, pgtest.New(t)) }

func worldOn(t testing.TB, pool *pgxpool.Pool) *world {
	t.Helper()
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		TB: t, clock: &clock{now: noon}, pool: pool, texts: texts, registry: bots.NewRegistry(),
		web: newChannel(bots.WebChat), post: newChannel(bots.Email), log: &syncBuffer{}, flows: flows.All(),
	}
	w.secrets = bots.NewSecrets(pool, newGCM(t), w.Now)
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if w.lib, err = contacts.AddLibrary(ctx, tx, "first", "Europe/Kyiv", settings()); err != nil {
			return err
		}
		if w.chat, err = bots.AddChannel(ctx, tx, w.secrets, bots.Account{Library: w.lib, Kind: bots.WebChat, Name: "chat"}, ""); err != nil {
			return err
		}
		w.mail, err = bots.AddChannel(ctx, tx, w.secrets, bots.Account{Library: w.lib, Kind: bots.Email, Name: "mail"}, "")
		return err
	})
	w.libraries, w.accounts = contacts.NewLibraries(pool, w.Now), bots.NewAccounts(pool, w.Now)
	w.registry.Set(w.chat, w.web)
	w.registry.Set(w.mail, w.post)
	w.store = w.newStore()
	return w
}

func (w *world) newStore() *files.Store {
	w.Helper()
	dir := w.TempDir()
	path := filepath.Join(dir, "key")
	if err := files.NewKeyFile(path); err != nil {
		w.Fatal(err)
	}
	keys, err := files.ReadKeyFile(path)
	if err != nil {
		w.Fatal(err)
	}
	blobs, err := files.OpenBlobs(filepath.Join(dir, "blobs"))
	if err != nil {
		w.Fatal(err)
	}
	return files.NewStore(w.pool, keys, blobs, w.Now)
}

// TestMain lets this binary be the child processes that decode pictures and join pages.
func TestMain(m *testing.M) {
	children := map[string]func(io.Reader, io.Writer) error{"decode": files.DecodeMain, "join": fragments.JoinMain}
	if len(os.Args) == 2 && children[os.Args[1]] != nil {
		if err := children[os.Args[1]](os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// instance is a process that serves the world.
type instance struct {
	*runner.Runner
	stop func()
}

// newRunner makes a runner that does not run yet.
func (w *world) newRunner(signals *bots.Signals) *runner.Runner {
	w.Helper()
	set, err := flows.New(w.texts, w.flows)
	if err != nil {
		w.Fatal(err)
	}
	press, err := papers.NewPress(w.texts)
	if err != nil {
		w.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		w.Fatal(err)
	}
	joiner, err := fragments.NewJoiner([]string{self, "join"}, w.texts)
	if err != nil {
		w.Fatal(err)
	}
	return runner.New(runner.Config{
		Pool: w.pool, Flows: set, Texts: w.texts, Libraries: w.libraries, Accounts: w.accounts, Channels: w.registry, Signals: signals,
		Outbox: bots.NewOutbox(w.pool, w.secrets, w.Now), Secrets: w.secrets, Store: w.store, Press: press, Joiner: joiner,
		Inspector: files.NewInspector(w.store, nil, files.NewDecoder([]string{self, "decode"})),
		PublicURL: "https://lib.test", DrawExample: w.examples, Workers: w.workers, Now: w.Now, Log: w.logger(),
	})
}

func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

// start runs a process until the test ends or it is stopped.
func (w *world) start() *instance {
	w.Helper()
	signals := bots.NewSignals(w.pool)
	i := &instance{Runner: w.newRunner(signals)}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := signals.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	all.Go(func() {
		if err := i.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	i.stop = sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	w.Cleanup(i.stop)
	return i
}

// message is what the reader writes in the web chat.
func (w *world) message(sender, id, text string) bots.Inbound {
	return bots.Inbound{Library: w.lib, Channel: w.chat, Sender: sender, ID: id, Text: text, At: w.Now()}
}

// receive stores the message.
func (w *world) receive(i *instance, in bots.Inbound) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := i.Receive(ctx, in); err != nil {
		w.Fatal(err)
	}
}

// say stores a text under an id of its own and waits for the answer.
func (w *world) say(i *instance, sender, words string) []string {
	w.Helper()
	return w.give(i, w.message(sender, w.newID(), words))
}

// press stores a press of the newest button with the id and waits for the answer.
func (w *world) press(i *instance, sender, choice string) []string {
	w.Helper()
	in := w.message(sender, w.newID(), "")
	if in.Choice = choice; w.known(sender) {
		in.Turn = w.turn(sender)
	}
	return w.give(i, in)
}

// give stores a message and gives what was answered to it.
func (w *world) give(i *instance, in bots.Inbound) []string {
	w.Helper()
	before := 0
	if w.known(in.Sender) {
		before = w.said(in.Sender)
	}
	w.receive(i, in)
	w.settle(in.Sender)
	return w.answers(in.Sender, before)
}

func (w *world) newID() string {
	w.sentCounter++
	return fmt.Sprintf("auto-%d", w.sentCounter)
}

func (w *world) known(sender string) bool {
	return w.count(`select count(*) from addresses where external = $1`, sender) > 0
}

func (w *world) conv(sender string) (id bots.ConversationID) {
	w.Helper()
	w.scan(&id, `select id from addresses where external = $1`, sender)
	return id
}

func (w *world) turn(sender string) (turn int) {
	w.Helper()
	w.scan(&turn, `select turn from conversations where id = $1`, w.conv(sender))
	return turn
}

func (w *world) step(sender string) (step string) {
	w.Helper()
	w.scan(&step, `select coalesce(state ->> 'flow', '') || '/' || coalesce(state ->> 'step', '') from conversations where id = $1`, w.conv(sender))
	return step
}

func (w *world) said(sender string) (last int) {
	w.Helper()
	w.scan(&last, `select coalesce(max(seq), 0) from outbox where conversation_id = $1`, w.conv(sender))
	return last
}

// answers are the texts after the number.
func (w *world) answers(sender string, after int) []string {
	w.Helper()
	return w.strings(`select body ->> 'text' from outbox where conversation_id = $1 and seq > $2 order by seq`, w.conv(sender), after)
}

// settle waits until nothing of the sender waits any more.
func (w *world) settle(sender string) {
	w.Helper()
	w.await("all of "+sender+" is answered", func() bool {
		return w.count(`select count(*) from events e join addresses a on a.id = e.conversation_id
where a.external = $1 and e.state in ('waiting', 'ready')`, sender) == 0
	})
}

// await looks until it is so.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline.C:
			w.Fatalf("waited too long: %s\n%s", what, w.log)
		case <-tick.C:
		}
	}
}

// pass lets time go by, and wakes whoever waits for it.
func (w *world) pass(by time.Duration) {
	w.Helper()
	w.move(by)
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicEvents, Library: w.lib})
	})
}

// do is one transaction.
func (w *world) do(work func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return work(ctx, tx) })
}

// tx is one transaction that has to succeed.
func (w *world) tx(work func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.do(work); err != nil {
		w.Fatal(err)
	}
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.pool.Exec(context.Background(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *world) scan(into any, sql string, args ...any) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.pool.QueryRow(ctx, sql, args...).Scan(into); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) count(sql string, args ...any) (n int) {
	w.Helper()
	w.scan(&n, sql, args...)
	return n
}

func (w *world) strings(sql string, args ...any) []string {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := w.pool.Query(ctx, sql, args...)
	if err != nil {
		w.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// ru is a shipped text.
func (w *world) ru(key string) string {
	w.Helper()
	text, err := w.texts.Render(library.Russian, key, nil)
	if err != nil && !errors.Is(err, templates.ErrNoField) {
		w.Fatal(err)
	}
	return text
}

// staff makes a librarian.
func (w *world) staff(login string) (id queue.StaffID) {
	w.Helper()
	w.scan(&id, `insert into staff (library_id, login, name, role, password_hash) values ($1, $2, $2, 'librarian', '') returning id`, w.lib, login)
	return id
}
