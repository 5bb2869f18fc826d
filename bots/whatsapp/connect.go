package whatsapp

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/bots"
)

// newClient makes the client of a device. It never reconnects by itself: the holder does.
func (h *holder) newClient(device *store.Device) *whatsmeow.Client {
	cli := whatsmeow.NewClient(device, NewLog(h.Log.With("channel", h.Channel)))
	cli.EnableAutoReconnect = false
	cli.DisableLoginAutoReconnect = true
	cli.SynchronousAck = true             // a message counts as received when it is stored,
	cli.EnableDecryptedEventBuffer = true // and can be read once more if we die before: its key is used up by the first reading
	cli.ManualHistorySyncDownload = true  // what readers wrote before the link was made is nobody's business here
	cli.BackgroundEventCtx = h.ctx
	cli.GetMessageForRetry = h.resend(cli)
	cli.PrePairCallback = h.pairs
	transport := h.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	cli.SetMediaHTTPClient(&http.Client{Transport: bounded{transport}})
	cli.SetWebsocketHTTPClient(&http.Client{Transport: transport})
	cli.SetPreLoginHTTPClient(&http.Client{Transport: transport})
	// Otherwise readers would see one tick only until the phone has told the name under which we are present.
	cli.SetForceActiveDeliveryReceipts(true)
	cli.AddEventHandlerWithSuccessStatus(func(event any) bool { return h.handle(cli, event) })
	return cli
}

// connect calls WhatsApp with the linked device, or with the one that is being linked.
func (h *holder) connect() {
	if h.cli == nil && !h.openDevice() {
		return
	}
	h.disconnect()
	h.wanted = true
	if h.pairing == nil {
		h.become(bots.LinkConnecting, h.stands().problem)
	}
	h.again.Stop()
	cli, limit := h.cli, h.limits.dial
	// The connection does not end with the lock by itself: whatsmeow does not bear it when that happens while it is told to disconnect.
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.ctx))
	c := &call{cancel, make(chan struct{})}
	h.call = c
	go func() {
		late := time.AfterFunc(limit, cancel)
		err := cli.ConnectContext(ctx)
		late.Stop()
		close(c.done)
		h.tell(cli, dialled{c, err})
	}()
}

// call is one connection. What comes by it is handled in its context.
type call struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the connection stands, or is not to be had
}

// called reports that the connection stands, or is being made.
func (h *holder) called() bool {
	select {
	case <-h.call.done:
		return h.cli.IsConnected()
	default:
		return true
	}
}

// disconnect ends the connection, if there is one, or the try to make it. It returns when nothing more can come by it.
func (h *holder) disconnect() {
	h.use(nil)
	h.wanted = false
	if h.call == nil {
		return
	}
	h.call.cancel() // without it the other side would be waited for, who may be gone
	<-h.call.done
	h.cli.ResetConnection() // nothing is connected anew by it; Disconnect breaks where the other side ends the connection at the same moment
	h.call = nil
}

// openDevice makes the client of the linked device. It is false where there is none, or its keys are gone.
func (h *holder) openDevice() bool {
	s := h.stands()
	if s.device == "" {
		return false
	}
	device, err := h.Store.device(h.ctx, s.device)
	if err != nil {
		h.Log.WarnContext(h.ctx, "keys of the device not read", "channel", h.Channel, "error", err)
		h.redial()
		return false
	}
	if device.ID == nil {
		h.note(standing{state: bots.LinkLoggedOut, problem: "keys"})
		return false
	}
	h.cli = h.newClient(device)
	return true
}

// redial connects again after a while, longer each time.
func (h *holder) redial() {
	wait := min(firstRedial<<min(h.fails, 8), lastRedial)
	h.fails++
	h.again.Reset(bots.Jitter(wait))
}

