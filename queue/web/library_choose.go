package web

import (
	"strconv"

	"librarian/contacts/library"
)

func chooseLibrary(v *visit) error {
	id, err := strconv.ParseInt(v.form("library"), 10, 64)
	if err != nil {
		return errForm
	}
	if err := v.Desk.LookAt(v.ctx(), v.session, library.ID(id)); err != nil {
		return err
	}
	return v.to("/desk")
}
