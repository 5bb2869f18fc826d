package queue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// asker is a person with a conversation.
type asker struct {
	contact contacts.ID
	conv    bots.ConversationID
	reader  contacts.ReaderID
}

// asker is somebody new; with a name, a registered reader of it.
func (h *house) asker(lib library.ID, name string) (a asker) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error {
		ctx := h.t.Context()
		if err := tx.QueryRow(ctx, `insert into contacts (library_id, name) values ($1, 'Writer') returning id`, lib).Scan(&a.contact); err != nil {
			return err
		}
		a.conv = h.conversationOf(tx, lib, a.contact)
		if name == "" {
			return nil
		}
		return tx.QueryRow(ctx, `insert into readers (library_id, name) values ($1, $2) returning id`, lib, name).Scan(&a.reader)
	})
	return a
}

// conversationOf is a new conversation of the contact.
func (h *house) conversationOf(tx pgx.Tx, lib library.ID, contact contacts.ID) (conv bots.ConversationID) {
	h.t.Helper()
	ctx := h.t.Context()
	var channel int64
	if err := tx.QueryRow(ctx, `with old as (select id from channels where library_id = $1), new as (
  insert into channels (library_id, kind, name) select $1, 'webchat', 'site' where not exists (select from old) returning id)
select id from old union all select id from new`, lib).Scan(&channel); err != nil {
		h.t.Fatal(err)
	}
	if err := tx.QueryRow(ctx, `insert into addresses (library_id, contact_id, channel_id, external)
select $1, $2, $3, 'a' || count(*) from addresses returning id`, lib, contact, channel).Scan(&conv); err != nil {
		h.t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `insert into conversations (library_id, id, lang) values ($1, $2, 'ru')`, lib, conv); err != nil {
		h.t.Fatal(err)
	}
	return conv
}

// says notes that the person misses it; its key is the words in lower case.
func (h *house) says(a asker, kind queue.NeedKind, words string) (queue.NeedID, error) {
	h.t.Helper()
	var id queue.NeedID
	err := h.try(func(tx pgx.Tx) (err error) {
		id, err = queue.AddNeed(h.t.Context(), tx, queue.NewNeed{
			Library: h.lib, Kind: kind, Words: words, Key: strings.ToLower(words), Conversation: a.conv, Contact: a.contact, Reader: a.reader, Category: "student",
			Channel: "webchat", At: h.clock.Now(),
		})
		return err
	})
	return id, err
}

