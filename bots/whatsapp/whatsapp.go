package whatsapp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"librarian/bots"
	"librarian/contacts/library"
)

// What one message holds. WhatsApp takes more in places; phones show a longer text cut.
const (
	maxText    = 4096 // characters of a message
	maxCaption = 1024 // characters beside a file
	maxLabel   = 60   // ours: a longer line of a list is broken on a phone
	maxUpload  = 50 << 20
	maxPhoto   = 10 << 20
	maxRate    = 5 // messages a second: nobody writes faster with their own hands

	unseen = 24 * time.Hour // a phone may be off for a night
)

// FirstContacts is how many people that never wrote are written to in a day, unless the channel says otherwise: more than a few make a number suspect.
const FirstContacts = 20

// Config is what one number needs. Again, Open, Report, Wake, Transport and Pace may be left out.
type Config struct {
	Library library.ID
	Channel bots.ChannelID
	Pool    *pgxpool.Pool
	Store   *Store
	Links   *Links
	Receive bots.Receive
	// Delivered tells how far messages of ours have come: to the phones of the address, or before their reader's eyes.
	Delivered func(ctx context.Context, lib library.ID, channel bots.ChannelID, address string, ids []string, read bool) error
	// Again gives a message of ours to the address once more, by the id it bears: its phone could not read it, and asks for it.
	Again func(ctx context.Context, lib library.ID, channel bots.ChannelID, address, id string) (bots.Outbound, error)
	// Open gives a file of the library to be sent: name, media type as found by content, and size in bytes.
	Open func(ctx context.Context, lib library.ID, file string) (r io.ReadCloser, name, mediaType string, size int64, err error)
	// Lock makes this the only process that holds the number until release is called; ok is false while another one does. The context ends when the lock is lost.
	Lock func(ctx context.Context) (held context.Context, release func(), ok bool, err error)
	// Report tells what keeps the number from working, as one of the Problems of bots, and nothing when it works again.
	Report func(ctx context.Context, problem string)
	// Wake gives a channel that is ready when something may have been asked of the number; the function ends it.
	Wake          func() (<-chan struct{}, func())
	Transport     http.RoundTripper            // nil: the internet
	Pace          func(text int) time.Duration // how long the reader sees that a text of so many characters is being written; nil: not at all
	FirstContacts int                          // a day
	Now           func() time.Time
	Log           *slog.Logger
}

// limits are the longest that one call may take, and how often things are done.
type limits struct {
	call, upload, fetch time.Duration
	dial                time.Duration // until the connection stands
	standBy             time.Duration // between two tries to hold the number
	ask                 time.Duration // between two looks at what is asked
	beat                time.Duration // between two signs of life
	receive             time.Duration // for a message to be stored before WhatsApp is to bring it again
	replaced            time.Duration // for the loss of our own lock to be noticed
	reupload            time.Duration // for a phone to send a file up again while somebody waits
	steady              time.Duration // for a connection to count as one that works
	settle              time.Duration // after a connection has ended: why it did may be said a moment later
}

// WhatsApp is one number. It is safe for use by several goroutines.
type WhatsApp struct {
	Config
	people people
	limits limits

	mu       sync.RWMutex
	cli      *whatsmeow.Client // logged in; nil otherwise, and while another process holds the number
	standing standing          // as this process knows it

	reuploads reuploads
}

var (
	_ bots.Channel  = (*WhatsApp)(nil)
	_ bots.Fetcher  = (*WhatsApp)(nil)
	_ bots.Presence = (*WhatsApp)(nil)
	_ bots.Holder   = (*WhatsApp)(nil)
)

// New makes the channel. It calls nobody; Run does.
func New(cfg Config) *WhatsApp {
	if cfg.FirstContacts <= 0 {
		cfg.FirstContacts = FirstContacts
	}
	return &WhatsApp{
		Config: cfg,
		people: people{cfg.Pool, cfg.Library, cfg.Channel},
		limits: limits{
			call: 20 * time.Second, upload: 5 * time.Minute, fetch: 5 * time.Minute, dial: 30 * time.Second, standBy: 2 * time.Second, ask: 2 * time.Second,
			beat: 5 * time.Second, receive: 4 * time.Minute, replaced: 4 * time.Second, reupload: 20 * time.Second, steady: 30 * time.Second, settle: 300 * time.Millisecond,
		},
		reuploads: reuploads{waiting: map[string]chan struct{}{}},
	}
}

// Kind is bots.WhatsApp.
func (w *WhatsApp) Kind() bots.Kind { return bots.WhatsApp }

// Limits has no buttons: WhatsApp shows those of its business customers alone. The sender's number comes with each message, so that it may be asked for.
func (w *WhatsApp) Limits() bots.Limits {
	return bots.Limits{
		Text: maxText, Caption: maxCaption, Label: maxLabel, Phone: true, Files: 1, File: maxUpload, Rate: maxRate, Acks: true, OwnIDs: true, Unseen: unseen,
	}
}

// Ready reports that this process holds the number and is logged in.
func (w *WhatsApp) Ready() bool {
	_, ok := w.client()
	return ok
}

// client gives the client that can be used now. whatsmeow itself is not asked: while it dials it does not answer.
func (w *WhatsApp) client() (*whatsmeow.Client, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.cli, w.cli != nil
}

// use makes the client, which has logged in, the one that sends and fetches; nil takes it away.
func (w *WhatsApp) use(cli *whatsmeow.Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cli = cli
}

// Typing shows the reader that an answer is being written. Where the number is not ready it does nothing.
func (w *WhatsApp) Typing(ctx context.Context, address string) error {
	cli, ok := w.client()
	if !ok {
		return nil
	}
	to, err := w.people.reach(ctx, address)
	if err == nil {
		err = cli.SendChatPresence(ctx, to, types.ChatPresenceComposing, types.ChatPresenceMediaText)
	}
	if err != nil {
		return fmt.Errorf("show typing on channel %d: %w", w.Channel, fault(err))
	}
	return nil
}
