package web

import (
	"errors"
	"html/template"
	"net/http"

	"github.com/boombuler/barcode/qr"

	"librarian/queue"
)

type enrolPage struct {
	frame
	QR     template.URL // a PNG in the address itself: the secret is in no other answer
	Secret string
}

func offerFactor(v *visit) error { return v.offerFactor(http.StatusOK) }

func (v *visit) offerFactor(status int) error {
	address, secret, err := v.Desk.BeginTOTP(v.ctx(), v.session)
	if errors.Is(err, queue.ErrHasTOTP) {
		return v.to("/desk/sign-in/code")
	}
	if err != nil {
		return err
	}
	picture, err := qrCode(address, qr.M)
	if err != nil {
		return err
	}
	f, err := v.frame(v.ctx(), v.t("desk.enrol_title"))
	if err != nil {
		return err
	}
	return v.show("enrol", status, enrolPage{f, picture, secret})
}
