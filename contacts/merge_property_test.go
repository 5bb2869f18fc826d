package contacts_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
)

// people is what a random story has to come to. It knows nothing of how rows are moved: each thing is its address's, and each address is its first
// contact's for good; who is part of whom is said beside it.
type people struct {
	*world
	*rand.Rand
	addresses []contacts.Known // as they were made
	partOf    map[contacts.ID]contacts.ID
	merges    []merged
	regs      map[int64]registered
	consents  map[int64]contacts.Known
	relation  map[contacts.ReaderID]string
}

type merged struct {
	id         contacts.MergeID
	into, from contacts.ID
	undone     bool
}

type registered struct {
	home   contacts.Known
	reader contacts.ReaderID
}

func TestMergesOfAnyOrderComeApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range pgtest.Rounds(t, 4) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("round %d: seed %d", round, seed)
		p := &people{
			world: w, Rand: rand.New(rand.NewPCG(seed, 1)), partOf: map[contacts.ID]contacts.ID{},
			regs: map[int64]registered{}, consents: map[int64]contacts.Known{}, relation: map[contacts.ReaderID]string{},
		}
		for range 3 + p.IntN(2) {
			p.newAddress()
		}
		for range 40 {
			p.step()
			p.check()
		}
		for i := range slices.Backward(p.merges) {
			if !p.merges[i].undone {
				p.undo(i)
			}
		}
		p.check()
		if len(p.partOf) != 0 {
			t.Fatalf("seed %d: still joined: %v", seed, p.partOf)
		}
	}
}

func (p *people) newAddress() {
	p.addresses = append(p.addresses, p.address(fmt.Sprint("somebody ", p.Uint64())))
}

func (p *people) step() {
	switch n := p.IntN(10); {
	case n == 0 && len(p.addresses) < 7:
		p.newAddress()
	case n < 4:
		p.merge(p.anyone(), p.anyone())
	case n < 6 && len(p.merges) > 0:
		p.undo(p.IntN(len(p.merges)))
	case n < 7:
		home := p.somewhere()
		p.consents[p.consent(p.now(home))] = home
	default:
		p.register(p.somewhere())
	}
}

func (p *people) somewhere() contacts.Known { return p.addresses[p.IntN(len(p.addresses))] }
func (p *people) anyone() contacts.ID       { return p.somewhere().Contact }

// whole is the contact of which this one is a part.
func (p *people) whole(id contacts.ID) contacts.ID {
	for p.partOf[id] != 0 {
		id = p.partOf[id]
	}
	return id
}

// now is the address with its contact of the moment.
func (p *people) now(k contacts.Known) contacts.Known {
	k.Contact = p.whole(k.Contact)
	return k
}

// register applies for somebody and, often enough, is refused, so that another may correct it.
func (p *people) register(home contacts.Known) {
	relation, name := "self", "Ivanova Maria"
	if p.IntN(3) > 0 {
		relation, name = "child", fmt.Sprint("Child ", p.IntN(3))
	}
	a := p.application(p.now(home), relation, name)
	p.consents[a.Consent] = home
	reg, err := p.apply(a)
	if errors.Is(err, contacts.ErrRegistered) {
		return
	}
	if err != nil {
		p.Fatal(err)
	}
	p.regs[reg.ID], p.relation[reg.ReaderID] = registered{home, reg.ReaderID}, relation
	if p.IntN(2) == 0 {
		if err := p.decide(reg.ID, "sent", "refused"); err != nil {
			p.Fatal(err)
		}
	}
}

// merge joins two contacts and foretells what comes of it.
func (p *people) merge(into, from contacts.ID) {
	var want error
	switch one, two := p.self(into), p.self(from); {
	case into == from:
		want = contacts.ErrItself
	case p.partOf[into] != 0 || p.partOf[from] != 0:
		want = contacts.ErrMerged
	case one != 0 && two != 0 && one != two:
		want = contacts.ErrTwoPeople
	}
	id, err := p.world.merge(into, from)
	if !errors.Is(err, want) {
		p.Fatalf("merge %d into %d: %v, want %v", from, into, err, want)
	}
	if want == nil {
		p.merges, p.partOf[from] = append(p.merges, merged{id: id, into: into, from: from}), into
	}
}

// self is the reader that the contact is.
func (p *people) self(id contacts.ID) contacts.ReaderID {
	for _, r := range p.regs {
		if p.relation[r.reader] == "self" && p.whole(r.home.Contact) == id {
			return r.reader
		}
	}
	return 0
}

func (p *people) undo(i int) {
	m := &p.merges[i]
	var want error
	if m.undone {
		want = contacts.ErrUndone
	} else if slices.ContainsFunc(p.merges[i+1:], func(n merged) bool { return !n.undone && (n.into == m.into || n.from == m.into) }) {
		want = contacts.ErrMergedOver
	}
	if err := p.world.undo(m.id); !errors.Is(err, want) {
		p.Fatalf("undo merge %d: %v, want %v", m.id, err, want)
	}
	if want == nil {
		m.undone = true
		delete(p.partOf, m.from)
	}
}

// check compares every contact with what should be theirs.
func (p *people) check() {
	p.Helper()
	want := map[contacts.ID][]string{}
	add := func(home contacts.Known, format string, args ...any) {
		id := p.whole(home.Contact)
		if text := fmt.Sprintf(format, args...); !slices.Contains(want[id], text) {
			want[id] = append(want[id], text)
		}
	}
	for _, k := range p.addresses {
		add(k, "address %d", k.ID)
	}
	for id, home := range p.consents {
		add(home, "consent %d", id)
	}
	for id, r := range p.regs {
		add(r.home, "registration %d of %d", id, r.reader)
		add(r.home, "%s %d", p.relation[r.reader], r.reader)
	}
	for part, whole := range p.partOf {
		want[part] = append(want[part], fmt.Sprintf("part of %d", whole))
	}
	for _, k := range p.addresses {
		got := p.belongings(k.Contact)
		for i, text := range got {
			got[i], _, _ = strings.Cut(text, " since ")
		}
		slices.Sort(got)
		slices.Sort(want[k.Contact])
		if !slices.Equal(got, want[k.Contact]) {
			p.Fatalf("contact %d has %q\nwant %q", k.Contact, got, want[k.Contact])
		}
	}
}
