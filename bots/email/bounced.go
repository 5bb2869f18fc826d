package email

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// bounced notes what a mail server says of a letter of ours, all of it or nothing.
func (in *Intake) bounced(ctx context.Context, s *Stored) error {
	b := s.Letter.Bounce
	sent, found, err := in.bouncedLetter(ctx, b.MessageID)
	if err != nil {
		return err
	}
	o := outcome{state: StateBounce, reason: ReasonDelayed}
	status := ""
	for _, r := range b.Recipients {
		switch {
		case r.Permanent:
			o.reason, status = ReasonPermanent, r.Status
		case r.Failed && o.reason != ReasonPermanent:
			o.reason, status = ReasonFailed, r.Status
		}
	}
	return pgx.BeginFunc(ctx, in.Pool, func(tx pgx.Tx) error {
		if !found {
			o.reason = ReasonUnknown
			return note(ctx, tx, in.Library, s.ID, o)
		}
		o.conversation = sent.Conversation
		if err := note(ctx, tx, in.Library, s.ID, o); err != nil || o.reason == ReasonDelayed {
			return err
		}
		n, err := in.bouncedBefore(ctx, tx, sent.Conversation)
		if err != nil {
			return err
		}
		return in.Bounced(ctx, tx, sent, strings.TrimSpace("bounce "+status), n >= goneBounces)
	})
}

// A server may give a letter back before it is noted that it has taken it.
const (
	noteTries = 10
	noteWait  = 500 * time.Millisecond
)

// bouncedLetter finds the letter that came back.
func (in *Intake) bouncedLetter(ctx context.Context, id string) (sent bots.Sent, found bool, err error) {
	token, host, _ := strings.Cut(id, "@")
	for range noteTries {
		sent, found, err = bots.FindSent(ctx, in.Pool, in.Library, in.Channel, []string{id})
		if err != nil || found || !isToken(token) || !strings.EqualFold(host, domain(in.own)) || ctx.Err() != nil {
			break
		}
		in.pause(ctx, noteWait)
	}
	return sent, found, errors.Join(err, ctx.Err())
}
