package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema"
)

// database is what every command needs that touches the data.
type database struct {
	DatabaseURL string `name:"database" env:"DATABASE_URL" help:"PostgreSQL, such as postgres://librarian@db.example/librarian." placeholder:"URL"`
	KeyFile     string `env:"LIBRARIAN_KEY_FILE" help:"Key with which papers and secrets are encrypted; librarian key new makes it." placeholder:"FILE"`
}

// settings are how the service runs.
type settings struct {
	database
	Listen       string   `env:"LIBRARIAN_LISTEN" default:"127.0.0.1:8080" help:"Address and port to serve on."`
	PublicURL    string   `env:"LIBRARIAN_PUBLIC_URL" help:"How readers and staff reach the service, such as https://chat.library.example; cookies are then for https alone." placeholder:"URL"`
	Files        string   `env:"LIBRARIAN_FILES" default:"/var/lib/librarian/files" help:"Where files lie, encrypted: a folder, or s3://key:secret@host/bucket." placeholder:"PLACE"`
	Clamd        string   `env:"LIBRARIAN_CLAMD" help:"Virus scanner, such as unix:/run/clamav/clamd.ctl or tcp:host:3310; without it files are not scanned." placeholder:"ADDRESS"`
	MetricsToken string   `env:"LIBRARIAN_METRICS_TOKEN" help:"Who shows it as a bearer may read /metrics from anywhere; without it only programs of this machine may, and not through a proxy." placeholder:"TOKEN"`
	Proxies      []string `env:"LIBRARIAN_PROXIES" help:"Networks of the proxies in front of the service, whose X-Forwarded-For is believed." placeholder:"NETWORK"`

	WhatsAppTestServer string `name:"whatsapp-test-server" env:"WHATSAPP_TEST_SERVER" help:"For tests: a server of this machine, as address and port, that plays WhatsApp." placeholder:"ADDRESS"`
	WhatsAppTestCert   string `name:"whatsapp-test-cert" env:"WHATSAPP_TEST_CERT" help:"For tests: the key of that server, in hexadecimal." placeholder:"KEY"`
}

var (
	errNoDatabase = errors.New("no database: set DATABASE_URL or give --database")
	errNoAddress  = errors.New("DATABASE_URL cannot be read") // the cause would show the password
	errNoKey      = errors.New("no key: make one with librarian key new FILE and set LIBRARIAN_KEY_FILE to it")
)

// connect opens the database and brings it to this program's schema.
func (d database) connect(ctx context.Context) (*pgxpool.Pool, error) {
	pool, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.fits(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	if err := schema.Apply(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// unlock is connect and key in one: what every command needs that reads or writes what is encrypted. The caller closes the pool.
func (d database) unlock(ctx context.Context) (*pgxpool.Pool, *files.Keys, error) {
	pool, err := d.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	keys, err := d.key(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	return pool, keys, nil
}

// fits makes sure that the key belongs to the database before anything is changed in it: a command given another library's address must not touch it.
// A new database, or no key yet, fits.
func (d database) fits(ctx context.Context, pool *pgxpool.Pool) error {
	if d.KeyFile == "" {
		return nil
	}
	keys, err := files.ReadKeyFile(d.KeyFile)
	if err != nil {
		return err
	}
	var known bool
	if err := pool.QueryRow(ctx, `select to_regclass('key_checks') is not null`).Scan(&known); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	if !known {
		return nil
	}
	var kept []byte
	err = pool.QueryRow(ctx, `select ciphertext from key_checks`).Scan(&kept)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the key's check: %w", err)
	}
	if err := keys.Check(kept); err != nil {
		return fmt.Errorf("the key does not fit this database: %w", err)
	}
	return nil
}

// open opens the database as it is.
func (d database) open(ctx context.Context) (*pgxpool.Pool, error) {
	if d.DatabaseURL == "" {
		return nil, errNoDatabase
	}
	c, err := pgxpool.ParseConfig(d.DatabaseURL)
	if err != nil {
		return nil, errNoAddress
	}
	c.MaxConns = max(c.MaxConns, int32(8+4*runtime.NumCPU()))
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}

// key reads the key and makes sure that it is the one with which this database was written.
func (d database) key(ctx context.Context, pool *pgxpool.Pool) (*files.Keys, error) {
	if d.KeyFile == "" {
		return nil, errNoKey
	}
	keys, err := files.ReadKeyFile(d.KeyFile)
	if err != nil {
		return nil, err
	}
	return keys, checkKey(ctx, pool, keys)
}

func checkKey(ctx context.Context, pool *pgxpool.Pool, keys *files.Keys) error {
	fresh, err := keys.NewCheck()
	if err != nil {
		return err
	}
	var kept []byte
	err = pool.QueryRow(ctx, `with new as (insert into key_checks (ciphertext) values ($1) on conflict do nothing returning ciphertext)
select ciphertext from new union all select ciphertext from key_checks limit 1`, fresh).Scan(&kept)
	if errors.Is(err, pgx.ErrNoRows) { // another process has made it this very moment
		err = pool.QueryRow(ctx, `select ciphertext from key_checks`).Scan(&kept)
	}
	if err != nil {
		return fmt.Errorf("read the key's check: %w", err)
	}
	if err := keys.Check(kept); err != nil {
		return fmt.Errorf("the key does not fit this database: %w", err)
	}
	return nil
}

// proxies are the networks that are believed.
func (s settings) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range s.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err2 := netip.ParseAddr(text)
			if err2 != nil {
				return nil, fmt.Errorf("proxy %q is neither a network nor an address", text)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}
