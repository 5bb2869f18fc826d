package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue"
)

// office is the service with a library and one of its librarians, in this process.
type office struct {
	*testing.T
	*service
	lib     library.ID
	channel int64
	cookies []*http.Cookie
	staff   queue.StaffID
	people  int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	if err := files.NewKeyFile(key); err != nil {
		t.Fatal(err)
	}
	keys, err := files.ReadKeyFile(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(settings{Files: t.TempDir()}, pgtest.New(t), keys, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, service: s}
	o.lib, o.channel = o.library("first")
	o.cookies, o.staff = o.signedIn(o.lib)
	return o
}

func (o *office) do(work func(ctx context.Context, tx pgx.Tx) error) {
	o.Helper()
	if err := pgx.BeginFunc(o.Context(), o.pool, func(tx pgx.Tx) error { return work(o.Context(), tx) }); err != nil {
		o.Fatal(err)
	}
}

func (o *office) library(slug string) (lib library.ID, channel int64) {
	o.Helper()
	o.do(func(ctx context.Context, tx pgx.Tx) (err error) {
		if lib, err = contacts.AddLibrary(ctx, tx, slug, "Asia/Yakutsk", demoSettings()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat') returning id`, lib).Scan(&channel)
	})
	return lib, channel
}

// signedIn is a new librarian's browser.
func (o *office) signedIn(lib library.ID) ([]*http.Cookie, queue.StaffID) {
	o.Helper()
	var member queue.Staff
	var password string
	o.do(func(ctx context.Context, tx pgx.Tx) (err error) {
		member, password, err = o.desk.AddStaff(ctx, tx, queue.Console(), queue.NewStaff{
			Library: &lib, Login: fmt.Sprintf("anna-%d", lib), Name: "Анна Иванова", Role: queue.RoleLibrarian, Lang: library.English,
		})
		return err
	})
	token, err := o.desk.OpenSession(o.Context(), member.ID, "a test")
	if err != nil {
		o.Fatal(err)
	}
	session, err := o.desk.SessionOf(o.Context(), token)
	if err != nil {
		o.Fatal(err)
	}
	if err := o.desk.ChangePassword(o.Context(), session, password, "длинный разный пароль"); err != nil {
		o.Fatal(err)
	}
	answer := httptest.NewRecorder()
	o.site.Admit(answer, token)
	return answer.Result().Cookies(), member.ID
}

// applied is a registration of a new person that waits for papers, drawn and kept as the service does it.
func (o *office) applied(name string) (registration int64) {
	o.Helper()
	o.people++
	lib, err := o.libraries.ByID(o.Context(), o.lib)
	if err != nil {
		o.Fatal(err)
	}
	consent := lib.Settings.Registration.Consent
	o.do(func(ctx context.Context, tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: o.lib, Channel: o.channel, External: fmt.Sprint(o.people)}}, o.now())
		if err != nil {
			return err
		}
		agreed, err := contacts.Agree(ctx, tx, []contacts.Agreement{{
			Library: o.lib, Contact: known[0].Contact, Version: consent.Version, Lang: demoLang, Text: consent.Text[demoLang], At: o.now(),
		}})
		if err != nil {
			return err
		}
		reg, err := contacts.Apply(ctx, tx, contacts.Application{
			Library: o.lib, Contact: known[0].Contact, Address: known[0].ID, Relation: "self", Name: name,
			Born: library.Date{Year: 2001, Month: 3, Day: 2}, Consent: agreed[0], Papers: true, At: o.now(),
			Rules: contacts.Acceptance{Version: "2026-1", Lang: demoLang, Hash: hashOf("Книги берегут."), Text: "Книги берегут.", Day: library.Date{Year: 2026, Month: 11, Day: 22}},
		})
		registration = reg.ID
		if err != nil {
			return err
		}
		return papers.Want(ctx, tx, o.lib, reg.ID, int64(known[0].ID), papers.Order{
			Library: lib, Lang: demoLang, Kinds: []papers.Kind{papers.Form, papers.Consent}, Name: name, Relation: "self",
			Consent: consent.Text, Version: consent.Version, Day: library.Date{Year: 2026, Month: 3, Day: 2},
		}, o.now())
	})
	o.draw(lib)
	return registration
}

func (o *office) draw(lib library.Library) {
	o.Helper()
	press, err := papers.NewPress(o.texts)
	if err != nil {
		o.Fatal(err)
	}
	job, found, err := papers.Claim(o.Context(), o.pool, o.now(), time.Minute)
	if err != nil || !found {
		o.Fatalf("claimed %v, %v", found, err)
	}
	job.Order.Library = lib
	drawn, err := press.Draw(job.Order)
	if err != nil {
		o.Fatal(err)
	}
	var ids []files.ID
	for _, d := range drawn {
		ids = append(ids, o.put(string(d.Kind)+".pdf", d.PDF))
	}
	o.do(func(ctx context.Context, tx pgx.Tx) error { return papers.Made(ctx, tx, job, drawn, ids, o.now()) })
}

