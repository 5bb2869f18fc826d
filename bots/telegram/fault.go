package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
)

// Causes of a fault. What Telegram itself writes is never passed on: it may quote the reader's text.
var (
	errNoToken      = errors.New("no token")
	errAddress      = errors.New("not the id of a chat")
	errUnclear      = errors.New("no answer of the bot api")
	errRefused      = errors.New("refused")
	errUnauthorized = errors.New("token or address of the bot api unknown")
	errConflict     = errors.New("another program receives the updates")
	errFlood        = errors.New("too many requests")
	errForbidden    = errors.New("forbidden")
	errBlocked      = errors.New("blocked by the user")
	errDeactivated  = errors.New("user deactivated")
	errNotStarted   = errors.New("the user has not written yet")
	errNoChat       = errors.New("chat not found")
	errTooLong      = errors.New("text too long")
	errButton       = errors.New("button not valid")
	errPhoto        = errors.New("picture not accepted")
	errFileSize     = errors.New("file too large")
	errFileID       = errors.New("file id not valid")
	errFileAway     = errors.New("file temporarily unavailable")
	errWebhook      = errors.New("webhook address not accepted")
)

// fault is a failed call of the Bot API.
type fault struct {
	status int           // of the answer; 0 when there was none
	api    bool          // the Bot API itself said so, not something in front of it
	after  time.Duration // how long to wait, where it was said
	cause  error
}

func (f *fault) Error() string {
	if f.status == 0 {
		return fmt.Sprintf("telegram did not answer: %v", f.cause)
	}
	return fmt.Sprintf("telegram answered %d: %v", f.status, f.cause)
}

func (f *fault) Unwrap() error { return f.cause }

// code names the fault for the desk and the log.
func (f *fault) code() string {
	switch {
	case errors.Is(f.cause, context.DeadlineExceeded):
		return "timeout"
	case f.status == 0:
		return "network"
	}
	return strconv.Itoa(f.status)
}

// reasons tell by a part of Telegram's description, in lower case, what it means. The first that fits holds.
func reasons() []struct {
	part  string
	cause error
} {
	return []struct {
		part  string
		cause error
	}{
		{"chat not found", errNoChat},
		{"blocked by the user", errBlocked},
		{"user is deactivated", errDeactivated},
		{"can't initiate conversation", errNotStarted},
		{"too long", errTooLong},
		{"button", errButton},
		{"temporarily unavailable", errFileAway}, // comes together with "wrong file_id", so it must stand before it
		{"file is too big", errFileSize},
		{"too large", errFileSize},
		{"file_id", errFileID},
		{"file identifier", errFileID},
		{"photo_", errPhoto},
		{"image_process_failed", errPhoto},
		{"webhook", errWebhook},
	}
}

func reasonOf(description string, otherwise error) error {
	description = strings.ToLower(description)
	for _, r := range reasons() {
		if strings.Contains(description, r.part) {
			return r.cause
		}
	}
	return otherwise
}

// newFault sorts an error of the library. The status and the wait are those of the HTTP answer, if there was one.
func newFault(err error, got answer) *fault {
	var many *bot.TooManyRequestsError
	var migrate *bot.MigrateError
	switch {
	case errors.As(err, &many):
		return apiFault(http.StatusTooManyRequests, time.Duration(many.RetryAfter)*time.Second, "")
	case errors.As(err, &migrate):
		return apiFault(http.StatusBadRequest, 0, "")
	case errors.Is(err, bot.ErrorForbidden):
		return apiFault(http.StatusForbidden, 0, err.Error())
	case errors.Is(err, bot.ErrorBadRequest):
		return apiFault(http.StatusBadRequest, 0, err.Error())
	case errors.Is(err, bot.ErrorUnauthorized):
		return apiFault(http.StatusUnauthorized, 0, "")
	case errors.Is(err, bot.ErrorNotFound):
		return apiFault(http.StatusNotFound, 0, "")
	case errors.Is(err, bot.ErrorConflict):
		return apiFault(http.StatusConflict, 0, "")
	}
	return &fault{status: got.status, after: got.after, cause: netCause(err)}
}

// apiFault is what the Bot API answered itself.
func apiFault(status int, after time.Duration, description string) *fault {
	f := &fault{status: status, api: true, after: after}
	switch status {
	case http.StatusTooManyRequests:
		f.cause = errFlood
	case http.StatusForbidden:
		f.cause = reasonOf(description, errForbidden)
	case http.StatusBadRequest:
		f.cause = reasonOf(description, errRefused)
	case http.StatusUnauthorized, http.StatusNotFound:
		f.cause = errUnauthorized
	case http.StatusConflict:
		f.cause = errConflict
	default:
		f.cause = errUnclear
	}
	return f
}

// netCause keeps of an error what holds neither the address, of which the token is a part, nor the body of an answer.
func netCause(err error) error {
	var at *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &at):
		return at.Err
	}
	return errUnclear
}

// answer is what the HTTP answer to a call said, whoever gave it.
type answer struct {
	status int
	after  time.Duration
}

type answerKey struct{}

// doer sends the library's requests. It notes the status of the answer, which the library drops, and bounds its length.
type doer struct{ http *http.Client }

func (d doer) Do(r *http.Request) (*http.Response, error) {
	resp, err := d.http.Do(r)
	if err != nil {
		return nil, err
	}
	if got, ok := r.Context().Value(answerKey{}).(*answer); ok {
		*got = answerOf(resp)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

func answerOf(resp *http.Response) answer {
	got := answer{status: resp.StatusCode}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		got.after = time.Duration(seconds) * time.Second
	}
	return got
}

// call makes one call within the limit. It gives nil when it went well.
func (t *Telegram) call(ctx context.Context, limit time.Duration, do func(context.Context, *bot.Bot) error) *fault {
	if t.api == nil {
		return &fault{status: http.StatusUnauthorized, api: true, cause: errNoToken}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var got answer
	if err := do(context.WithValue(ctx, answerKey{}, &got), t.api); err != nil {
		return newFault(err, got)
	}
	return nil
}
