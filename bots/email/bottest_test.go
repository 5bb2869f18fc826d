package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/bottest"
	"librarian/bots/email/mailtest"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// What mail cannot do.
var lacking = map[string]string{
	"a reader who leaves is heard":         "who has left is known by the letter that comes back, which is noted beside the letter",
	"a file that the provider has no more": "files are stored together with their letter",
	string(bottest.Shut):                   "a server's refusal is bots.Refused: it does not say whose will it is",
}

func TestChannelCases(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	bottest.Run(t, lacking, func(t *testing.T, w *bottest.World) *bottest.Party { return p.box(t, w).party() })
}

// post is what all mailboxes of the cases share, for servers take their time to start.
type post struct {
	server *mailtest.Server
	pool   *pgxpool.Pool
	store  *files.Store
	lib    library.ID
	boxes  atomic.Int64
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{server: mailtest.New(t), pool: pgtest.New(t)}
	err := p.pool.QueryRow(t.Context(), `insert into libraries (slug, zone, settings) values ('first', 'UTC', '{}') returning id`).Scan(&p.lib)
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	err = errors.Join(err, files.NewKeyFile(path))
	keys, keyErr := files.ReadKeyFile(path)
	blobs, blobErr := files.OpenBlobs(filepath.Join(dir, "blobs"))
	if err := errors.Join(err, keyErr, blobErr); err != nil {
		t.Fatal(err)
	}
	p.store = files.NewStore(p.pool, keys, blobs, time.Now)
	return p
}

// account is the library's mailbox of one case, with those of its readers.
type account struct {
	*testing.T
	*post
	out    *Email
	in     *Intake
	config Config
	number int64
	last   map[bottest.Reader]written
	ids    int
}

func (p *post) box(t *testing.T, w *bottest.World) *account {
	t.Helper()
	b := &account{T: t, post: p, number: p.boxes.Add(1), last: map[bottest.Reader]written{}}
	var channel bots.ChannelID
	err := p.pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) values ($1, 'email', $2) returning id`, p.lib, fmt.Sprint("mail ", b.number)).
		Scan(&channel)
	own := fmt.Sprintf("library%d", b.number)
	b.config = Config{
		Library: p.lib, Channel: channel, SMTP: p.server.SMTPURL, From: own + "@" + mailtest.Domain, FromName: signature,
		Secret: []byte("0123456789abcdef"), Open: w.Shelf.Open, Now: time.Now,
	}
	var emailErr, intakeErr error
	b.out, emailErr = New(b.config)
	b.in, intakeErr = NewIntake(IntakeConfig{
		Library: p.lib, Channel: channel, IMAP: p.server.MailboxURL(own), Address: b.config.From, Pool: p.pool, Store: p.store, Receive: w.Receive,
		MessageID: b.out.MessageID, Lock: func(context.Context) (func(), bool, error) { return func() {}, true, nil },
		Limit: 40 << 20, Now: time.Now, Log: w.Log,
	})
	if err := errors.Join(err, emailErr, intakeErr); err != nil {
		t.Fatal(err)
	}
	b.in.pause = func(ctx context.Context, d time.Duration) { bots.Pause(ctx, min(d, 5*time.Millisecond)) }
	return b
}

const signature = "Библиотека"

// user is the account of the reader.
func (b *account) user(who bottest.Reader) string { return fmt.Sprintf("reader%d.%d", who, b.number) }

func (b *account) address(who bottest.Reader) string { return b.user(who) + "@" + mailtest.Domain }

func (b *account) party() *bottest.Party {
	return &bottest.Party{
		Channel: b.out, Receive: b.in.Poll, Longest: 2 * bots.MaxText, Named: true, Unproven: true, Again: b.again, Kept: b.kept, Shown: b.shown,
		Says:  func(who bottest.Reader, text string) { b.write(who, text) },
		Sends: b.write,
		Send: func(ctx context.Context, who bottest.Reader, m bots.Outbound) (string, error) {
			return b.sendBy(ctx, b.out, b.address(who), m)
		},
		Trouble: b.trouble,
	}
}

func (b *account) sendBy(ctx context.Context, e *Email, address string, m bots.Outbound) (string, error) {
	m.Library, m.Channel, m.Conversation, m.Lang, m.Address = b.lib, b.config.Channel, 1, library.Russian, address
	return e.Send(ctx, m)
}

func (b *account) kept(id string) []byte {
	b.Helper()
	r, _, err := b.store.Open(b.Context(), b.lib, files.ID(id))
	if err != nil {
		b.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		b.Fatal(err)
	}
	return data
}

// shown is what lies in the reader's mailbox, without the library's name below each letter.
func (b *account) shown(who bottest.Reader, least int) (all []bottest.Shown) {
	b.Helper()
	for _, l := range b.server.Letters(b.T, b.user(who), least) {
		text := strings.TrimRight(strings.ReplaceAll(l.Text, "\r\n", "\n"), "\n")
		one := bottest.Shown{Text: strings.TrimSuffix(text, "\n\n-- \n"+signature)}
		for _, f := range l.Files {
			one.Files = append(one.Files, bottest.File{Name: f.Name, MediaType: f.MediaType, Data: f.Content})
		}
		all = append(all, one)
	}
	return all
}

func (b *account) trouble(of bottest.Trouble) (send func(context.Context, bots.Outbound) (string, error), wait time.Duration) {
	to, smtp := b.address(bottest.Aita), b.config.SMTP
	switch of {
	case bottest.Wait:
		to = "later@" + mailtest.Domain
	case bottest.Away:
		smtp = "smtp://127.0.0.1:1?tls=none"
	case bottest.Page:
		smtp = b.answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>" + bottest.Secret + "</body></html>\r\n")
	case bottest.Silence:
		smtp = b.answering("")
	case bottest.Address:
		to = bottest.Secret
	}
	c := b.config
	c.SMTP = smtp
	e, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, m bots.Outbound) (string, error) { return b.sendBy(ctx, e, to, m) }, 0
}

// answering is the URL of something that greets with these words, and then only listens.
func (b *account) answering(words string) string {
	b.Helper()
	l, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, err = io.WriteString(conn, words)
			if err == nil {
				_, err = io.Copy(io.Discard, conn)
			}
			_, _ = err, conn.Close() // whichever end has left first
		}
	}()
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
		<-ended
	})
	return "smtp://" + l.Addr().String() + "?tls=none"
}
