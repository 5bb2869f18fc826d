package queue_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

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
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return gcm{aead}
}

func (g gcm) Seal(plain []byte) ([]byte, error)  { return g.AEAD.Seal(nil, nil, plain, nil), nil }
func (g gcm) Open(sealed []byte) ([]byte, error) { return g.AEAD.Open(nil, nil, sealed, nil) }

// house is a desk on a database of its own, with one library.
type house struct {
	*queue.Desk
	t     testing.TB
	pool  *pgxpool.Pool
	clock *clock
	lib   library.ID
}

func newHouse(t testing.TB) *house { return houseOn(t, pgtest.New(t)) }

func houseOn(t testing.TB, pool *pgxpool.Pool) *house {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	h := &house{t: t, pool: pool, clock: c, Desk: queue.NewDesk(pool, newGCM(t), "Библиотека", c.Now)}
	h.lib = h.library("first")
	return h
}

func (h *house) tx(work func(tx pgx.Tx) error) {
	h.t.Helper()
	if err := h.try(work); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) try(work func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(h.t.Context(), h.pool, work)
}

func (h *house) library(slug string) (id library.ID) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) (err error) {
		id, err = contacts.AddLibrary(h.t.Context(), tx, slug, "Asia/Yakutsk", library.Settings{})
		return err
	})
	return id
}

// staff adds an account and gives its first password too.
func (h *house) staff(login string, role queue.Role) (s queue.Staff, password string) {
	h.t.Helper()
	lib := &h.lib
	if role == queue.RoleOperator {
		lib = nil
	}
	h.tx(func(tx pgx.Tx) (err error) {
		s, password, err = h.AddStaff(h.t.Context(), tx, queue.Console(),
			queue.NewStaff{Library: lib, Login: login, Name: "Name of " + login, Email: login + "@example.org", Role: role, Lang: library.Russian})
		return err
	})
	return s, password
}

// member adds somebody of a department.
func (h *house) member(login string, role queue.Role, department int64) queue.Staff {
	h.t.Helper()
	s, _ := h.staff(login, role)
	h.tx(func(tx pgx.Tx) error { return h.PlaceStaff(h.t.Context(), tx, queue.Console(), s.ID, department) })
	s.Department = department
	return s
}

// open puts so many tasks into the queue, all due at the same moment.
func (h *house) open(lib library.ID, role queue.Role, count int) (ids []queue.TaskID) {
	h.t.Helper()
	tasks := make([]queue.NewTask, count)
	for i := range tasks {
		tasks[i] = queue.NewTask{
			Library: lib, Kind: queue.KindQuestion, Role: role, ReaderName: fmt.Sprintf("Reader %d", i), Channel: "webchat",
			Note: "Есть ли у вас «Олонхо»?", Created: h.clock.Now(), Due: h.clock.Now().Add(time.Hour),
		}
	}
	h.tx(func(tx pgx.Tx) (err error) {
		ids, err = queue.Open(h.t.Context(), tx, tasks)
		return err
	})
	if len(ids) != count {
		h.t.Fatalf("opened %d tasks, want %d", len(ids), count)
	}
	return ids
}

// together lets the calls start at the same moment and gives their errors.
func together(ctx context.Context, calls ...func(ctx context.Context) error) []error {
	start, errs := make(chan struct{}), make([]error, len(calls))
	var ready, done sync.WaitGroup
	for i, call := range calls {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = call(ctx)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// want fails unless err is the sentinel; nil wants none.
func want(t testing.TB, what string, err, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Fatalf("%s: got %v, want %v", what, err, sentinel)
	}
}
