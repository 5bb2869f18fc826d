package web

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// typingTime bounds a messenger's call: a sign that comes later is worth nothing.
const typingTime = 3 * time.Second

// showTyping lets the reader see that an answer is being written. It changes nothing, is gone after seconds, and is not recorded. A messenger that
// does not take it is no failure.
func showTyping(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	h, err := v.Conversations.Header(v.ctx(), v.lib.ID, bots.ConversationID(id))
	if err != nil {
		return err
	}
	v.w.WriteHeader(http.StatusNoContent)
	switch {
	case h.Blocked || h.Gone || h.Speaker != 0 && h.Speaker != v.me():
		return nil
	case h.Channel == bots.WebChat:
		err = v.write(func(ctx context.Context, tx pgx.Tx) error {
			return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicTyping, Library: v.lib.ID, ID: id})
		})
	default:
		ctx, cancel := context.WithTimeout(v.ctx(), typingTime)
		defer cancel()
		err = v.Typing(ctx, v.lib.ID, bots.ConversationID(id))
	}
	if err != nil && v.ctx().Err() == nil {
		v.Log.DebugContext(v.ctx(), "desk: typing is not shown", "conversation", id, "error", err)
	}
	return nil
}