func (o *office) put(name string, data []byte) files.ID {
	o.Helper()
	f, err := o.store.Put(o.Context(), o.lib, bytes.NewReader(data), files.Meta{Name: name}, int64(len(data)))
	if err != nil {
		o.Fatal(err)
	}
	return f.ID
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// received is a photo of the first page, with its preview.
func (o *office) received(registration int64, kind papers.Kind, data []byte) files.ID {
	o.Helper()
	page, id := papers.Page{Kind: kind, Number: 1}, o.put("IMG_0001.jpg", data)
	scan := papers.Scan{Page: page, File: id, Preview: o.put("", []byte("preview")), Sheet: 1, How: papers.ByCode}
	o.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := papers.Receive(ctx, tx, o.lib, registration, []papers.Scan{scan}, o.now())
		return err
	})
	return id
}

// came is a photo of the page, accepted by the librarian.
func (o *office) came(registration int64, kind papers.Kind, data []byte) files.ID {
	o.Helper()
	page, id := papers.Page{Kind: kind, Number: 1}, o.received(registration, kind, data)
	o.do(func(ctx context.Context, tx pgx.Tx) error {
		return papers.AcceptPage(ctx, tx, o.lib, papers.Look{Registration: registration, Page: page, File: id, Sheet: 1, Staff: int64(o.staff), At: o.now()})
	})
	return id
}

func (o *office) asks(cookies []*http.Cookie, registration int64) *httptest.ResponseRecorder {
	o.Helper()
	r := httptest.NewRequestWithContext(o.Context(), http.MethodGet, fmt.Sprintf("/desk/registrations/%d/proof.zip", registration), nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	o.mux.ServeHTTP(answer, r)
	return answer
}

// unpacked are the files of the registration's proof by name.
func (o *office) unpacked(registration int64) map[string][]byte {
	o.Helper()
	answer := o.asks(o.cookies, registration)
	pack, err := zip.NewReader(bytes.NewReader(answer.Body.Bytes()), int64(answer.Body.Len()))
	if err != nil {
		o.Fatalf("status %d: %v", answer.Code, err)
	}
	out := map[string][]byte{}
	for _, f := range pack.File {
		body, err := f.Open()
		if err != nil {
			o.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(body); err != nil {
			o.Fatal(err)
		}
	}
	return out
}

// TestProofHoldsWhatCame compares the pack of one of two registrations with what was sent, byte for byte, before and after a file is deleted.
func TestProofHoldsWhatCame(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	registration, other := o.applied("Айталина Попова"), o.applied("Сардана Иванова")
	form, consent, foreign := photo(t, 1), photo(t, 2), photo(t, 3)
	blurred := photo(t, 4)
	o.received(registration, papers.Form, blurred)
	gone := o.came(registration, papers.Form, form)
	o.came(registration, papers.Consent, consent)
	o.came(other, papers.Form, foreign)

	in := o.unpacked(registration)
	proof := string(in["proof.txt"])
	if !bytes.Equal(in["received/form-1.jpg"], form) || !bytes.Equal(in["received/consent-1.jpg"], consent) {
		t.Error("the photos are not as they came")
	}
	if !bytes.Equal(in["received/replaced-1-form-1.jpg"], blurred) || string(in["rules.txt"]) != "Книги берегут." {
		t.Error("the photo that was replaced or the rules are not there")
	}
	if !strings.Contains(proof, "Правила приняты: 22 ноября 2026 г., версия 2026-1, подписано в анкете\n") || strings.Contains(proof, "received/replaced-2") {
		t.Error(proof)
	}
	for _, name := range []string{"sent/form.pdf", "sent/consent.pdf"} {
		if !bytes.HasPrefix(in[name], []byte("%PDF-")) {
			t.Errorf("%s has %d bytes", name, len(in[name]))
		}
	}
	for name, data := range in {
		sum := sha256.Sum256(data)
		if name != "proof.txt" && !strings.Contains(proof, hex.EncodeToString(sum[:])+"  "+name+"\n") {
			t.Errorf("the hash of %s is not in\n%s", name, proof)
		}
		if bytes.Equal(data, foreign) {
			t.Errorf("%s belongs to another registration", name)
		}
	}
	if !strings.Contains(proof, "Айталина Попова") || strings.Contains(proof, "Сардана") || strings.Count(proof, "Анна Иванова") < 4 {
		t.Error(proof)
	}

	if err := o.store.Delete(t.Context(), o.lib, gone); err != nil {
		t.Fatal(err)
	}
	in = o.unpacked(registration)
	sum := sha256.Sum256(form)
	if _, is := in["received/form-1.jpg"]; is || !strings.Contains(string(in["proof.txt"]), "received/form-1.jpg: файл удалён: срок хранения истёк, "+hex.EncodeToString(sum[:])) {
		t.Errorf("after its term:\n%s", in["proof.txt"])
	}

	second, _ := o.library("second")
	stranger, _ := o.signedIn(second)
	if answer := o.asks(stranger, registration); answer.Code != http.StatusNotFound {
		t.Errorf("another library gets %d", answer.Code)
	}
}
