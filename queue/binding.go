package queue

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

const (
	bindPrefix  = "desk-"
	bindLetters = 10 // of five bits each
	bindTime    = 15 * time.Minute
)

const offerBinding = `update staff set bind_word = $2, bind_until = $3 where id = $1`

// OfferBinding gives a word, such as desk-7k3m9q2wxy: whoever writes it to the library within 15 minutes is the member of staff, and is told of
// tasks in that conversation. A new word ends the one before it. Only its hash is kept.
func (d *Desk) OfferBinding(ctx context.Context, tx pgx.Tx, me Staff) (string, error) {
	word := bindPrefix + strings.ToLower(rand.Text()[:bindLetters])
	if _, err := tx.Exec(ctx, offerBinding, me.ID, bindKey(word), d.now().Add(bindTime)); err != nil {
		return "", fmt.Errorf("offer a binding to staff %d: %w", me.ID, err)
	}
	return word, Audit(ctx, tx, binding(me, me.ID, "offered"))
}

func bindKey(word string) []byte {
	sum := sha256.Sum256([]byte(word))
	return sum[:]
}

// binding is the entry in the audit log; by nobody when the messenger itself ended it.
func binding(s Staff, by StaffID, what string) AuditEntry {
	e := s.audit(Staff{ID: by}, "staff.own")
	e.Detail = map[string]any{"conversation": what}
	return e
}

const bind = `
update staff s set notify_library = $1, notify_at = $2, bind_word = null, bind_until = null
where s.bind_word = $3 and s.bind_until > $4 and s.state = 'on' and (s.library_id = $1 or s.library_id is null) returning ` + staffColumns

// Bind makes the conversation the one in which the member of staff to whom the word was given is told of tasks. It reports false, and changes
// nothing, when the word is unknown, used or old, or was given to somebody of another library.
func Bind(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, word string, now time.Time) (bool, error) {
	s, err := one[Staff](ctx, tx, bind, lib, conv, bindKey(word), now)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("bind conversation %d: %w", conv, err)
	}
	return true, Audit(ctx, tx, binding(s, s.ID, "bound"))
}

const (
	unbind = `update staff set notify_library = null, notify_at = null, bind_word = null, bind_until = null where id = $1`

	unbindConversation = `
update staff s set notify_library = null, notify_at = null where s.notify_library = $1 and s.notify_at = $2 returning ` + staffColumns
)

// Unbind ends the member of staff's being told of tasks in a conversation, and the word that has not been used yet.
func (d *Desk) Unbind(ctx context.Context, tx pgx.Tx, me Staff) error {
	if _, err := tx.Exec(ctx, unbind, me.ID); err != nil {
		return fmt.Errorf("unbind the conversation of staff %d: %w", me.ID, err)
	}
	return Audit(ctx, tx, binding(me, me.ID, "unbound"))
}

// UnbindConversation unbinds those who have shut the library out of the conversation.
func UnbindConversation(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) error {
	lost, err := all[Staff](ctx, tx, unbindConversation, lib, conv)
	if err != nil {
		return fmt.Errorf("unbind conversation %d: %w", conv, err)
	}
	for _, s := range lost {
		if err := Audit(ctx, tx, binding(s, 0, "lost")); err != nil {
			return err
		}
	}
	return nil
}
