// Package telegram is the channel of one Telegram bot: updates come in by long polling or by webhook, messages and files go out, all by the Bot API.
package telegram

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"librarian/bots"
	"librarian/contacts/library"
)

// DefaultURL is where Telegram itself serves the Bot API.
const DefaultURL = "https://api.telegram.org"

// What the Bot API takes and gives at most.
const (
	maxText       = 4096 // characters of a message
	maxCaption    = 1024 // characters beside a file
	maxLabel      = 64   // ours: a longer button is cut by the client on a phone
	maxButtonData = 64   // bytes
	maxUpload     = 50 << 20
	maxPhoto      = 10 << 20
	maxAnswer     = 32 << 20 // ours: bytes of one answer of the Bot API
	maxRate       = 25       // messages a second: a bot may send about 30 to all its chats, and what shows typing or answers a button counts too
)

// Config is what one bot needs. Receive, Now and Log must be set; Open only to send files, Lock and Report only to poll.
type Config struct {
	Library library.ID
	Channel bots.ChannelID
	Token   string
	BaseURL string       // DefaultURL when empty
	HTTP    *http.Client // its time limit and its redirects are not used: each call has a limit of its own, and a redirect would carry the token away
	Receive bots.Receive
	// Open gives a file of the library to be sent: name, media type as found by content, and size in bytes.
	Open func(ctx context.Context, lib library.ID, file string) (r io.ReadCloser, name, mediaType string, size int64, err error)
	// Lock makes this the only process that polls the channel until release is called; ok is false while another one does.
	Lock func(ctx context.Context) (release func(), ok bool, err error)
	// Report tells why nothing can be received, as one of the Problems, and None when it works again.
	Report func(ctx context.Context, problem string)
	Now    func() time.Time
	Log    *slog.Logger
}

// The problems of a channel that time alone does not cure.
const (
	ProblemNone     = ""         // updates are received
	ProblemToken    = "token"    // Telegram does not know the token, or there is no Bot API at the address
	ProblemConflict = "conflict" // another program receives this bot's updates
)

// limits are the longest that one call may take.
type limits struct {
	call, upload, fetch time.Duration
	poll                time.Duration // how long Telegram holds a poll that finds nothing, in whole seconds
}

// Telegram is one bot. It is safe for use by several goroutines.
type Telegram struct {
	Config
	api    *bot.Bot // nil without a token
	http   *http.Client
	limits limits
	flood  flood
	pause  func(ctx context.Context, d time.Duration)
}

var (
	_ bots.Channel  = (*Telegram)(nil)
	_ bots.Fetcher  = (*Telegram)(nil)
	_ bots.Presence = (*Telegram)(nil)
)

// New makes the channel. It does not call Telegram, so that the service starts while Telegram is away.
func New(cfg Config) *Telegram {
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultURL
	}
	cfg.Token = strings.TrimSpace(cfg.Token)
	client := http.Client{}
	if cfg.HTTP != nil {
		client = *cfg.HTTP
	}
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t := &Telegram{
		Config: cfg,
		http:   &client,
		limits: limits{call: 20 * time.Second, upload: 5 * time.Minute, fetch: 5 * time.Minute, poll: 50 * time.Second},
		pause:  bots.Pause,
	}
	if api, err := bot.New(cfg.Token, bot.WithSkipGetMe(), bot.WithServerURL(cfg.BaseURL), bot.WithHTTPClient(0, doer{t.http}),
		bot.WithErrorsHandler(func(error) { t.Log.Debug("telegram request not closed cleanly", "channel", t.Channel) })); err == nil {
		t.api = api // the only error is an empty token, which every call then reports
	}
	return t
}

// Kind is bots.Telegram.
func (t *Telegram) Kind() bots.Kind { return bots.Telegram }

// Limits are those of the Bot API. Several files are several messages.
func (t *Telegram) Limits() bots.Limits {
	return bots.Limits{Text: maxText, Caption: maxCaption, Label: maxLabel, Buttons: true, Phone: true, Files: 1, File: maxUpload, Rate: maxRate}
}

// Typing shows the reader for about five seconds that an answer is being written.
func (t *Telegram) Typing(ctx context.Context, address string) error {
	chat, err := strconv.ParseInt(address, 10, 64)
	if err != nil {
		return fmt.Errorf("show typing on channel %d: %w", t.Channel, errAddress)
	}
	return t.admin(ctx, "show typing", func(ctx context.Context, api *bot.Bot) error {
		_, err := api.SendChatAction(ctx, &bot.SendChatActionParams{ChatID: chat, Action: models.ChatActionTyping})
		return err
	})
}

// Account is the bot as Telegram knows it.
type Account struct {
	ID       int64
	Username string // without @
	Name     string
}

// WhoAmI asks Telegram whose token it is.
func (t *Telegram) WhoAmI(ctx context.Context) (Account, error) {
	var me *models.User
	err := t.admin(ctx, "ask who the bot is", func(ctx context.Context, api *bot.Bot) (err error) {
		me, err = api.GetMe(ctx)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	return Account{ID: me.ID, Username: me.Username, Name: me.FirstName}, nil
}

// SetWebhook has Telegram deliver the updates to the address with the secret (1 to 256 of A-Z a-z 0-9 _ -). Polling is refused from then on.
func (t *Telegram) SetWebhook(ctx context.Context, url, secret string) error {
	return t.admin(ctx, "set the webhook", func(ctx context.Context, api *bot.Bot) error {
		_, err := api.SetWebhook(ctx, &bot.SetWebhookParams{URL: url, SecretToken: secret, AllowedUpdates: allowedUpdates()})
		return err
	})
}

// DeleteWebhook makes polling possible. Updates that wait are kept.
func (t *Telegram) DeleteWebhook(ctx context.Context) error {
	return t.admin(ctx, "delete the webhook", func(ctx context.Context, api *bot.Bot) error {
		_, err := api.DeleteWebhook(ctx, &bot.DeleteWebhookParams{})
		return err
	})
}

func (t *Telegram) admin(ctx context.Context, what string, do func(context.Context, *bot.Bot) error) error {
	if f := t.call(ctx, t.limits.call, do); f != nil {
		return fmt.Errorf("%s on channel %d: %w", what, t.Channel, f)
	}
	return nil
}

func allowedUpdates() []string {
	return []string{
		models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage,
		models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember,
	}
}
