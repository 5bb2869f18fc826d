package web

import (
	"fmt"
	"net/http"
	"slices"

	"librarian/bots"
)

type channelPage struct {
	frame
	Channel channelView
}

// showChannel is the page of a number in WhatsApp. What is to be known of the other channels stands in their list.
func showChannel(v *visit) error {
	a, err := v.channel()
	if err != nil {
		return err
	}
	if a.Kind != bots.WhatsApp || a.State == "off" {
		return v.to(fmt.Sprintf("/desk/channels#channel-%d", a.ID))
	}
	return v.showChannel(a, http.StatusOK)
}

func (v *visit) showChannel(a bots.Account, status int) error {
	f, err := v.frame(v.ctx(), v.channelName(a.Kind)+": "+a.Name)
	if err != nil {
		return err
	}
	view, err := v.channelView(a)
	if err != nil {
		return err
	}
	if status == http.StatusUnprocessableEntity {
		view.Link.Phone = v.form("phone")
	}
	return v.show("channel", status, channelPage{f, view})
}

// showChannelPart gives again what changes by itself.
func showChannelPart(v *visit) error {
	a, err := v.phoneChannel()
	if err != nil {
		return err
	}
	view, err := v.channelView(a)
	if err != nil {
		return err
	}
	return v.part("channel_part", view)
}

// channel is the one in the address, as it is this moment.
func (v *visit) channel() (bots.Account, error) {
	id, err := v.id()
	if err != nil {
		return bots.Account{}, err
	}
	all, err := v.Accounts.OfLibrary(v.ctx(), v.lib.ID)
	if err != nil {
		return bots.Account{}, err
	}
	i := slices.IndexFunc(all, func(a bots.Account) bool { return a.ID == bots.ChannelID(id) })
	if i < 0 {
		return bots.Account{}, errMissing
	}
	return all[i], nil
}

// phoneChannel is the one in the address, which works by a link to a phone.
func (v *visit) phoneChannel() (bots.Account, error) {
	a, err := v.channel()
	if err == nil && (a.Kind != bots.WhatsApp || a.State == "off") {
		err = errMissing
	}
	return a, err
}
