package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"librarian/bots"
)

// session is one signed-in connection.
type session struct {
	client *mail.Client
	smtp   *smtp.Client
	raw    net.Conn
}

// send hands over one letter and ends the session.
func (s *session) send(ctx context.Context, msg *mail.Msg) *bots.SendError {
	stop := cutOff(ctx, s.raw)
	err := s.client.SendWithSMTPClient(s.smtp, msg)
	stop()
	// The server may take the letter and fail after that.
	if err == nil || msg.IsDelivered() {
		s.quit(ctx)
		return nil
	}
	failed := verdict(ctx, err)
	if failed.Code == noAnswer {
		// QUIT would first end the letter that broke off, and have it delivered cut short.
		failed.Err = errors.Join(failed.Err, ignoreClosed(s.raw.Close()))
		return failed
	}
	s.quit(ctx)
	return failed
}

// quit parts from the server. Whatever it says to that changes nothing.
func (s *session) quit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quitTime)
	defer cancel()
	defer cutOff(ctx, s.raw)()
	if s.client.CloseWithSMTPClient(s.smtp) != nil {
		_ = s.raw.Close() // the letter's fate is known; there is nobody to tell
	}
}

const noAnswer = "no answer"

// verdict says by the server's answer what becomes of the letter. The answer's own text is left out: servers quote the address in it.
func verdict(ctx context.Context, err error) *bots.SendError {
	var failed *mail.SendError
	if !errors.As(err, &failed) || failed.ErrorCode() == 0 {
		return &bots.SendError{Outcome: bots.Retry, Code: noAnswer, Err: fmt.Errorf("hand over letter: %w", broken(ctx, failed))}
	}
	code := strconv.Itoa(failed.ErrorCode())
	if enhanced := failed.EnhancedStatusCode(); enhanced != "" {
		code += " " + enhanced
	}
	out := &bots.SendError{Outcome: bots.Retry, Code: code, Err: fmt.Errorf("hand over letter: %s", stage(failed))}
	if failed.ErrorCode() >= 500 {
		out.Outcome = bots.Refused
	}
	return out
}

func stage(failed *mail.SendError) string {
	return strings.ToLower(failed.Reason.String())
}

var errBroken = errors.New("connection broke off")

func broken(ctx context.Context, failed *mail.SendError) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return fmt.Errorf("%w: %s", errBroken, stage(failed))
	}
	return errBroken
}

// cause is why a greeting failed. A server's answer keeps its text here: no reader is involved yet, and the operator needs it.
func cause(ctx context.Context, err error) error {
	var answer *textproto.Error
	if ctx.Err() != nil && !errors.As(err, &answer) {
		return ctx.Err()
	}
	return err
}

// cutOff closes the connection when ctx ends, unless it is called off before.
func cutOff(ctx context.Context, raw net.Conn) (callOff func()) {
	stop := context.AfterFunc(ctx, func() {
		_ = raw.Close() // whoever uses the connection meets the error
	})
	return func() { stop() }
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
