package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// scanned is an order that a department looks for, in a library where another one scans.
func (h *house) scanned(by *visitor) fragments.Order {
	h.t.Helper()
	o := h.sought(by)
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		labs, err := queue.DepartmentsFor(ctx, tx, h.lib, queue.ForDigitisation)
		if err != nil || len(labs) > 0 {
			return err
		}
		_, err = queue.AddDepartment(ctx, tx, queue.Console(), queue.Department{
			Library: h.lib, Name: map[library.Lang]string{library.Russian: "Лаборатория"}, Purposes: []queue.Purpose{queue.ForDigitisation},
		})
		return err
	})
	return o
}

// digitised is an order that its department has handed to those who scan.
func (h *house) digitised(by *visitor) fragments.Order {
	h.t.Helper()
	o := h.scanned(by)
	by.post(orderAddress(o.ID)+"/digitise", url.Values{}).leads(h.t, "/desk?did=digitised")
	return o
}

// TestScanIsMadeByTheDigitiser: the department that has the book hands it over; the duty digitiser sees the order and its task, gives it back once, gets it
// again and brings the scan (F3).
func TestScanIsMadeByTheDigitiser(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		librarian, keeper, digitiser := h.signedIn(h.lib, queue.RoleLibrarian, lang), h.signedIn(h.lib, queue.RoleDepartment, lang), h.signedIn(h.lib, queue.RoleDigitiser, lang)
		o := h.scanned(librarian)
		page := orderAddress(o.ID)
		h.exec(`update staff set department_id = (select department_id from orders where id = $2) where id = $1`, keeper.staff.ID, o.ID)
		h.exec(`update staff set department_id = (select id from departments where 'digitisation' = any(purposes)) where id = $1`, digitiser.staff.ID)
		if got := digitiser.get(page); got.status != http.StatusNotFound {
			t.Errorf("%s: not theirs yet, and they get %d", lang, got.status)
		}
		if got := keeper.post(page+"/give-back", url.Values{"words": {"нет"}}); got.status != http.StatusConflict {
			t.Errorf("%s: given back to nobody: %d", lang, got.status)
		}
		h.good(t, keeper, page, page+"/digitise")
		keeper.post(page+"/digitise", url.Values{}).leads(t, "/desk?did=digitised")
		if got := keeper.get(page); got.status != http.StatusNotFound {
			t.Errorf("%s: it is the digitiser's, and the department gets %d", lang, got.status)
		}
		if got := digitiser.get(page); got.status != http.StatusOK || strings.Contains(got.body, "Айыына") || strings.Contains(got.body, page+"/digitise") {
			t.Errorf("%s: the digitiser gets %d, and may know who asks, or hand it to themselves", lang, got.status)
		}
		var task queue.TaskID
		h.scan(&task, `select id from tasks where order_id = $1 and state <> 'done'`, o.ID)
		h.good(t, digitiser, "/desk", taskAddress(task))
		digitiser.post(taskAddress(task)+"/take", nil).leads(t, taskAddress(task))
		if got := digitiser.post(page+"/give-back", url.Values{}); got.status != http.StatusConflict {
			t.Errorf("%s: given back without a word: %d", lang, got.status)
		}
		digitiser.post(page+"/give-back", url.Values{"words": {"Том не тот"}}).leads(t, "/desk?did=given-back")
		h.good(t, keeper, page, "Том не тот")
		keeper.post(page+"/digitise", url.Values{}).leads(t, "/desk?did=digitised")
		digitiser.post(page+"/parts", upload("scan.jpg")).leads(t, page)
		digitiser.post(page+"/hand-over", url.Values{}).leads(t, "/desk?did=handed-over")
		h.good(t, librarian, page, page+"/release")
		if h.logged.Len() > 0 {
			t.Errorf("%s: logged %s", lang, h.logged)
		}
	}
}
