package pickup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/fragments"
	"librarian/queue/pickup"
	"librarian/templates"
)

var loadTexts = sync.OnceValues(templates.Load)

// counter is a served page, and one sent order of a library.
type counter struct {
	testing.TB
	pool   *pgxpool.Pool
	lib    library.ID
	store  *files.Store
	order  fragments.Order
	body   []byte
	server *httptest.Server
	mu     sync.Mutex
	ahead  time.Duration // of the clock
}

func (c *counter) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *counter) pass(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}

// newCounter has a file of so many bytes.
func newCounter(t *testing.T, size int) *counter {
	t.Helper()
	c := &counter{TB: t, pool: pgtest.New(t), body: append([]byte("%PDF-1.7\n"), make([]byte, size)...)}
	if _, err := rand.Read(c.body[9:]); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := files.NewKeyFile(key); err != nil {
		t.Fatal(err)
	}
	keys, err := files.ReadKeyFile(key)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := files.OpenBlobs(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	c.store = files.NewStore(c.pool, keys, blobs, c.now)
	c.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		c.lib, err = contacts.AddLibrary(ctx, tx, "first", "Europe/Kyiv", library.Settings{Name: map[library.Lang]string{library.Russian: "Библиотека <имени>"}, Phone: "+380 44 000"})
		return err
	})
	c.place()
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	page, err := pickup.New(pickup.Deps{
		Pool: c.pool, Texts: texts, Library: contacts.NewLibraries(c.pool, c.now).ByID, Find: c.store.Find, Open: c.store.Open, Secure: true, Now: c.now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	page.Routes(mux)
	c.server = httptest.NewServer(mux)
	t.Cleanup(c.server.Close)
	return c
}

func (c *counter) place() {
	c.Helper()
	f, err := c.store.Put(context.Background(), c.lib, bytes.NewReader(c.body), files.Meta{Name: "Страницы 12.pdf"}, 1<<30)
	if err != nil {
		c.Fatal(err)
	}
	var id fragments.ID
	c.scan(&id, `with ch as (insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat') returning id),
p as (insert into contacts (library_id) values ($1) returning id),
a as (insert into addresses (library_id, contact_id, channel_id, external) select $1, p.id, ch.id, 'anna' from p, ch returning id),
v as (insert into conversations (library_id, id, lang) select $1, id, 'ru' from a returning id),
r as (insert into readers (library_id, name) values ($1, 'Анна') returning id)
insert into orders (library_id, kind, state, reader_id, conversation_id, channel, title, pages, want, due_at, created_at, sent_at, file_ids)
select $1, 'fragment', 'sent', r.id, v.id, 'webchat', 'Олонхо <о реке>', '5–8', 'photo', $2, $2, $2, array[$3] from r, v returning id`, c.lib, c.now(), string(f.ID))
	if c.order, err = fragments.ByID(context.Background(), c.pool, c.lib, id); err != nil {
		c.Fatal(err)
	}
}

func (c *counter) tx(do func(ctx context.Context, tx pgx.Tx) error) {
	c.Helper()
	if err := pgx.BeginFunc(context.Background(), c.pool, func(tx pgx.Tx) error { return do(context.Background(), tx) }); err != nil {
		c.Fatal(err)
	}
}

func (c *counter) scan(into any, sql string, args ...any) {
	c.Helper()
	if err := c.pool.QueryRow(context.Background(), sql, args...).Scan(into); err != nil {
		c.Fatal(err)
	}
}

func (c *counter) exec(sql string, args ...any) {
	c.Helper()
	if _, err := c.pool.Exec(context.Background(), sql, args...); err != nil {
		c.Fatal(err)
	}
}

// link makes one and gives its address.
func (c *counter) link() (address string) {
	c.Helper()
	lib, err := contacts.NewLibraries(c.pool, c.now).ByID(context.Background(), c.lib)
	if err != nil {
		c.Fatal(err)
	}
	c.tx(func(ctx context.Context, tx pgx.Tx) error {
		token, _, err := fragments.NewLink(ctx, tx, lib, c.order, c.order.Conversation, library.Russian, c.now())
		address = c.server.URL + "/get/" + token
		return err
	})
	return address
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *counter) ask(method, address string) answer {
	c.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		c.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

func (c *counter) says(a answer, status int, words ...string) {
	c.Helper()
	if a.status != status {
		c.Errorf("answered %d, want %d", a.status, status)
	}
	for _, w := range words {
		if !bytes.Contains(a.body, []byte(w)) {
			c.Errorf("the page does not say %q:\n%s", w, a.body)
		}
	}
}

func (c *counter) used() (n int) {
	c.Helper()
	c.scan(&n, `select coalesce(sum(used), 0) from order_links`)
	return n
}

// TestPageShowsAndButtonDownloads: looks cost nothing, however many; the button gives the file whole, under its name.
func TestPageShowsAndButtonDownloads(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 3<<20)
	link := c.link()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		got := c.ask(method, link)
		if method == http.MethodGet {
			c.says(got, http.StatusOK, "Ваша копия готова", "Олонхо &lt;о реке&gt;", "Библиотека &lt;имени&gt;", "5–8", "4 МБ", "ещё 5 раз", `<form method="post">`)
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q", method, name, got.header.Get(name))
			}
		}
	}
	if n := c.used(); n != 0 {
		t.Errorf("looks used %d views", n)
	}
	got := c.ask(http.MethodPost, link)
	if got.status != http.StatusOK || !bytes.Equal(got.body, c.body) {
		t.Errorf("downloaded %d with %d of %d bytes", got.status, len(got.body), len(c.body))
	}
	if name, err := url.PathUnescape(got.header.Get("Content-Disposition")); err != nil || !strings.HasPrefix(name, "attachment; filename*=utf-8''Страницы 12.pdf") ||
		got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", got.header)
	}
	c.says(c.ask(http.MethodGet, link), http.StatusOK, "ещё 4 раза")
	c.await("the download stands among the steps", func() bool {
		var steps int
		c.scan(&steps, `select count(*) from order_steps where act = 'fetch' and was = 'sent' and became = 'sent'`)
		return steps == 1
	})
	var style string
	if _, after, found := strings.Cut(string(c.ask(http.MethodGet, link).body), `rel="stylesheet" href="`); found {
		style, _, _ = strings.Cut(after, `"`)
	}
	if got := c.ask(http.MethodGet, c.server.URL+style); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/css") {
		t.Errorf("the style is %d", got.status)
	}
}

