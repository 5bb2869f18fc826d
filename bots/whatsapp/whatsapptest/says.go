package whatsapptest

import (
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Text is a message of words.
func Text(text string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(text)} }

// Says sends words. It gives the message's id, as all that follow.
func (p *Phone) Says(to *Account, text string) (string, error) {
	return p.Send(to, Text(text), Options{})
}

// Image puts a picture on the host and gives the message of it.
func (s *Server) Image(mediaType string, data []byte, caption string) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaImage)
	if err != nil {
		return nil, err
	}
	return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
		Mimetype: &mediaType, Caption: unlessEmpty(caption), URL: proto.String("https://" + mediaAddress + f.path), DirectPath: &f.path,
		MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}, nil
}

// Document puts a file on the host and gives the message of it. With a caption it is wrapped, as phones do.
func (s *Server) Document(name, mediaType string, data []byte, caption string) (*waE2E.Message, error) {
	f, err := s.store(data, whatsmeow.MediaDocument)
	if err != nil {
		return nil, err
	}
	m := &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		FileName: &name, Title: &name, Mimetype: &mediaType, Caption: unlessEmpty(caption), URL: proto.String("https://" + mediaAddress + f.path), DirectPath: &f.path,
		MediaKey: f.key, FileEncSHA256: f.hash, FileSHA256: f.plainSum, FileLength: &f.size,
	}}
	if caption != "" {
		m = &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: m}}
	}
	return m, nil
}

// unlessEmpty leaves out what is empty, as phones do.
func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// SendsImage sends a picture; the name is not told, as WhatsApp keeps none of pictures.
func (p *Phone) SendsImage(to *Account, _, mediaType string, data []byte, caption string) (string, error) {
	m, err := p.server.Image(mediaType, data, caption)
	if err != nil {
		return "", err
	}
	return p.Send(to, m, Options{})
}

// SendsDocument sends a file untouched.
func (p *Phone) SendsDocument(to *Account, name, mediaType string, data []byte, caption string) (string, error) {
	m, err := p.server.Document(name, mediaType, data, caption)
	if err != nil {
		return "", err
	}
	return p.Send(to, m, Options{})
}
