// Package email is the e-mail channel: letters go out by SMTP, one to one reader, and come in by IMAP.
package email

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"librarian/bots"
	"librarian/contacts/library"
)

// Config is what one account needs. Library, Channel, SMTP, From, Secret, Open and Now are required.
type Config struct {
	Library  library.ID
	Channel  bots.ChannelID
	SMTP     string // see ParseServer
	From     string // the address that readers see and answer to; bounces go there too
	FromName string // the library's name: beside the address, below each letter, and the subject where a message has none
	Secret   []byte // at least 16 bytes, the same for good: Message-IDs are derived from it
	Open     Open
	Plus     bool           // the server delivers library+anything@ to library@: answers are then asked to an address that names the letter
	Earlier  Earlier        // nil: letters stand alone
	Roots    *x509.CertPool // that the server's certificate must come from; nil: the machine's own
	Now      func() time.Time
}

// Open gives a stored file with the name and the media type to send it under. Size is in bytes.
type Open func(ctx context.Context, lib library.ID, id string) (r io.ReadCloser, name, mediaType string, size int64, err error)

// Earlier gives what m continues.
type Earlier func(ctx context.Context, m bots.Outbound) (Thread, error)

// ErrConfig is wrapped when a Config cannot work.
var ErrConfig = errors.New("e-mail channel misconfigured")

const (
	maxText   = 100_000  // runes
	maxFile   = 15 << 20 // bytes
	maxFiles  = 10
	maxTotal  = 2 * maxFile // bytes of all files of a letter, which are held in memory at once
	minSecret = 16          // bytes
)

const (
	greetTime  = 20 * time.Second // to connect, encrypt and sign in
	letterTime = 3 * time.Minute  // to hand over one letter with its files
	quitTime   = 2 * time.Second  // to part politely
	rest       = 10 * time.Second // that a server is left alone after it could not be reached
)

// Email is one account that sends. It is safe for concurrent use; each letter has a connection of its own.
type Email struct {
	config Config
	server server
	from   string // Config.From in its normal form
	layout layout
}

// New prepares the account without connecting to anything. Its errors wrap ErrConfig and never show the URL.
func New(c Config) (*Email, error) {
	server, err := parseServer(c.SMTP)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	from, err := ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("%w: sender: %w", ErrConfig, err)
	}
	if c.Open == nil || c.Now == nil || len(c.Secret) < minSecret {
		return nil, fmt.Errorf("%w: files, clock and a secret of %d bytes are needed", ErrConfig, minSecret)
	}
	layout, err := parseLayout()
	if err != nil {
		return nil, err
	}
	server.roots, server.helo = c.Roots, domain(from)
	c.FromName = line(c.FromName, maxName)
	return &Email{config: c, server: server, from: from, layout: layout}, nil
}

// Kind is bots.Email.
func (e *Email) Kind() bots.Kind { return bots.Email }

// Limits are those of usual mail servers. Letters have no buttons: choices are numbered in the text.
func (e *Email) Limits() bots.Limits {
	return bots.Limits{Text: maxText, Caption: maxText, Files: maxFiles, File: maxFile}
}

// Send hands the letter to the server and gives its Message-ID without angle brackets. A message sent again bears the same one.
func (e *Email) Send(ctx context.Context, m bots.Outbound) (string, error) {
	msg, failed := e.letter(ctx, m)
	if failed != nil {
		return "", failed
	}
	ctx, cancel := context.WithTimeout(ctx, letterTime)
	defer cancel()
	s, err := e.server.connect(ctx)
	if err != nil {
		return "", &bots.SendError{Outcome: bots.Retry, After: rest, Whole: true, Code: "connect", Err: err}
	}
	if failed := s.send(ctx, msg); failed != nil {
		return "", failed
	}
	return e.MessageID(m), nil
}

// Check connects, signs in and parts again.
func (e *Email) Check(ctx context.Context) error {
	s, err := e.server.connect(ctx)
	if err != nil {
		return err
	}
	s.quit(ctx)
	return nil
}

// letter builds the message with its files read to the end: what fails halfway through a transfer would arrive cut short.
func (e *Email) letter(ctx context.Context, m bots.Outbound) (*mail.Msg, *bots.SendError) {
	to, err := ParseAddress(m.Address)
	if err != nil {
		return nil, &bots.SendError{Outcome: bots.Refused, Code: "address", Err: err}
	}
	msg, err := e.compose(ctx, m, to)
	if err != nil {
		return nil, &bots.SendError{Outcome: bots.Retry, Code: "letter", Err: err}
	}
	attached, failed := e.attachments(ctx, m.Files)
	if failed != nil {
		return nil, failed
	}
	msg.SetAttachments(attached)
	return msg, nil
}

// domain is the part of a normalised address behind the @.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
