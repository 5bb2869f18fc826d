package whatsapp

import (
	"slices"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types"
)

func newPeople(t *testing.T) people {
	t.Helper()
	w := newWorld(t)
	return people{w.pool, w.lib, w.channel(w.lib, "main")}
}

func (p people) met(t *testing.T, lid, phone, want string) {
	t.Helper()
	if got, err := p.meet(t.Context(), lid, phone, time.Now()); err != nil || got != want {
		t.Errorf("%q %q is %q, %v; not %q", lid, phone, got, err, want)
	}
}

func (p people) reaches(t *testing.T, address, want string) {
	t.Helper()
	if got, err := p.reach(t.Context(), address); err != nil || got.String() != want {
		t.Errorf("%q reaches %s, %v; not %s", address, got, err, want)
	}
}

// An id of somebody who was written to by number: what was known longer stays their address, and the other's messages go to the same phone.
func TestTwoRowsAreOnePerson(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	if wait, err := p.begin(t.Context(), "4917", 20, time.Now()); err != nil || wait != 0 {
		t.Fatalf("%s, %v", wait, err)
	}
	p.met(t, "81", "", "lid:81")
	p.met(t, "81", "4917", "4917")
	p.met(t, "81", "", "4917")
	p.reaches(t, "4917", "81@lid")
	p.reaches(t, "lid:81", "81@lid")
	p.addressed(t, "81", "", "4917", "lid:81") // receipts of what went to the other address come too
}

// What was a person's address stays theirs, though another took its place and the number in it is given to somebody else.
func TestNumberChangesHandsAfterTwoRowsWereOne(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	p.met(t, "81", "", "lid:81")
	if wait, err := p.begin(t.Context(), "4917", 20, time.Now()); err != nil || wait != 0 {
		t.Fatalf("%s, %v", wait, err)
	}
	p.addressed(t, "81", "4917", "4917", "lid:81")
	p.met(t, "81", "4917", "lid:81")
	p.addressed(t, "81", "", "4917", "lid:81")
	p.met(t, "82", "4917", "lid:82")
	p.reaches(t, "4917", "81@lid")
	p.addressed(t, "82", "4917", "lid:82")
	p.addressed(t, "83", "4917") // the next to have it, before they wrote
}

func (p people) addressed(t *testing.T, lid, phone string, want ...string) {
	t.Helper()
	if got, err := p.addresses(t.Context(), lid, phone); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %q has %q, %v; not %q", lid, phone, got, err, want)
	}
}

// A number that is given to another person takes nothing of the first one's with it.
func TestNumberChangesHands(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	p.met(t, "81", "4917", "4917")
	p.met(t, "82", "4917", "lid:82")
	p.met(t, "81", "", "4917")
	p.reaches(t, "4917", "81@lid")
	p.reaches(t, "lid:82", "82@lid")
	p.met(t, "81", "4918", "4917") // who has a new number is still the same
	p.met(t, "", "4917", "lid:82")
	p.met(t, "", "4918", "4917")
}

// Nobody whom we have met is a stranger; of strangers only so many are written to in a day.
func TestFirstContacts(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	now := time.Now()
	p.met(t, "81", "4917", "4917")
	begin := func(address string, at time.Time, want bool) {
		t.Helper()
		wait, err := p.begin(t.Context(), address, 2, at)
		if err != nil || (wait == 0) != want || wait > day {
			t.Errorf("%s: wait %s, %v", address, wait, err)
		}
	}
	begin("4917", now, true)
	begin("lid:81", now, true)
	begin("4921", now, true)
	begin("4922", now, true)
	begin("4923", now, false)
	begin("4922", now, true)
	begin("4917", now, true)
	begin("4923", now.Add(day+time.Minute), true)
}

func TestReachNobody(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	for _, address := range []string{"", "x", "lid:"} {
		if to, err := p.reach(t.Context(), address); err == nil || to != (types.JID{}) {
			t.Errorf("%q reaches %s", address, to)
		}
	}
	p.reaches(t, "4917", "4917@s.whatsapp.net")
}

func jid(lid string) types.JID { return types.NewJID(lid, types.HiddenUserServer) }
