package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/bots"
)

const (
	pairTime    = 10 * time.Minute // after which nobody is there any more who would scan
	firstCode   = time.Minute      // how long a phone takes the first picture of a session,
	furtherCode = 20 * time.Second // and each after it
	wordTime    = 160 * time.Second
	unlinkTime  = 5 * time.Second
	// pairAs is what the phone is told of us beside the letters; it takes the names of well-known browsers only.
	pairAs = "Chrome (Linux)"
)

// pairing is a link that is being made.
type pairing struct {
	asked
	codes []string // pictures that are still to be shown
	login bool     // WhatsApp has said that the link is made
}

// letters are what PairPhone gave.
type letters struct {
	code string
	err  error
}

// look reads what is asked of the number and carries it out.
func (h *holder) look() {
	a, err := h.Links.asks(h.ctx, h.Library, h.Channel)
	if err != nil {
		if h.ctx.Err() == nil {
			h.Log.WarnContext(h.ctx, "what is asked of the number is not read", "channel", h.Channel, "error", err)
		}
		return
	}
	if a.device != "" && h.stands().device == "" && (h.pairing == nil || !h.pairing.same(a)) {
		h.linkedUnheard()
	}
	linked := h.stands().device != ""
	switch {
	case a.what == bots.AskNothing:
		h.stopPairing()
	case a.what == bots.AskUnlink:
		if h.unlink() { // otherwise it is still asked
			h.answered(a, "")
		}
	case a.what == bots.AskConnect:
		if h.fails, h.redos = 0, 0; linked && !h.Ready() {
			h.connect()
		}
		h.answered(a, "")
	case linked:
		h.answered(a, "") // one number, one phone: it is unlinked first
	case h.Now().Sub(a.at) > pairTime:
		h.stopPairing()
		h.answered(a, bots.PairTimeout)
	case h.pairing == nil || !h.pairing.same(a):
		h.startPairing(a)
	}
}

// linkedUnheard goes on with a device that a phone has linked at the moment when the try was given up: it is written, and nobody here has heard of it.
func (h *holder) linkedUnheard() {
	s, err := h.Links.stands(h.ctx, h.Library, h.Channel)
	if err != nil || h.unsaid { // it is looked at again, or what is written is not what is so
		return
	}
	h.stopPairing()
	h.stand(s)
	h.connect()
}

func (a asked) same(b asked) bool { return a.what == b.what && a.phone == b.phone && a.at.Equal(b.at) }

func (h *holder) answered(a asked, problem string) {
	if err := h.Links.answered(h.ctx, h.Library, h.Channel, a, problem); err != nil && h.ctx.Err() == nil {
		h.Log.WarnContext(h.ctx, "what was asked is not marked as done", "channel", h.Channel, "error", err)
	}
}

// startPairing offers a device of its own to be linked.
func (h *holder) startPairing(a asked) {
	device, err := h.Store.device(h.ctx, "")
	if err != nil {
		h.Log.WarnContext(h.ctx, "no device to link", "channel", h.Channel, "error", err)
		return
	}
	h.close()
	h.pairing = &pairing{asked: a}
	h.cli = h.newClient(device)
	h.connect()
}

func (h *holder) stopPairing() {
	if h.pairing != nil {
		h.pairing = nil
		h.close()
	}
}

// endSession begins another session: WhatsApp ends each that nobody has answered.
func (h *holder) endSession() {
	h.turn.Stop()
	h.disconnect()
	h.redial()
}

// hearPairing takes what happens while a link is made.
func (h *holder) hearPairing(what any) {
	switch e := what.(type) {
	case *events.QR:
		if h.pairing != nil {
			h.offer(e.Codes)
		}
	case letters:
		h.word(e)
	case *events.PairSuccess:
		h.paired(e.ID)
	case *events.ManualLoginReconnect:
		if h.pairing != nil {
			h.pairing.login = true // it is told by another goroutine, and may come first
			return
		}
		h.connect()
	case *events.PairError, *events.PairPasskeyRequest, *events.PairPasskeyError:
		if h.pairing != nil {
			a := h.pairing.asked
			h.stopPairing()
			h.note(standing{state: bots.LinkNone})
			h.answered(a, bots.PairError)
		}
	}
}

