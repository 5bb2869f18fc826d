package web

import (
	"net/http"

	"librarian/contacts/library"
)

type librariesPage struct {
	frame
	Libraries []libraryView
}

type libraryView struct {
	ID      library.ID
	Name    string
	Current bool
}

func listLibraries(v *visit) error {
	f, err := v.frame(v.ctx(), v.t("desk.libraries_title"))
	if err != nil {
		return err
	}
	libraries, err := v.Libraries(v.ctx())
	if err != nil {
		return err
	}
	page := librariesPage{frame: f}
	for _, l := range libraries {
		page.Libraries = append(page.Libraries, libraryView{l.ID, l.Title(v.lang), l.ID == v.lib.ID})
	}
	return v.show("libraries", http.StatusOK, page)
}
