package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/whatsapp"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

type whatsappAddCommand struct {
	database
	Library string `required:"" help:"The library's slug."`
	Name    string `default:"number" help:"How staff see it. One of this name that is not linked yet is linked."`
	Phone   string `help:"Show letters to be typed on the phone with this number, such as +79141234567, instead of a picture to scan." placeholder:"NUMBER"`
}

type channelUnlinkCommand struct {
	database
	Library string `required:"" help:"The library's slug."`
	Name    string `default:"number" help:"How staff see it."`
}

// How a phone is waited for.
const (
	linkLook   = 500 * time.Millisecond // between two looks
	linkNotice = 6 * time.Second        // for a running service to notice a new channel
	linkAlive  = 12 * time.Second       // for a sign of life
	linkSettle = time.Minute            // for WhatsApp to be called by the linked device
)

// What keeps a phone from being linked here.
var (
	errNoService  = errors.New("neither this program nor a service holds the number: look whether the database is in order, start the service (librarian serve), or link the phone at the desk")
	errLinkEnded  = errors.New("not linked: it was cancelled at the desk")
	errPairTime   = errors.New("not linked: nobody scanned the picture or typed the letters in time")
	errPairOld    = errors.New("not linked: WhatsApp refuses this version of the service; update it first")
	errPairPhone  = errors.New("not linked: WhatsApp does not know the number, or gives no letters for it now")
	errPairFailed = errors.New("not linked: the service's log says why")
)

// Run adds the number, unless it is there already, and has its phone linked: by the running service, or by itself where none runs.
func (c whatsappAddCommand) Run(ctx context.Context) error {
	pool, _, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	l, err := newLinking(ctx, pool, c.Library, c.Name, os.Stdout)
	if errors.Is(err, bots.ErrNoSuch) {
		if err = l.add(ctx, c.Name); err == nil {
			fmt.Println("added the number", c.Name)
		}
	}
	if err != nil {
		return err
	}
	if done, err := l.linked(ctx); done || err != nil {
		return err
	}
	whatsapp.Hush(warnings())
	stop, err := l.hold(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return l.link(ctx, c.Phone)
}

// Run has the link ended: by the running service, or by itself where none runs.
func (c channelUnlinkCommand) Run(ctx context.Context) error {
	pool, _, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	l, err := newLinking(ctx, pool, c.Library, c.Name, os.Stdout)
	if err != nil {
		return err
	}
	whatsapp.Hush(warnings())
	stop, err := l.hold(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return l.unlink(ctx)
}

// linking is a number whose phone is linked at the command line.
type linking struct {
	pool   *pgxpool.Pool
	links  *whatsapp.Links
	lib    library.ID
	id     bots.ChannelID
	out    io.Writer
	look   time.Duration
	notice time.Duration // for a service to show itself, before this process holds the number
	waits  time.Duration // for a sign of life of either

	transport http.RoundTripper // nil: the internet
}

// newLinking finds the number: bots.ErrNoSuch when there is none of the name.
func newLinking(ctx context.Context, pool *pgxpool.Pool, slug, name string, out io.Writer) (*linking, error) {
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, slug)
	if err != nil {
		return nil, err
	}
	l := &linking{pool: pool, lib: lib.ID, out: out, look: linkLook, notice: linkNotice, waits: linkAlive}
	accounts := bots.NewAccounts(pool, time.Now)
	l.links = whatsapp.NewLinks(pool, accounts, time.Now)
	all, err := accounts.OfLibrary(ctx, lib.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Kind == bots.WhatsApp && a.Name == name {
			l.id = a.ID
			return l, nil
		}
	}
	return l, fmt.Errorf("number %q: %w", name, bots.ErrNoSuch)
}

func (l *linking) add(ctx context.Context, name string) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) (err error) {
		l.id, err = bots.AddChannel(ctx, tx, nil, bots.Account{Library: l.lib, Kind: bots.WhatsApp, Name: name}, "")
		if err != nil {
			return err
		}
		return l.audit(ctx, tx, "channel.added")
	})
}

