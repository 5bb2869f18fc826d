package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/telegram"
	"librarian/bots/whatsapp"
	"librarian/contacts"
	"librarian/contacts/library"
)

var (
	errHookAddress = errors.New("a webhook needs an https address: set LIBRARIAN_PUBLIC_URL, or add the bot without --webhook")
	errMailSecret  = errors.New("what is kept secret of the mailbox cannot be read") // the cause would show some of it
	errNoFiles     = errors.New("no letter is sent")
)

func (d *doctor) channels(ctx context.Context) {
	if d.pool == nil || d.keys == nil {
		return
	}
	libraries, err := contacts.NewLibraries(d.pool, time.Now).All(ctx)
	if err != nil {
		d.say(wrong, "libraries", "%v", err)
		return
	}
	if len(libraries) == 0 {
		d.say(warning, "libraries", "there is none: type librarian library add SLUG --name NAME --zone ZONE")
	}
	slugs := map[library.ID]string{}
	for _, lib := range libraries {
		slugs[lib.ID] = lib.Slug
	}
	accounts, err := bots.NewAccounts(d.pool, time.Now).All(ctx)
	if err != nil {
		d.say(wrong, "channels", "%v", err)
		return
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[id]
		d.channel(ctx, fmt.Sprintf("%s/%s %s", slugs[a.Library], a.Kind, a.Name), a)
	}
}

func (d *doctor) channel(ctx context.Context, name string, a bots.Account) {
	ctx, cancel := context.WithTimeout(ctx, checkTime/2)
	defer cancel()
	if a.State == "off" {
		d.say(fine, "channel", "%s is switched off", name)
		return
	}
	if a.Problem != "" {
		d.say(warning, "channel", "%s did not work the last time: %s", name, a.Problem)
	}
	var err error
	switch a.Kind {
	case bots.Telegram:
		err = d.telegram(ctx, a)
	case bots.Email:
		err = d.email(ctx, a)
	case bots.WebChat:
	case bots.WhatsApp:
		err = d.whatsapp(ctx, a)
	default:
		err = fmt.Errorf("this program knows no channel of kind %q", a.Kind)
	}
	if err != nil {
		d.say(wrong, "channel", "%s: %v", name, err)
		return
	}
	d.say(fine, "channel", "%s works", name)
}

func (d *doctor) telegram(ctx context.Context, a bots.Account) error {
	var c telegramConfig
	if err := json.Unmarshal(a.Config, &c); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if c.Webhook && !strings.HasPrefix(d.PublicURL, "https://") {
		return errHookAddress
	}
	token, err := bots.NewSecrets(d.pool, d.keys, time.Now).Open(ctx, a.Library, a.Secret)
	if err != nil {
		return err
	}
	_, err = telegram.New(telegram.Config{Library: a.Library, Channel: a.ID, Token: token, BaseURL: c.APIURL, Now: time.Now}).WhoAmI(ctx)
	return err
}

// email signs in where letters are handed in and, if the account receives, where they are fetched.
func (d *doctor) email(ctx context.Context, a bots.Account) error {
	c, secret, err := openMailbox(ctx, bots.NewSecrets(d.pool, d.keys, time.Now), a)
	if err != nil {
		return err
	}
	mail, err := email.New(email.Config{
		Library: a.Library, Channel: a.ID, SMTP: secret.SMTP, From: c.From, Secret: []byte(secret.Seed), Now: time.Now,
		Open: func(context.Context, library.ID, string) (io.ReadCloser, string, string, int64, error) {
			return nil, "", "", 0, errNoFiles
		},
	})
	if err != nil {
		return err
	}
	if err := mail.Check(ctx); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	if secret.IMAP == "" {
		return nil
	}
	in, err := email.NewIntake(email.IntakeConfig{Library: a.Library, Channel: a.ID, IMAP: secret.IMAP, Address: c.From, Now: time.Now})
	if err != nil {
		return err
	}
	if err := in.Check(ctx); err != nil {
		return fmt.Errorf("receiving: %w", err)
	}
	return nil
}

var (
	errUnlinked  = errors.New("no phone is linked: link it at the desk, or type librarian channel add whatsapp")
	errLoggedOut = errors.New("the phone or WhatsApp has ended the link: link it again at the desk")
	errKeys      = errors.New("the keys of the linked device are not in the database: unlink the number and link it again")
	errNotHeld   = errors.New("no process holds the number: is the service running?")
	errOutdated  = errors.New("WhatsApp refuses this version: update the service")
	errReplaced  = errors.New("another program uses the link: end it, then press \"Connect again\" at the desk")
)

// whatsapp says how the link to the phone stands.
func (d *doctor) whatsapp(ctx context.Context, a bots.Account) error {
	links := whatsapp.NewLinks(d.pool, bots.NewAccounts(d.pool, time.Now), time.Now)
	link, err := links.Link(ctx, a.Library, a.ID)
	if err != nil {
		return err
	}
	switch link.State {
	case bots.LinkNone:
		return errUnlinked
	case bots.LinkLoggedOut:
		return errLoggedOut
	}
	switch keyed, err := links.HasKeys(ctx, a.Library, a.ID); {
	case err != nil:
		return err
	case !keyed:
		return errKeys
	case !link.Held:
		return errNotHeld
	}
	d.say(fine, "channel", "%s is %s since %s", link.Number, link.State, link.Since.Local().Format(time.DateTime))
	switch link.State {
	case bots.LinkBanned:
		until := "an unknown time"
		if link.Until != nil {
			until = link.Until.Local().Format(time.DateTime)
		}
		return fmt.Errorf("WhatsApp has banned the number until %s: nothing is sent", until)
	case bots.LinkOutdated:
		return errOutdated
	case bots.LinkReplaced:
		return errReplaced
	}
	return nil
}
