package letterbox

import (
	"io"

	"github.com/emersion/go-smtp"
)

// NewSession takes letters from anybody on this machine, for anybody.
func (b *Box) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{box: b}, nil }

// delivery is one connection that brings letters.
type delivery struct {
	box *Box
	to  []string
}

func (*delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Data(r io.Reader) error             { return d.box.put(r, d.to) }
func (d *delivery) Reset()                             { d.to = nil }
func (*delivery) Logout() error                        { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}
