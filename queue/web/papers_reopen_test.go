package web

import (
	"net/http"
	"net/url"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
)

func TestADecisionOnAPageIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	page := taskAddress(task.ID)
	reopen := func(kind string, number int) answer {
		return by.ask(http.MethodPost, page+"/papers/reopen", pageForm(kind, number), "HX-Request", "true")
	}
	by.post(page+"/papers/accept", pageForm("form", 1)).leads(t, page+"#page-form-2")
	by.post(page+"/papers/return", pageForm("form", 2, "cause", queue.ReasonBlurred)).leads(t, page+"#page-application-1")
	by.post(page+"/papers/accept", pageForm("consent", 1)).leads(t, page+"#page-application-1") // it lies there on paper
	by.get(page).holds(t, page+"/papers/reopen", "2 of 4 accepted")
	h.refused(t, colleague.post(page+"/papers/reopen", pageForm("form", 1)), "You do not hold the task")
	colleague.get(page).lacks(t, "/papers/reopen")

	reopen("form", 1).holds(t, `page-form-1-title" data-paper data-next`, "1 of 4 accepted")
	reopen("form", 1).holds(t, `page-form-1-title" data-paper data-next`) // a second press
	reopen("form", 2).holds(t, `page-form-2-title" data-paper data-next`)
	reopen("consent", 1).holds(t, "0 of 4 accepted")
	if n := h.audited("page.reopened", by.staff); n != 3 {
		t.Errorf("%d rows in the audit log", n)
	}
	newer := pageForm("application", 1)
	by.post(page+"/papers/accept", newer).leads(t, page+"#page-consent-1")
	h.folder.all[task.Registration][2].File = "newerfile"
	h.refused(t, by.post(page+"/papers/reopen", newer), "decided already")
	h.folder.all[task.Registration][2].File = "applicationfile"

	by.post(page+"/papers/accept", pageForm("form", 1)).leads(t, page+"#page-form-2")
	by.post(page+"/papers/accept", pageForm("form", 2)).leads(t, page+"#page-consent-1")
	start, statuses := make(chan struct{}), make(chan int)
	for _, act := range []string{"accept", "reopen"} { // two windows
		go func() {
			<-start
			statuses <- by.post(page+"/papers/"+act, pageForm("consent", 1)).status
		}()
	}
	close(start)
	for range 2 {
		if got := <-statuses; got != http.StatusSeeOther { // in whichever order: a page that waits is as it was before
			t.Errorf("accepted and taken back at once: %d", got)
		}
	}
	if h.folder.all[task.Registration][3].State == pageReceived {
		by.post(page+"/papers/accept", pageForm("consent", 1)).leads(t, page+"#decision")
	}
	by.post(page+"/accept", url.Values{}).leads(t, "/desk?did=accepted")
	h.refused(t, by.post(page+"/papers/reopen", pageForm("form", 1)), "done already")
	by.get(page).lacks(t, "/papers/reopen")
}
