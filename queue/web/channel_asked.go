package web

import (
	"html/template"
	"time"

	"github.com/boombuler/barcode/qr"

	"librarian/bots"
)

// askedView is what is shown while a phone is being linked. Picture and letters are empty until they are here.
type askedView struct {
	ByLetters bool
	Picture   template.URL // a PNG in the address itself: the code is in no other answer
	Letters   string
	Left      string // how long it still works
}

// askedView is nil when nothing is asked for.
func (v *visit) askedView(link bots.Link) (*askedView, error) {
	if link.Asked != bots.AskQR && link.Asked != bots.AskCode {
		return nil, nil
	}
	out := &askedView{ByLetters: link.Asked == bots.AskCode}
	if link.Code == "" {
		return out, nil
	}
	if link.CodeUntil != nil {
		out.Left = v.t("desk_channel.left", "count", max(1, int(link.CodeUntil.Sub(v.at).Round(time.Second)/time.Second)))
	}
	if out.ByLetters {
		out.Letters = link.Code
		return out, nil
	}
	var err error
	out.Picture, err = qrCode(link.Code, qr.L) // a screen loses little: the less is for mending, the larger the modules
	return out, err
}
