package web

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

type channelsPage struct {
	frame
	Channels []channelView
	Name     string // of a new one, as typed
	Bad      bool   // that name
}

func listChannels(v *visit) error { return v.listChannels(http.StatusOK) }

func (v *visit) listChannels(status int) error {
	f, err := v.frame(v.ctx(), v.t("desk_channel.title"))
	if err != nil {
		return err
	}
	views, err := v.channelViews()
	if err != nil {
		return err
	}
	return v.show("channels", status, channelsPage{f, views, v.form("name"), status != http.StatusOK})
}

// showChannelRows gives the list again.
func showChannelRows(v *visit) error {
	views, err := v.channelViews()
	if err != nil {
		return err
	}
	return v.part("channel_rows", views)
}

// channelViews are the library's channels, oldest first.
func (v *visit) channelViews() ([]channelView, error) {
	all, err := v.Accounts.OfLibrary(v.ctx(), v.lib.ID)
	if err != nil {
		return nil, err
	}
	var out []channelView
	for _, a := range all {
		view, err := v.channelView(a)
		if err != nil {
			return nil, err
		}
		out = append(out, view)
	}
	return out, nil
}

// mostName is how long the name of a channel may be, in characters.
const mostName = 60

// addChannel adds a number in WhatsApp, which is then to be linked. The other kinds have secrets, which the command line takes.
func addChannel(v *visit) error {
	name := v.typedText("name")
	if name == "" || utf8.RuneCountInString(name) > mostName {
		v.problem = v.t("desk_channel.fault_name", "count", mostName)
		return v.listChannels(http.StatusUnprocessableEntity)
	}
	var id bots.ChannelID
	err := v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		if id, err = bots.AddChannel(ctx, tx, nil, bots.Account{Library: v.lib.ID, Kind: bots.WhatsApp, Name: name}, ""); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("channel", int64(id)), map[string]any{"kind": string(bots.WhatsApp)})
	})
	if errors.Is(err, bots.ErrNameTaken) {
		v.problem = v.t("desk_channel.fault_taken")
		return v.listChannels(http.StatusConflict)
	}
	if err != nil {
		return err
	}
	v.Accounts.Forget()
	return v.to(channelAddress(id))
}

// alarmView is a channel that does not work, as every page says it.
type alarmView struct{ Text, Href string }

// alarms are the library's channels that do not work, for who can do something about it.
func (v *visit) alarms(ctx context.Context) ([]alarmView, error) {
	if v.lib.ID == 0 || !v.may(queue.PermChannels) {
		return nil, nil
	}
	all, err := v.Accounts.OfLibrary(ctx, v.lib.ID)
	if err != nil {
		return nil, err
	}
	var out []alarmView
	for _, a := range all {
		if a.Alarms(v.at) {
			happened, _ := queue.ChannelTexts(a.Problem)
			out = append(out, alarmView{v.t("desk_channel.alarm", "channel", v.channelName(a.Kind), "name", a.Name, "happened", v.t(happened)), channelAddress(a.ID)})
		}
	}
	return out, nil
}

// showAlarms gives the alarms again.
func showAlarms(v *visit) error {
	alarms, err := v.alarms(v.ctx())
	if err != nil {
		return err
	}
	return v.part("alarms", alarms)
}

// alarmedView is what the task of a channel that does not work says.
type alarmedView struct{ Happened, Todo, Href string }

func (v *visit) alarmed(t queue.Task) *alarmedView {
	happened, todo := queue.ChannelTexts(t.Note)
	return &alarmedView{v.t(happened), v.t(todo), channelAddress(t.Account)}
}
