package fragments

import (
	"slices"

	"librarian/queue"
)

// State is how far an order has come.
type State string

// The states of an order.
const (
	New       State = "new"    // a department is to be chosen
	Asked     State = "asked"  // a department looks for it
	Came      State = "came"   // a librarian looks at what came
	Making    State = "making" // released: the pages are being joined
	Sent      State = "sent"
	Refused   State = "refused"
	Cancelled State = "cancelled"
)

// Act is what moves an order.
type Act string

// The acts.
const (
	ActPlace    Act = "place"     // by the reader
	ActRoute    Act = "route"     // to a department, or to another one
	ActDigitise Act = "digitise"  // the department hands it to those who scan
	ActGiveBack Act = "give_back" // they cannot scan it
	ActHandOver Act = "hand_over" // the department has brought all
	ActReturn   Act = "return"    // the department is asked again
	ActRelease  Act = "release"   // it may go out
	ActMade     Act = "made"      // it went out
	ActFail     Act = "fail"      // a page cannot be joined
	ActRefuse   Act = "refuse"
	ActCancel   Act = "cancel"
	ActComplain Act = "complain" // of a page of what was sent
	ActBind     Act = "bind"     // to an edition of the catalogue
	ActUndo     Act = "undo"
	ActFetch    Act = "fetch" // the reader has downloaded it by a link: it moves nothing
)

// Actor is who acts: a member of staff by their role, the reader, or the program itself.
type Actor struct {
	Staff queue.StaffID
	Role  queue.Role
	Who   who

	Department int64 // whose orders alone they move; 0: any
}

type who int

const (
	byStaff who = iota
	byReader
	byProgram
	byDepartment
)

// ByReader is the reader as the one who acts.
func ByReader() Actor { return Actor{Who: byReader} }

// ByProgram is the service itself as the one who acts.
func ByProgram() Actor { return Actor{Who: byProgram} }

// ByDepartment is a department whose responsible wrote from elsewhere than the desk.
func ByDepartment(department int64) Actor { return Actor{Who: byDepartment, Department: department} }

// theirs is ErrElsewhere for a department that has not, or no longer, got the order.
func (o Order) theirs(by Actor) error {
	if by.Department != 0 && by.Department != o.Department {
		return ErrElsewhere
	}
	return nil
}

// move is one line of the table: in which states an act may be done, by whom, what comes of it, and whether it can be undone. What the reader was
// told of cannot.
type move struct {
	from []State
	to   State
	by   queue.Permission // of staff; empty: none of them
	who  []who            // beside staff
	undo bool
	lent bool // to its department only until it has handed the order over
}

// moves is everything that can happen to an order.
func moves() map[Act]move {
	return map[Act]move{
		ActRoute:    {from: []State{New, Asked}, to: Asked, by: queue.PermOrders, who: []who{byProgram}, undo: true},
		ActDigitise: {from: []State{Asked}, to: Asked, by: queue.PermParts, who: []who{byDepartment}},
		ActGiveBack: {from: []State{Asked}, to: Asked, by: queue.PermParts},
		ActHandOver: {from: []State{Asked}, to: Came, by: queue.PermParts, who: []who{byDepartment}, undo: true},
		ActReturn:   {from: []State{Came}, to: Asked, by: queue.PermOrders, undo: true},
		ActRelease:  {from: []State{Came}, to: Making, by: queue.PermOrders, who: []who{byProgram}},
		ActMade:     {from: []State{Making}, to: Sent, who: []who{byProgram}},
		ActFail:     {from: []State{Making}, to: Came, who: []who{byProgram}},
		ActRefuse:   {from: []State{New, Asked, Came}, to: Refused, by: queue.PermParts, who: []who{byDepartment}, lent: true},
		ActCancel:   {from: []State{New, Asked, Came}, to: Cancelled, by: queue.PermOrders, who: []who{byReader}},
		ActComplain: {from: []State{Sent}, to: Came, by: queue.PermOrders, who: []who{byReader}},
	}
}

// ofDepartment reports whether they act for a department: the orders that are not there are none of theirs.
func (a Actor) ofDepartment() bool {
	return a.Who == byDepartment || a.Who == byStaff && !a.Role.May(queue.PermOrders)
}

// next is the state to which the act leads: ErrState where it cannot be done any more, ErrHandedOver where a department can do it no more, queue.ErrNotAllowed
// for somebody else's act.
func next(from State, act Act, by Actor) (State, error) {
	m, known := moves()[act]
	switch {
	case !known || !slices.Contains(m.from, from):
		return "", ErrState
	case !m.allows(by):
		return "", queue.ErrNotAllowed
	case m.lent && from == Came && by.ofDepartment():
		return "", ErrHandedOver
	}
	return m.to, nil
}

func (m move) allows(by Actor) bool {
	if by.Who == byStaff {
		return m.by != "" && by.Role.May(m.by)
	}
	return slices.Contains(m.who, by.Who)
}

// May reports whether the actor can do this to the order as it stands.
func (o Order) May(act Act, by Actor) bool {
	_, err := next(o.State, act, by)
	return err == nil
}

// Arrange is nil where the actor may put the pages in order, turn and drop them: ErrHandedOver for a department once a librarian looks at what came,
// ErrElsewhere for another, ErrState.
func (o Order) Arrange(by Actor) error {
	switch {
	case !o.Open():
		return ErrState
	case o.State == Came && by.ofDepartment():
		return ErrHandedOver
	}
	return o.theirs(by)
}

// work is the task that an order in the state waits for: its kind and whose it is. Others wait for nobody.
func (s State) work() (kind string, role queue.Role, waits bool) {
	switch s {
	case New:
		return queue.KindRoute, queue.RoleLibrarian, true
	case Asked:
		return queue.KindFind, queue.RoleDepartment, true
	case Came:
		return queue.KindCheck, queue.RoleLibrarian, true
	case Making, Sent, Refused, Cancelled:
	}
	return "", "", false
}
