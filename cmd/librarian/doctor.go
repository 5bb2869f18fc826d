package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema"
	"librarian/queue"
)

type doctorCommand struct{ settings }

// verdict is how a check went.
type verdict string

const (
	fine    verdict = "ok"
	warning verdict = "warning"
	wrong   verdict = "wrong"
)

// checkTime bounds each check.
const checkTime = 30 * time.Second

var errUnwell = errors.New("something is wrong")

// doctor looks at one installation and says what it finds, one line a check.
type doctor struct {
	settings
	out   io.Writer
	pool  *pgxpool.Pool // nil: the database cannot be reached
	keys  *files.Keys   // nil: there is no key that fits
	wrong int
}

// Run checks everything and fails when something is wrong.
func (c doctorCommand) Run(ctx context.Context) error {
	d := &doctor{settings: c.settings, out: os.Stdout}
	defer func() {
		if d.pool != nil {
			d.pool.Close()
		}
	}()
	for _, check := range []func(context.Context){
		d.database, d.schema, d.key, d.clock, d.disk, d.decoder, d.poppler, d.scanner, d.publicURL, d.staff, d.channels,
	} {
		limited, cancel := context.WithTimeout(ctx, checkTime)
		check(limited)
		cancel()
	}
	if d.wrong > 0 {
		return errUnwell
	}
	return nil
}

// say prints one finding. Errors of ours name ids only; a secret is in none of them.
func (d *doctor) say(v verdict, what, format string, args ...any) {
	if v == wrong {
		d.wrong++
	}
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	_, _ = fmt.Fprintf(d.out, "%-8s %-12s %s\n", v, what, text) // the exit code still tells where nobody reads
}

const oldestPostgres = 15

func (d *doctor) database(ctx context.Context) {
	pool, err := d.open(ctx)
	if err != nil {
		d.say(wrong, "database", "%v", err)
		return
	}
	major, err := serverMajor(ctx, pool)
	if err != nil {
		pool.Close()
		d.say(wrong, "database", "cannot be reached; is it running, and are address, account and password right? %v", err)
		return
	}
	d.pool = pool
	if major < oldestPostgres {
		d.say(wrong, "database", "is PostgreSQL %d; %d or newer is needed", major, oldestPostgres)
		return
	}
	d.say(fine, "database", "PostgreSQL %d", major)
}

func (d *doctor) schema(ctx context.Context) {
	if d.pool == nil {
		return
	}
	err := schema.Check(ctx, d.pool)
	switch {
	case errors.Is(err, schema.ErrNotCurrent):
		d.say(wrong, "schema", "does not fit this program; librarian serve brings an older one up to date, a newer one needs its own program: %v", err)
	case err != nil:
		d.say(wrong, "schema", "%v", err)
	default:
		d.say(fine, "schema", "is this program's")
	}
}

func (d *doctor) key(ctx context.Context) {
	if d.KeyFile == "" {
		d.say(wrong, "key", "%v", errNoKey)
		return
	}
	info, err := os.Stat(d.KeyFile)
	if err != nil {
		d.say(wrong, "key", "%v", err)
		return
	}
	keys, err := files.ReadKeyFile(d.KeyFile)
	if err != nil {
		d.say(wrong, "key", "%v", err)
		return
	}
	if others := info.Mode().Perm() & 0o077; others != 0 {
		d.say(wrong, "key", "can be read by others: type chmod 600 %s", d.KeyFile)
	}
	if d.pool == nil {
		return
	}
	kept, err := readCheck(ctx, d.pool)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		d.keys = keys
		d.say(warning, "key", "nothing is encrypted yet: the first start of librarian serve binds the database to this key")
	case err != nil:
		d.say(wrong, "key", "%v", err)
	case keys.Check(kept) != nil:
		d.say(wrong, "key", "is not the one with which this database was written: find the right one")
	default:
		d.keys = keys
		d.say(fine, "key", "fits the database")
	}
}

// readCheck reads the row by which a key is known to fit, and unlike checkKey makes none.
func readCheck(ctx context.Context, pool *pgxpool.Pool) (kept []byte, err error) {
	if err := pool.QueryRow(ctx, `select ciphertext from key_checks`).Scan(&kept); err != nil {
		return nil, fmt.Errorf("read the key's check: %w", err)
	}
	return kept, nil
}

// Clocks further apart than this: the times that readers are told begin to be wrong, and second factors no longer work.
const (
	clockDrift = 2 * time.Second
	clockLimit = 30 * time.Second
)

func (d *doctor) clock(ctx context.Context) {
	if d.pool == nil {
		return
	}
	var theirs time.Time
	before := time.Now()
	if err := d.pool.QueryRow(ctx, `select clock_timestamp()`).Scan(&theirs); err != nil {
		d.say(wrong, "clock", "%v", err)
		return
	}
	apart := theirs.Sub(before.Add(time.Since(before) / 2)).Abs().Round(time.Millisecond)
	switch {
	case apart > clockLimit:
		d.say(wrong, "clock", "is %s apart from the database's: let both machines keep time by NTP", apart)
	case apart > clockDrift:
		d.say(warning, "clock", "is %s apart from the database's: let both machines keep time by NTP", apart)
	default:
		d.say(fine, "clock", "%s apart from the database's", apart)
	}
}

func (d *doctor) publicURL(context.Context) {
	if d.PublicURL == "" {
		d.say(warning, "public URL", "is not set: links to staff and Telegram's webhook cannot be made; set LIBRARIAN_PUBLIC_URL")
		return
	}
	u, err := url.Parse(d.PublicURL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		d.say(wrong, "public URL", "is not an address such as https://chat.library.example")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		d.say(wrong, "public URL", "must end with the host, without a slash or a path")
	case u.Scheme == "http" && !local(u.Host):
		d.say(warning, "public URL", "is not https: passwords and papers would travel readable, and the chat cannot be embedded")
	case u.Scheme == "https" && len(d.Proxies) == 0:
		d.say(warning, "public URL", "is https, and LIBRARIAN_PROXIES is not set: all readers behind the proxy share one allowance")
	default:
		if _, err := d.proxies(); err != nil {
			d.say(wrong, "public URL", "%v", err)
			return
		}
		d.say(fine, "public URL", "%s", d.PublicURL)
	}
}

func (d *doctor) staff(ctx context.Context) {
	if d.pool == nil {
		return
	}
	operators, err := queue.NewDesk(d.pool, d.keys, issuer, time.Now).ListOperators(ctx)
	if err != nil {
		d.say(wrong, "staff", "%v", err)
		return
	}
	working := 0
	for _, o := range operators {
		if o.State == "on" {
			working++
		}
	}
	if working == 0 {
		d.say(wrong, "staff", "there is no operator: type librarian staff add LOGIN --name NAME")
		return
	}
	d.say(fine, "staff", "operators: %d", working)
}
