package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"librarian/bots"
	"librarian/contacts/library"
)

const (
	heartbeat = 20 * time.Second       // proxies cut a connection that is silent for 30
	patience  = 20 * time.Second       // for a reader's side that takes nothing
	searching = 500 * time.Millisecond // not more often is a conversation looked for that has not begun
	chunk     = 200                    // entries in one read of the history

	// alive is a comment for the proxies, and an event for the page, which cannot see comments.
	alive = ": \nevent: alive\ndata: {}\n\n"
)

// stream is one page's view of its conversation.
type stream struct {
	chat     *Chat
	tenant   tenant
	external string
	conv     bots.ConversationID
	after    bots.Cursor
	lang     library.Lang
	w        http.ResponseWriter
	conn     *http.ResponseController
}

// run ends when the context does, or with what went wrong; the page then comes back and says where it was.
func (s *stream) run(ctx context.Context) error {
	if err := s.write([]byte("retry: 1000\n\n")); err != nil {
		return err
	}
	if err := s.find(ctx); err != nil {
		return err
	}
	chat, endChat := s.subscribe(bots.TopicChat)
	defer endChat()
	typing, endTyping := s.subscribe(bots.TopicTyping)
	defer endTyping()
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if err := s.event("ready", "", ready{Begun: true}); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-chat:
			err = s.catchUp(ctx)
		case <-typing:
			err = s.event("typing", "", struct{}{})
		case <-beat.C:
			err = s.write([]byte(alive))
		}
		if err != nil {
			return err
		}
	}
}

// ready tells the page that it has all there is, and whether anything has begun.
type ready struct {
	Begun bool `json:"begun"`
}

func (s *stream) subscribe(topic bots.Topic) (<-chan struct{}, func()) {
	return s.chat.Signals.Subscribe(bots.Signal{Topic: topic, Library: s.tenant.ID, ID: int64(s.conv)})
}

// find waits until the session has a conversation. Its first message is an event of the library, the id of which cannot be known before.
func (s *stream) find(ctx context.Context) error {
	wake, end := s.chat.Signals.Subscribe(bots.Signal{Topic: bots.TopicEvents, Library: s.tenant.ID})
	defer end()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for told, woken := false, false; ; {
		conv, found, err := s.chat.Conversation(ctx, s.tenant.ID, s.tenant.channel, s.external)
		if err != nil || found {
			s.conv = conv
			return err
		}
		if !told {
			told = true
			if err := s.event("ready", "", ready{}); err != nil {
				return err
			}
		}
		if woken { // it was another reader's event: in a busy library there are many
			if bots.Pause(ctx, searching); ctx.Err() != nil {
				return ctx.Err()
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			woken = true
		case <-beat.C:
			err = s.write([]byte(alive))
		}
		if err != nil {
			return err
		}
	}
}

// catchUp sends everything after the stream's place.
func (s *stream) catchUp(ctx context.Context) error {
	if err := s.tellLang(ctx); err != nil {
		return err
	}
	from, waits := s.after, false // once a message waits to be sent, those after it wait too
	for {
		entries, err := s.chat.History(ctx, s.tenant.ID, s.conv, from, chunk)
		if err != nil {
			return err
		}
		for _, e := range entries {
			from.Event, from.Out = max(from.Event, e.At.Event), max(from.Out, e.At.Out)
			place := placeOf(e)
			if waits = waits || place == held; waits && e.At.Out > 0 {
				continue
			}
			s.after.Event, s.after.Out = max(s.after.Event, e.At.Event), max(s.after.Out, e.At.Out)
			if place == passed {
				continue
			}
			if err := s.entry(ctx, e); err != nil {
				return err
			}
		}
		if len(entries) < chunk {
			return s.flush()
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
}

func (s *stream) entry(ctx context.Context, e bots.Entry) error {
	shown, err := s.chat.entryOf(ctx, s.tenant.ID, e)
	if err != nil {
		return err
	}
	return s.put("entry", s.after.String(), shown)
}

// tellLang lets the page follow the language that the reader chose in the conversation.
func (s *stream) tellLang(ctx context.Context) error {
	if s.chat.Lang == nil {
		return nil
	}
	lang, err := s.chat.Lang(ctx, s.tenant.ID, s.conv)
	if err != nil || lang == s.lang {
		return err
	}
	s.lang = lang
	return s.put("lang", "", lang)
}

// put writes one event, without an id when id is empty.
func (s *stream) put(name, id string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	var b bytes.Buffer
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", name, body)
	_ = s.conn.SetWriteDeadline(s.chat.Now().Add(patience)) // not every server can: then its own timeouts hold
	_, err = s.w.Write(b.Bytes())
	return err
}

func (s *stream) event(name, id string, data any) error {
	if err := s.put(name, id, data); err != nil {
		return err
	}
	return s.flush()
}

func (s *stream) write(raw []byte) error {
	_ = s.conn.SetWriteDeadline(s.chat.Now().Add(patience))
	if _, err := s.w.Write(raw); err != nil {
		return err
	}
	return s.flush()
}

// flush sends what is written and lifts the deadline: a silent stream is not a stuck one.
func (s *stream) flush() error {
	err := s.conn.Flush()
	_ = s.conn.SetWriteDeadline(time.Time{})
	return err
}
