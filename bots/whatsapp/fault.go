package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.mau.fi/whatsmeow"

	"librarian/bots"
)

// Causes of a fault. What whatsmeow and WhatsApp write is never passed on: it may hold the reader's number.
var (
	errUnclear   = errors.New("unclear")
	errNoAccount = errors.New("nobody with this number is on whatsapp")
	errNetwork   = errors.New("network")
	errLoggedOut = errors.New("not linked to a phone")
	errNotHeld   = errors.New("not connected")
	errBanned    = errors.New("banned for a time")
)

// answerError is a number by which WhatsApp refuses.
type answerError int

func (a answerError) Error() string { return "whatsapp answered " + strconv.Itoa(int(a)) }

// plain are the errors that hold nothing of anybody.
func plain() []error {
	return []error{
		context.DeadlineExceeded, context.Canceled, whatsmeow.ErrNotConnected, whatsmeow.ErrMessageTimedOut, whatsmeow.ErrIQTimedOut, whatsmeow.ErrNotLoggedIn,
		whatsmeow.ErrNoPushName, whatsmeow.ErrPhoneNumberTooShort, whatsmeow.ErrPhoneNumberIsNotInternational, whatsmeow.ErrInvalidMediaEncSHA256,
		whatsmeow.ErrInvalidMediaHMAC, whatsmeow.ErrInvalidMediaSHA256, whatsmeow.ErrMediaNotAvailableOnPhone, bots.ErrTooLarge, bots.ErrGone, bots.ErrElsewhere,
		bots.ErrNoSuch, bots.ErrDestroyed, errAddress, errNameless, errAwaited, errRef,
	}
}

// fault keeps of an error what may be logged.
func fault(err error) error {
	if err == nil {
		return nil
	}
	for _, e := range plain() {
		if errors.Is(err, e) {
			return e
		}
	}
	var iq *whatsmeow.IQError
	var http whatsmeow.DownloadHTTPError
	var lost *whatsmeow.DisconnectedError
	var db *pgconn.PgError
	var at *url.Error
	var network net.Error
	switch {
	case errors.As(err, &iq):
		return answerError(iq.Code)
	case errors.As(err, &http):
		return answerError(http.StatusCode)
	case errors.Is(err, whatsmeow.ErrServerReturnedError): // the number stands at the end of its words
		words := strings.Fields(err.Error())
		code, _ := strconv.Atoi(words[len(words)-1]) // 0 is no answer that we know
		return answerError(code)
	case errors.As(err, &lost):
		return whatsmeow.ErrNotConnected
	case errors.As(err, &db):
		return fmt.Errorf("database: %s", db.Code)
	case strings.Contains(err.Error(), "no LID found"): // whatsmeow has no name for it
		return errNoAccount
	case errors.As(err, &at), errors.As(err, &network):
		return errNetwork
	}
	return errUnclear
}

// offline reports that WhatsApp did not get to answer.
func offline(err error) bool {
	for _, e := range []error{whatsmeow.ErrNotConnected, whatsmeow.ErrIQTimedOut, context.DeadlineExceeded, context.Canceled, errNetwork} {
		if errors.Is(fault(err), e) {
			return true
		}
	}
	return false
}

// Answers of WhatsApp to a message that it does not take.
const (
	answerTooMany = 429
	answerLocked  = 463 // this number may not begin conversations for a while
)

// sendError says what a failed call means for the message.
func (w *WhatsApp) sendError(err error) *bots.SendError {
	err = fault(err)
	e := &bots.SendError{Outcome: bots.Retry, Code: "unclear", Err: err}
	var answer answerError
	switch {
	case errors.Is(err, errNoAccount):
		e.Outcome, e.Code = bots.Refused, "no_account"
	case errors.Is(err, errAddress), errors.Is(err, errNameless):
		e.Outcome, e.Code = bots.Refused, "address"
	case errors.Is(err, whatsmeow.ErrMessageTimedOut), errors.Is(err, whatsmeow.ErrIQTimedOut), errors.Is(err, context.DeadlineExceeded):
		e.Code = "timeout" // it may have gone all the same; under the same id it is one message
	case errors.Is(err, whatsmeow.ErrNotLoggedIn):
		return w.notReady()
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, errNetwork):
		e.Code, e.Whole, e.After = "network", true, elsewherePause
	case errors.As(err, &answer):
		e.Code = strconv.Itoa(int(answer))
		switch answer {
		case answerTooMany:
			e.Whole, e.After = true, time.Minute
		case answerLocked:
			e.After = time.Hour
		}
	}
	return e
}

// notReady says why nothing can be sent now.
func (w *WhatsApp) notReady() *bots.SendError {
	e := &bots.SendError{Outcome: bots.Retry, Whole: true, After: elsewherePause, Code: "not_connected", Err: errNotHeld}
	switch s := w.stands(); s.state {
	case bots.LinkBanned:
		e.After, e.Code, e.Err = unlinkedPause, "banned", errBanned
		if s.until != nil {
			e.After = max(s.until.Sub(w.Now()), elsewherePause)
		}
	case bots.LinkNone, bots.LinkLoggedOut:
		e.After, e.Code, e.Err = unlinkedPause, "logged_out", errLoggedOut
	case bots.LinkOutdated, bots.LinkReplaced:
		e.After, e.Code = unlinkedPause, string(s.state)
	}
	return e
}
