package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// linkChannel asks for what a phone needs to be linked: a picture to scan, or letters to type.
func linkChannel(v *visit) error {
	a, link, err := v.link()
	if err != nil {
		return err
	}
	ask := bots.LinkAsk(v.form("way"))
	if ask != bots.AskQR && ask != bots.AskCode {
		return errForm
	}
	if link.Linked() {
		v.problem = v.t("desk_channel.problem_linked")
		return v.showChannel(a, http.StatusConflict)
	}
	err = v.ask(a, ask, v.form("phone"), map[string]any{"way": string(ask)})
	if errors.Is(err, bots.ErrLinkPhone) {
		v.problem = v.t("desk_channel.fault_phone")
		return v.showChannel(a, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return v.to(channelAddress(a.ID))
}

// cancelLink takes back what was asked.
func cancelLink(v *visit) error {
	a, link, err := v.link()
	if err != nil {
		return err
	}
	if link.Linked() {
		v.problem = v.t("desk_channel.problem_linked")
		return v.showChannel(a, http.StatusConflict)
	}
	if err := v.ask(a, bots.AskNothing, "", nil); err != nil {
		return err
	}
	return v.to(channelAddress(a.ID))
}

// link is the channel in the address with its link, as they are this moment.
func (v *visit) link() (bots.Account, bots.Link, error) {
	a, err := v.phoneChannel()
	if err != nil {
		return a, bots.Link{}, err
	}
	link, err := v.Links.Link(v.ctx(), v.lib.ID, a.ID)
	return a, link, err
}

// ask leaves word for the process that holds the channel. The audit row holds neither number nor code.
func (v *visit) ask(a bots.Account, ask bots.LinkAsk, phone string, detail map[string]any) error {
	return v.write(func(ctx context.Context, tx pgx.Tx) error {
		if err := v.Links.Ask(ctx, tx, v.lib.ID, a.ID, ask, phone); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("channel", int64(a.ID)), detail)
	})
}
