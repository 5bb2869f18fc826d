package web

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/whatsapp"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/templates"
)

// clock is the time of the desk, which a test moves.
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

// gcm seals with a key of the tests' own.
type gcm struct{ cipher.AEAD }

func newGCM(t testing.TB) gcm {
	t.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{7}, 32))
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

// house is a desk that serves, on a database of its own, with two libraries.
type house struct {
	t        testing.TB
	pool     *pgxpool.Pool
	desk     *queue.Desk
	clock    *clock
	talks    *talks
	site     *Site
	server   *httptest.Server
	lib      library.ID
	other    library.ID
	channels map[library.ID]int64
	logged   *bytes.Buffer
	folder   *folder
	typed    chan bots.ConversationID // as a messenger was told
	count    int
}

// loadTexts reads the texts once for all houses: a copy for each would fill the memory.
var loadTexts = sync.OnceValues(templates.Load)

func newHouse(t testing.TB) *house {
	t.Helper()
	pool := pgtest.New(t)
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	h := &house{
		t: t, pool: pool, clock: c, talks: &talks{all: map[bots.ConversationID]*talk{}}, channels: map[library.ID]int64{}, logged: &bytes.Buffer{},
		typed: make(chan bots.ConversationID, 8), folder: &folder{all: map[int64][]PaperPage{}, now: c.Now},
	}
	h.desk = queue.NewDesk(pool, newGCM(t), "Библиотека", c.Now)
	h.lib = h.library("first", "Национальная библиотека")
	h.other = h.library("second", "Районная библиотека")
	h.talks.now = c.Now

	ctx, cancel := context.WithCancel(context.Background())
	signals := bots.NewSignals(pool)
	connected, stop := signals.Subscribe(bots.Signal{Topic: "start"})
	defer stop()
	done := make(chan error, 1)
	go func() { done <- signals.Run(ctx) }()
	waitFor(t, "the signals", connected)
	if h.site, err = New(h.deps(signals, texts)); err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.site.Handler())
	t.Cleanup(func() {
		h.server.CloseClientConnections()
		h.server.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		*h = house{} // the testing package keeps this function, and with it the house, until the last test is over
	})
	return h
}

func (h *house) deps(signals *bots.Signals, texts *templates.Texts) Deps {
	libraries, accounts := contacts.NewLibraries(h.pool, h.clock.Now), bots.NewAccounts(h.pool, h.clock.Now)
	return Deps{
		Links: whatsapp.NewLinks(h.pool, accounts, h.clock.Now),
		Pool:  h.pool, Desk: h.desk, Conversations: h.talks, Signals: signals, Accounts: accounts, Texts: texts, Now: h.clock.Now,
		Proxies: bots.Proxies{netip.MustParsePrefix("127.0.0.0/8")},
		Log:     slog.New(slog.NewTextHandler(h.logged, nil)),
		Library: libraries.ByID, Forget: libraries.Forget,
		Libraries: func(ctx context.Context) ([]library.Library, error) {
			all, err := libraries.All(ctx)
			var out []library.Library
			for _, l := range all {
				out = append(out, l)
			}
			slices.SortFunc(out, func(a, b library.Library) int { return strings.Compare(a.Slug, b.Slug) })
			return out, err
		},
		Hold: func(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) error {
			_, err := tx.Exec(ctx, `select from conversations where library_id = $1 and id = $2 for update`, lib, conv)
			return err
		},
		Typing: func(ctx context.Context, _ library.ID, conv bots.ConversationID) error {
			if _, bounded := ctx.Deadline(); !bounded {
				return errors.New("a messenger may take forever")
			}
			h.typed <- conv
			return errors.New("the messenger is away")
		},
		Registration: h.registrationOf,
		Accept: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID) error {
			if !h.folder.complete(id) {
				return ErrState
			}
			return h.decideIt(ctx, tx, lib, id, "accepted", "", by)
		},
		Refuse: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, reason string) error {
			return h.decideIt(ctx, tx, lib, id, "refused", reason, by)
		},
		Papers: h.folder.pages, AcceptPage: h.folder.accept, ReturnPage: h.folder.giveBack, SendBack: h.folder.sendBack, ByPost: h.folder.byPost,
		Waiting: h.waiting,
		Proof:   h.proofOf,
		Sample: func(_ context.Context, s PaperSample) ([]byte, error) {
			return fmt.Appendf(nil, "%%PDF %s %t %s %v", s.Paper, s.Child, s.Lang, s.Library.Settings.Registration.Wording), nil
		},
		ReadGiven: func(lib library.Library, today library.Date, key, text string) (string, bool) {
			return flows.ReadGiven(texts, lib, today, key, text)
		},
		ReopenPage: h.folder.reopen,
		Redraw:     h.folder.redraw,
		NextNumber: func(context.Context, library.ID) (string, bool, error) { return "000123", true, nil },
		IssueCard: func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, _ string) (Issued, error) {
			if number == "taken" {
				return Issued{}, ErrNumberTaken
			}
			if err := contacts.CardFree(ctx, tx, lib, id); err != nil {
				return Issued{}, err
			}
			_, err := contacts.Decide(ctx, tx, lib, id, "accepted", "done", "", int64(by), h.clock.Now())
			return Issued{Secret: "abc"}, err
		},
		KeepCard: h.keptCard,
		Keep:     h.keep,
		Letters:  h.letters(),
		Double:   h.double,
		File: func(_ context.Context, lib library.ID, id string, _ bool) (io.ReadCloser, FileInfo, error) {
			if lib != h.lib {
				return nil, FileInfo{}, queue.ErrNotFound
			}
			if body, err := brokenFile(id); body != nil || err != nil {
				return body, FileInfo{}, err
			}
			data := paper(h.t)
			if id == "page" { // what a reader calls a picture
				return io.NopCloser(strings.NewReader("<script>")), FileInfo{Name: "photo.png", MediaType: "text/html", Size: 8}, nil
			}
			return io.NopCloser(bytes.NewReader(data)), FileInfo{Name: "согласие.png", MediaType: "image/png", Size: int64(len(data))}, nil
		},
		Block: func(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, on bool) error {
			if _, err := h.talks.find(lib, conv); err != nil {
				return err
			}
			return contacts.Block(ctx, tx, lib, contacts.AddressID(conv), int64(by), on, h.clock.Now())
		},
	}
}

