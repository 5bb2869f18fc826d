package bots

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"
)

// try sends one message. It never fails: what went wrong is in the result.
func (s *Sender) try(ctx context.Context, row leased) (r result) {
	r = result{leased: row, state: "queued", untried: true}
	e, ok := s.channels.get(row.ChannelID)
	if !ok {
		return r
	}
	if row.address == "" {
		r.after = firstRetry
		return r
	}
	if e.pace.Wait(ctx) != nil || s.isPaused(row.ChannelID, s.now()) || !e.held() {
		return r
	}
	r.untried, r.final = false, !e.Limits().Acks
	if s.Tried != nil {
		begun := s.now()
		defer func() { s.Tried(e.Kind(), r.state, s.now().Sub(begun)) }()
	}
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("sending panicked", "channel", row.ChannelID, "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			r = s.judge(r, &SendError{Outcome: Retry, Code: "panic"})
		}
	}()
	// A try that has begun is finished though the service is stopping: otherwise the message may be sent twice.
	trying, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { cancelAfter(trying, cancel, s.stopTime) })()
	out, err := s.outbound(trying, row)
	if err == nil {
		r.providerID, err = e.Send(trying, out)
	}
	if err != nil {
		return s.judge(r, err)
	}
	r.state = "confirmed"
	if !r.final || e.Kind() == Email {
		r.state = "sent"
	}
	return r
}

func cancelAfter(ctx context.Context, cancel context.CancelFunc, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		cancel()
	case <-ctx.Done():
	}
}

// outbound is the message as the channel sends it, its secret opened.
func (s *Sender) outbound(ctx context.Context, row leased) (Outbound, error) {
	return row.open(ctx, s.secrets)
}

func (row leased) open(ctx context.Context, secrets *Secrets) (Outbound, error) {
	out := Outbound{
		Library: row.LibraryID, Channel: row.ChannelID, Conversation: row.ConversationID, Seq: row.Seq, Address: row.address,
		Lang: row.Body.Lang, Subject: row.Body.Subject, Text: row.Body.Text, Choices: row.Body.Choices, Turn: row.Body.Turn, Files: row.Body.Files,
	}
	if row.ProviderID != nil {
		out.ID = *row.ProviderID
	}
	if row.SecretID == nil || !strings.Contains(out.Text, SecretMark) {
		return out, nil
	}
	plain, err := secrets.Open(ctx, row.LibraryID, *row.SecretID)
	if errors.Is(err, ErrDestroyed) {
		return Outbound{}, &SendError{Outcome: Refused, Code: "secret_gone", Err: err}
	}
	if err != nil {
		return Outbound{}, err
	}
	out.Text = strings.ReplaceAll(out.Text, SecretMark, plain)
	return out, nil
}

// judge decides what becomes of a message that did not go.
func (s *Sender) judge(r result, err error) result {
	now := s.now()
	wait := min(firstRetry<<min(r.Attempts-1, 10), slowestPace)
	r.after = wait + time.Duration(rand.Int64N(int64(wait)/4+1)) // so that many do not come back at once
	var failure *SendError
	if !errors.As(err, &failure) {
		s.log.Error("message is not sent", "channel", r.ChannelID, "conversation", r.ConversationID, "seq", r.Seq, "err", err)
		failure = &SendError{Outcome: Retry, Code: "internal"}
	}
	r.problem = failure.Code
	r.blocked = failure.Outcome == Blocked
	if failure.After > 0 {
		r.after = failure.After
	}
	if failure.Outcome == Retry && failure.Whole {
		s.pause(r.ChannelID, now.Add(r.after))
	}
	if failure.Outcome != Retry || !now.Add(r.after).Before(r.Until) {
		r.state = "failed"
	}
	s.log.Warn("message did not go", "channel", r.ChannelID, "conversation", r.ConversationID, "seq", r.Seq, "code", r.problem, "state", r.state)
	return r
}

func (s *Sender) pause(id ChannelID, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(s.paused[id]) {
		s.paused[id] = until
	}
}

func (s *Sender) isPaused(id ChannelID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused[id].After(now)
}
