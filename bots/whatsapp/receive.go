package whatsapp

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/bots"
)

const (
	firstBackoff = 200 * time.Millisecond // between two tries to store a message
	lastBackoff  = 10 * time.Second
	receiptTime  = 30 * time.Second // for a receipt to be stored; one that is not comes again on the next connection
)

// handle takes what whatsmeow has to say, one thing after the other. When it gives true of a message the sender is told that it is here. whatsmeow takes a
// panic for success, so that the message would be lost: it is caught.
func (h *holder) handle(cli *whatsmeow.Client, event any) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			h.Log.ErrorContext(h.ctx, "handling an event panicked", "channel", h.Channel, "event", fmt.Sprintf("%T", event), "kind", fmt.Sprintf("%T", v),
				"stack", string(debug.Stack()))
			ok = h.failed(cli)
		}
	}()
	switch e := event.(type) {
	case *events.Message:
		return h.message(cli, e)
	case *events.UndecryptableMessage:
		return h.unreadable(cli, e)
	case *events.Receipt:
		return h.receipt(cli, e)
	case *events.MediaRetry:
		return h.reuploaded(e)
	case *events.QR, *events.PairSuccess, *events.PairError, *events.PairPasskeyRequest, *events.PairPasskeyError, *events.ManualLoginReconnect,
		*events.Connected, *events.Disconnected, *events.LoggedOut, *events.TemporaryBan, *events.ClientOutdated, *events.StreamReplaced, *events.StreamError,
		*events.ConnectFailure, *events.KeepAliveTimeout, *events.PushNameSetting:
		h.tell(cli, e)
	}
	return true
}

// failed has the message come again, on a connection that is made for it. It gives false.
func (h *holder) failed(cli *whatsmeow.Client) bool {
	h.failing.Store(true)
	h.tell(cli, redo{})
	return false
}

// message stores what a reader wrote.
func (h *holder) message(cli *whatsmeow.Client, e *events.Message) bool {
	in, ok := convert(h.Library, h.Channel, e)
	if !ok {
		return true
	}
	return h.receive(cli, e.Info, in)
}

// receive is true when the message is on disk. It tries for a while: one that is brought again comes after those that were written later.
func (h *holder) receive(cli *whatsmeow.Client, info types.MessageInfo, in bots.Inbound) bool {
	done := h.insist(h.limits.receive, info.ID, func(ctx context.Context) error {
		lid, phone, err := known(ctx, cli, info.MessageSource)
		if err != nil {
			return err
		}
		sender, err := h.people.meet(ctx, lid, phone, h.Now())
		if err != nil {
			return err
		}
		in.Sender, in.Phone = sender, bots.International(phone)
		return h.Receive.Try(ctx, in)
	})
	if !done {
		return h.failed(cli)
	}
	if h.failing.Swap(false) {
		h.tell(cli, stored{})
	}
	if in.Deletes == "" && in.React == nil {
		h.beside(func() error { return cli.MarkRead(h.ctx, []types.MessageID{info.ID}, h.Now(), info.Chat, info.Sender) })
	}
	h.beside(func() error { return h.Links.heard(h.ctx, h.Library, h.Channel) })
	return true
}

// insist does it until it succeeds or the time is over.
func (h *holder) insist(limit time.Duration, message string, do func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(h.ctx, limit)
	defer cancel()
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		err := do(ctx)
		if err == nil {
			return true
		}
		h.Log.WarnContext(ctx, "what came is not stored", "channel", h.Channel, "message", message, "error", err)
		bots.Pause(ctx, bots.Jitter(wait))
		if ctx.Err() != nil {
			return false
		}
	}
}

// unreadable is what could not be decrypted; whatsmeow has asked for it again. A picture that may be seen once is not shown to devices like this one at
// all, and its sender is told.
func (h *holder) unreadable(cli *whatsmeow.Client, e *events.UndecryptableMessage) bool {
	h.Log.InfoContext(h.ctx, "message cannot be read yet", "channel", h.Channel, "message", e.Info.ID, "kind", e.UnavailableType)
	if e.UnavailableType != events.UnavailableTypeViewOnce || !private(e.Info.MessageSource) {
		return true
	}
	in := heard(h.Library, h.Channel, e.Info)
	in.Refused = []bots.RefusedUpload{{Name: "view_once", Reason: reasonUnsupported}}
	return h.receive(cli, e.Info, in)
}

// receipt tells how far messages of ours have come. One that is not stored is not acknowledged, and comes again on the next connection.
func (h *holder) receipt(cli *whatsmeow.Client, e *events.Receipt) bool {
	read := false
	switch e.Type {
	case types.ReceiptTypeDelivered, types.ReceiptTypeInactive:
	case types.ReceiptTypeRead, types.ReceiptTypePlayed:
		read = true
	default:
		return true
	}
	if !private(e.MessageSource) || h.Delivered == nil || len(e.MessageIDs) == 0 {
		return true
	}
	return h.insist(receiptTime, e.MessageIDs[0], func(ctx context.Context) error {
		lid, phone, err := known(ctx, cli, e.MessageSource)
		if err != nil {
			return err
		}
		addresses, err := h.people.addresses(ctx, lid, phone)
		for _, address := range addresses { // each takes up the messages that went to it
			if err == nil {
				err = h.Delivered(ctx, h.Library, h.Channel, address, e.MessageIDs, read)
			}
		}
		return err
	})
}

// private reports that a person wrote to the library alone.
func private(s types.MessageSource) bool {
	return !s.IsFromMe && !s.IsGroup && (s.Chat.Server == types.DefaultUserServer || s.Chat.Server == types.HiddenUserServer) && !s.Chat.IsBot()
}

// known gives what is known of a sender: WhatsApp's own id of them, and their phone number. One of them may be missing.
func known(ctx context.Context, cli *whatsmeow.Client, s types.MessageSource) (lid, phone string, err error) {
	for _, j := range []types.JID{s.Sender, s.SenderAlt} {
		switch j.Server {
		case types.HiddenUserServer:
			lid = j.User
		case types.DefaultUserServer:
			phone = j.User
		}
	}
	// What the store does not know is learnt with another message. Where it does not answer nobody is taken for a stranger.
	var j types.JID
	switch {
	case phone == "" && lid != "":
		j, err = cli.Store.LIDs.GetPNForLID(ctx, types.NewJID(lid, types.HiddenUserServer))
		phone = j.User
	case lid == "" && phone != "":
		j, err = cli.Store.LIDs.GetLIDForPN(ctx, types.NewJID(phone, types.DefaultUserServer))
		lid = j.User
	}
	if err != nil {
		return "", "", fmt.Errorf("look for the other name of a sender: %w", err)
	}
	return lid, phone, nil
}