func (l *linking) audit(ctx context.Context, tx pgx.Tx, act string) error {
	return queue.Audit(ctx, tx, queue.AuditEntry{Library: l.lib, Act: act, Object: fmt.Sprintf("channel %d", l.id)})
}

func (l *linking) ask(ctx context.Context, ask bots.LinkAsk, phone, act string) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if err := l.links.Ask(ctx, tx, l.lib, l.id, ask, phone); err != nil {
			return err
		}
		return l.audit(ctx, tx, act)
	})
}

// linked says so when a phone is linked already.
func (l *linking) linked(ctx context.Context) (bool, error) {
	link, err := l.links.Link(ctx, l.lib, l.id)
	if err != nil || !link.Linked() {
		return false, err
	}
	fmt.Fprintf(l.out, "linked: %s (%s)\n", link.Number, link.State)
	return true, nil
}

// link shows what the phone needs until it is linked. What was asked is taken back when it came to nothing.
func (l *linking) link(ctx context.Context, phone string) error {
	ask := bots.AskQR
	if phone != "" {
		ask = bots.AskCode
	}
	if err := l.ask(ctx, ask, phone, "channel.link_asked"); err != nil {
		return err
	}
	fmt.Fprintln(l.out, `On the phone open WhatsApp, "Linked devices", and press "Link a device".`)
	err := l.follow(ctx, ask)
	if errors.Is(err, errNoService) || ctx.Err() != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), linkAlive)
		defer cancel()
		err = errors.Join(err, l.ask(late, bots.AskNothing, "", "channel.link_cancelled"))
	}
	return err
}

// follow looks until the phone is linked or that came to nothing.
func (l *linking) follow(ctx context.Context, ask bots.LinkAsk) error {
	screen := &codeScreen{out: l.out}
	tick := time.NewTicker(l.look)
	defer tick.Stop()
	for began, alive := time.Now(), false; ; {
		link, err := l.links.Link(ctx, l.lib, l.id)
		if err != nil {
			return err
		}
		alive = alive || link.Held || link.Code != ""
		switch {
		case link.Linked() && link.State == bots.LinkConnecting && time.Since(link.Since) < linkSettle: // the phone waits for it
		case link.Linked():
			fmt.Fprintln(l.out, "linked:", link.Number)
			return nil
		case link.PairProblem != "":
			return pairError(link.PairProblem)
		case link.Asked != ask:
			return errLinkEnded
		case !alive && time.Since(began) > l.waits:
			return errNoService
		}
		if err := screen.show(ask, link.Code); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func pairError(problem string) error {
	switch problem {
	case bots.PairTimeout:
		return errPairTime
	case bots.PairOutdated:
		return errPairOld
	case bots.PairPhone:
		return errPairPhone
	}
	return errPairFailed
}

// unlink waits until the keys are wiped.
func (l *linking) unlink(ctx context.Context) error {
	if err := l.ask(ctx, bots.AskUnlink, "", "channel.unlink_asked"); err != nil {
		return err
	}
	tick := time.NewTicker(l.look)
	defer tick.Stop()
	for began := time.Now(); ; {
		link, err := l.links.Link(ctx, l.lib, l.id)
		switch {
		case err != nil:
			return err
		case link.Asked != bots.AskUnlink && !link.Linked():
			fmt.Fprintln(l.out, "unlinked")
			return nil
		case !link.Held && time.Since(began) > l.waits:
			return fmt.Errorf("it will be unlinked when the service runs: %w", errNoService)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// codeScreen shows one code at a time, each in place of the one before.
type codeScreen struct {
	out   io.Writer
	shown string
	lines int
}

func (s *codeScreen) show(ask bots.LinkAsk, code string) error {
	if code == "" || code == s.shown {
		return nil
	}
	drawn, lines := `Then press "Link with phone number instead" and type: `+code+"\n", 1
	if ask == bots.AskQR {
		var err error
		if drawn, lines, err = terminalCode(code); err != nil {
			return err
		}
	}
	if s.lines > 0 {
		drawn = fmt.Sprintf("\x1b[%dA\x1b[J", s.lines) + drawn
	}
	s.shown, s.lines = code, lines
	_, err := io.WriteString(s.out, drawn)
	return err
}
