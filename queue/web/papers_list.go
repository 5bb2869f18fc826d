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
	Href, Name, Missing string
	Since               *moment
}

// listPapers shows whose papers are awaited: a letter with them has to be found its registration.
func listPapers(v *visit) error {
	f, err := v.frame(v.ctx(), v.t("desk_papers.waiting_title"))
	if err != nil {
		return err
	}
	waiting, err := v.Waiting(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	page := waitingPage{frame: f}
	for _, w := range waiting {
		page.Rows = append(page.Rows, waitingView{
			fmt.Sprintf("/desk/registrations/%d", w.Registration), v.readerName(w.Name),
			v.t("desk_papers.missing", "missing", w.Missing, "all", w.All), v.ago(w.Since),
		})
	}
	return v.show("papers", http.StatusOK, page)
}
