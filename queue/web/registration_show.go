package web

import (
	"net/http"

	"librarian/bots"
	"librarian/queue"
)

type registrationPage struct {
	frame
	Given        *givenView
	Conversation bots.ConversationID // 0: none that they may open
}

// showRegistration is a registration without a task, such as one that waits for its papers.
func showRegistration(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	return v.showRegistration(id, http.StatusOK)
}

func (v *visit) showRegistration(id int64, status int) error {
	f, err := v.frame(v.ctx(), v.kindName(queue.KindRegistration))
	if err != nil {
		return err
	}
	reg, given, err := v.given(id, nil)
	if err != nil {
		return err
	}
	page := registrationPage{frame: f, Given: given}
	if v.may(queue.PermAnswer) {
		page.Conversation = reg.Conversation
	}
	return v.show("registration", status, page)
}

// registration is the one in the address.
func (v *visit) registration() (Registration, error) {
	id, err := v.id()
	if err != nil {
		return Registration{}, err
	}
	return v.Registration(v.ctx(), v.lib.ID, id)
}

// showRegistrationPapers gives the papers on the page of a registration again.
func showRegistrationPapers(v *visit) error {
	reg, err := v.registration()
	if err != nil {
		return err
	}
	out, err := v.papers(reg, nil)
	if err != nil {
		return err
	}
	if out == nil {
		return errMissing
	}
	return v.part("papers", out)
}
