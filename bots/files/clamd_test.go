package files

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const virus = "this stands for a virus"

// fakeClamd listens on a socket and answers like clamd; answer is for what is neither infected nor over the limit.
func fakeClamd(t *testing.T, network, answer string, limit int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "clamd") // a test's own folder has too long a name for a socket
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	address := map[string]string{"unix": filepath.Join(dir, "s"), "tcp": "127.0.0.1:0"}[network]
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), network, address)
	must(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serveClamd(conn, answer, limit)
			_ = conn.Close()
		}
	}()
	return network + ":" + listener.Addr().String()
}

func serveClamd(conn net.Conn, answer string, limit int) {
	r := bufio.NewReader(conn)
	if command, err := r.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return
	}
	var body bytes.Buffer
	for {
		var size uint32
		if binary.Read(r, binary.BigEndian, &size) != nil {
			return
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&body, r, int64(size)); err != nil {
			return
		}
		if body.Len() > limit {
			_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
			return
		}
	}
	if bytes.Contains(body.Bytes(), []byte(virus)) {
		answer = "stream: Test.Virus FOUND"
	}
	if answer != "" {
		_, _ = io.WriteString(conn, answer+"\x00")
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 3*scanChunk+17)
	for name, c := range map[string]struct {
		body, answer, found string
		fails               bool
	}{
		"clean":             {body: big, answer: "stream: OK"},
		"empty":             {body: "", answer: "stream: OK"},
		"infected":          {body: big + virus + big, answer: "stream: OK", found: "Test.Virus"},
		"over the limit":    {body: strings.Repeat(big, 20), answer: "stream: OK", fails: true},
		"scanner's error":   {body: "x", answer: "stream: Can't allocate memory ERROR", fails: true},
		"nameless finding":  {body: "x", answer: "stream:  FOUND", fails: true},
		"another protocol":  {body: "x", answer: "HTTP/1.1 200 OK", fails: true},
		"hangs up silently": {body: "x", answer: "", fails: true},
	} {
		for _, network := range []string{"unix", "tcp"} {
			t.Run(name+" by "+network, func(t *testing.T) {
				t.Parallel()
				scanner, err := NewScanner(fakeClamd(t, network, c.answer, 1<<20))
				must(t, err)
				found, err := scanner.Scan(t.Context(), strings.NewReader(c.body))
				if c.fails != errors.Is(err, ErrNotScanned) || (!c.fails && err != nil) || found != c.found {
					t.Errorf("found %q, %v", found, err)
				}
			})
		}
	}
}

func TestScanGivesItsSourcesError(t *testing.T) {
	t.Parallel()
	scanner, err := NewScanner(fakeClamd(t, "unix", "stream: OK", 1<<20))
	must(t, err)
	src := io.MultiReader(strings.NewReader("x"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := scanner.Scan(t.Context(), src); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrNotScanned) {
		t.Errorf("scan: %v", err)
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	deaf, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections, never answers
	must(t, err)
	t.Cleanup(func() { must(t, deaf.Close()) })
	scanner, err := NewScanner(deaf.Addr().String())
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := scanner.Scan(ctx, strings.NewReader("x")); !errors.Is(err, ErrNotScanned) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("scan: %v", err)
	}
}

func TestScannerAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]Scanner{
		"/run/clamd.ctl":      {"unix", "/run/clamd.ctl"},
		"unix:/run/clamd.ctl": {"unix", "/run/clamd.ctl"},
		"127.0.0.1:3310":      {"tcp", "127.0.0.1:3310"},
		"tcp:[::1]:3310":      {"tcp", "[::1]:3310"},
	} {
		if got, err := NewScanner(address); err != nil || *got != want {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
	for _, address := range []string{"", "host", "unix:", "tcp:host", "host:"} {
		if _, err := NewScanner(address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
