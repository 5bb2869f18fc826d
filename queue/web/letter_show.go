package web

import "net/http"

type letterPage struct {
	frame
	Letter *letterView
}

// showLetter is the page of a letter of the tray, also after it was settled.
func showLetter(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	return v.showLetter(l, http.StatusOK)
}

func (v *visit) showLetter(l Letter, status int) error {
	view, err := v.letterView(l)
	if err != nil {
		return err
	}
	page := letterPage{Letter: view}
	if page.frame, err = v.frame(v.ctx(), view.Subject); err != nil {
		return err
	}
	return v.show("letter", status, page)
}

// showLetterActs gives what can be done with a letter again: its words and files never change.
func showLetterActs(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	all, err := v.letterFiles(l)
	if err != nil {
		return err
	}
	acts, err := v.letterActs(l, all)
	if err != nil {
		return err
	}
	return v.part("letter_acts", acts)
}
