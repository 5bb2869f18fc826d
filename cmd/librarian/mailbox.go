package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"librarian/bots/email"
)

// withPassword puts the password of the file into the server's URL, so that it stands in no command line.
func withPassword(server, file string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("--smtp: %w", email.ErrServer)
	}
	if file != "" {
		password, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		u.User = url.UserPassword(u.User.Username(), strings.TrimSpace(string(password)))
	}
	return u.String(), email.ParseServer(u.String())
}

// newEmailSecret is what is kept encrypted of a mailbox.
func newEmailSecret(server string) (string, error) {
	text, err := json.Marshal(emailSecret{SMTP: server, Seed: rand.Text()})
	if err != nil {
		return "", fmt.Errorf("secret of the mailbox: %w", err)
	}
	return string(text), nil
}
