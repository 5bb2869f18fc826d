package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode"
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
	picture, err := qrCode(address)
	if err != nil {
		return err
	}
	f, err := v.frame(v.ctx(), v.t("desk.enrol_title"))
	if err != nil {
		return err
	}
	return v.show("enrol", status, enrolPage{f, picture, secret})
}

// qrSide is in pixels; the page shows it at this size or half of it.
const qrSide = 384

func qrCode(text string) (template.URL, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	if code, err = barcode.Scale(code, qrSide, qrSide); err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, code); err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil
}
