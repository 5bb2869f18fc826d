package email_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"librarian/bots"
)

// rude is a server that keeps to the protocol until it hangs up or falls silent.
type rude struct {
	net.Listener
	answers map[string]string // by the first word of a command, or "." for the end of a letter; "" hangs up, "silent" says nothing any more
	heard   chan []string     // the lines of each connection
	stuck   chan struct{}     // a value each time it falls silent
}

func newRude(t *testing.T, answers map[string]string) *rude {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rude{Listener: l, answers: answers, heard: make(chan []string, 10), stuck: make(chan struct{}, 10)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := r.Accept()
			if err != nil {
				return
			}
			r.heard <- r.talk(conn)
		}
	}()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return r
}

// talk answers each line until the connection ends, and gives what it heard.
func (r *rude) talk(conn net.Conn) (lines []string) {
	defer func() { _ = conn.Close() }() // it may be closed already
	letter, silent, in := false, false, bufio.NewScanner(conn)
	say := func(word, usual string) bool {
		answer, special := r.answers[word]
		switch {
		case special && answer == "":
			return false
		case special && answer == "silent":
			silent = true
			r.stuck <- struct{}{}
			return true
		case special:
			usual = answer
		}
		_, err := conn.Write([]byte(usual + "\r\n"))
		return err == nil
	}
	if !say("hello", "220 rude") {
		return nil
	}
	for in.Scan() {
		lines = append(lines, in.Text())
		word, _, _ := strings.Cut(in.Text(), " ")
		switch {
		case silent, letter && word != ".":
			continue
		case word == ".":
			letter = false
		case word == "DATA":
			letter = true
			if !say(word, "354 go on") {
				return lines
			}
			continue
		}
		if !say(word, "250 fine") {
			return lines
		}
	}
	return lines
}

func TestConnectionBreaks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answers map[string]string
		outcome bots.Outcome // "" means sent
		whole   bool
	}{
		"at once":             {map[string]string{"hello": ""}, bots.Retry, true},
		"turned away":         {map[string]string{"hello": "554 go away"}, bots.Retry, true},
		"after the greeting":  {map[string]string{"EHLO": ""}, bots.Retry, true},
		"after the sender":    {map[string]string{"MAIL": ""}, bots.Retry, false},
		"before the letter":   {map[string]string{"DATA": ""}, bots.Retry, false},
		"after the letter":    {map[string]string{".": ""}, bots.Retry, false},
		"letter put off":      {map[string]string{".": "421 shutting down"}, bots.Retry, false},
		"letter refused":      {map[string]string{".": "552 5.3.4 too large"}, bots.Refused, false},
		"after taking it":     {map[string]string{"RSET": ""}, "", false},
		"failed after taking": {map[string]string{"RSET": "500 what?"}, "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRude(t, c.answers)
			e := channel(t, config("smtp://"+r.Addr().String()+"?tls=none", nil))
			_, err := e.Send(t.Context(), bots.Outbound{Address: "ada@lib.test", Text: "x"})
			if c.outcome == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if failed := verdict(t, err); failed.Outcome != c.outcome || failed.Whole != c.whole {
				t.Errorf("%v, whole %v", failed, failed.Whole)
			}
		})
	}
}

// A server that falls silent is left when the context ends, and nothing that could pass for the end of a letter is sent.
func TestSilentServerIsLeft(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"hello", "EHLO", "RCPT", "DATA", "."} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			r := newRude(t, map[string]string{where: "silent"})
			e := channel(t, config("smtp://"+r.Addr().String()+"?tls=none", nil))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			go func() {
				<-r.stuck
				cancel()
			}()
			_, err := e.Send(ctx, bots.Outbound{Address: "ada@lib.test", Text: "x"})
			if failed := verdict(t, err); failed.Outcome != bots.Retry {
				t.Error(failed)
			}
			heard := strings.Join(<-r.heard, "\n")
			if strings.Contains(heard, "QUIT") || where != "." && strings.Contains(heard, "\n.") {
				t.Errorf("server heard %q", heard)
			}
		})
	}
}
