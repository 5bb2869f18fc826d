package email

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// ErrMailbox is wrapped when an IMAP URL cannot be used.
var ErrMailbox = errors.New("bad IMAP URL")

// inbox is where letters are fetched.
type inbox struct {
	host, port     string
	user, password string
	implicit       bool // encrypted from the first byte
	clear          bool // not encrypted at all
	roots          *x509.CertPool
}

// ParseMailbox checks an IMAP URL: imaps://user:password@host:port is encrypted from the start, imap://… by STARTTLS, which the server must offer. With
// imap, ?tls=none leaves the encryption out, to this same machine only. Ports default to 993 and 143.
func ParseMailbox(text string) error {
	_, err := parseInbox(text)
	return err
}

// parseInbox never wraps the error of url.Parse, which would show the password.
func parseInbox(text string) (inbox, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User.Username() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return inbox{}, fmt.Errorf("%w: want imap[s]://user:password@host:port", ErrMailbox)
	}
	b := inbox{host: u.Hostname(), port: u.Port(), user: u.User.Username(), implicit: u.Scheme == "imaps"}
	b.password, _ = u.User.Password() // without one it is empty
	switch query := u.RawQuery; {
	case u.Scheme != "imap" && u.Scheme != "imaps":
		return inbox{}, fmt.Errorf("%w: scheme must be imap or imaps", ErrMailbox)
	case query == "":
	case query == "tls=none" && u.Scheme == "imap":
		ip, err := netip.ParseAddr(b.host)
		if b.clear = b.host == "localhost" || err == nil && ip.IsLoopback(); !b.clear {
			return inbox{}, fmt.Errorf("%w: only to this same machine a password goes unencrypted", ErrMailbox)
		}
	default:
		return inbox{}, fmt.Errorf("%w: only the option tls=none is known, and only with imap", ErrMailbox)
	}
	if b.port == "" {
		b.port = "143"
		if b.implicit {
			b.port = "993"
		}
	}
	return b, nil
}

// The folders beside the inbox.
const (
	folderInbox     = "INBOX"
	folderProcessed = "Processed"
	folderFailed    = "Failed"
)

// handled is our mark on a letter that is done with. Staff may read the mailbox too: what they have seen says nothing.
const handled = imap.Flag("$LibHandled")

// box is one signed-in connection with the inbox open.
type box struct {
	*imapclient.Client
	raw      net.Conn
	validity uint32
	marks    bool          // it keeps our mark
	prefix   string        // before the names of folders
	news     chan struct{} // a value when something came
}

// open connects, encrypts, signs in and opens the inbox. An end of ctx cuts the connection off, now and later.
func (b inbox) open(ctx context.Context) (*box, error) {
	greeting, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var dialer net.Dialer
	raw, err := dialer.DialContext(greeting, "tcp", net.JoinHostPort(b.host, b.port))
	if err != nil {
		return nil, fmt.Errorf("connect to mailbox: %w", err)
	}
	stop := cutOff(greeting, raw)
	defer stop()
	out := &box{raw: raw, news: make(chan struct{}, 1)}
	if err := b.greet(greeting, out); err != nil {
		return nil, errors.Join(err, ignoreClosed(raw.Close()))
	}
	return out, nil
}

func (b inbox) greet(ctx context.Context, out *box) error {
	wake := func() {
		select {
		case out.news <- struct{}{}:
		default: // somebody is about to look
		}
	}
	secure := &tls.Config{ServerName: b.host, RootCAs: b.roots, MinVersion: tls.VersionTLS12}
	options := &imapclient.Options{TLSConfig: secure, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				wake()
			}
		},
	}}
	var err error
	switch {
	case b.implicit:
		conn := tls.Client(out.raw, secure)
		if err := conn.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("encrypt connection to mailbox: %w", err)
		}
		out.Client = imapclient.New(conn, options)
	case b.clear:
		out.Client = imapclient.New(out.raw, options)
	default:
		if out.Client, err = imapclient.NewStartTLS(out.raw, options); err != nil {
			return fmt.Errorf("encrypt connection to mailbox: %w", err)
		}
	}
	if err := out.Login(b.user, b.password).Wait(); err != nil {
		return fmt.Errorf("sign in to mailbox: %w", err)
	}
	return out.prepare()
}

