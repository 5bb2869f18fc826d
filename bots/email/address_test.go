package email_test

import (
	"errors"
	"strings"
	"testing"

	"librarian/bots/email"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"ada@lib.test":                        "ada@lib.test",
		"  Ada.L+books@Lib.TEST.\n":           "Ada.L+books@lib.test",
		"mailto:ada@lib.test":                 "ada@lib.test",
		"Ада <ada@lib.test>,":                 "ada@lib.test",
		"<ada@lib.test>":                      "ada@lib.test",
		"\u200bada@lib.test\u00a0":            "ada@lib.test",
		"ada@Библиотека.РФ":                   "ada@xn--80abaqnbpf2a4b.xn--p1ai",
		"ada@xn--80abaqnbpf2a4b.xn--p1ai":     "ada@xn--80abaqnbpf2a4b.xn--p1ai",
		"o'hara@lib.test":                     "o'hara@lib.test",
		"ada@lib":                             "",
		"ada@localhost":                       "",
		"ada@127.0.0.1":                       "",
		"ada@[127.0.0.1]":                     "",
		"ada":                                 "",
		"@lib.test":                           "",
		"ada@":                                "",
		"":                                    "",
		"аda@lib.test":                        "", // a Cyrillic а
		"a..b@lib.test":                       "",
		".a@lib.test":                         "",
		`"a b"@lib.test`:                      "",
		"ada @lib test":                       "",
		"ada@lib..test":                       "",
		"ada@-lib.test":                       "",
		"ada@lib_rary.test":                   "",
		"ada@lib.test, eve@lib.test":          "",
		"ada@lib.test\r\nBcc: e@lib.test":     "",
		"+79141234567":                        "",
		strings.Repeat("a", 65) + "@lib.test": "",
		"ada@" + strings.Repeat(strings.Repeat("a", 60)+".", 4) + "ru":       "ada@" + strings.Repeat(strings.Repeat("a", 60)+".", 4) + "ru",
		"adaadaada@" + strings.Repeat(strings.Repeat("a", 60)+".", 4) + "ru": "",
	}
	for text, want := range cases {
		got, err := email.ParseAddress(text)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, email.ErrAddress) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"Ada <ada@Lib.TEST>", "ada@Библиотека.РФ.", `"a\"b"@x.ru`, "mailto:a@b.c,", "a@ß.de", "a@\u0130.tr"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := email.ParseAddress(text)
		if err != nil {
			return
		}
		if again, err := email.ParseAddress(address); err != nil || again != address {
			t.Errorf("%q is %q, which is %q, %v", text, address, again, err)
		}
		if strings.ContainsAny(address, "\r\n <>,;\"") || strings.Count(address, "@") != 1 || len(address) > 254 {
			t.Errorf("%q is %q", text, address)
		}
	})
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	cases := map[string]bool{
		"smtp://lib.test":                           true,
		"smtp://library:p%40ss@lib.test:25":         true,
		"smtp://lib.test/?tls=starttls":             true,
		"smtp://[::1]:25?tls=none":                  true,
		"smtps://library:secret@lib.test":           true,
		"smtps://lib.test?tls=none":                 false,
		"smtp://lib.test?tls=perhaps":               false,
		"smtp://lib.test?verify=no":                 false,
		"smtp://lib.test/path":                      false,
		"imap://lib.test":                           false,
		"lib.test:25":                               false,
		"smtp://":                                   false,
		"smtp://library:topsecret@lib.test:port/%z": false,
		"": false,
	}
	for url, fine := range cases {
		err := email.ParseServer(url)
		if (err == nil) != fine || err != nil && (!errors.Is(err, email.ErrServer) || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("%q: %v", url, err)
		}
	}
}
