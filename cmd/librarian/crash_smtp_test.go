package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"librarian/bots/email/mailtest"
)

// halt is a place on the way of a letter to the mail server at which it can be held.
type halt int

const (
	unended    halt = iota // the server has the whole letter, but not the line that ends it: it will not be delivered
	unanswered             // the server has taken the letter, and the program does not know it
)

// letterGate stands between the program and its mail server. It lets everything through, counts the letters, and holds those that it is told to.
type letterGate struct {
	server string
	door   net.Listener
	ctx    context.Context // ends with the test

	mu    sync.Mutex
	next  *hold
	open  int            // connections, but for those in which a letter is held
	ended map[string]int // by Message-ID: how often the server was given the whole letter
	taken map[string]int // by Message-ID: how often it said that it has taken it
}

// hold stops the next letter of a kind.
type hold struct {
	kind    string
	at      halt
	reached chan struct{} // closed when the letter is held
	fate    chan bool     // whether it goes on; otherwise the connection breaks off
	passed  chan struct{} // closed when the program has its answer
}

// The kinds of letters.
const (
	slipLetter   = "slip"
	pdfLetter    = "PDF"
	answerLetter = "answer"
)

// slipUser is who gets the slips.
const slipUser = "storage"

func newLetterGate(t *testing.T, server string) *letterGate {
	t.Helper()
	door, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	g := &letterGate{server: server, door: door, ctx: ctx, ended: map[string]int{}, taken: map[string]int{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := door.Accept()
			if err != nil { // the test is over
				return
			}
			g.count(1)
			all.Go(func() {
				defer g.count(-1)
				g.carry(client)
			})
		}
	})
	t.Cleanup(func() {
		stop()
		_ = door.Close() // ends Accept
		all.Wait()
	})
	return g
}

func (g *letterGate) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open += n
}

// idle reports whether nobody is connected, but for letters that are held.
func (g *letterGate) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open == 0
}

// counts are the letters of which the server was given the end, and those that it took.
func (g *letterGate) counts() (ended, taken map[string]int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.ended), maps.Clone(g.taken)
}

// hold lets the next letter of the kind wait at the moment.
func (g *letterGate) hold(kind string, at halt) *hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = &hold{kind: kind, at: at, reached: make(chan struct{}), fate: make(chan bool, 1), passed: make(chan struct{})}
	return g.next
}

// meet waits until the letter is held; false when none came in time.
func (g *letterGate) meet(ctx context.Context, h *hold) bool {
	select {
	case <-h.reached:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	waiting := g.next == h
	if waiting {
		g.next = nil
	}
	g.mu.Unlock()
	if !waiting {
		<-h.reached
	}
	return !waiting
}

// carry hands each line to the server and each answer to the program, one after the other, as SMTP is spoken.
func (g *letterGate) carry(client net.Conn) {
	defer client.Close()
	server, err := (&net.Dialer{}).DialContext(g.ctx, "tcp", g.server)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(g.ctx, func() { // ends what is read
		_ = client.Close()
		_ = server.Close()
	})()
	says, answers := bufio.NewReader(client), bufio.NewReader(server)
	for answer, to := reply(answers), ""; answer != ""; {
		if _, err := io.WriteString(client, answer); err != nil {
			return
		}
		if strings.HasPrefix(answer, "354") && !g.letter(to, says, answers, client, server) {
			return
		}
		line, err := says.ReadString('\n')
		if err != nil {
			return
		}
		if strings.HasPrefix(strings.ToUpper(line), "RCPT TO:") {
			to = line
		}
		if _, err := io.WriteString(server, line); err != nil {
			return
		}
		answer = reply(answers)
	}
}

// reply is the server's answer, of one line or several; empty when there is none any more.
func reply(answers *bufio.Reader) string {
	var all strings.Builder
	for {
		line, err := answers.ReadString('\n')
		if err != nil {
			return ""
		}
		all.WriteString(line)
		if len(line) < 4 || line[3] != '-' {
			return all.String()
		}
	}
}

var messageIDOf = regexp.MustCompile(`(?im)^Message-ID: *<([^>]+)>`)

// letter carries one letter; false when the connection is to break off.
func (g *letterGate) letter(to string, says, answers *bufio.Reader, client, server io.Writer) bool {
	var text bytes.Buffer
	for {
		line, err := says.ReadBytes('\n')
		if err != nil {
			return false
		}
		if string(line) == ".\r\n" {
			break
		}
		text.Write(line)
	}
	if _, err := server.Write(text.Bytes()); err != nil {
		return false
	}
	id, h := "", g.held(to, text.Bytes())
	if found := messageIDOf.FindSubmatch(text.Bytes()); found != nil {
		id = string(found[1])
	}
	if h != nil && h.at == unended && !g.wait(h) {
		return false
	}
	g.mu.Lock()
	g.ended[id]++
	g.mu.Unlock()
	if _, err := io.WriteString(server, ".\r\n"); err != nil {
		return false
	}
	answer := reply(answers)
	if strings.HasPrefix(answer, "250") {
		g.mu.Lock()
		g.taken[id]++
		g.mu.Unlock()
	}
	if h != nil && h.at == unanswered && !g.wait(h) {
		return false
	}
	if _, err := io.WriteString(client, answer); err != nil {
		return false
	}
	if h != nil {
		close(h.passed)
	}
	return true
}

// held is the hold that waits for such a letter, or nil.
func (g *letterGate) held(to string, text []byte) *hold {
	kind := answerLetter
	switch {
	case strings.Contains(to, slipUser+"@"+mailtest.Domain):
		kind = slipLetter
	case bytes.Contains(text, []byte("application/pdf")):
		kind = pdfLetter
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil || g.next.kind != kind {
		return nil
	}
	h := g.next
	g.next = nil
	return h
}

func (g *letterGate) wait(h *hold) bool {
	g.count(-1)
	defer g.count(1)
	close(h.reached)
	select {
	case on := <-h.fate:
		return on
	case <-g.ctx.Done():
		return false
	}
}
