package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// TestDepartmentLeavesWhatItHandedOver to the librarian: it may take it back until somebody has begun to look at it.
func TestDepartmentLeavesWhatItHandedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleDepartment, library.English)
	o := h.sought(librarian)
	page := orderAddress(o.ID)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, o.Department)
	offers := func(what string, wanted bool) {
		t.Helper()
		got := keeper.get(page)
		if has := strings.Contains(got.body, `"`+page+what+`"`); got.status != http.StatusOK || has != wanted {
			t.Errorf("%d, the department is offered %s: %v", got.status, what, has)
		}
	}
	keeper.post(page+"/parts", upload("1.jpg", "2.jpg")).leads(t, page)
	turn := strings.TrimPrefix(h.part(o, 0), page) + "/turn"
	offers(turn, true)
	offers("/refuse", true)
	var taken int
	h.signedIn(h.lib, queue.RoleDirector, library.English).post(page+turn, url.Values{})
	if h.scan(&taken, `select count(*) from tasks where order_id = $1 and state = 'taken'`, o.ID); taken != 0 {
		t.Error("who looks at what comes has the department's task")
	}
	keeper.post(page+"/hand-over", url.Values{}).leads(t, "/desk?did=handed-over")
	offers(turn, false)
	offers("/refuse", false)
	offers("/undo", true)
	const theirs = "The librarian has the pages already"
	keeper.post(page+turn, url.Values{}).has(t, http.StatusConflict, theirs)
	keeper.post(page+"/refuse", url.Values{"reason": {fragments.Lost}}).has(t, http.StatusConflict, theirs)
	keeper.post(page+"/undo", url.Values{}).leads(t, page+"?did=undone")
	keeper.post(page+turn, url.Values{}).leads(t, page+strings.Replace(strings.TrimSuffix(turn, "/turn"), "/parts/", "#part-", 1))
	keeper.post(page+"/hand-over", url.Values{}).leads(t, "/desk?did=handed-over")

	librarian.post(page+turn, url.Values{})
	var task queue.TaskID
	var holder queue.StaffID
	h.scan(&task, `select id from tasks where order_id = $1 and state = 'taken'`, o.ID)
	h.scan(&holder, `select holder from tasks where id = $1`, task)
	if holder != librarian.staff.ID {
		t.Errorf("%d holds what the librarian has begun", holder)
	}
	offers("/undo", false)
	keeper.post(page+"/undo", url.Values{}).has(t, http.StatusConflict, librarian.staff.Name)
	librarian.post(taskAddress(task)+"/release", url.Values{})
	offers("/undo", false)
	keeper.post(page+"/undo", url.Values{}).has(t, http.StatusConflict, "can no longer be undone")
}