// missed is the list in short: words, how many people, and the note of what was decided before.
func (h *house) missed(f queue.NeedFilter) string {
	h.t.Helper()
	list, err := h.ListNeeds(h.t.Context(), h.lib, f)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, n := range list {
		line := fmt.Sprintf("%s %s %d", n.Kind, n.Words, n.People)
		if n.Note != "" {
			line += " (" + n.Note + ")"
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func (h *house) need(id queue.NeedID) queue.Need {
	h.t.Helper()
	n, err := h.GetNeed(h.t.Context(), h.lib, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestNeedsAreCountedByPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, boris, vera := h.asker(h.lib, "Анна"), h.asker(h.lib, ""), h.asker(h.lib, "")
	for _, said := range []struct {
		by    asker
		kind  queue.NeedKind
		words string
	}{
		{anna, queue.NeedSection, "Пчёлы"},
		{anna, queue.NeedSection, "пчёлы"},
		{boris, queue.NeedSection, "Пчёлы"},
		{vera, queue.NeedSection, "Пчёлы"},
		{anna, queue.NeedDigitise, "Пчёлы"},
		{boris, queue.NeedResource, "Scopus"},
		{vera, queue.NeedResource, "scopus"},
	} {
		h.clock.move(time.Minute)
		if _, err := h.says(said.by, said.kind, said.words); err != nil {
			t.Fatal(err)
		}
	}
	wantText(t, "all", h.missed(queue.NeedFilter{}), "section Пчёлы 3, resource Scopus 2, digitise Пчёлы 1")
	wantText(t, "of a kind", h.missed(queue.NeedFilter{Kind: queue.NeedResource}), "resource Scopus 2")
	first, err := h.ListNeeds(t.Context(), h.lib, queue.NeedFilter{Limit: 1})
	if err != nil || len(first) != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	after := queue.ParseNeedCursor(first[0].Cursor().String())
	wantText(t, "after the first", h.missed(queue.NeedFilter{After: after}), "resource Scopus 2, digitise Пчёлы 1")
	if got := first[0].Segments; len(got) != 1 || got[0] != (queue.NeedSegment{Category: "student", People: 3}) || first[0].Categories != 1 {
		t.Errorf("segments: %+v", first[0])
	}
	h.clock.move(40 * 24 * time.Hour)
	if _, err := h.says(boris, queue.NeedResource, "Scopus"); err != nil {
		t.Fatal(err)
	}
	wantText(t, "within the month", h.missed(queue.NeedFilter{Since: h.clock.Now().AddDate(0, -1, 0)}), "resource Scopus 1")

	// Two chats of one person are one as soon as they are joined, and two again when that is undone.
	h.tx(func(tx pgx.Tx) error {
		_, err := contacts.Merge(t.Context(), tx, h.lib, vera.contact, boris.contact, 0, contacts.ByCode, h.clock.Now())
		return err
	})
	wantText(t, "joined", h.missed(queue.NeedFilter{}), "section Пчёлы 2, resource Scopus 1, digitise Пчёлы 1")
	second := h.library("second")
	if list, err := h.ListNeeds(t.Context(), second, queue.NeedFilter{}); err != nil || len(list) != 0 {
		t.Errorf("another library has %v, %v", list, err)
	}
	_, err = h.GetNeed(t.Context(), second, first[0].ID)
	want(t, "another library's", err, queue.ErrNotFound)
}

func TestNeedsWithinADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, boris := h.asker(h.lib, ""), h.asker(h.lib, "")
	for i := range 20 {
		_, err := h.says(anna, queue.NeedSection, fmt.Sprint("Topic ", i))
		want(t, "one of twenty", err, nil)
	}
	_, err := h.says(anna, queue.NeedSection, "One more")
	want(t, "one more", err, queue.ErrTooManyNeeds)
	_, err = h.says(boris, queue.NeedSection, "One more")
	want(t, "another's", err, nil)
	h.clock.move(25 * time.Hour)
	_, err = h.says(anna, queue.NeedSection, "One more")
	want(t, "the next day", err, nil)

	for name, spoil := range map[string]func(*queue.NewNeed){
		"kind":    func(n *queue.NewNeed) { n.Kind = "wish" },
		"words":   func(n *queue.NewNeed) { n.Words = " " },
		"key":     func(n *queue.NewNeed) { n.Key = "" },
		"length":  func(n *queue.NewNeed) { n.Words = strings.Repeat("ы", queue.NeedWordsMost+1) },
		"nobody":  func(n *queue.NewNeed) { n.Conversation = 0 },
		"two who": func(n *queue.NewNeed) { n.By = 1 },
	} {
		bad := queue.NewNeed{Library: h.lib, Kind: queue.NeedSection, Words: "Words", Key: "words", Conversation: anna.conv, Contact: anna.contact, At: h.clock.Now()}
		spoil(&bad)
		want(t, name, h.try(func(tx pgx.Tx) error { _, err := queue.AddNeed(t.Context(), tx, bad); return err }), queue.ErrInvalid)
	}
}

func TestNeedIsDecided(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	staff, _ := h.staff("anna", queue.RoleLibrarian)
	anna, boris := h.asker(h.lib, ""), h.asker(h.lib, "")
	id, err := h.says(anna, queue.NeedDigitise, "Олонхо")
	want(t, "said", err, nil)
	decide := func(version int, note string) error {
		return h.try(func(tx pgx.Tx) error {
			return queue.DecideNeed(ctx, tx, h.lib, id, version, staff.ID, note, h.clock.Now())
		})
	}
	seen := h.need(id).Version
	want(t, "without a note", decide(seen, " "), queue.ErrInvalid)
	if _, err := h.says(boris, queue.NeedDigitise, "олонхо"); err != nil { // meanwhile
		t.Fatal(err)
	}
	want(t, "over what was not seen", decide(seen, "digitised"), queue.ErrChanged)
	want(t, "decided", decide(h.need(id).Version, "digitised"), nil)
	wantText(t, "what waits", h.missed(queue.NeedFilter{}), "")
	wantText(t, "what is decided", h.missed(queue.NeedFilter{Decided: true}), "digitise Олонхо 2 (digitised)")
	if n := h.need(id); n.Open || n.DecidedBy != staff.Name || n.Decided == nil {
		t.Errorf("decided: %+v", n)
	}
	h.clock.move(time.Hour)
	if _, err := h.says(boris, queue.NeedDigitise, "Олонхо"); err != nil {
		t.Fatal(err)
	}
	wantText(t, "asked for again", h.missed(queue.NeedFilter{}), "digitise Олонхо 2 (digitised)")
	want(t, "decided again", decide(h.need(id).Version, "on the site"), nil)
	open := func() error {
		return h.try(func(tx pgx.Tx) error { return queue.OpenNeed(ctx, tx, h.lib, id, h.need(id).Version) })
	}
	want(t, "opened", open(), nil)
	want(t, "opened twice", open(), queue.ErrChanged)
	want(t, "of another library", h.try(func(tx pgx.Tx) error { return queue.OpenNeed(ctx, tx, h.library("second"), id, 1) }), queue.ErrNotFound)
}

func TestNeedsOfTwoWritings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, boris := h.asker(h.lib, ""), h.asker(h.lib, "")
	say := func(a asker, kind queue.NeedKind, words string) queue.NeedID {
		t.Helper()
		h.clock.move(time.Minute)
		id, err := h.says(a, kind, words)
		want(t, words, err, nil)
		return id
	}
	one, two := say(anna, queue.NeedSection, "Ботаника"), say(boris, queue.NeedSection, "Книги о растениях")
	third, other := say(anna, queue.NeedSection, "Растения"), say(anna, queue.NeedResource, "Ботаника")
	join := func(id, same queue.NeedID, version int) error {
		return h.try(func(tx pgx.Tx) error { return queue.JoinNeeds(ctx, tx, h.lib, id, version, same) })
	}
	want(t, "with itself", join(one, one, 1), queue.ErrInvalid)
	want(t, "with another kind", join(one, other, h.need(one).Version), queue.ErrChanged)
	want(t, "with none", join(one, 1000, h.need(one).Version), queue.ErrNotFound)
	want(t, "not as seen", join(third, two, h.need(third).Version+1), queue.ErrChanged)
	want(t, "the third", join(third, two, h.need(third).Version), nil)
	want(t, "the second with it", join(two, one, h.need(two).Version), nil)
	wantText(t, "together", h.missed(queue.NeedFilter{Kind: queue.NeedSection}), "section Ботаника 2")
	_, err := h.GetNeed(ctx, h.lib, two)
	want(t, "a way of writing", err, queue.ErrNotFound)
	if got := say(boris, queue.NeedSection, "растения"); got != one {
		t.Errorf("said in another way it counts in %d", got)
	}
	wantText(t, "each once", h.missed(queue.NeedFilter{Kind: queue.NeedSection}), "section Ботаника 2")
	writings, err := h.NeedWritings(ctx, h.lib, one)
	if err != nil || len(writings) != 2 || writings[0].ID != two {
		t.Fatalf("ways of writing: %v, %v", writings, err)
	}
	part := func() error {
		return h.try(func(tx pgx.Tx) error { return queue.PartNeed(ctx, tx, h.lib, one, third) })
	}
	want(t, "apart", part(), nil)
	want(t, "apart twice", part(), queue.ErrChanged)
	wantText(t, "apart", h.missed(queue.NeedFilter{Kind: queue.NeedSection}), "section Ботаника 2, section Растения 1")

	voices, err := h.NeedVoices(ctx, h.lib, one, queue.Cursor{}, 1)
	if err != nil || len(voices) != 1 || voices[0].Conversation != boris.conv || voices[0].Name != "Writer" {
		t.Fatalf("voices: %+v, %v", voices, err)
	}
	before := queue.Cursor{At: voices[0].At, ID: queue.TaskID(voices[0].ID)}
	if voices, err = h.NeedVoices(ctx, h.lib, one, before, 10); err != nil || len(voices) != 1 || voices[0].Conversation != anna.conv {
		t.Errorf("voices before: %+v, %v", voices, err)
	}
}

func TestNeedsOfStaffAndOfTheForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	staff, _ := h.staff("anna", queue.RoleLibrarian)
	note := func(who string) error {
		return h.try(func(tx pgx.Tx) error {
			_, err := queue.AddNeed(ctx, tx, queue.NewNeed{
				Library: h.lib, Kind: queue.NeedResource, Words: "Scopus", Key: "scopus", Category: "Учёные", By: staff.ID, Who: who, At: h.clock.Now(),
			})
			return err
		})
	}
	for _, who := range []string{"Кафедра истории", "кафедра истории", "", ""} {
		want(t, "noted for "+who, note(who), nil)
	}
	wantText(t, "noted by staff", h.missed(queue.NeedFilter{}), "resource Scopus 3")
	anna := h.asker(h.lib, "Анна")
	one, err := h.says(anna, queue.NeedResource, "Scopus")
	want(t, "said", err, nil)
	two, err := h.says(anna, queue.NeedResource, "Скопус")
	want(t, "said in another way", err, nil)
	h.tx(func(tx pgx.Tx) error { return queue.JoinNeeds(ctx, tx, h.lib, two, h.need(two).Version, one) })
	wantText(t, "before", h.missed(queue.NeedFilter{}), "resource Scopus 4")
	forget := func(a asker, reader contacts.ReaderID) {
		h.tx(func(tx pgx.Tx) error { return queue.ForgetNeeds(ctx, tx, h.lib, a.contact, reader) })
	}
	forget(anna, anna.reader+1) // it was about another
	if named := h.named(one); named != 1 {
		t.Errorf("%d voices have a conversation", named)
	}
	forget(anna, anna.reader)
	wantText(t, "forgotten", h.missed(queue.NeedFilter{}), "resource Scopus 4")
	if named := h.named(one); named != 0 {
		t.Errorf("%d voices still have a conversation", named)
	}
}

// named is how many people in the group can be written to.
func (h *house) named(id queue.NeedID) int {
	h.t.Helper()
	voices, err := h.NeedVoices(h.t.Context(), h.lib, id, queue.Cursor{}, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	people := map[bots.ConversationID]bool{}
	for _, v := range voices {
		if v.Conversation != 0 {
			people[v.Conversation] = true
		}
	}
	return len(people)
}

func TestTheSameNeedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var calls []func(context.Context) error
	for i := range 8 {
		a := h.asker(h.lib, "")
		calls = append(calls, func(context.Context) error {
			_, err := h.says(a, queue.NeedSection, []string{"Пчёлы", "пчёлы"}[i%2])
			return err
		})
	}
	for _, err := range together(t.Context(), calls...) {
		want(t, "at once", err, nil)
	}
	wantText(t, "together", h.missed(queue.NeedFilter{}), "section Пчёлы 8")
}
