package whatsapp

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"librarian/bots"
)

// How long a message waits where the number cannot be used.
const (
	elsewherePause = 5 * time.Second
	unlinkedPause  = time.Minute
)

var (
	errFileCount = errors.New("more than one file")
	errFileSize  = errors.New("file too large")
	errEmpty     = errors.New("neither text nor file")
	errNoID      = errors.New("no id of the message")
)

// Send hands one message to WhatsApp under the id that was chosen for it, by which the reader's phone knows a repeat. A file goes as a picture where phones
// show it as one, otherwise as a document.
func (w *WhatsApp) Send(ctx context.Context, m bots.Outbound) (string, error) {
	if m.ID == "" {
		return "", bots.Refuse("id", errNoID)
	}
	cli, ok := w.client()
	if !ok {
		return "", w.notReady()
	}
	wait, err := w.people.begin(ctx, m.Address, w.FirstContacts, w.Now())
	if err != nil {
		return "", w.sendError(err)
	}
	if wait > 0 {
		return "", &bots.SendError{Outcome: bots.Retry, After: wait, Code: "first_contacts", Err: errBudget}
	}
	to, err := w.people.reach(ctx, m.Address)
	if err != nil {
		return "", w.sendError(err)
	}
	message, bad := w.compose(ctx, cli, m)
	if bad != nil {
		return "", bad
	}
	w.write(ctx, cli, to, m.Text)
	if _, err := cli.SendMessage(ctx, to, message, whatsmeow.SendRequestExtra{ID: m.ID, Timeout: w.limits.call}); err != nil {
		return "", w.sendError(err)
	}
	if err := w.Links.said(ctx, w.Library, w.Channel); err != nil {
		w.Log.DebugContext(ctx, "when the number spoke is not noted", "channel", w.Channel, "error", err)
	}
	return m.ID, nil
}

var errBudget = errors.New("enough strangers written to for a day")

// write shows the reader that the text is being written. Nothing depends on it.
func (w *WhatsApp) write(ctx context.Context, cli *whatsmeow.Client, to types.JID, text string) {
	if w.Pace == nil {
		return
	}
	d := w.Pace(utf8.RuneCountInString(text))
	if d <= 0 {
		return
	}
	for _, state := range []types.ChatPresence{types.ChatPresenceComposing, types.ChatPresencePaused} {
		if err := cli.SendChatPresence(ctx, to, state, types.ChatPresenceMediaText); err != nil {
			return
		}
		if state == types.ChatPresenceComposing {
			bots.Pause(ctx, d)
		}
	}
}

// Pace is how long a text of so many characters is shown as being written: as by somebody quick, who has it before them.
func Pace(text int) time.Duration {
	return min(500*time.Millisecond+time.Duration(text)*10*time.Millisecond, 3*time.Second)
}

// compose makes WhatsApp's form of the message; a file is sent up first. An address in the text is never opened for a preview, which would use up a link that
// works once.
func (w *WhatsApp) compose(ctx context.Context, cli *whatsmeow.Client, m bots.Outbound) (*waE2E.Message, *bots.SendError) {
	switch {
	case len(m.Files) > 1:
		return nil, bots.Refuse("files", errFileCount)
	case len(m.Files) == 1:
		return w.withFile(ctx, cli, m)
	case m.Text == "":
		return nil, bots.Refuse("empty", errEmpty)
	}
	return &waE2E.Message{Conversation: proto.String(m.Text)}, nil
}

func (w *WhatsApp) withFile(ctx context.Context, cli *whatsmeow.Client, m bots.Outbound) (*waE2E.Message, *bots.SendError) {
	ctx, cancel := context.WithTimeout(ctx, w.limits.upload)
	defer cancel()
	r, name, mediaType, size, err := w.Open(ctx, m.Library, m.Files[0])
	if err != nil {
		return nil, bots.FileError(err)
	}
	defer r.Close()
	if size > maxUpload {
		return nil, bots.Refuse("file_size", errFileSize)
	}
	photo := size <= maxPhoto && (mediaType == "image/jpeg" || mediaType == "image/png")
	kind := whatsmeow.MediaDocument
	if photo {
		kind = whatsmeow.MediaImage
	}
	up, err := cli.UploadReader(ctx, r, nil, kind)
	if err != nil {
		return nil, w.sendError(err)
	}
	var caption *string
	if m.Text != "" {
		caption = proto.String(m.Text)
	}
	if photo {
		return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			Caption: caption, Mimetype: proto.String(mediaType), URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}, nil
	}
	return &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		Caption: caption, FileName: &name, Title: &name, Mimetype: proto.String(mediaType), URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
		FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
	}}, nil
}

// resend gives a message once more to a phone that could not open it, though this process is not the one that sent it.
func (h *holder) resend(cli *whatsmeow.Client) func(requester, to types.JID, id types.MessageID) *waE2E.Message {
	return func(_, to types.JID, id types.MessageID) *waE2E.Message {
		if h.Again == nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(h.ctx, h.limits.upload)
		defer cancel()
		m, err := h.saidTo(ctx, to, id)
		if err == nil {
			message, bad := h.compose(ctx, cli, m)
			if bad == nil {
				return message
			}
			err = bad
		}
		h.Log.InfoContext(ctx, "message asked for again is not sent", "channel", h.Channel, "message", id, "error", fault(err))
		return nil
	}
}

// saidTo gives what was said to the one who asks: a message is shown again to nobody else.
func (h *holder) saidTo(ctx context.Context, to types.JID, id types.MessageID) (bots.Outbound, error) {
	lid, phone := to.User, ""
	if to.Server == types.DefaultUserServer {
		lid, phone = "", to.User
	}
	addresses, err := h.people.addresses(ctx, lid, phone)
	if err != nil {
		return bots.Outbound{}, err
	}
	for _, address := range addresses {
		m, err := h.Again(ctx, h.Library, h.Channel, address, id)
		if !errors.Is(err, bots.ErrNoSuch) {
			return m, err
		}
	}
	return bots.Outbound{}, bots.ErrNoSuch
}
