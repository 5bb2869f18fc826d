package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/bots/telegram"
	"librarian/contacts"
	"librarian/contacts/cards"
	"librarian/contacts/library"
	"librarian/queue"
)

type keyCommand struct {
	New    keyNewCommand    `cmd:"" help:"Write a new key. It is never written over; keep a copy apart from the back-ups."`
	Rotate keyRotateCommand `cmd:"" help:"Encrypt everything anew with the first key of the key file, after a new one was put in front."`
}

type keyNewCommand struct {
	File string `arg:"" help:"Where to write it." type:"path"`
}

// Run writes the key.
func (c keyNewCommand) Run() error { return files.NewKeyFile(c.File) }

type libraryCommand struct {
	Add     libraryAddCommand     `cmd:"" help:"Add a library, with its web chat."`
	Show    libraryShowCommand    `cmd:"" help:"Print a library's settings: what it asks of those who join, its rules, texts, hours."`
	Change  libraryChangeCommand  `cmd:"" help:"Replace a library's settings by those of a file."`
	Example libraryExampleCommand `cmd:"" help:"Print the settings of a library that registers in full, as an example."`
}

type libraryAddCommand struct {
	database
	Slug     string `arg:"" help:"Its word in addresses, such as yakutsk: Latin letters, digits, hyphens."`
	Name     string `required:"" help:"Its name in the language in which it keeps its records."`
	Zone     string `required:"" help:"Its time zone, such as Asia/Yakutsk."`
	Record   string `default:"ru" enum:"ru,sah,uk,en" help:"The language in which it keeps its records."`
	Settings string `help:"A JSON file with all other settings." type:"existingfile"`
	Example  bool   `name:"example-departments" default:"true" negatable:"" help:"Begin with the departments and sigla of the shipped example, for heads to change at the desk."`
	Series   string `help:"Let the library's own series number the cards, beginning with this number, such as NB000001; without it the registrar types them."`
}

// Run adds the library and its web chat.
func (c libraryAddCommand) Run(ctx context.Context) error {
	pool, keys, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	record := library.Lang(c.Record)
	settings := library.Settings{Hours: usualHours()}
	if c.Settings != "" {
		if err := readSettings(c.Settings, &settings); err != nil {
			return err
		}
	}
	series, err := parseSeries(c.Series)
	if err != nil {
		return err
	}
	settings.Registration.Series = settings.Registration.Series || series.Width > 0
	settings.Record = record
	if settings.Name == nil {
		settings.Name = map[library.Lang]string{}
	}
	settings.Name[record] = c.Name
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		id, err := c.addLibrary(ctx, tx, settings)
		if err != nil {
			return err
		}
		if series.Width > 0 {
			if err := cards.SetSeries(ctx, tx, id, series); err != nil {
				return err
			}
		}
		_, err = bots.AddChannel(ctx, tx, bots.NewSecrets(pool, keys, time.Now), bots.Account{Library: id, Kind: bots.WebChat, Name: "web"}, "")
		return err
	})
}

// addLibrary adds the library, with the example departments unless there are to be none.
func (c libraryAddCommand) addLibrary(ctx context.Context, tx pgx.Tx, settings library.Settings) (library.ID, error) {
	id, err := contacts.AddLibrary(ctx, tx, c.Slug, c.Zone, settings)
	if err != nil || !c.Example {
		return id, err
	}
	return id, queue.AddExampleDepartments(ctx, tx, queue.Console(), id)
}

var errSeries = errors.New("--series: a number ends in 1 to 12 digits, such as NB000001")

// parseSeries reads the first number of a series; the empty text is no series.
func parseSeries(first string) (cards.Series, error) {
	if first == "" {
		return cards.Series{}, nil
	}
	prefix := strings.TrimRight(first, "0123456789")
	digits := first[len(prefix):]
	next, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 12 || cards.CheckNumber(first) != nil {
		return cards.Series{}, errSeries
	}
	return cards.Series{Prefix: prefix, Width: len(digits), Next: next}, nil
}

// usualHours are from Monday to Friday, nine to six, until the library sets its own.
func usualHours() library.Hours {
	var h library.Hours
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []library.Span{{From: 9 * 60, Until: 18 * 60}}
	}
	return h
}

type channelCommand struct {
	Add    channelAddCommand    `cmd:"" help:"Add a channel. A running service switches it on within seconds."`
	Unlink channelUnlinkCommand `cmd:"" help:"Unlink a number in WhatsApp from its phone and wipe the keys."`
}

type channelAddCommand struct {
	WhatsApp whatsappAddCommand `cmd:"" name:"whatsapp" help:"A number in WhatsApp, to be linked by a picture in the terminal or, with --phone, by letters."`
	Telegram telegramAddCommand `cmd:"" help:"A Telegram bot."`
	Email    emailAddCommand    `cmd:"" help:"A mailbox to send from and, with --imap, to receive in."`
}

type telegramAddCommand struct {
	database
	Library   string `required:"" help:"The library's slug."`
	TokenFile string `required:"" help:"File with the token that BotFather gave." type:"existingfile"`
	APIURL    string `name:"api-url" help:"Another Bot API server than Telegram's own." placeholder:"URL"`
	Webhook   bool   `help:"Let Telegram call the service at its public URL instead of asking Telegram."`
	Name      string `default:"bot" help:"How staff see it."`
}

