package queue_test

import (
	"slices"
	"strings"
	"testing"

	"librarian/queue"
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	all := "queue answer papers decide cards certify waive orders parts needs block staff audit settings channels"
	for role, allowed := range map[queue.Role]string{
		queue.RoleOperator: all, queue.RoleDirector: all,
		queue.RoleLibrarian: "queue answer papers decide orders parts needs block",
		queue.RoleRegistrar: "queue papers cards",
		queue.RoleControl:   "queue", queue.RoleDepartment: "queue certify parts", queue.RoleHead: "queue certify waive parts needs", queue.RoleDigitiser: "queue parts", queue.RoleCentre: "queue",
		queue.RoleAuditor:   "audit",
		queue.RoleMethodist: "", queue.RoleGate: "", "king": "", "": "",
	} {
		for _, p := range queue.Permissions() {
			if want := slices.Contains(strings.Fields(allowed), string(p)); role.May(p) != want {
				t.Errorf("may %q %q: %v, want %v", role, p, !want, want)
			}
		}
	}
}

func TestQueueOfRoles(t *testing.T) {
	t.Parallel()
	for _, role := range queue.Roles() {
		got := role.Queue()
		switch {
		case !role.May(queue.PermQueue) && len(got) != 0:
			t.Errorf("%s has no queue but sees %v", role, got)
		case role.May(queue.PermQueue) && !slices.Contains(got, role):
			t.Errorf("%s does not see its own tasks: %v", role, got)
		case len(got) == len(queue.Roles()) && !role.Supervises():
			t.Errorf("%s sees all", role)
		}
	}
	if !slices.Contains(queue.RoleHead.Queue(), queue.RoleDepartment) || slices.Contains(queue.RoleDepartment.Queue(), queue.RoleHead) {
		t.Error("a head sees the department's tasks, and not the reverse")
	}
}
