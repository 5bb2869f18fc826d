package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"librarian/bots"
	"librarian/bots/telegram"
	"librarian/bots/webchat"
	"librarian/contacts/library"
)

// channelPoll is how often the channels are read though nobody has signalled a change.
const channelPoll = 2 * time.Second

// pollLock is the class of the advisory locks by which one process polls a channel.
const pollLock = 0x6370 // "cp"

// running is a channel that is switched on in this process.
type running struct {
	account bots.Account
	stop    context.CancelFunc
	ended   chan struct{}
}

// firstChannels switches on what is set up.
func (s *service) firstChannels(ctx context.Context) map[bots.ChannelID]running {
	on := map[bots.ChannelID]running{}
	if err := s.matchChannels(ctx, on); err != nil && ctx.Err() == nil {
		s.log.Error("channels are not read", "err", err) // they are tried again
	}
	return on
}

// superviseChannels switches channels on and off as the database says, until the context ends. It takes over those that are on.
func (s *service) superviseChannels(ctx context.Context, on map[bots.ChannelID]running) error {
	wake, unsubscribe := s.signals.Subscribe(bots.Signal{Topic: bots.TopicChannels})
	defer unsubscribe()
	tick := time.NewTicker(channelPoll)
	defer tick.Stop()
	for {
		if err := s.matchChannels(ctx, on); err != nil && ctx.Err() == nil {
			s.log.Error("channels are not read", "err", err)
		}
		select {
		case <-ctx.Done():
			for id := range on { // they stay registered: what is in hand is still worded for them and sent
				s.endReceiving(on, id)
			}
			return nil
		case <-wake:
			s.accounts.Forget()
		case <-tick.C:
		}
	}
}

// matchChannels brings what runs in line with what is set up.
func (s *service) matchChannels(ctx context.Context, on map[bots.ChannelID]running) error {
	accounts, err := s.accounts.All(ctx)
	if err != nil {
		return err
	}
	for id, r := range on {
		a, ok := accounts[id]
		if !ok || a.State == "off" || a.Secret != r.account.Secret || string(a.Config) != string(r.account.Config) {
			s.switchOff(on, id)
		}
	}
	for id, a := range accounts {
		if _, ok := on[id]; ok || a.State == "off" {
			continue
		}
		if err := s.switchOn(ctx, on, a); err != nil {
			s.log.Error("channel is not switched on", "channel", id, "kind", a.Kind, "err", err)
		}
	}
	return nil
}

func (s *service) switchOff(on map[bots.ChannelID]running, id bots.ChannelID) {
	s.registry.Remove(id)
	s.endReceiving(on, id)
}

func (s *service) endReceiving(on map[bots.ChannelID]running, id bots.ChannelID) {
	s.hooks.set(id, nil)
	on[id].stop()
	<-on[id].ended
	delete(on, id)
}

// switchOn starts a channel: each kind in its own way.
func (s *service) switchOn(ctx context.Context, on map[bots.ChannelID]running, a bots.Account) error {
	inner, stop := context.WithCancel(ctx)
	r := running{account: a, stop: stop, ended: make(chan struct{})}
	var err error
	receive := func(context.Context) error { return nil }
	switch a.Kind {
	case bots.WebChat:
		s.registry.Set(a.ID, webchat.Channel{})
	case bots.Email:
		receive, err = s.switchOnEmail(ctx, a)
	case bots.Telegram:
		receive, err = s.switchOnTelegram(ctx, a)
	case bots.WhatsApp:
		receive, err = s.switchOnWhatsApp(a)
	default:
		err = fmt.Errorf("kind %q is unknown", a.Kind)
	}
	if err != nil {
		stop()
		return err
	}
	on[a.ID] = r
	go func() {
		defer close(r.ended)
		if err := receive(inner); err != nil && inner.Err() == nil {
			s.log.Error("channel has stopped", "channel", a.ID, "kind", a.Kind, "err", err)
		}
	}()
	return nil
}

// reportChannel notes for the desk and the doctor whether the channel receives.
func (s *service) reportChannel(id bots.ChannelID) func(ctx context.Context, problem string) {
	return func(ctx context.Context, problem string) {
		changed, err := bots.MarkChannel(ctx, s.pool, id, problem)
		if err != nil && ctx.Err() == nil {
			s.log.Error("channel is not marked", "channel", id, "err", err)
		}
		if !changed {
			return
		}
		s.accounts.Forget()
		s.watchChannels(ctx)
	}
}

// switchOnTelegram gives what receives: a poller, or nothing to do where Telegram calls the service itself.
func (s *service) switchOnTelegram(ctx context.Context, a bots.Account) (func(context.Context) error, error) {
	var c telegramConfig
	if err := json.Unmarshal(a.Config, &c); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	token, err := s.secrets.Open(ctx, a.Library, a.Secret)
	if err != nil {
		return nil, err
	}
	t := telegram.New(telegram.Config{
		Library: a.Library, Channel: a.ID, Token: token, BaseURL: c.APIURL, Receive: s.receive, Open: s.openFile, Now: s.now, Log: s.log,
		Lock:   func(ctx context.Context) (func(), bool, error) { return s.holdLock(ctx, pollLock, int32(a.ID)) },
		Report: s.reportChannel(a.ID),
	})
	s.registry.Set(a.ID, t)
	if !c.Webhook {
		return t.Poll, nil
	}
	secret := hookSecret(token, a.Library)
	s.hooks.set(a.ID, t.Webhook(secret))
	return func(ctx context.Context) error {
		return s.announce(ctx, a.ID, func(ctx context.Context) error {
			return t.SetWebhook(ctx, fmt.Sprintf("%s/telegram/%d", s.PublicURL, a.ID), secret)
		})
	}, nil
}

// How long to wait before a provider is asked again to call the service.
const (
	announceFirst = time.Second
	announceLast  = 5 * time.Minute
)

// announce asks the provider to call the service until it agrees: a channel whose provider was away at the start must not stay deaf. Until then the
// channel counts as broken.
func (s *service) announce(ctx context.Context, id bots.ChannelID, ask func(context.Context) error) error {
	for wait := announceFirst; ; wait = min(2*wait, announceLast) {
		err := ask(ctx)
		problem := ""
		if err != nil {
			problem = "webhook"
			s.log.Warn("the provider does not call the service yet", "channel", id, "err", err)
		}
		s.reportChannel(id)(ctx, problem)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// hookSecret is what Telegram shows when it calls. It follows from the token, so that every process knows it.
func hookSecret(token string, lib library.ID) string {
	mac := hmac.New(sha256.New, []byte(token))
	fmt.Fprintf(mac, "webhook of library %d", lib)
	return hex.EncodeToString(mac.Sum(nil))
}

// hooks gives each call of a provider to its channel.
type hooks struct {
	mu   sync.RWMutex
	byID map[bots.ChannelID]http.Handler
}

func (h *hooks) set(id bots.ChannelID, handler http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byID == nil {
		h.byID = map[bots.ChannelID]http.Handler{}
	}
	if handler == nil {
		delete(h.byID, id)
		return
	}
	h.byID[id] = handler
}

// ServeHTTP answers 404 for a channel that is not switched on: the provider comes again.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("channel"), 10, 64)
	h.mu.RLock()
	handler, ok := h.byID[bots.ChannelID(id)]
	h.mu.RUnlock()
	if err != nil || !ok {
		http.NotFound(w, r)
		return
	}
	handler.ServeHTTP(w, r)
}
