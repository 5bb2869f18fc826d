package whatsapp

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"go.mau.fi/whatsmeow/types/events"

	"librarian/bots"
	"librarian/bots/whatsapp/whatsapptest"
)

// sentPaper is a document of Ada's as it was stored, not fetched yet.
func sentPaper(t *testing.T) (h *house, ada *whatsapptest.Phone, f bots.InboundFile, id string) {
	t.Helper()
	h, a, ada := linked(t)
	id, err := ada.SendsDocument(a, "справка.pdf", "application/pdf", []byte("paper"), "вот")
	must(t, err)
	in := h.await(1)[0]
	if len(in.Files) != 1 || in.Text != "вот" {
		t.Fatalf("stored: %+v", in)
	}
	return h, ada, in.Files[0], id
}

func (h *house) fetches(f bots.InboundFile) (string, error) {
	d, err := h.Fetch(h.ctx(), f)
	if err != nil {
		return "", err
	}
	defer d.Close()
	data, err := io.ReadAll(d)
	return fmt.Sprintf("%s %s %s", d.Name, d.MediaType, data), err
}

const paper = "справка.pdf application/pdf paper"

func (h *house) asked() (n int) {
	h.t.Helper()
	must(h.t, h.pool.QueryRow(h.t.Context(), `select count(*) from whatsapp_media`).Scan(&n))
	return n
}

func TestFetch(t *testing.T) {
	t.Parallel()
	h, _, f, _ := sentPaper(t)
	for range 2 {
		if got, err := h.fetches(f); err != nil || got != paper {
			t.Errorf("%q, %v", got, err)
		}
	}
	f.Ref = f.Ref[:10]
	if _, err := h.fetches(f); !errors.Is(err, errRef) {
		t.Errorf("by half a reference: %v", err)
	}
}

// WhatsApp has dropped the file: the phone is asked for it, while somebody waits.
func TestFileIsSentUpAgain(t *testing.T) {
	t.Parallel()
	h, _, f, id := sentPaper(t)
	must(t, h.server.DropMedia(id))
	if got, err := h.fetches(f); err != nil || got != paper {
		t.Errorf("%q, %v", got, err)
	}
	if h.asked() != 0 {
		t.Error("it is still noted as asked for")
	}
}

// The phone is off, and answers when nobody waits any more: also a process that knows nothing of the question finds the file.
func TestFileIsSentUpLater(t *testing.T) {
	t.Parallel()
	h, ada, f, id := sentPaper(t)
	h.limits.reupload = 0
	ada.Reupload(false)
	must(t, h.server.DropMedia(id))
	for range 2 {
		if _, err := h.fetches(f); !errors.Is(err, errAwaited) {
			t.Errorf("while the phone is off: %v", err)
		}
	}
	ada.Reupload(true)
	h.until("the answer", func() bool {
		var here bool
		must(t, h.pool.QueryRow(t.Context(), `select path <> '' from whatsapp_media`).Scan(&here))
		return here
	})
	if got, err := h.fetches(f); err != nil || got != paper {
		t.Errorf("%q, %v", got, err)
	}
}

// The phone has the file no more.
func TestFileIsGone(t *testing.T) {
	t.Parallel()
	h, ada, f, id := sentPaper(t)
	must(t, h.server.DropMedia(id))
	ada.GoneFromPhone()
	for range 2 {
		if _, err := h.fetches(f); !errors.Is(err, bots.ErrGone) {
			t.Errorf("%v", err)
		}
	}
	if _, err := h.pool.Exec(t.Context(), `update whatsapp_media set path = ''`); err != nil {
		t.Fatal(err)
	}
	cli, _ := h.client()
	newHolder(h.ctx(), h.WhatsApp).handle(cli, &events.MediaRetry{MessageID: id, Error: &events.MediaRetryError{Code: 2}}) // as others say it
	if _, err := h.fetches(f); !errors.Is(err, bots.ErrGone) {
		t.Errorf("%v", err)
	}
}

// The phone did not manage it: it is asked again another time.
func TestFileIsNotSentUpThisTime(t *testing.T) {
	t.Parallel()
	h, ada, f, id := sentPaper(t)
	h.limits.reupload = 0
	ada.Reupload(false)
	must(t, h.server.DropMedia(id))
	if _, err := h.fetches(f); !errors.Is(err, errAwaited) {
		t.Errorf("while the phone is off: %v", err)
	}
	cli, _ := h.client()
	newHolder(h.ctx(), h.WhatsApp).handle(cli, &events.MediaRetry{MessageID: id, Error: &events.MediaRetryError{Code: 1}})
	if _, err := h.fetches(f); !errors.Is(err, errAwaited) {
		t.Errorf("after an error: %v", err)
	}
}