func (h *house) decideIt(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, to, reason string, by queue.StaffID) error {
	_, err := contacts.Decide(ctx, tx, lib, id, "sent", to, reason, int64(by), h.clock.Now())
	return err
}

func (h *house) registrationOf(ctx context.Context, lib library.ID, id int64) (Registration, error) {
	reg, err := contacts.RegistrationByID(ctx, h.pool, lib, id)
	if err != nil {
		return Registration{}, err
	}
	reader, err := contacts.ReaderByID(ctx, h.pool, lib, reg.ReaderID)
	if err != nil {
		return Registration{}, err
	}
	same, err := h.alike(ctx, lib, reg.ReaderID)
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		ID: reg.ID, State: reg.State, Reader: int64(reader.ID), Name: reader.Name, Born: library.DateOf(*reader.Born), Email: reader.Email,
		EmailProven: reader.EmailProven, Phone: reader.Phone, Contact: "Мама", Relation: reg.Relation, ConsentVersion: "3",
		ConsentAt: reg.CreatedAt, Photos: reg.Photos, Sent: reg.CreatedAt, Reason: reg.Reason,
		Same: append([]SamePerson{{
			Reader: 1, Name: "Айыына Петрова", Born: library.Date{Year: 1990, Month: 5, Day: 17}, Card: "000017", Why: []string{contacts.AlikeNameBorn},
		}}, same...),
		Answers: []Answer{{"Education", "Higher"}, {"Place of work", "=HYPERLINK(\"x\")"}}, Papers: h.folder.has(id),
		Conversation: bots.ConversationID(reg.AddressID),
	}, nil
}

// waitFor gives what comes, within the bound.
func waitFor[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(20 * time.Second):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

// paper is a picture of something written.
func paper(t testing.TB) []byte {
	t.Helper()
	drawn, err := drawnPaper()
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

// drawnPaper draws it once: it is asked for some hundred times.
var drawnPaper = sync.OnceValues(func() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 900, 1200))
	for y := range 1200 {
		for x := range 900 {
			shade := color.RGBA{250, 248, 240, 255}
			if y > 100 && y < 1100 && y%40 < 6 && x > 80 && x < 820-(y*7)%300 {
				shade = color.RGBA{60, 60, 80, 255}
			}
			img.SetRGBA(x, y, shade)
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
})

func (h *house) tx(work func(ctx context.Context, tx pgx.Tx) error) {
	h.t.Helper()
	if err := pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error { return work(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) library(slug, name string) (id library.ID) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if id, err = contacts.AddLibrary(ctx, tx, slug, "Asia/Yakutsk", library.Settings{
			Name: map[library.Lang]string{library.Russian: name}, Registration: library.Registration{ConsentPhoto: true},
		}); err != nil {
			return err
		}
		var channel int64
		err = tx.QueryRow(ctx, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'site') returning id`, id).Scan(&channel)
		h.channels[id] = channel
		return err
	})
	return id
}

func (h *house) staff(lib library.ID, role queue.Role, lang library.Lang) (s queue.Staff, password string) {
	h.t.Helper()
	h.count++
	of := &lib
	if role == queue.RoleOperator {
		of = nil
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		s, password, err = h.desk.AddStaff(ctx, tx, queue.Console(), queue.NewStaff{
			Library: of, Login: fmt.Sprintf("%s-%d", role, h.count), Name: "Анна Иванова", Email: "anna@example.org", Role: role, Lang: lang,
		})
		return err
	})
	return s, password
}
