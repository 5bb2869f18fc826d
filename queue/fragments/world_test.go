package fragments_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a library with a reader, two departments and a book of a hundred pages in the first of them.
type house struct {
	testing.TB
	pool       *pgxpool.Pool
	lib        library.Library
	reader     contacts.ReaderID
	conv       bots.ConversationID
	book, free stock.EditionID
	storage    int64
	other      int64
	librarian  fragments.Actor
	keeper     fragments.Actor // of the department
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, pool: pgtest.New(t), lib: library.Library{Slug: "first", Zone: time.UTC}}
	h.scan(&h.lib.ID, `insert into libraries (slug, zone, settings) values ('first', 'UTC', '{}') returning id`)
	var channel, contact int64
	h.scan(&channel, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'чат') returning id`, h.lib.ID)
	h.scan(&contact, `insert into contacts (library_id, name) values ($1, 'Анна') returning id`, h.lib.ID)
	h.scan(&h.conv, `insert into addresses (library_id, contact_id, channel_id, external) values ($1, $2, $3, 'a') returning id`, h.lib.ID, contact, channel)
	h.exec(`insert into conversations (library_id, id, lang) values ($1, $2, 'ru')`, h.lib.ID, h.conv)
	h.reader = h.newReader()
	h.storage, h.other = h.department("Книгохранение"), h.department("Краеведение")
	h.exec(`insert into sigla (library_id, siglum, fund, department_id, rank) values ($1, 'КХ2', '', $2, 1)`, h.lib.ID, h.storage)
	h.book, h.free = h.edition("Олонхо", 100, false), h.edition("Манчаары", 100, true)
	h.librarian, h.keeper = h.staff("anna", queue.RoleLibrarian), h.staff("keeper", queue.RoleDepartment)
	return h
}

func (h *house) exec(sql string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(context.Background(), sql, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) scan(into any, sql string, args ...any) {
	h.Helper()
	if err := h.pool.QueryRow(context.Background(), sql, args...).Scan(into); err != nil {
		h.Fatal(err)
	}
}

func (h *house) newReader() (id contacts.ReaderID) {
	h.Helper()
	h.scan(&id, `insert into readers (library_id, name, card) values ($1, 'Анна', '1') returning id`, h.lib.ID)
	return id
}

func (h *house) department(name string) (id int64) {
	h.Helper()
	h.scan(&id, `insert into departments (library_id, name) values ($1, jsonb_build_object('ru', $2::text)) returning id`, h.lib.ID, name)
	return id
}

func (h *house) staff(login string, role queue.Role) fragments.Actor {
	h.Helper()
	a := fragments.Actor{Role: role}
	h.scan(&a.Staff, `insert into staff (library_id, login, name, role, password_hash) values ($1, $2, $2, $3, '') returning id`, h.lib.ID, login, role)
	return a
}

// edition takes a book into the catalogue and gives its id.
func (h *house) edition(title string, pages int, free bool) stock.EditionID {
	h.Helper()
	return h.editionOf(stock.Book, title, pages, free)
}

func (h *house) editionOf(kind, title string, pages int, free bool) stock.EditionID {
	h.Helper()
	record := stock.Record{
		Number: 1, Source: title, Title: title, Kind: kind, Pages: pages, PublicDomain: free,
		Copies: []stock.Copy{{Siglum: "КХ2", Fund: "основной", Inventory: title}},
	}
	catalogue := stock.New(h.pool)
	sum, err := catalogue.Import(context.Background(), h.lib.ID, func(yield func(stock.Record, error) bool) { yield(record, nil) }, nil)
	if err != nil || sum.Added != 1 {
		h.Fatalf("catalogue: %+v, %v", sum, err)
	}
	found, err := catalogue.Search(context.Background(), h.lib.ID, title, 1)
	if err != nil || len(found) != 1 {
		h.Fatalf("catalogue: %v, %v", found, err)
	}
	return found[0].ID
}

// try does the work in one transaction.
func (h *house) try(do func(ctx context.Context, tx pgx.Tx) error) error {
	ctx := context.Background()
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return do(ctx, tx) })
}

// act is an act that has to succeed.
func (h *house) act(do func(ctx context.Context, tx pgx.Tx) (fragments.Order, error)) (o fragments.Order) {
	h.Helper()
	err := h.try(func(ctx context.Context, tx pgx.Tx) (err error) {
		o, err = do(ctx, tx)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return o
}

func (h *house) wish(book stock.EditionID, pages string, count int) fragments.Wish {
	return fragments.Wish{
		Library: h.lib, Kind: fragments.Fragment, Reader: h.reader, Conversation: h.conv, Channel: bots.WebChat, Edition: book, Title: "Олонхо", Pages: pages, Count: count,
		Want: "photo", At: noon,
	}
}

func (h *house) place(w fragments.Wish) (o fragments.Order, err error) {
	err = h.try(func(ctx context.Context, tx pgx.Tx) (err error) {
		o, err = fragments.Place(ctx, tx, w)
		return err
	})
	return o, err
}

// file is a file in the store, of which nothing but its row is needed.
func (h *house) file(name string, kind files.Kind, pages int) (files.File, files.Finding) {
	h.Helper()
	f := files.File{Name: name, Kind: kind, MediaType: "image/jpeg", Pages: pages}
	h.scan(&f.ID, `insert into files (id, library_id, sha256, size, name, media_type, kind, pages, state, created_at)
select translate(substr(md5(random()::text), 1, 26), '0189', 'abcd'), $3, sha256(($1 || $2)::bytea), 1, $1, 'image/jpeg', $2, $4, 'clean', now() returning id`, name, kind, h.lib.ID, pages)
	h.scan(&f.SHA256, `select sha256 from files where id = $1`, f.ID)
	return f, files.Finding{FileID: f.ID, Kind: kind, Pages: pages}
}

func (h *house) bring(o fragments.Order, name string, kind files.Kind, pages int) (n int, err error) {
	h.Helper()
	f, found := h.file(fmt.Sprintf("%d %s", o.ID, name), kind, pages)
	err = h.try(func(ctx context.Context, tx pgx.Tx) (err error) {
		n, err = fragments.Bring(ctx, tx, h.lib.ID, o.ID, fragments.Brought{File: f, Finding: found, Source: fragments.FromDesk, Staff: h.keeper.Staff, At: noon})
		return err
	})
	return n, err
}

// open are the kinds of the order's tasks that wait.
func (h *house) open(o fragments.Order) (kinds string) {
	h.Helper()
	h.scan(&kinds, `select coalesce(string_agg(kind || case when department_id is null then '' else ' of ' || department_id end, ', ' order by id), '')
from tasks where library_id = $1 and order_id = $2 and state <> 'done'`, h.lib.ID, o.ID)
	return kinds
}
