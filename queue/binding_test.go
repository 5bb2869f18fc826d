package queue_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// conversation is one that somebody has begun with the library.
func (h *house) conversation(lib library.ID) (id bots.ConversationID) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error {
		var channel int64
		err := tx.QueryRow(h.t.Context(), `insert into channels (library_id, kind, name) values ($1, 'telegram', gen_random_uuid()::text) returning id`, lib).Scan(&channel)
		if err != nil {
			return err
		}
		known, err := contacts.Addresses(h.t.Context(), tx, []contacts.Who{{Library: lib, Channel: channel, External: fmt.Sprint(channel)}}, h.clock.Now())
		if err != nil {
			return err
		}
		id = bots.ConversationID(known[0].ID)
		_, err = tx.Exec(h.t.Context(), `insert into conversations (library_id, id, lang) values ($1, $2, 'ru')`, lib, id)
		return err
	})
	return id
}

// offer gives the member of staff a word.
func (h *house) offer(s queue.Staff) (word string) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) (err error) {
		word, err = h.OfferBinding(h.t.Context(), tx, s)
		return err
	})
	return word
}

// bind writes the word in the conversation.
func (h *house) bind(lib library.ID, conv bots.ConversationID, word string) (ok bool) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) (err error) {
		ok, err = queue.Bind(h.t.Context(), tx, lib, conv, word, h.clock.Now())
		return err
	})
	return ok
}

// boundTo is where the member of staff is told; 0 is nowhere.
func (h *house) boundTo(s queue.Staff) bots.ConversationID {
	h.t.Helper()
	got, err := h.GetStaff(h.t.Context(), s, s.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	if (got.NotifyAt == nil) != (got.NotifyLibrary == nil) {
		h.t.Fatalf("half a binding: %+v", got)
	}
	if got.NotifyAt == nil {
		return 0
	}
	return *got.NotifyAt
}

func TestBinding(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	second := h.library("second")
	here, there, elsewhere := h.conversation(h.lib), h.conversation(h.lib), h.conversation(second)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	operator, _ := h.staff("operator", queue.RoleOperator)

	word := h.offer(anna)
	if !regexp.MustCompile(`^desk-[a-z2-7]{10}$`).MatchString(word) || h.offer(boris) == word {
		t.Fatalf("the word is %q", word)
	}
	var kept string
	if err := h.pool.QueryRow(ctx, `select string_agg(s::text, ' ') || (select string_agg(a::text, ' ') from audit a) from staff s`).Scan(&kept); err != nil ||
		regexp.MustCompile(word).MatchString(kept) {
		t.Errorf("the word stands readable in the database, or %v", err)
	}
	for what, ok := range map[string]bool{
		"another word":              h.bind(h.lib, here, "desk-aaaaaaaaaa"),
		"of another library":        h.bind(second, elsewhere, word),
		"of a colleague, replaced ": h.offer(boris) != "" && h.bind(h.lib, here, "desk-"),
	} {
		if ok {
			t.Errorf("%s: bound", what)
		}
	}
	if h.boundTo(anna) != 0 || !h.bind(h.lib, here, word) || h.boundTo(anna) != here {
		t.Error("the right word does not bind")
	}
	if h.bind(h.lib, there, word) || h.boundTo(anna) != here {
		t.Error("the word binds twice")
	}

	old := h.offer(anna)
	word = h.offer(anna)
	if h.bind(h.lib, there, old) {
		t.Error("a word that was replaced binds")
	}
	h.clock.move(15 * time.Minute)
	if h.bind(h.lib, there, word) {
		t.Error("a word of 15 minutes ago binds")
	}
	if !h.bind(second, elsewhere, h.offer(operator)) || h.boundTo(operator) != elsewhere {
		t.Error("an operator may be told in any library")
	}
	word = h.offer(boris)
	h.tx(func(tx pgx.Tx) error { return h.SwitchOff(ctx, tx, queue.Console(), boris.ID) })
	if h.bind(h.lib, there, word) {
		t.Error("the word of who is switched off binds")
	}
	h.tx(func(tx pgx.Tx) error { return h.UpdateOwn(ctx, tx, anna, queue.OwnChange{Lang: library.Sakha}) })
	if h.boundTo(anna) != here {
		t.Error("another change of the account unbinds")
	}
}

func TestBindingEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	here := h.conversation(h.lib)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	word := h.offer(anna)
	h.tx(func(tx pgx.Tx) error { return h.Unbind(ctx, tx, anna) })
	if h.bind(h.lib, here, word) {
		t.Error("the word outlives the wish to be told")
	}
	h.bind(h.lib, here, h.offer(anna))
	h.bind(h.lib, here, h.offer(boris)) // a phone of both
	h.tx(func(tx pgx.Tx) error { return h.Unbind(ctx, tx, anna) })
	if h.boundTo(anna) != 0 || h.boundTo(boris) != here {
		t.Error("unbinding is one's own")
	}
	h.bind(h.lib, here, h.offer(anna))
	h.tx(func(tx pgx.Tx) error { return queue.UnbindConversation(ctx, tx, h.lib, here) })
	if h.boundTo(anna) != 0 || h.boundTo(boris) != 0 {
		t.Error("a conversation that is lost still binds")
	}
	var lines []string
	rows, err := h.ListAudit(ctx, h.lib, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Act == "staff.own" && r.Object == fmt.Sprintf("staff %d", anna.ID) {
			lines = append(lines, fmt.Sprint(r.Detail["conversation"], " by ", r.Staff))
		}
	}
	by := fmt.Sprint(" by ", anna.ID)
	want := []string{"lost by 0", "bound" + by, "offered" + by, "unbound" + by, "bound" + by, "offered" + by, "unbound" + by, "offered" + by}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("the audit log has %v", lines)
	}
}
