// Package letterbox is the demo's post, for this machine alone: an SMTP server that keeps letters on disk, the libraries' own mailboxes by IMAP, and pages to
// read what the libraries write and to answer it.
package letterbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// ErrNotLoopback means that the box would have been open to other machines: it asks nobody for a password.
var ErrNotLoopback = errors.New("letter box listens on this machine's own addresses only")

const (
	kept      = 200      // letters; older ones go
	maxLetter = 64 << 20 // bytes, more than any channel of ours sends
	idleTime  = time.Minute
	stopTime  = 5 * time.Second
)

// Box takes and keeps letters. It is safe for concurrent use.
type Box struct {
	server   *smtp.Server
	listener *guarded
	imap     imapService
	dir      *os.Root
	pages    pages
	ctx      context.Context // of the box's whole life: connections and pages end with it
	cancel   context.CancelFunc
	served   chan error
	stop     func() error

	mu      sync.Mutex
	last    int           // the newest letter's number
	changed chan struct{} // closed when a letter comes
}

// Start takes letters at addr (host:port; port 0 means a free one) and keeps them in dir, which it makes, until ctx ends or Stop is called.
// Letters of earlier runs are there again. Each of the libraries' addresses has a mailbox besides: see Mailbox.
func Start(ctx context.Context, dir, addr string, libraries ...string) (*Box, error) {
	pages, err := readPages()
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	b := &Box{pages: pages, served: make(chan error, 1), changed: make(chan struct{})}
	if err := b.open(dir); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	b.ctx, b.cancel = context.WithCancel(ctx)
	if err := b.startIMAP(addr, libraries); err != nil {
		b.cancel()
		return nil, errors.Join(err, listener.Close(), b.dir.Close())
	}
	b.listener = &guarded{Listener: listener, ctx: b.ctx}
	b.stop = sync.OnceValue(b.end)
	b.server = smtp.NewServer(b)
	b.server.Domain = "localhost"
	b.server.MaxMessageBytes, b.server.MaxRecipients = maxLetter, 100
	b.server.ReadTimeout, b.server.WriteTimeout = idleTime, idleTime
	b.server.ErrorLog = log.New(io.Discard, "", 0) // it tells of clients that hang up; what matters is answered to the sender
	go func() { b.served <- b.server.Serve(b.listener) }()
	context.AfterFunc(b.ctx, func() { _ = b.Stop() }) // whoever else stops it waits for the same end and has its error
	return b, nil
}

// Addr is where it takes letters, as host:port.
func (b *Box) Addr() string { return b.listener.Addr().String() }

// Stop ends the server, its connections and the pages that wait for letters, and waits for them.
func (b *Box) Stop() error { return b.stop() }

func (b *Box) end() error {
	b.cancel()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), stopTime)
	defer cancel()
	err := b.server.Shutdown(ctx)
	if served := <-b.served; served != nil && !errors.Is(served, net.ErrClosed) {
		err = errors.Join(err, served)
	}
	if err = errors.Join(err, b.imap.stop(), b.dir.Close()); err != nil {
		return fmt.Errorf("stop letter box: %w", err)
	}
	return nil
}

// listen checks the address before, so that the port is never open, and after, because a name can mean anything.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read address of letter box: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, ErrNotLoopback
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open letter box: %w", err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(ErrNotLoopback, listener.Close())
	}
	return listener, nil
}

// guarded closes its connections when ctx ends: the server itself would wait for them to fall idle.
type guarded struct {
	net.Listener
	ctx context.Context
}

func (g *guarded) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(g.ctx, func() {
		_ = conn.Close() // its reader meets the error
	})
	return &guardedConn{conn, stop}, nil
}

type guardedConn struct {
	net.Conn
	stop func() bool
}

func (c *guardedConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