// hear takes what happened to the client.
func (h *holder) hear(what any) {
	switch e := what.(type) {
	case dialled:
		if e.call == h.call { // not one that was given up
			h.dialled(e.err)
		}
	case redo:
		h.anew.Reset(min(firstRedial<<min(h.redos, 9), lastRedo))
		h.redos++
	case stored:
		h.redos = 0
	case *events.Connected:
		h.connected()
	case *events.PushNameSetting:
		h.beside(h.present(h.cli))
	case *events.Disconnected:
		h.dropped("")
	case *events.StreamError:
		h.dropped(e.Code)
	case *events.KeepAliveTimeout:
		if e.ErrorCount > 1 {
			h.dropped("silent")
		}
	case *events.ConnectFailure:
		h.dropped(strconv.Itoa(int(e.Reason)))
	case *events.LoggedOut, *events.TemporaryBan, *events.ClientOutdated, *events.StreamReplaced:
		h.shutOut(e)
	default:
		h.hearPairing(e)
	}
}

// dialled waits for the login where the connection stands.
func (h *holder) dialled(err error) {
	switch {
	case err != nil:
		h.Log.InfoContext(h.ctx, "whatsapp is not reached", "channel", h.Channel, "error", fault(err))
		h.redial()
	case h.pairing == nil && !h.Ready(): // the login may be heard of first
		h.again.Reset(loginTime)
	}
}

func (h *holder) connected() {
	h.up = h.Now()
	h.again.Stop()
	h.use(h.cli)
	h.become(bots.LinkConnected, "")
	h.beside(h.present(h.cli))
}

// present makes the ticks and the typing of this number seen. It fails as long as the phone has not told its owner's name; then the name calls for it again.
func (h *holder) present(cli *whatsmeow.Client) func() error {
	return func() error { return cli.SendPresence(h.ctx, types.PresenceAvailable) }
}

// dropped connects again. Why a connection ended may be said a moment later.
func (h *holder) dropped(code string) {
	if !h.wanted {
		return
	}
	if h.pairing != nil {
		h.endSession()
		return
	}
	if code == "" && h.called() {
		return // word of an older connection
	}
	// A line that ends as soon as it stands is no better than one that does not: called again at once, and again, it would look like an attack.
	if !h.up.IsZero() && h.Now().Sub(h.up) >= h.limits.steady {
		h.fails = 0
	}
	h.up = time.Time{}
	h.disconnect()
	h.become(bots.LinkConnecting, code)
	if h.fails == 0 {
		h.fails++
		h.again.Reset(h.limits.settle)
		return
	}
	h.redial()
}

// shutOut takes what makes calling again of no use: for a time, or until somebody has done something.
func (h *holder) shutOut(what any) {
	if h.pairing != nil {
		h.refusedPairing(what)
		return
	}
	h.disconnect()
	h.again.Stop()
	switch e := what.(type) {
	case *events.LoggedOut:
		device := h.stands().device
		h.close()
		h.wipe(device)
		h.note(standing{state: bots.LinkLoggedOut, problem: strconv.Itoa(int(e.Reason))})
	case *events.TemporaryBan:
		s := standing{device: h.stands().device, state: bots.LinkBanned, problem: strconv.Itoa(int(e.Code))}
		wait := banPause
		if e.Expire > 0 {
			until := h.Now().Add(e.Expire)
			s.until, wait = &until, e.Expire
		}
		h.note(s)
		h.again.Reset(wait)
	case *events.ClientOutdated:
		h.become(bots.LinkOutdated, "405")
		h.again.Reset(banPause)
	case *events.StreamReplaced:
		bots.Pause(h.ctx, h.limits.replaced) // if it is a process of ours our lock is lost by now
		if h.ctx.Err() == nil {
			h.become(bots.LinkReplaced, "replaced")
		}
	}
}

// wipe deletes the keys of a device, and reports that they are gone.
func (h *holder) wipe(device string) bool {
	err := h.Store.wipe(h.ctx, device)
	if err != nil && h.ctx.Err() == nil {
		h.Log.ErrorContext(h.ctx, "keys of a device are not deleted", "channel", h.Channel, "error", err)
	}
	return err == nil
}
