package telegramtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

type hook struct{ url, secret string }

type pushed struct {
	kind    string
	content any
}

// push queues an update; the lock is held.
func (s *Server) push(kind string, content any) int64 {
	if s.allowed != nil && !s.allowed[kind] {
		return 0
	}
	s.lastUpdate++
	body, err := json.Marshal(map[string]any{"update_id": s.lastUpdate, kind: content})
	if err != nil {
		panic(fmt.Sprintf("an update that is no JSON: %v", err)) // a mistake of the test
	}
	s.updates = append(s.updates, queued{s.lastUpdate, body})
	s.newest = pushed{kind, content}
	s.change()
	return s.lastUpdate
}

// Repeat delivers the newest message or callback once more, under another number, as Telegram does after a loss of its own.
func (s *Server) Repeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push(s.newest.kind, s.newest.content)
}

// Renumber lets the next update have this number, as Telegram chooses one at random after a quiet week.
func (s *Server) Renumber(next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastUpdate = next - 1
}

func (s *Server) getUpdates(ctx context.Context, p params) (any, *apiError) {
	offset, limit, timeout := p.number("offset"), int(p.number("limit")), time.Duration(p.number("timeout"))*time.Second
	if limit < 1 || limit > 100 {
		limit = 100
	}
	s.mu.Lock()
	s.poll++
	mine := s.poll
	s.allow(p)
	s.change() // an older poll has to give way
	s.mu.Unlock()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		batch, changed, bad := s.batch(mine, offset, limit)
		if bad != nil || len(batch) > 0 {
			return batch, bad
		}
		select {
		case <-changed:
		case <-timer.C:
			return []json.RawMessage{}, nil
		case <-ctx.Done():
			return nil, errGone
		}
	}
}

func (s *Server) batch(mine int, offset int64, limit int) ([]json.RawMessage, <-chan struct{}, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.hook != nil:
		s.conflicts++
		return nil, nil, refusal(http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	case s.poll != mine:
		s.conflicts++
		return nil, nil, refusal(http.StatusConflict, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
	}
	s.confirm(offset)
	var batch []json.RawMessage
	for _, u := range s.updates {
		if len(batch) < limit && u.id >= offset {
			batch = append(batch, u.body)
		}
	}
	return batch, s.changed, nil
}

// confirm forgets all before the offset; a negative one keeps so many of the last.
func (s *Server) confirm(offset int64) {
	before := len(s.updates)
	if offset < 0 {
		s.updates = s.updates[max(0, int64(len(s.updates))+offset):]
	}
	for offset > 0 && len(s.updates) > 0 && s.updates[0].id < offset {
		s.updates = s.updates[1:]
	}
	if len(s.updates) != before {
		s.change()
	}
}

func (s *Server) allow(p params) {
	var kinds []string
	if json.Unmarshal([]byte(p.text["allowed_updates"]), &kinds) != nil || len(kinds) == 0 {
		return
	}
	s.allowed = map[string]bool{}
	for _, k := range kinds {
		s.allowed[k] = true
	}
}

func (s *Server) setWebhook(_ context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = nil
	if url := p.text["url"]; url != "" {
		s.hook = &hook{url, p.text["secret_token"]}
	}
	s.allow(p)
	s.change()
	return true, nil
}

func (s *Server) deleteWebhook(_ context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = nil
	if drop, err := strconv.ParseBool(p.text["drop_pending_updates"]); err == nil && drop {
		s.updates = nil
	}
	s.change()
	return true, nil
}

// deliverAll hands the updates to the hook one by one; what is not taken comes again, after a while that grows to a second.
func (s *Server) deliverAll() {
	wait := 10 * time.Millisecond
	for s.ctx.Err() == nil {
		s.mu.Lock()
		at, changed := s.hook, s.changed
		var next queued
		waits := at != nil && len(s.updates) > 0
		if waits {
			next = s.updates[0]
		}
		s.mu.Unlock()
		if !waits {
			select {
			case <-changed:
			case <-s.ctx.Done():
			}
			continue
		}
		if s.deliver(*at, next) {
			wait = 10 * time.Millisecond
			continue
		}
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
		}
		wait = min(2*wait, time.Second)
	}
}

func (s *Server) deliver(at hook, u queued) bool {
	status, body := s.post(at, u.body)
	s.mu.Lock()
	s.hooked = append(s.hooked, status)
	taken := status >= 200 && status < 300
	if taken && len(s.updates) > 0 && s.updates[0].id == u.id {
		s.updates = s.updates[1:]
	}
	s.change()
	s.mu.Unlock()
	if taken && len(body) > 0 { // the answer may be a call
		if p, err := jsonParams(body); err == nil && p.text["method"] != "" {
			_, _ = s.run(s.ctx, p.text["method"], p) // Telegram does not tell how it went
		}
	}
	return taken
}

func (s *Server) post(at hook, update []byte) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.url, bytes.NewReader(update))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	if at.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", at.secret)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as it is wanted
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, body
}
