package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"go.mau.fi/whatsmeow"

	"librarian/bots"
)

var errRef = errors.New("not a file of whatsapp")

// Fetch opens a file that a reader sent. What WhatsApp has dropped is asked for at the phone it came from, for which somebody has to have it on: until then it is
// an error, and a later try finds it.
func (w *WhatsApp) Fetch(ctx context.Context, f bots.InboundFile) (bots.Download, error) {
	ctx, cancel := context.WithTimeout(ctx, w.limits.fetch)
	defer cancel()
	data, err := w.fetch(ctx, f)
	if err != nil {
		return bots.Download{}, fmt.Errorf("fetch a file from channel %d: %w", w.Channel, fault(err))
	}
	return bots.Download{ReadCloser: io.NopCloser(bytes.NewReader(data)), Name: f.Name, MediaType: f.MediaType}, nil
}

func (w *WhatsApp) fetch(ctx context.Context, f bots.InboundFile) ([]byte, error) {
	var r ref
	if json.Unmarshal([]byte(f.Ref), &r) != nil || r.Path == "" {
		return nil, errRef
	}
	if r.Size > bots.MaxFile {
		return nil, bots.ErrTooLarge
	}
	cli, ok := w.client()
	if !ok {
		return nil, bots.ErrElsewhere
	}
	path, found, err := w.reuploadOf(ctx, r)
	if err != nil {
		return nil, err
	}
	if found {
		r.Path = path
	}
	data, err := download(ctx, cli, r)
	if dropped(err) {
		if r.Path, err = w.askAgain(ctx, cli, r); err == nil {
			data, err = download(ctx, cli, r)
			found = true
		}
	}
	if err != nil {
		return nil, err
	}
	if found {
		w.forget(ctx, r.Message)
	}
	return data, nil
}

// dropped reports that WhatsApp's servers no longer have the file.
func dropped(err error) bool {
	return errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith403) || errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) ||
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410)
}

// download has the whole file in memory, where alone it may lie unencrypted.
func download(ctx context.Context, cli *whatsmeow.Client, r ref) ([]byte, error) {
	return cli.DownloadMediaWithPath(ctx, r.Path, r.Sealed, r.Plain, r.Key, whatsmeow.MediaType(r.Kind), "", false)
}

// sealedMore is what encryption adds to a file at most.
const sealedMore = 64

// bounded hands over no more of an answer than the largest file takes, whatever its sender said of its size.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodGet {
		resp.Body = bots.AtMost(resp.Body, bots.MaxFile+sealedMore)
	}
	return resp, err
}