// telegramConfig is the channel's config as the database keeps it.
type telegramConfig struct {
	APIURL  string `json:"api_url,omitempty"`
	Webhook bool   `json:"webhook,omitempty"`
}

// Run adds the bot.
func (c telegramAddCommand) Run(ctx context.Context) error {
	token, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	secret := strings.TrimSpace(string(token))
	who, err := telegram.New(telegram.Config{Token: secret, BaseURL: c.APIURL, Now: time.Now}).WhoAmI(ctx)
	if err != nil {
		return fmt.Errorf("the bot is not known to Telegram: %w", err)
	}
	if err := c.addChannel(ctx, c.Library, bots.Telegram, c.Name, telegramConfig{APIURL: c.APIURL, Webhook: c.Webhook}, secret); err != nil {
		return err
	}
	fmt.Println("added @" + who.Username)
	return nil
}

type emailAddCommand struct {
	database
	Library string `required:"" help:"The library's slug."`
	SMTP    string `required:"" help:"The server, such as smtps://user@mail.example or smtp://user@mail.example:587; the password is read from --password-file." placeholder:"URL"`
	IMAP    string `help:"Where letters come in, such as imaps://user@mail.example or imap://user@mail.example:143; without it the channel only sends." placeholder:"URL"`
	Address string `required:"" aliases:"from" help:"The library's service address."`
	Pass    string `name:"password-file" help:"File with the password of both." type:"existingfile"`
	Plus    bool   `help:"The server delivers library+anything@ to library@: answers find their way by that too."`
	Name    string `default:"mail" help:"How staff see it."`
}

// emailConfig is the channel's config as the database keeps it; the secret is the servers' URLs with the password, and what Message-IDs are made from.
type emailConfig struct {
	From string `json:"from"`
	Plus bool   `json:"plus,omitempty"`
}

// emailSecret is kept encrypted.
type emailSecret struct {
	SMTP string `json:"smtp"`
	IMAP string `json:"imap,omitempty"` // empty: the channel only sends
	Seed string `json:"seed"`
}

// Run adds the mailbox.
func (c emailAddCommand) Run(ctx context.Context) error {
	from, err := email.ParseAddress(c.Address)
	if err != nil {
		return fmt.Errorf("--address: %w", err)
	}
	server, err := withPassword(c.SMTP, c.Pass, email.ErrServer)
	if err == nil {
		err = email.ParseServer(server)
	}
	if err != nil {
		return fmt.Errorf("--smtp: %w", err)
	}
	inbox := ""
	if c.IMAP != "" {
		if inbox, err = withPassword(c.IMAP, c.Pass, email.ErrMailbox); err == nil {
			err = email.ParseMailbox(inbox)
		}
		if err != nil {
			return fmt.Errorf("--imap: %w", err)
		}
	}
	secret, err := newEmailSecret(server, inbox)
	if err != nil {
		return err
	}
	return c.addChannel(ctx, c.Library, bots.Email, c.Name, emailConfig{From: from, Plus: c.Plus}, secret)
}

// addChannel sets a channel of the library up.
func (d database) addChannel(ctx context.Context, slug string, kind bots.Kind, name string, config any, secret string) error {
	pool, keys, err := d.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, slug)
	if err != nil {
		return err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("config of the channel: %w", err)
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := bots.AddChannel(ctx, tx, bots.NewSecrets(pool, keys, time.Now), bots.Account{Library: lib.ID, Kind: kind, Name: name, Config: text}, secret)
		return err
	})
}

type staffCommand struct {
	Add   staffAddCommand   `cmd:"" help:"Add an account. The first password is printed once."`
	Reset staffResetCommand `cmd:"" help:"Give somebody a new first password and let them set up their second factor again."`
}

type staffAddCommand struct {
	database
	Login   string `arg:"" help:"Latin letters, digits, dots and hyphens."`
	Name    string `required:"" help:"As colleagues and readers see it."`
	Role    string `default:"operator" help:"operator, director, librarian, registrar, …"`
	Library string `help:"The library's slug; an operator belongs to none."`
	Email   string `help:"Where a new password is sent when access is lost."`
}

// Run adds the account.
func (c staffAddCommand) Run(ctx context.Context) error {
	pool, keys, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	n := queue.NewStaff{Login: c.Login, Name: c.Name, Role: queue.Role(c.Role), Email: c.Email, Lang: library.Russian}
	if c.Library != "" {
		lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, c.Library)
		if err != nil {
			return err
		}
		n.Library = &lib.ID
	}
	desk := queue.NewDesk(pool, keys, issuer, time.Now)
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, password, err := desk.AddStaff(ctx, tx, queue.Console(), n)
		if err == nil {
			fmt.Println("first password:", password)
		}
		return err
	})
}

type staffResetCommand struct {
	database
	Login string `arg:"" help:"Whose access was lost."`
}

// Run resets the access.
func (c staffResetCommand) Run(ctx context.Context) error {
	pool, keys, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	desk := queue.NewDesk(pool, keys, issuer, time.Now)
	who, err := desk.StaffByLogin(ctx, c.Login)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		password, err := desk.ResetAccess(ctx, tx, queue.Console(), who.ID)
		if err == nil {
			fmt.Println("first password:", password)
		}
		return err
	})
}
