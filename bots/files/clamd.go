package files

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// ErrNotScanned says that the virus scanner gave no verdict: the file is to be held and tried again.
var ErrNotScanned = errors.New("file not scanned")

const (
	scanTimeout = 2 * time.Minute
	scanChunk   = 64 << 10
	scanReply   = 4 << 10
)

// Scanner asks clamd, ClamAV's daemon, about bytes.
type Scanner struct{ network, address string }

// NewScanner names a clamd: a socket's path (also as unix:/path) or host:port (also as tcp:host:port).
func NewScanner(address string) (*Scanner, error) {
	network, rest, found := strings.Cut(address, ":")
	switch {
	case strings.HasPrefix(address, "/"):
		return &Scanner{"unix", address}, nil
	case found && network == "unix" && rest != "":
		return &Scanner{"unix", rest}, nil
	case found && network == "tcp":
		address = rest
	}
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return nil, errors.New("scanner address is neither a socket's path nor host:port")
	}
	return &Scanner{"tcp", address}, nil
}

// Scan sends all of src and gives the name of what was found in it, empty when it is clean.
// Anything else, a limit of clamd's included, is ErrNotScanned; an error of src is given as it is.
func (s *Scanner) Scan(ctx context.Context, src io.Reader) (found string, err error) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotScanned, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // fails only on a closed connection
	defer stop()
	defer func() { _ = conn.Close() }() // the verdict is already known
	body := &source{r: src}
	sendErr := send(conn, body)
	if err := body.failed(); err != nil {
		return "", err
	}
	reply, err := bufio.NewReader(io.LimitReader(conn, scanReply)).ReadString(0) // also after a failed send: clamd says why it stopped listening
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotScanned, errors.Join(ctx.Err(), sendErr, err))
	}
	return verdict(strings.TrimRight(reply, "\x00"), sendErr)
}

func verdict(reply string, sendErr error) (string, error) {
	answer, ok := strings.CutPrefix(reply, "stream: ")
	if found, infected := strings.CutSuffix(answer, " FOUND"); ok && infected && found != "" {
		return found, nil
	}
	if ok && answer == "OK" && sendErr == nil {
		return "", nil
	}
	return "", fmt.Errorf("%w: scanner answered %.100q", ErrNotScanned, reply)
}

// send writes the stream as clamd wants it: chunks, each after its length in four bytes, and a length of zero at the end.
func send(conn io.Writer, src io.Reader) error {
	w := bufio.NewWriterSize(conn, scanChunk+4)
	if _, err := w.WriteString("zINSTREAM\x00"); err != nil {
		return err
	}
	chunk := make([]byte, scanChunk)
	for {
		n, err := io.ReadFull(src, chunk)
		if n > 0 {
			if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(n))); err != nil {
				return err
			}
			if _, err := w.Write(chunk[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if _, err := w.Write(make([]byte, 4)); err != nil {
		return err
	}
	return w.Flush()
}
