package papers

import (
	"context"
	"fmt"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

// noon is the moment of the tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a library with people who register.
type house struct {
	*testing.T
	pool    *pgxpool.Pool
	lib     library.ID
	channel int64
	people  int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, pool: pgtest.New(t)}
	h.lib = h.library("first")
	return h
}

func (h *house) library(slug string) (lib library.ID) {
	h.Helper()
	h.sure(func(ctx context.Context, tx pgx.Tx) (err error) {
		if lib, err = contacts.AddLibrary(ctx, tx, slug, "Asia/Yakutsk", library.Settings{}); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat') returning id`, lib).Scan(&h.channel)
	})
	return lib
}

// do is one transaction.
func (h *house) do(work func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
	defer cancel()
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return work(ctx, tx) })
}

// sure is one transaction that has to succeed.
func (h *house) sure(work func(context.Context, pgx.Tx) error) {
	h.Helper()
	must(h, h.do(work))
}

// registration is of a new person, waiting for papers.
func (h *house) registration() (id int64) {
	h.Helper()
	h.people++
	h.sure(func(ctx context.Context, tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: h.lib, Channel: h.channel, External: fmt.Sprint(h.people)}}, noon)
		if err != nil {
			return err
		}
		agreed, err := contacts.Agree(ctx, tx, []contacts.Agreement{{
			Library: h.lib, Contact: known[0].Contact, Version: "1", Lang: library.Russian, Text: "text", At: noon,
		}})
		if err != nil {
			return err
		}
		reg, err := contacts.Apply(ctx, tx, contacts.Application{
			Library: h.lib, Contact: known[0].Contact, Address: known[0].ID, Relation: "self", Name: "Айталина Попова",
			Born: library.Date{Year: 2001, Month: 3, Day: 2}, Consent: agreed[0], Papers: true, At: noon,
		})
		id = reg.ID
		return err
	})
	return id
}

func (h *house) want(registration int64, at time.Time) error {
	return h.do(func(ctx context.Context, tx pgx.Tx) error {
		return Want(ctx, tx, h.lib, registration, 5, anOrder(), at)
	})
}

func (h *house) claim(now time.Time) (Job, bool) {
	h.Helper()
	job, found, err := Claim(h.Context(), h.pool, now, time.Minute)
	must(h, err)
	return job, found
}

func (h *house) made(job Job, at time.Time) error {
	return h.do(func(ctx context.Context, tx pgx.Tx) error {
		drawn := []Drawn{
			{Kind: Form, Lang: library.Russian, Pages: 1, TextHash: "a"},
			{Kind: Application, Lang: library.Russian, Pages: 1, TextHash: "b"},
			{Kind: Consent, Lang: library.Russian, Pages: 2, Version: "2026-1", TextHash: "c"},
		}
		name := func(k Kind) files.ID { return files.ID(fmt.Sprintf("%s of %d", k, job.ID)) }
		return Made(ctx, tx, job, drawn, []files.ID{name(Form), name(Application), name(Consent)}, at)
	})
}

// papers makes a registration whose papers are sent, with the token that is on them.
func (h *house) papers() (registration int64, token string) {
	h.Helper()
	registration = h.registration()
	must(h, h.want(registration, noon))
	job, found := h.claim(noon)
	if !found || job.Registration != registration {
		h.Fatalf("claimed %+v, %v", job, found)
	}
	must(h, h.made(job, noon))
	return registration, job.Order.Token
}

func (h *house) receive(registration int64, scans ...Scan) (taken []Page, err error) {
	err = h.do(func(ctx context.Context, tx pgx.Tx) error {
		taken, err = Receive(ctx, tx, h.lib, registration, scans, noon)
		return err
	})
	return taken, err
}

// came receives one photo a page.
func (h *house) came(registration int64, file files.ID, pages ...Page) {
	h.Helper()
	scans := make([]Scan, len(pages))
	for i, p := range pages {
		scans[i] = scan(p, file, i+1)
	}
	taken, err := h.receive(registration, scans...)
	must(h, err)
	if len(taken) != len(pages) {
		h.Fatalf("taken %v of %v", taken, pages)
	}
}

func (h *house) stand(registration int64) []PageStand {
	h.Helper()
	stand, err := Stand(h.Context(), h.pool, h.lib, registration)
	must(h, err)
	return stand
}

// states are the pages in short, such as "F1 wanted".
func (h *house) states(registration int64) (out []string) {
	h.Helper()
	for _, p := range h.stand(registration) {
		out = append(out, fmt.Sprintf("%s%d %s", letterOf(p.Kind), p.Number, p.State))
	}
	return out
}

func (h *house) accept(registration int64, page Page, file files.ID, sheet int, staff int64) error {
	return h.do(func(ctx context.Context, tx pgx.Tx) error {
		return AcceptPage(ctx, tx, h.lib, Look{Registration: registration, Page: page, File: file, Sheet: sheet, Staff: staff, At: noon})
	})
}

func (h *house) giveBack(registration int64, page Page, file files.ID, sheet int, reason string) error {
	return h.do(func(ctx context.Context, tx pgx.Tx) error {
		return ReturnPage(ctx, tx, h.lib, Look{Registration: registration, Page: page, File: file, Sheet: sheet, Staff: 7, At: noon}, reason)
	})
}

func (h *house) past(before time.Time) (out []files.ID) {
	h.Helper()
	h.sure(func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = Past(ctx, tx, h.lib, before, 10)
		return err
	})
	return out
}

func scan(page Page, file files.ID, sheet int) Scan {
	return Scan{Page: page, File: file, Sheet: sheet, Preview: file + " shown", How: ByCode}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// anOrder is the three papers of a grown-up.
func anOrder() Order {
	return Order{
		Library: library.Library{Slug: "first", Settings: library.Settings{Record: library.Russian, Name: map[library.Lang]string{
			library.Russian: "Национальная библиотека Республики Саха (Якутия)",
			library.English: "National Library of the Republic of Sakha (Yakutia)",
		}}},
		Lang: library.Russian, Kinds: []Kind{Form, Application, Consent}, Name: "Ҕаврильева Өҥүөһэ Үйэһиттэн",
		Born: library.Date{Year: 1987, Month: 3, Day: 5}, Contact: "anna@example.org", Relation: "self",
		Answers: []Line{{
			Label: map[library.Lang]string{library.Russian: "Образование", library.English: "Education"},
			Value: map[library.Lang]string{library.Russian: "среднее", library.English: "secondary"},
		}},
		Consent: map[library.Lang]string{library.Russian: "Даётся на три года.\nОтзывается письмом.", library.English: "Given for three years.\nTaken back by letter."},
		Version: "2026-1", Day: library.Date{Year: 2026, Month: 11, Day: 22},
	}
}
