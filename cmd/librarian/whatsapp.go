package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.mau.fi/whatsmeow"

	"librarian/bots"
	"librarian/bots/whatsapp"
)

// whatsappConfig is what is kept of a number.
type whatsappConfig struct {
	FirstContacts int `json:"first_contacts,omitempty"` // people a day who never wrote; 0: as many as is usual
}

var errWhatsAppTest = errors.New("a WhatsApp server for tests is an address and port of this machine, and the 32 bytes of its key in hexadecimal")

// trustWhatsApp has the whole process believe a WhatsApp server for tests instead of WhatsApp itself. It is for the start of a program.
func (s settings) trustWhatsApp() error {
	if s.WhatsAppTestServer == "" && s.WhatsAppTestCert == "" {
		return nil
	}
	at, err := netip.ParseAddrPort(s.WhatsAppTestServer)
	key, hexErr := hex.DecodeString(s.WhatsAppTestCert)
	if err != nil || !at.Addr().IsLoopback() || hexErr != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return errWhatsAppTest
	}
	copy(whatsmeow.WACertPubKey[:], key)
	return nil
}

// whatsappTransport sends every call to the server for tests, in plain text, where there is one; otherwise it is nil, the internet.
func (s settings) whatsappTransport() http.RoundTripper {
	if s.WhatsAppTestServer == "" {
		return nil
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.WhatsAppTestServer)
	}
	return &http.Transport{DialContext: dial, DialTLSContext: dial}
}

// whatsappPace is that of a person, and faster where nobody looks on.
func (s settings) whatsappPace() func(int) time.Duration {
	const faster = 20
	if s.WhatsAppTestServer == "" {
		return whatsapp.Pace
	}
	return func(text int) time.Duration { return whatsapp.Pace(text) / faster }
}

// openDevices opens the keys of the linked phones, for all numbers.
func (s *service) openDevices(ctx context.Context) (err error) {
	s.devices, err = whatsapp.OpenStore(ctx, s.pool, whatsapp.NewLog(s.log))
	return err
}

// switchOnWhatsApp gives what holds the number. Where another process does, the channel is known all the same: what is said is worded for it.
func (s *service) switchOnWhatsApp(a bots.Account) (func(context.Context) error, error) {
	var c whatsappConfig
	if err := json.Unmarshal(a.Config, &c); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	w := whatsapp.New(whatsapp.Config{
		Library: a.Library, Channel: a.ID, Pool: s.pool, Store: s.devices, Links: s.links, Receive: s.receive, Delivered: s.outbox.Delivered, Again: s.outbox.Again, Open: s.openFile,
		Lock: func(ctx context.Context) (context.Context, func(), bool, error) {
			return s.watchLock(ctx, pollLock, int32(a.ID))
		},
		Report: s.reportChannel(a.ID),
		Wake: func() (<-chan struct{}, func()) {
			return s.signals.Subscribe(bots.Signal{Topic: bots.TopicChannels, Library: a.Library, ID: int64(a.ID)})
		},
		Transport: s.whatsappTransport(), Pace: s.whatsappPace(), FirstContacts: c.FirstContacts, Now: s.now, Log: s.log,
	})
	s.registry.Set(a.ID, w)
	return w.Run, nil
}
