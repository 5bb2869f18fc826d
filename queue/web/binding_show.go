package web

import (
	"errors"
	"net/http"

	"librarian/queue"
)

// bindingView is whether one is told of tasks in a conversation of one's own.
type bindingView struct {
	Channel string // where; empty: nowhere
	Word    string // that would bind one; it is shown once
}

func (v *visit) binding() (bindingView, error) {
	me := v.session.Staff
	if me.NotifyAt == nil || me.NotifyLibrary == nil {
		return bindingView{}, nil
	}
	h, err := v.Conversations.Header(v.ctx(), *me.NotifyLibrary, *me.NotifyAt)
	if errors.Is(err, queue.ErrNotFound) {
		return bindingView{}, nil
	}
	if err != nil {
		return bindingView{}, err
	}
	out := bindingView{Channel: v.channelName(h.Channel)}
	if h.ChannelName != "" {
		out.Channel += " · " + h.ChannelName
	}
	return out, nil
}

// showBinding is asked again and again while a word waits to be written: until then there is nothing to show.
func showBinding(v *visit) error {
	b, err := v.binding()
	if err != nil {
		return err
	}
	if b.Channel == "" {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.part("binding", b)
}
