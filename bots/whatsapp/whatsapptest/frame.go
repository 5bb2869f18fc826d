package whatsapptest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	wabin "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/socket"
)

type (
	node  = wabin.Node
	attrs = wabin.Attrs
)

// linger is how long a connection stays open after its last stanza. The client reads stanzas and the end of the line in different goroutines: closed at once,
// it may call again before it has read why it should not.
const linger = time.Second

// connection is one websocket. What is sent goes through a queue, so that the order of stanzas is that of the server's lock and nobody waits for the line.
type connection struct {
	server *Server
	ws     *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
	handshake
	buffer []byte // read, and not yet a whole frame
	read   uint32
	device *device // that is logged in; only who reads the line sets and reads it

	queueMu sync.Mutex
	queue   []node
	last    bool          // nothing is sent after the queue
	wake    chan struct{} // of the writer
}

// chat serves one websocket.
func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin is web.whatsapp.com
	if err != nil {
		return // the client has been answered
	}
	defer ws.CloseNow() //nolint:errcheck // it is over
	ws.SetReadLimit(socket.FrameMaxSize)
	c := &connection{server: s, ws: ws, wake: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	defer c.cancel()
	if c.greet() != nil {
		return // a broken line, or no client of WhatsApp
	}
	var writer sync.WaitGroup
	writer.Go(c.write)
	s.welcome(c)
	for c.next() == nil {
	}
	c.cancel()
	writer.Wait()
	s.forget(c)
}

// greet reads the header of the line and shakes hands.
func (c *connection) greet() error {
	for len(c.buffer) < len(socket.WAConnHeader) {
		if err := c.fill(); err != nil {
			return err
		}
	}
	if !bytes.HasPrefix(c.buffer, socket.WAConnHeader) {
		return errors.New("the line has another header")
	}
	c.buffer = c.buffer[len(socket.WAConnHeader):]
	var err error
	c.handshake, err = respond(c.server.chain, c.readFrame, c.writeFrame)
	return err
}

func (c *connection) fill() error {
	_, more, err := c.ws.Read(c.ctx)
	c.buffer = append(c.buffer, more...)
	return err
}

func (c *connection) readFrame() ([]byte, error) {
	for {
		if len(c.buffer) >= socket.FrameLengthSize {
			end := socket.FrameLengthSize + int(binary.BigEndian.Uint32(append([]byte{0}, c.buffer[:socket.FrameLengthSize]...)))
			if len(c.buffer) >= end {
				frame := bytes.Clone(c.buffer[socket.FrameLengthSize:end])
				c.buffer = c.buffer[end:]
				return frame, nil
			}
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

func (c *connection) writeFrame(frame []byte) error {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(frame)))[1:]
	return c.ws.Write(c.ctx, websocket.MessageBinary, append(length, frame...))
}

// next reads one stanza and answers it.
func (c *connection) next() error {
	frame, err := c.readFrame()
	if err != nil {
		return err
	}
	plain, err := c.reads.Open(nil, nonce(c.read), frame, nil)
	c.read++
	if err != nil {
		return fmt.Errorf("open a frame: %w", err)
	}
	raw, err := wabin.Unpack(plain)
	if err != nil {
		return fmt.Errorf("unpack a stanza: %w", err)
	}
	n, err := wabin.Unmarshal(raw)
	if err != nil {
		return fmt.Errorf("read a stanza: %w", err)
	}
	if !c.ended() {
		c.handle(n)
	}
	return nil
}

// ended says that the client has been dismissed: what it says after that is not heard.
func (c *connection) ended() bool {
	c.queueMu.Lock()
	defer c.queueMu.Unlock()
	return c.last
}

// send queues stanzas.
func (c *connection) send(nodes ...node) {
	c.queueMu.Lock()
	defer c.queueMu.Unlock()
	if c.last {
		return
	}
	c.queue = append(c.queue, nodes...)
	c.stir()
}

// end queues the last stanza, after which the line is closed.
func (c *connection) end(n node) {
	c.queueMu.Lock()
	defer c.queueMu.Unlock()
	if c.last {
		return
	}
	c.queue, c.last = append(c.queue, n), true
	c.stir()
}

// stir wakes the writer; the lock of the queue is held.
func (c *connection) stir() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

// write sends what is queued until the line ends.
func (c *connection) write() {
	defer c.cancel()
	for count := uint32(0); ; {
		c.queueMu.Lock()
		batch, last := c.queue, c.last
		c.queue = nil
		c.queueMu.Unlock()
		for _, n := range batch {
			raw, err := wabin.Marshal(n)
			if err != nil || c.writeFrame(c.writes.Seal(nil, nonce(count), raw, nil)) != nil {
				return
			}
			count++
		}
		var end <-chan time.Time
		if last {
			end = time.After(linger)
		}
		select {
		case <-c.wake:
		case <-end:
			return
		case <-c.ctx.Done():
			return
		}
	}
}
