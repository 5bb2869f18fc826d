package queue

import "slices"

// Permission is something a role may do at the desk, in its own library only (an operator: in the one being looked at).
type Permission string

// The permissions.
const (
	PermQueue    Permission = "queue"    // see tasks of the own role and take them
	PermAnswer   Permission = "answer"   // write to readers, take a conversation over
	PermPapers   Permission = "papers"   // look at registration papers
	PermDecide   Permission = "decide"   // accept or refuse a registration
	PermCards    Permission = "cards"    // enter number and password
	PermCertify  Permission = "certify"  // say who has passed the lesson for new readers
	PermWaive    Permission = "waive"    // let somebody have a card without it
	PermOrders   Permission = "orders"   // give orders of readers to departments, look at what came, let it go out
	PermParts    Permission = "parts"    // bring the pages of an order, or say why there are none
	PermNeeds    Permission = "needs"    // see what people miss, counted, and decide on it
	PermBlock    Permission = "block"    // shut out a sender
	PermStaff    Permission = "staff"    // accounts
	PermAudit    Permission = "audit"    // read the audit log
	PermSettings Permission = "settings" // the library's rules and words
	PermChannels Permission = "channels" // accounts with providers
)

// Permissions are all permissions.
func Permissions() []Permission {
	return []Permission{
		PermQueue, PermAnswer, PermPapers, PermDecide, PermCards, PermCertify, PermWaive, PermOrders, PermParts, PermNeeds, PermBlock, PermStaff, PermAudit, PermSettings, PermChannels,
	}
}

// Role is the work a member of staff does.
type Role string

// The roles, as the table of staff knows them.
const (
	RoleOperator   Role = "operator" // of no library: sees all
	RoleDirector   Role = "director"
	RoleLibrarian  Role = "librarian"
	RoleRegistrar  Role = "registrar"
	RoleControl    Role = "control"
	RoleDepartment Role = "department"
	RoleHead       Role = "head" // of a department
	RoleDigitiser  Role = "digitiser"
	RoleCentre     Role = "centre"
	RoleMethodist  Role = "methodist"
	RoleGate       Role = "gate"
	RoleAuditor    Role = "auditor"
)

// Roles are all roles.
func Roles() []Role {
	return []Role{
		RoleOperator, RoleDirector, RoleLibrarian, RoleRegistrar, RoleControl, RoleDepartment, RoleHead, RoleDigitiser,
		RoleCentre, RoleMethodist, RoleGate, RoleAuditor,
	}
}

// Known reports whether the role exists.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Supervises reports whether the role sees everybody's tasks and may put back what another holds.
func (r Role) Supervises() bool { return r == RoleOperator || r == RoleDirector }

// OfDepartment reports whether people of the role belong to a department, and see the tasks of theirs alone.
func (r Role) OfDepartment() bool { return r == RoleDepartment || r == RoleHead || r == RoleDigitiser }

// Queue are the roles whose tasks the role sees and may take.
func (r Role) Queue() []Role {
	switch {
	case r.Supervises():
		return Roles()
	case r == RoleHead:
		return []Role{RoleHead, RoleDepartment}
	case r == RoleDigitiser:
		return []Role{RoleDigitiser, RoleDepartment}
	case r.May(PermQueue):
		return []Role{r}
	}
	return nil
}

// May reports whether the role has the permission.
func (r Role) May(p Permission) bool { return slices.Contains(r.permissions(), p) }

func (r Role) permissions() []Permission {
	switch r {
	case RoleOperator, RoleDirector:
		return Permissions()
	case RoleLibrarian:
		return []Permission{PermQueue, PermAnswer, PermPapers, PermDecide, PermOrders, PermParts, PermNeeds, PermBlock}
	case RoleRegistrar:
		return []Permission{PermQueue, PermPapers, PermCards}
	case RoleDepartment:
		return []Permission{PermQueue, PermCertify, PermParts}
	case RoleHead:
		return []Permission{PermQueue, PermCertify, PermWaive, PermParts, PermNeeds}
	case RoleDigitiser:
		return []Permission{PermQueue, PermParts}
	case RoleControl, RoleCentre:
		return []Permission{PermQueue}
	case RoleAuditor:
		return []Permission{PermAudit}
	}
	return nil
}
