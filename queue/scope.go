package queue

import "slices"

// Scope is which tasks somebody sees.
type Scope struct {
	Roles      []Role // whose work; none gives nothing, so that a role without a queue sees none
	Bound      bool   // of no department, or of Department alone
	Department int64
	Watch      bool // also tasks of any department, whoever's work they are
}

// Scope is which tasks the member of staff sees: a department's people those of theirs, librarians what departments do for their readers.
func (s Staff) Scope() Scope { return scopeOf(s.Role, s.Department) }

func scopeOf(role Role, department int64) Scope {
	return Scope{Roles: role.Queue(), Bound: role.OfDepartment(), Department: department, Watch: role == RoleLibrarian}
}

// Takes reports whether the task is theirs to take.
func (s Scope) Takes(t Task) bool {
	return slices.Contains(s.Roles, t.Role) && (!s.Bound || t.Department == 0 || t.Department == s.Department)
}

// Sees reports whether the task is theirs to look at.
func (s Scope) Sees(t Task) bool { return s.Takes(t) || s.Watch && t.Department != 0 }
