package whatsapptest

import (
	"fmt"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Text is a message of words.
func Text(text string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(text)} }

// Contact is a card of somebody, with their number in international form.
func Contact(name, phone string) *waE2E.Message {
	card := fmt.Sprintf("BEGIN:VCARD\nVERSION:3.0\nN:;%[1]s;;;\nFN:%[1]s\nTEL;type=CELL;waid=%[2]s:+%[2]s\nEND:VCARD", name, digits(phone))
	return &waE2E.Message{ContactMessage: &waE2E.ContactMessage{DisplayName: &name, Vcard: &card}}
}

// Location is a place, in degrees north and east.
func Location(north, east float64, name string) *waE2E.Message {
	return &waE2E.Message{LocationMessage: &waE2E.LocationMessage{DegreesLatitude: &north, DegreesLongitude: &east, Name: unlessEmpty(name)}}
}

// unlessEmpty leaves out what is empty, as phones do.
func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Image puts a picture on the host and gives the message of it.
func (s *Server) Image(mediaType string, data []byte, caption string) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaImage)
	if err != nil {
		return nil, err
	}
	return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
		Mimetype: &mediaType, Caption: unlessEmpty(caption),
		URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}, nil
}

// Document puts a file on the host and gives the message of it. With a caption it is wrapped, as phones do.
func (s *Server) Document(name, mediaType string, data []byte, caption string) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaDocument)
	if err != nil {
		return nil, err
	}
	m := &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		FileName: &name, Title: &name, Mimetype: &mediaType, Caption: unlessEmpty(caption),
		URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}
	if caption != "" {
		m = &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: m}}
	}
	return m, nil
}

// Voice puts a recording on the host and gives the message of it.
func (s *Server) Voice(data []byte, seconds uint32) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaAudio)
	if err != nil {
		return nil, err
	}
	return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
		Mimetype: proto.String("audio/ogg; codecs=opus"), PTT: proto.Bool(true), Seconds: &seconds,
		URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}, nil
}

// Video puts a film on the host and gives the message of it.
func (s *Server) Video(mediaType string, data []byte, caption string) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaVideo)
	if err != nil {
		return nil, err
	}
	return &waE2E.Message{VideoMessage: &waE2E.VideoMessage{
		Mimetype: &mediaType, Caption: unlessEmpty(caption),
		URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}, nil
}

// Sticker puts a sticker on the host and gives the message of it.
func (s *Server) Sticker(data []byte) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaImage)
	if err != nil {
		return nil, err
	}
	return &waE2E.Message{StickerMessage: &waE2E.StickerMessage{
		Mimetype: proto.String("image/webp"),
		URL:      &f.url, DirectPath: &f.path, MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}, nil
}

// fileOf is the file that a message carries; nil: it carries none.
func fileOf(m *waE2E.Message) whatsmeow.DownloadableMessage {
	m = unwrap(m)
	switch {
	case m.GetImageMessage() != nil:
		return m.GetImageMessage()
	case m.GetDocumentMessage() != nil:
		return m.GetDocumentMessage()
	case m.GetAudioMessage() != nil:
		return m.GetAudioMessage()
	case m.GetVideoMessage() != nil:
		return m.GetVideoMessage()
	case m.GetStickerMessage() != nil:
		return m.GetStickerMessage()
	}
	return nil
}