// prepare opens the inbox and makes the folders.
func (b *box) prepare() error {
	if b.Caps().Has(imap.CapNamespace) {
		if data, err := b.Namespace().Wait(); err == nil && len(data.Personal) > 0 {
			b.prefix = data.Personal[0].Prefix
		}
	}
	opened, err := b.Select(folderInbox, nil).Wait()
	if err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	b.validity = opened.UIDValidity
	b.marks = slices.Contains(opened.PermanentFlags, imap.FlagWildcard) || slices.Contains(opened.PermanentFlags, handled)
	for _, name := range []string{folderProcessed, folderFailed} {
		found, err := b.List("", b.prefix+name, nil).Collect()
		if err != nil {
			return fmt.Errorf("look for the folder %s: %w", name, err)
		}
		if len(found) > 0 {
			continue
		}
		if err := b.Create(b.prefix+name, nil).Wait(); err != nil {
			return fmt.Errorf("make the folder %s: %w", name, err)
		}
	}
	return nil
}

// head is what is known of a letter before it is fetched.
type head struct {
	uid  imap.UID
	size int64
	at   time.Time
}

// waiting gives the letters behind the uid that do not bear our mark, in order.
func (b *box) waiting(after imap.UID) ([]head, error) {
	var set imap.UIDSet
	set.AddRange(after+1, 0)
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{set}}
	if b.marks {
		criteria.NotFlag = []imap.Flag{handled}
	}
	found, err := b.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("search the inbox: %w", err)
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(uid imap.UID) bool { return uid <= after }) // n:* is the last one, whatever n
	if len(uids) == 0 {
		return nil, nil
	}
	all, err := b.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, fmt.Errorf("look at the inbox: %w", err)
	}
	out := make([]head, len(all))
	for i, m := range all {
		out[i] = head{m.UID, m.RFC822Size, m.InternalDate}
	}
	slices.SortFunc(out, func(a, b head) int { return int(int64(a.uid) - int64(b.uid)) })
	return out, nil
}

// errVanished means that somebody has taken the letter out of the inbox.
var errVanished = errors.New("letter has left the inbox")

// fetch reads a letter; of one over the limit the headers alone. It leaves no trace in the mailbox.
func (b *box) fetch(h head, limit int64) (arrival, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	if h.size > limit {
		section.Specifier = imap.PartSpecifierHeader
	}
	cmd := b.Fetch(imap.UIDSetNum(h.uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	var raw []byte
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || raw != nil {
				continue
			}
			var all bytes.Buffer
			n, err := io.Copy(&all, io.LimitReader(body.Literal, limit+1))
			if err != nil || n < min(body.Literal.Size(), limit+1) {
				// The connection is gone. To ask for more, or to close the command, would read it beside the client's own reader.
				return arrival{}, fmt.Errorf("fetch a letter: %w", cmp.Or(err, io.ErrUnexpectedEOF))
			}
			raw = all.Bytes()
		}
	}
	if err := cmd.Close(); err != nil {
		return arrival{}, fmt.Errorf("fetch a letter: %w", err)
	}
	if raw == nil {
		return arrival{}, errVanished
	}
	if h.size <= limit && int64(len(raw)) > limit {
		return arrival{}, fmt.Errorf("fetch a letter: it is larger than the server says: %w", ErrLetter)
	}
	return arrival{raw: raw, only: h.size > limit, at: h.at}, nil
}

// done marks the letter and puts it away.
func (b *box) done(uid imap.UID, folder string) error {
	set := imap.UIDSetNum(uid)
	if b.marks {
		if err := b.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{handled}}, nil).Close(); err != nil {
			return fmt.Errorf("mark a letter: %w", err)
		}
	}
	if _, err := b.Move(set, b.prefix+folder).Wait(); err != nil {
		return fmt.Errorf("put a letter away: %w", err)
	}
	return nil
}

// part signs out. Whatever the server says to that changes nothing.
func (b *box) part(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quitTime)
	defer cancel()
	defer cutOff(ctx, b.raw)()
	_ = b.Logout().Wait()
	_ = b.Close()
}
