package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"

	"librarian/bots/whatsapp/whatsapptest"
)

// linkedNumber is a library's number in a WhatsApp of the test's own.
type linkedNumber struct {
	*world
	server  *whatsapptest.Server
	account *whatsapptest.Account
	head    *colleague
	page    string // of the channel, at the desk
}

const libraryNumber = "+7 4112 000 000"

// whatsApp has programs that are started from now on believe a WhatsApp for tests, in which the library has a number.
func (w *world) whatsApp() *linkedNumber {
	w.Helper()
	server, err := whatsapptest.Start()
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(server.Close)
	server.AutoDeliver(true)
	w.env = append(w.env, "WHATSAPP_TEST_SERVER="+server.Addr(), "WHATSAPP_TEST_CERT="+server.CertHex())
	return &linkedNumber{world: w, server: server, account: server.AddAccount(libraryNumber)}
}

var lettersOnPage = regexp.MustCompile(`class="letters" role="status">([^<]+)<`)

// link has the head of the library add the number at the desk and link it by letters that are typed on its phone.
func (n *linkedNumber) link() {
	n.Helper()
	n.head = n.colleague("director")
	n.head.post("/desk/channels", url.Values{"name": {"Абонемент"}})
	n.page = n.head.link("/desk/channels", "WhatsApp")
	n.head.post(n.page+"/link", url.Values{"way": {"code"}, "phone": {libraryNumber}})
	var letters []string
	n.await("letters to type", func() bool { letters = lettersOnPage.FindStringSubmatch(n.head.get(n.page)); return letters != nil })
	if err := n.account.EnterCode(letters[1]); err != nil {
		n.Fatalf("%s is typed: %v\n%s", letters[1], err, n.log)
	}
	n.await("the desk says that it is connected", func() bool { return strings.Contains(n.head.get(n.page), "подключён") })
}

// whatsappReader is a reader in WhatsApp.
type whatsappReader struct {
	*linkedNumber
	phone *whatsapptest.Phone
	named whatsapptest.Options // how WhatsApp names them to the library
	heard int                  // messages before the last one that was waited for
}

// reader has somebody's phone. WhatsApp's own id of them is the number written backwards.
func (n *linkedNumber) reader(phone, name string, named whatsapptest.Options) *whatsappReader {
	lid := []byte(strings.Trim(phone, "+"))
	slices.Reverse(lid)
	return &whatsappReader{linkedNumber: n, phone: n.server.AddPhone(phone, string(lid), name), named: named}
}

func (r *whatsappReader) sends(m *waE2E.Message) string {
	r.Helper()
	id, err := r.phone.Send(r.account, m, r.named)
	if err != nil {
		r.Fatalf("send: %v\n%s", err, r.log)
	}
	return id
}

func (r *whatsappReader) says(text string) string {
	r.Helper()
	return r.sends(whatsapptest.Text(text))
}

// waits waits for a message that fits, after those heard before or the last of them.
func (r *whatsappReader) waits(what string, fits func(whatsapptest.Sent) bool) whatsapptest.Sent {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patienceOfTests)
	defer cancel()
	var found whatsapptest.Sent
	err := r.server.Until(ctx, func() bool {
		for _, m := range r.phone.Inbox()[r.heard:] {
			if fits(m) {
				found = m
				return true
			}
		}
		return false
	})
	if err != nil {
		r.Fatalf("did not get %s but\n%s\n%v\n%s", what, r.chat(r.heard), err, r.log)
	}
	return found
}

func (r *whatsappReader) hears(text string) whatsapptest.Sent {
	r.Helper()
	return r.waits(fmt.Sprintf("%q", text), func(m whatsapptest.Sent) bool { return strings.Contains(m.Text(), text) })
}

// heardAll: what is heard next comes after what has come so far.
func (r *whatsappReader) heardAll() { r.heard = len(r.phone.Inbox()) }

// chat is what has come to the phone from a place on, as it is read there.
func (r *whatsappReader) chat(from int) string {
	var out strings.Builder
	for _, m := range r.phone.Inbox()[from:] {
		if d := m.Message.GetDocumentMessage(); d != nil {
			fmt.Fprintf(&out, "[%s]\n", d.GetFileName())
		}
		if m.Message.GetImageMessage() != nil {
			out.WriteString("[picture]\n")
		}
		fmt.Fprintf(&out, "%s\n----\n", m.Text())
	}
	return out.String()
}

// keeps writes down what has come, to be looked at.
func (r *whatsappReader) keeps() {
	r.Helper()
	path := filepath.Join(shotsDir(r.T), strings.ReplaceAll(r.Name(), "/", "-")+".txt")
	if err := os.WriteFile(path, []byte(r.chat(0)), 0o600); err != nil {
		r.Fatal(err)
	}
}

var numbered = regexp.MustCompile(`(?m)^(\d+)\. (.+)$`)

// place is the number that the message gives to the choice with the words; empty: it offers none.
func place(m whatsapptest.Sent, words string) string {
	for _, line := range numbered.FindAllStringSubmatch(m.Text(), -1) {
		if strings.Contains(line[2], words) {
			return line[1]
		}
	}
	return ""
}

// picks answers the newest list by the number of the choice. What is heard next comes after that.
func (r *whatsappReader) picks(words string) {
	r.Helper()
	m := r.waits("a choice "+words, func(m whatsapptest.Sent) bool { return place(m, words) != "" })
	r.heardAll()
	r.says(place(m, words))
}

// answers says it in the reader's own words. What is heard next comes after that.
func (r *whatsappReader) answers(text string) string {
	r.Helper()
	r.heardAll()
	return r.says(text)
}

// file opens the file that a message carries.
func (r *whatsappReader) file(m whatsapptest.Sent) []byte {
	r.Helper()
	var data []byte
	var err error
	if d := m.Message.GetDocumentMessage(); d != nil {
		data, err = r.server.Open(d)
	} else {
		data, err = r.server.Open(m.Message.GetImageMessage())
	}
	if err != nil {
		r.Fatalf("the file of %q: %v", m.Text(), err)
	}
	return data
}

// document waits for the document of this name.
func (r *whatsappReader) document(name string) whatsapptest.Sent {
	r.Helper()
	return r.waits(name, func(m whatsapptest.Sent) bool { return m.Message.GetDocumentMessage().GetFileName() == name })
}

// made gives a message whose file is with the server.
func (r *whatsappReader) made(m *waE2E.Message, err error) *waE2E.Message {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	return m
}
