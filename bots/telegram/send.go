package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"librarian/bots"
)

// Send hands one message to Telegram and gives its number in the chat. A file goes as a picture where it is one that Telegram takes, otherwise as a
// document. Where no answer came the message may have been sent all the same, and Retry may repeat it: the Bot API knows no key against that.
func (t *Telegram) Send(ctx context.Context, m bots.Outbound) (string, error) {
	chat, err := strconv.ParseInt(m.Address, 10, 64)
	if err != nil {
		return "", bots.Refuse("address", errAddress)
	}
	markup, bad := keyboard(m)
	switch {
	case bad != nil:
		return "", bad
	case len(m.Files) > 1:
		return "", bots.Refuse("files", errFileCount)
	case len(m.Files) == 1:
		return t.sendFile(ctx, chat, m, markup)
	case m.Text == "":
		return "", bots.Refuse("empty", errEmpty)
	}
	return t.sent(ctx, chat, t.limits.call, func(ctx context.Context, api *bot.Bot) (*models.Message, error) {
		return api.SendMessage(ctx, &bot.SendMessageParams{
			ChatID: chat, Text: m.Text, ReplyMarkup: markup,
			// A preview is made by opening the address, which would use up a link that works once.
			LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: bot.True()},
		})
	})
}

var (
	errFileCount = errors.New("more than one file")
	errEmpty     = errors.New("neither text nor file")
)

// sent makes the call and gives the number of the message or a *bots.SendError.
func (t *Telegram) sent(
	ctx context.Context, chat int64, limit time.Duration, do func(context.Context, *bot.Bot) (*models.Message, error),
) (string, error) {
	var message *models.Message
	f := t.call(ctx, limit, func(ctx context.Context, api *bot.Bot) (err error) {
		message, err = do(ctx, api)
		return err
	})
	if f != nil {
		return "", t.sendError(chat, f)
	}
	return strconv.Itoa(message.ID), nil
}

func (t *Telegram) sendFile(ctx context.Context, chat int64, m bots.Outbound, markup models.ReplyMarkup) (string, error) {
	id, err := t.upload(ctx, chat, m, markup, true)
	if errors.Is(err, errPhoto) { // its proportions, say: as a document it passes
		return t.upload(ctx, chat, m, markup, false)
	}
	return id, err
}

func (t *Telegram) upload(ctx context.Context, chat int64, m bots.Outbound, markup models.ReplyMarkup, asPhoto bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limits.upload)
	defer cancel()
	r, name, mediaType, size, err := t.Open(ctx, m.Library, m.Files[0])
	if err != nil {
		return "", bots.FileError(err)
	}
	data := &guarded{r: r}
	defer data.Close() //nolint:errcheck // only read
	if size > maxUpload {
		return "", bots.Refuse(reasonTooLarge, errFileSize)
	}
	file := &models.InputFileUpload{Filename: name, Data: data}
	photo := asPhoto && size <= maxPhoto && (mediaType == "image/jpeg" || mediaType == "image/png")
	return t.sent(ctx, chat, t.limits.upload, func(ctx context.Context, api *bot.Bot) (*models.Message, error) {
		if photo {
			return api.SendPhoto(ctx, &bot.SendPhotoParams{ChatID: chat, Photo: file, Caption: m.Text, ReplyMarkup: markup})
		}
		return api.SendDocument(ctx, &bot.SendDocumentParams{
			ChatID: chat, Document: file, Caption: m.Text, ReplyMarkup: markup, DisableContentTypeDetection: true,
		})
	})
}

// sendError says what a failed call means for the message.
func (t *Telegram) sendError(chat int64, f *fault) *bots.SendError {
	e := &bots.SendError{Outcome: bots.Retry, After: f.after, Code: f.code(), Err: f}
	switch {
	case f.status == http.StatusTooManyRequests:
		e.Whole = t.flood.hit(chat, t.Now(), f.after)
	case f.status == http.StatusRequestEntityTooLarge:
		e.Outcome = bots.Refused
	case !f.api: // something in front of Telegram; its numbers say nothing about the message
	case f.status == http.StatusUnauthorized, f.status == http.StatusNotFound:
		e.Whole, e.After = true, brokenPause
	case f.status == http.StatusForbidden && errors.Is(f, errNotStarted):
		e.Outcome = bots.WindowClosed
	case f.status == http.StatusForbidden:
		e.Outcome = bots.Blocked
	case f.status == http.StatusBadRequest:
		e.Outcome = bots.Refused
	}
	return e
}

// flood tells whose limit was met. Telegram limits each chat (about one message a second) and the bot (about thirty) and answers both alike. One chat
// that is told to wait says nothing of the others; a second chat told so before the first one's wait is over means that the limit is the bot's.
type flood struct {
	mu    sync.Mutex
	chat  int64
	until time.Time
}

func (f *flood) hit(chat int64, now time.Time, wait time.Duration) (whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	whole = now.Before(f.until) && chat != f.chat
	f.chat, f.until = chat, now.Add(max(wait, time.Second))
	return whole
}

// guarded keeps Close from running beside a Read: when a call ends early, the library may still be reading.
type guarded struct {
	mu     sync.Mutex
	r      io.ReadCloser
	closed bool
}

func (g *guarded) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return 0, io.ErrClosedPipe
	}
	return g.r.Read(p)
}

func (g *guarded) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.r.Close()
}
