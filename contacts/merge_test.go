package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func (w *world) merge(into, from contacts.ID) (id contacts.MergeID, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		id, err = contacts.Merge(ctx, tx, w.lib, into, from, 7, contacts.ByStaff, noon)
		return err
	})
	return id, err
}

func (w *world) sureMerge(into, from contacts.ID) contacts.MergeID {
	w.Helper()
	id, err := w.merge(into, from)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) undo(id contacts.MergeID) error {
	return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.Undo(ctx, tx, w.lib, id, 7, noon) })
}

func (w *world) sureUndo(id contacts.MergeID) {
	w.Helper()
	if err := w.undo(id); err != nil {
		w.Fatal(err)
	}
}

// of is the contact to whom the address belongs now.
func (w *world) of(k contacts.Known) contacts.Known {
	w.Helper()
	k.Contact = contacts.ID(w.count(`select contact_id from addresses where id = $1`, k.ID))
	return k
}

// belongings are the contact's rows, as text.
func (w *world) belongings(id contacts.ID) (out []string) {
	w.Helper()
	rows, err := w.pool.Query(w.Context(), `select 'address ' || id from addresses where contact_id = $1
union all select 'consent ' || id from consents where contact_id = $1
union all select 'registration ' || id || ' of ' || reader_id from registrations where contact_id = $1
union all select relation || ' ' || reader_id || ' since ' || created_at from contact_readers where contact_id = $1
union all select 'part of ' || merged_into from contacts where id = $1 and merged_into is not null order by 1`, id)
	if err != nil {
		w.Fatal(err)
	}
	if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		w.Fatal(err)
	}
	return out
}

func TestMergeAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site, chat := w.address("site"), w.address("chat")
	mine := w.sureApply(w.application(site, "self", "Ivanova Maria"))
	w.sureApply(w.application(chat, "child", "Ivanov Petr"))
	siteBefore, chatBefore := w.belongings(site.Contact), w.belongings(chat.Contact)
	id := w.sureMerge(site.Contact, chat.Contact)
	if n := len(w.belongings(site.Contact)); n != len(siteBefore)+len(chatBefore) {
		t.Errorf("%d things of both: %q", n, w.belongings(site.Contact))
	}
	if got := w.belongings(chat.Contact); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
	if _, err := contacts.RegistrationByID(t.Context(), w.pool, w.lib, mine.ID); err != nil {
		t.Error(err)
	}
	if n := w.count(`select count(*) from merge_rows where merge_id = $1`, id); n != len(chatBefore) {
		t.Errorf("%d rows in the journal for %q", n, chatBefore)
	}
	all, err := contacts.MergesOf(t.Context(), w.pool, w.lib, site.Contact)
	want := contacts.Merged{ID: id, Into: site.Contact, From: chat.Contact, Name: "name of chat", How: contacts.ByStaff, By: 7, At: noon}
	if err != nil || len(all) != 1 || !all[0].At.Equal(noon) {
		t.Fatalf("%+v, %v", all, err)
	}
	if all[0].At = noon; all[0] != want {
		t.Errorf("%+v", all[0])
	}
	w.sureUndo(id)
	if got := w.belongings(site.Contact); !slices.Equal(got, siteBefore) {
		t.Errorf("site: %q, was %q", got, siteBefore)
	}
	if got := w.belongings(chat.Contact); !slices.Equal(got, chatBefore) {
		t.Errorf("chat: %q, was %q", got, chatBefore)
	}
	if all, err := contacts.MergesOf(t.Context(), w.pool, w.lib, site.Contact); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestMergeThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three := w.address("one").Contact, w.address("two").Contact, w.address("three")
	w.sureApply(w.application(three, "self", "Ivanova Maria"))
	id := w.sureMerge(one, two)
	elsewhere := w.lib
	w.lib, w.channel = w.library("second")
	stranger, other := w.address("one").Contact, w.address("two").Contact
	otherMerge := w.sureMerge(stranger, other)
	w.lib = elsewhere
	for name, c := range map[string]struct {
		into, from contacts.ID
		want       error
	}{
		"itself":                {one, one, contacts.ErrItself},
		"again":                 {one, two, contacts.ErrMerged},
		"into a part":           {two, three.Contact, contacts.ErrMerged},
		"of another library":    {one, stranger, contacts.ErrNotFound},
		"into another library":  {stranger, one, contacts.ErrNotFound},
		"nobody":                {one, 999_999, contacts.ErrNotFound},
		"both not this library": {stranger, other, contacts.ErrNotFound},
	} {
		if _, err := w.merge(c.into, c.from); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.undo(otherMerge); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("undo in another library: %v", err)
	}
	w.sureUndo(id)
	if err := w.undo(id); !errors.Is(err, contacts.ErrUndone) {
		t.Errorf("undo again: %v", err)
	}
	if n := w.count(`select count(*) from merges where library_id = $1`, w.lib); n != 1 {
		t.Errorf("%d merges: what was refused left something", n)
	}
}

func TestTwoReadersAreNotOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one"), w.address("two")
	w.sureApply(w.application(one, "self", "Ivanova Maria"))
	w.sureApply(w.application(two, "self", "Ivanova Maria"))
	if _, err := w.merge(one.Contact, two.Contact); !errors.Is(err, contacts.ErrTwoPeople) {
		t.Errorf("%v", err)
	}
}

func TestUndoInTheWrongOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c, d := w.address("a").Contact, w.address("b").Contact, w.address("c").Contact, w.address("d").Contact
	first := w.sureMerge(a, b)
	beside := w.sureMerge(c, a)
	last := w.sureMerge(c, d)
	for _, id := range []contacts.MergeID{first, beside} {
		if err := w.undo(id); !errors.Is(err, contacts.ErrMergedOver) {
			t.Errorf("merge %d: %v", id, err)
		}
	}
	for _, id := range []contacts.MergeID{last, beside, first} {
		w.sureUndo(id)
	}
	if n := w.count(`select count(*) from addresses a join contacts c on c.id = a.contact_id and c.merged_into is null and a.external = right(c.name, 1)`); n != 4 {
		t.Errorf("%d addresses are back with their contacts", n)
	}
}

// TestOneReaderOfBoth joins contacts who act for the same reader.
func TestOneReaderOfBoth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		into, from, want string
		byFrom           bool // the registration is from's
	}{
		{"self", "other", "self", false},
		{"other", "self", "self", false},
		{"child", "other", "child", true},
		{"self", "self", "self", true},
	} {
		t.Run(c.into+" and "+c.from, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			into, from := w.address("into"), w.address("from")
			has, gets, relation, other := into, from, c.into, c.from
			if c.byFrom {
				has, gets, relation, other = from, into, c.from, c.into
			}
			reg := w.sureApply(w.application(has, relation, "Ivanova Maria"))
			if _, err := w.pool.Exec(t.Context(), `insert into contact_readers (library_id, contact_id, reader_id, relation) values ($1, $2, $3, $4)`,
				w.lib, gets.Contact, reg.ReaderID, other); err != nil {
				t.Fatal(err)
			}
			intoBefore, fromBefore := w.belongings(into.Contact), w.belongings(from.Contact)
			id := w.sureMerge(into.Contact, from.Contact)
			if n := w.count(`select count(*) from contact_readers where contact_id = $1 and relation = $2`, into.Contact, c.want); n != 1 {
				t.Errorf("the link: %q", w.belongings(into.Contact))
			}
			w.sureUndo(id)
			if got := w.belongings(into.Contact); !slices.Equal(got, intoBefore) {
				t.Errorf("into: %q, was %q", got, intoBefore)
			}
			if got := w.belongings(from.Contact); !slices.Equal(got, fromBefore) {
				t.Errorf("from: %q, was %q", got, fromBefore)
			}
		})
	}
}

func TestWhatCameSinceStaysWithItsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site, chat := w.address("site"), w.address("chat")
	refused := w.sureApply(w.application(site, "self", "Ivanva Maria"))
	if err := w.decide(refused.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	id := w.sureMerge(site.Contact, chat.Contact)
	bySite := w.sureApply(w.application(w.of(site), "child", "Ivanov Petr"))
	byChat := w.sureApply(w.application(w.of(chat), "child", "Ivanov Pavel"))
	again := w.sureApply(w.application(w.of(chat), "self", "Ivanova Maria")) // the reader who was refused at the site
	unused := w.consent(w.of(chat))
	w.sureUndo(id)
	for name, c := range map[string]struct {
		reg  contacts.Registration
		home contacts.Known
	}{"before": {refused, site}, "site": {bySite, site}, "chat": {byChat, chat}, "again": {again, chat}} {
		got, err := contacts.RegistrationByID(t.Context(), w.pool, w.lib, c.reg.ID)
		if err != nil || got.ContactID != c.home.Contact {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if n := w.count(`select count(*) from consents where id = $1 and contact_id = $2`, got.ConsentID, c.home.Contact); n != 1 {
			t.Errorf("%s: the consent is elsewhere", name)
		}
	}
	if n := w.count(`select count(*) from consents where id = $1 and contact_id = $2`, unused, chat.Contact); n != 1 {
		t.Error("a consent without a registration is elsewhere")
	}
	if again.ReaderID != refused.ReaderID {
		t.Errorf("readers %d, %d", refused.ReaderID, again.ReaderID)
	}
	for contact, want := range map[contacts.ID]int{site.Contact: 2, chat.Contact: 2} {
		if n := w.count(`select count(*) from contact_readers where contact_id = $1`, contact); n != want {
			t.Errorf("%q", w.belongings(contact))
		}
	}
}

func TestOppositeMergesTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pool = wide(t, w.pool, 8)
	for round := range pgtest.Rounds(t, 10) {
		one, two := w.address(person(2*round)).Contact, w.address(person(2*round+1)).Contact
		ids := make([]contacts.MergeID, 8)
		errs := together(8, func(i int) (err error) {
			if i%2 == 0 {
				ids[i], err = w.merge(one, two)
			} else {
				ids[i], err = w.merge(two, one)
			}
			return err
		})
		var done []contacts.MergeID
		for i, err := range errs {
			switch {
			case err == nil:
				done = append(done, ids[i])
			case !errors.Is(err, contacts.ErrMerged):
				t.Fatal(err)
			}
		}
		if len(done) != 1 {
			t.Fatalf("round %d: %d merges of the same two", round, len(done))
		}
		undone := 0
		for _, err := range together(8, func(int) error { return w.undo(done[0]) }) {
			switch {
			case err == nil:
				undone++
			case !errors.Is(err, contacts.ErrUndone):
				t.Fatal(err)
			}
		}
		if undone != 1 {
			t.Fatalf("round %d: undone %d times", round, undone)
		}
	}
}

func TestLikelySame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := func(external, relation, name string, change func(*contacts.Application)) contacts.ID {
		k := w.address(external)
		a := w.application(k, relation, name)
		change(&a)
		w.sureApply(a)
		return k.Contact
	}
	me := contact("me", "self", "Ivanova Maria", func(a *contacts.Application) {
		a.Email, a.EmailProven, a.Phone, a.PhoneProven = "maria@example.org", true, "+380500000001", true
	})
	box := w.address("Maria@Example.org").Contact
	mail := contact("mail", "child", "Ivanov Petr", func(a *contacts.Application) { a.Email, a.EmailProven = "MARIA@example.org", true })
	phone := contact("phone", "other", "Petrova", func(a *contacts.Application) { a.Phone, a.PhoneProven = "+380500000001", true })
	namesake := contact("namesake", "self", "ivanova maria", func(*contacts.Application) {})
	contact("claims", "self", "Petrova", func(a *contacts.Application) { a.Email, a.Phone = "maria@example.org", "+380500000001" })
	contact("later", "self", "Ivanova Maria", func(a *contacts.Application) { a.Born.Year++ })
	contact("son", "other", "Ivanova Maria", func(*contacts.Application) {})
	want := []contacts.Likely{
		{ID: box, Name: "name of Maria@Example.org", Readers: []string{}, Why: []string{"mailbox"}},
		{ID: mail, Name: "name of mail", Readers: []string{"Ivanov Petr"}, Why: []string{"email"}},
		{ID: phone, Name: "name of phone", Readers: []string{"Petrova"}, Why: []string{"phone"}},
		{ID: namesake, Name: "name of namesake", Readers: []string{"ivanova maria"}, Why: []string{"born"}, Two: true},
	}
	got := w.likely(w.lib, me)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, l := range got {
		if !slices.Equal(l.Why, want[i].Why) || !slices.Equal(l.Readers, want[i].Readers) || l.ID != want[i].ID || l.Name != want[i].Name || l.Two != want[i].Two || l.Address == 0 {
			t.Errorf("%+v, want %+v", l, want[i])
		}
	}
	if from := w.likely(w.lib, box); len(from) != 2 || from[0].ID != me || from[1].ID != mail {
		t.Errorf("seen from the mailbox: %+v", from)
	}
	w.sureMerge(me, box)
	if now := w.likely(w.lib, me); len(now) != 3 {
		t.Errorf("after a merge: %+v", now)
	}
	other, _ := w.library("second")
	if none := w.likely(other, me); len(none) != 0 {
		t.Errorf("in another library: %+v", none)
	}
}

func (w *world) likely(lib library.ID, id contacts.ID) []contacts.Likely {
	w.Helper()
	out, err := contacts.LikelySame(w.Context(), w.pool, lib, id)
	if err != nil {
		w.Fatal(err)
	}
	return out
}
