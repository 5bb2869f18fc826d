package whatsapptest

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

func TestFilesThatAreGone(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx, page := patient(t), []byte("a page of a book")
	lost := func() *events.Message {
		t.Helper()
		id := must[string](t)(ada.SendsDocument(a, "page.pdf", "application/pdf", page, ""))
		m := p.message()
		if err := s.DropMedia(id); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Download(ctx, m.Message.GetDocumentMessage()); !errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410) {
			t.Errorf("a dropped file: %v", err)
		}
		if err := p.SendMediaRetryReceipt(ctx, &m.Info, m.Message.GetDocumentMessage().GetMediaKey()); err != nil {
			t.Fatal(err)
		}
		return m
	}
	told := func(m *events.Message) *waMmsRetry.MediaRetryNotification {
		t.Helper()
		e := await(p, func(e *events.MediaRetry) bool { return e.MessageID == m.Info.ID })
		return must[*waMmsRetry.MediaRetryNotification](t)(whatsmeow.DecryptMediaRetryNotification(e, m.Message.GetDocumentMessage().GetMediaKey()))
	}
	fetch := func(m *events.Message, path string) {
		t.Helper()
		file := m.Message.GetDocumentMessage()
		file.DirectPath = &path
		if data := must[[]byte](t)(p.Download(ctx, file)); !bytes.Equal(data, page) {
			t.Errorf("another file: %q", data)
		}
	}
	on := lost()
	fetch(on, told(on).GetDirectPath())
	ada.Reupload(false)
	later := lost()
	ada.Reupload(true)
	fetch(later, told(later).GetDirectPath())
	ada.GoneFromPhone()
	if gone := told(lost()); gone.GetResult() != waMmsRetry.MediaRetryNotification_NOT_FOUND || gone.DirectPath != nil {
		t.Errorf("gone from the phone: %s", gone)
	}
	if err := s.DropMedia("3A"); !errors.Is(err, errNoMessage) {
		t.Errorf("a file that never was: %v", err)
	}
}

func TestSlowFiles(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	var asked atomic.Int32
	s.BeforeMedia(func() { asked.Add(1) })
	must[string](t)(ada.SendsImage(a, "", "image/png", []byte("png"), ""))
	picture := p.message().Message.GetImageMessage()
	s.SlowMedia(50 * time.Millisecond)
	begun := time.Now()
	must[[]byte](t)(p.Download(patient(t), picture))
	if took := time.Since(begun); took < 50*time.Millisecond || asked.Load() != 1 {
		t.Errorf("after %s, asked %d times", took, asked.Load())
	}
}

func TestFilesBothWays(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	page, scan := bytes.Repeat([]byte("page "), 4000), []byte("\xff\xd8 scan")
	must[string](t)(ada.SendsDocument(a, "page.pdf", "application/pdf", page, "please"))
	must[string](t)(ada.SendsImage(a, "", "image/jpeg", scan, ""))
	m := p.message()
	if !m.IsDocumentWithCaption || m.Message.GetDocumentMessage().GetFileName() != "page.pdf" || m.Message.GetDocumentMessage().GetCaption() != "please" {
		t.Errorf("%s", m.Message)
	}
	if data := must[[]byte](t)(p.Download(ctx, m.Message.GetDocumentMessage())); !bytes.Equal(data, page) {
		t.Errorf("another file of %d bytes", len(data))
	}
	if data := must[[]byte](t)(p.Download(ctx, p.message().Message.GetImageMessage())); !bytes.Equal(data, scan) {
		t.Errorf("another picture of %d bytes", len(data))
	}
	up := must[whatsmeow.UploadResponse](t)(p.Upload(ctx, page, whatsmeow.MediaDocument))
	must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, m.Info.Chat, &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		FileName: proto.String("book.pdf"), Caption: proto.String("here"),
	}}))
	got := must[[]Sent](t)(ada.Wait(ctx, 1))[0]
	if data := must[[]byte](t)(s.Open(got.Message.GetDocumentMessage())); !bytes.Equal(data, page) || got.Text() != "here" {
		t.Errorf("%d bytes, %q", len(data), got.Text())
	}
	got.Message.GetDocumentMessage().MediaKey[0] ^= 1
	if _, err := s.Open(got.Message.GetDocumentMessage()); err == nil {
		t.Error("opened with another key")
	}
}
