package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"librarian/bots"
)

// Fetch opens a file that a reader sent. It must be read to the end within five minutes and closed; reading more than Telegram hands over, 20 MB,
// ends with bots.ErrTooLarge.
func (t *Telegram) Fetch(ctx context.Context, f bots.InboundFile) (bots.Download, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limits.fetch)
	d, err := t.fetch(ctx, cancel, f)
	if err != nil {
		cancel()
		return bots.Download{}, fmt.Errorf("fetch a file from channel %d: %w", t.Channel, err)
	}
	return d, nil
}

func (t *Telegram) fetch(ctx context.Context, cancel func(), f bots.InboundFile) (bots.Download, error) {
	at, err := t.locate(ctx, f.Ref)
	if err != nil {
		return bots.Download{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.api.FileDownloadLink(at), http.NoBody)
	if err != nil {
		return bots.Download{}, errFileAway // the error quotes the address, of which the token is a part
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return bots.Download{}, &fault{cause: netCause(err)}
	}
	if err := downloadable(resp); err != nil {
		_ = resp.Body.Close() // it is not wanted
		return bots.Download{}, err
	}
	body := &download{bots.AtMost(resp.Body, bots.MaxFile), cancel}
	name, mediaType := cmp.Or(f.Name, path.Base(at.FilePath)), cmp.Or(f.MediaType, resp.Header.Get("Content-Type"))
	return bots.Download{ReadCloser: body, Name: name, MediaType: mediaType}, nil
}

// locate asks where the file lies.
func (t *Telegram) locate(ctx context.Context, ref string) (*models.File, error) {
	var at *models.File
	f := t.call(ctx, t.limits.call, func(ctx context.Context, api *bot.Bot) (err error) {
		at, err = api.GetFile(ctx, &bot.GetFileParams{FileID: ref})
		return err
	})
	switch {
	case f == nil && at.FileSize > bots.MaxFile:
		return nil, bots.ErrTooLarge
	case f == nil && at.FilePath == "":
		return nil, errFileAway
	case f == nil:
		return at, nil
	case errors.Is(f, errFileSize):
		return nil, bots.ErrTooLarge
	case errors.Is(f, errFileID):
		return nil, bots.ErrGone
	}
	return nil, f
}

func downloadable(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return bots.ErrGone
	case resp.StatusCode != http.StatusOK:
		return &fault{status: resp.StatusCode, cause: errFileAway}
	case resp.ContentLength > bots.MaxFile:
		return bots.ErrTooLarge
	}
	return nil
}

// download ends the call with its last byte.
type download struct {
	io.ReadCloser
	cancel func()
}

func (d *download) Close() error {
	defer d.cancel()
	return d.ReadCloser.Close()
}