// TestTokenIsNotKept: what lies in the database opens nothing.
func TestTokenIsNotKept(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 10)
	link := c.link()
	token := link[strings.LastIndex(link, "/")+1:]
	var kept string
	c.scan(&kept, `select string_agg(l::text, ' ') from order_links l`)
	if len(token) != 32 || strings.Contains(kept, token) {
		t.Errorf("%d letters of a token, kept as %s", len(token), kept)
	}
	c.says(c.ask(http.MethodGet, c.server.URL+"/get/"+strings.Repeat("0", 32)), http.StatusNotFound, "Эта ссылка больше не работает")
	c.says(c.ask(http.MethodPost, c.server.URL+"/get/%00"), http.StatusNotFound, "Эта ссылка больше не работает")
}

// TestTwentyDownloadsAtOnce: of twenty at one barrier as many succeed as are allowed.
func TestTwentyDownloadsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 300<<10)
	link := c.link()
	barrier := make(chan struct{})
	results := make(chan answer, 20)
	for range 20 {
		go func() {
			<-barrier
			results <- c.ask(http.MethodPost, link)
		}()
	}
	close(barrier)
	whole, over := 0, 0
	for range 20 {
		switch got := <-results; {
		case got.status == http.StatusOK && bytes.Equal(got.body, c.body):
			whole++
		case got.status == http.StatusGone:
			over++
		default:
			t.Errorf("answered %d with %d bytes", got.status, len(got.body))
		}
	}
	if whole != 5 || over != 15 || c.used() != 5 {
		t.Errorf("%d downloads, %d refused, %d used", whole, over, c.used())
	}
	c.says(c.ask(http.MethodGet, link), http.StatusGone, "столько раз, сколько было можно", "Прислать ещё раз", "380 44 000")
}

