package email_test

import (
	"errors"
	"strings"
	"testing"

	"librarian/bots/email"
	"librarian/bots/email/mailtest"
)

func TestParseMailbox(t *testing.T) {
	t.Parallel()
	cases := map[string]bool{
		"imaps://library:p%40ss@lib.test":             true,
		"imaps://library@lib.test:993/":               true,
		"imap://library:secret@lib.test":              true,
		"imap://library:secret@127.0.0.1:14?tls=none": true,
		"imap://library:secret@[::1]?tls=none":        true,
		"imap://library:secret@localhost?tls=none":    true,
		"imap://library:topsecret@lib.test?tls=none":  false, // it would go over the network in clear
		"imaps://library:topsecret@lib.test?tls=none": false,
		"imap://library:topsecret@lib.test?verify=no": false,
		"imap://lib.test":                             false,
		"smtp://library:topsecret@lib.test":           false,
		"imaps://library:topsecret@lib.test/INBOX":    false,
		"imaps://library:topsecret@lib.test:port/%z":  false,
		"": false,
	}
	for url, fine := range cases {
		err := email.ParseMailbox(url)
		if (err == nil) != fine || err != nil && (!errors.Is(err, email.ErrMailbox) || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// A mailbox is read encrypted, from the start or by STARTTLS, and never where the certificate does not hold.
func TestMailboxIsReadEncrypted(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t)
	account := mailtest.User + ":" + mailtest.Password + "@"
	cases := []struct {
		url     string
		trusted bool
		works   bool
	}{
		{"imaps://" + account + s.SecureIMAP, true, true},
		{"imaps://" + account + s.SecureIMAP, false, false},
		{"imap://" + account + s.IMAP, true, true},
		{"imap://" + account + s.IMAP, false, false},
		{"imap://" + account + s.IMAP + "?tls=none", false, true},
		{"imap://library:wrong@" + s.IMAP, true, false},
		{"imaps://" + account + s.IMAP, true, false},
	}
	for i, c := range cases {
		config := email.IntakeConfig{IMAP: c.url, Address: "library@lib.test"}
		if c.trusted {
			config.Roots = s.Roots
		}
		in, err := email.NewIntake(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Check(t.Context()); (err == nil) != c.works {
			t.Errorf("case %d: check says %v", i, err)
		} else if err != nil && (strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), mailtest.Password)) {
			t.Errorf("case %d: error shows the password: %v", i, err)
		}
	}
}
