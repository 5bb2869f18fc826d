package web

import (
	"fmt"
	"net/http"
)

type waitingPage struct {
	frame
	Rows []waitingView
}

type waitingView struct {
	ID, Href, Name, Missing string
	Post                    bool
	Since                   *moment
}

// listPapers shows whose papers are awaited: here the registration is found to which a letter with papers belongs.
func listPapers(v *visit) error {
	waiting, err := v.Waiting(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	var page waitingPage
	for _, w := range waiting {
		page.Rows = append(page.Rows, waitingView{
			fmt.Sprintf("waits-%d", w.Registration), fmt.Sprintf("/desk/registrations/%d", w.Registration), v.readerName(w.Name),
			v.t("desk_papers.missing", "missing", w.Missing, "all", w.All), w.Post, v.ago(w.Since),
		})
	}
	if v.fragment() {
		return v.part("waiting", page.Rows)
	}
	if page.frame, err = v.frame(v.ctx(), v.t("desk_papers.waiting_title")); err != nil {
		return err
	}
	return v.show("papers", http.StatusOK, page)
}