// TestBrokenDownloadCostsNothing, but to break off again and again ends too.
func TestBrokenDownloadCostsNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 24<<20)
	link := c.link()
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST "+at.Path+" HTTP/1.1\r\nHost: "+at.Host+"\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if n := c.used(); n != 1 {
			t.Errorf("under way it counts as %d", n)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		c.await("the view is given back", func() bool { return c.used() == 0 })
		var begun int
		if c.scan(&begun, `select begun from order_links`); begun != i+1 {
			t.Errorf("%d begun", begun)
		}
	}
	c.says(c.ask(http.MethodGet, link), http.StatusOK, "ещё 5 раз")
	c.exec(`update order_links set begun = 20`)
	c.says(c.ask(http.MethodGet, link), http.StatusGone)
	c.says(c.ask(http.MethodPost, link), http.StatusGone)
}

func (c *counter) await(what string, so func() bool) {
	c.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(20 * time.Second); !so(); {
		select {
		case <-end:
			c.Fatalf("waited too long: %s", what)
		case <-tick.C:
		}
	}
}

// TestLinkEnds with its days, with what is kept, with its reader, with its order, and with a newer one in the same chat.
func TestLinkEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		do   func(c *counter)
		says string
	}{
		"days":        {func(c *counter) { c.pass(14*24*time.Hour + time.Second) }, "Её срок прошёл"},
		"kept":        {func(c *counter) { c.exec(`update orders set wiped = true, file_ids = '{}'`) }, "Эти страницы мы больше не храним"},
		"cancelled":   {func(c *counter) { c.exec(`update orders set state = 'cancelled'`) }, "Эти страницы мы больше не храним"},
		"erased":      {func(c *counter) { c.exec(`update readers set erased_at = now()`) }, "Эти страницы мы больше не храним"},
		"purged":      {func(c *counter) { c.purge() }, "Эти страницы мы больше не храним"},
		"a newer one": {func(c *counter) { c.link() }, "Её срок прошёл"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, 100)
			link := c.link()
			c.says(c.ask(http.MethodGet, link), http.StatusOK)
			end.do(c)
			c.says(c.ask(http.MethodGet, link), http.StatusGone, end.says)
			c.says(c.ask(http.MethodPost, link), http.StatusGone, end.says)
			if n := c.used(); n != 0 {
				t.Errorf("%d used", n)
			}
		})
	}
}

func (c *counter) purge() {
	c.Helper()
	c.tx(func(ctx context.Context, tx pgx.Tx) error {
		return files.Purge(ctx, tx, c.lib, c.order.Files[0], c.now())
	})
}

// TestLinkOfPagesThatGoSoon works no longer than they are kept.
func TestLinkOfPagesThatGoSoon(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 100)
	c.pass(85 * 24 * time.Hour)
	link := c.link()
	c.says(c.ask(http.MethodGet, link), http.StatusOK)
	c.pass(5*24*time.Hour + time.Minute)
	c.says(c.ask(http.MethodGet, link), http.StatusGone, "Её срок прошёл")
}

// TestPolicyOfLinks is the library's.
func TestPolicyOfLinks(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 100)
	c.exec(`update libraries set settings = jsonb_set(settings::jsonb, '{policy}', '{"link": {"days": 2, "views": 1}}')`)
	link := c.link()
	c.says(c.ask(http.MethodGet, link), http.StatusOK, "ещё 1 раз")
	c.says(c.ask(http.MethodPost, link), http.StatusOK)
	c.says(c.ask(http.MethodPost, link), http.StatusGone, "столько раз")
	link = c.link()
	c.pass(48*time.Hour + time.Second)
	c.says(c.ask(http.MethodGet, link), http.StatusGone, "Её срок прошёл")
}