// offer shows the pictures one after the other, or asks for the letters.
func (h *holder) offer(codes []string) {
	h.fails = 0
	if h.pairing.what == bots.AskQR {
		h.pairing.codes = codes
		h.showCode(firstCode)
		return
	}
	cli, phone := h.cli, h.pairing.phone
	go func() {
		ctx, cancel := context.WithTimeout(h.ctx, h.limits.call)
		defer cancel()
		code, err := cli.PairPhone(ctx, phone, true, whatsmeow.PairClientChrome, pairAs)
		h.tell(cli, letters{code, err})
	}()
}

func (h *holder) nextCode() { h.showCode(furtherCode) }

// showCode shows the next picture; after the last one WhatsApp ends the session.
func (h *holder) showCode(lasts time.Duration) {
	if h.pairing == nil {
		return
	}
	if len(h.pairing.codes) == 0 {
		h.endSession()
		return
	}
	code := h.pairing.codes[0]
	h.pairing.codes = h.pairing.codes[1:]
	h.show(code, lasts)
}

// word shows the letters, which hold as long as the session does.
func (h *holder) word(l letters) {
	if h.pairing == nil {
		return
	}
	if l.err != nil {
		h.Log.InfoContext(h.ctx, "no letters to link by", "channel", h.Channel, "error", fault(l.err))
		if offline(l.err) { // that says nothing of the phone
			h.endSession()
			return
		}
		a := h.pairing.asked
		h.stopPairing()
		h.answered(a, bots.PairPhone)
		return
	}
	h.pairing.codes = nil
	h.show(l.code, wordTime)
}

func (h *holder) show(code string, lasts time.Duration) {
	h.turn.Reset(lasts)
	if err := h.Links.showCode(h.ctx, h.Library, h.Channel, h.pairing.asked, code, h.Now().Add(lasts)); err != nil && h.ctx.Err() == nil {
		h.Log.WarnContext(h.ctx, "code is not shown", "channel", h.Channel, "error", err)
	}
}

// pairs writes which device it will be, before the keys are kept: if this process dies between the two, the keys are missing and not forgotten.
func (h *holder) pairs(device types.JID, _, _ string) bool {
	if err := h.Links.paired(h.ctx, h.Library, h.Channel, device.String()); err != nil {
		h.Log.ErrorContext(h.ctx, "the linked device is not written", "channel", h.Channel, "error", err)
		return false
	}
	return true
}

// paired goes on with the device that was linked: the same client with the same handlers, so that nothing is missed that comes at the first login.
func (h *holder) paired(device types.JID) {
	if h.pairing == nil {
		return
	}
	login := h.pairing.login
	h.answered(h.pairing.asked, "")
	h.pairing = nil
	h.turn.Stop()
	h.fails = 0
	h.note(standing{device: device.String(), state: bots.LinkConnecting})
	if login {
		h.connect()
		return
	}
	h.again.Reset(furtherCode) // if WhatsApp does not say that it is time to log in
}

// refusedPairing ends a try that WhatsApp does not want.
func (h *holder) refusedPairing(what any) {
	a, problem := h.pairing.asked, bots.PairError
	if _, ok := what.(*events.ClientOutdated); ok {
		problem = bots.PairOutdated
	}
	h.stopPairing()
	h.answered(a, problem)
}

// unlink ends the link and deletes its keys, whether or not WhatsApp can be told of it. It is false when the keys are still there.
func (h *holder) unlink() bool {
	h.stopPairing()
	device := h.stands().device
	if cli, ok := h.client(); ok {
		if err := h.takeLeave(cli, device); err != nil {
			h.Log.InfoContext(h.ctx, "whatsapp is not told that the link has ended", "channel", h.Channel, "error", fault(err))
		}
	}
	h.close()
	if !h.wipe(device) {
		return false
	}
	h.note(standing{state: bots.LinkNone})
	return true
}

// takeLeave has WhatsApp take this device off the phone's list. whatsmeow's own Logout deletes the keys at the moment in which WhatsApp's answer has them
// deleted elsewhere, and the two do not see each other.
func (h *holder) takeLeave(cli *whatsmeow.Client, device string) error {
	jid, err := types.ParseJID(device)
	if err != nil {
		return errAddress
	}
	ctx, cancel := context.WithTimeout(h.ctx, unlinkTime)
	defer cancel()
	_, err = cli.DangerousInternals().SendIQ(ctx, whatsmeow.DangerousInfoQuery{ //nolint:staticcheck // there is no other way to say this alone
		Namespace: "md", Type: "set", To: types.ServerJID,
		Content: []binary.Node{{Tag: "remove-companion-device", Attrs: binary.Attrs{"jid": jid, "reason": "user_initiated"}}},
	})
	return err
}
