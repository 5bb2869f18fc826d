package web

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
)

// consentText is what was agreed to, ends of lines and all.
const consentText = "Согласие даётся на три года.\r\nОтзывается письмом.\n"

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// rulesSaid is the text of the rules.
const rulesSaid = "Книги берегут.\n"

// errAway is a store that is out of reach.
var errAway = errors.New("the store is away")

// brokenFile is a file of which the store has no whole bytes; nothing for any other id.
func brokenFile(id string) (io.ReadCloser, error) {
	switch id {
	case "purged":
		return nil, fmt.Errorf("open: %w", files.ErrPurged)
	case "infected":
		return nil, fmt.Errorf("open: %w", files.ErrInfected)
	case "damaged":
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(files.ErrCorrupt))), nil
	case "away":
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errAway))), nil
	}
	return nil, nil
}

// proofOf has the pages of the folder, and two papers of which one is past its term.
func (h *house) proofOf(ctx context.Context, lib library.ID, id int64) (Proof, error) {
	reg, err := h.registrationOf(ctx, lib, id)
	if err != nil {
		return Proof{}, err
	}
	pages, err := h.folder.pages(ctx, lib, id)
	if err != nil {
		return Proof{}, err
	}
	out := Proof{
		Consent: ProofConsent{Version: "3", Text: consentText, Hash: hashOf([]byte(consentText)), Lang: library.Russian, At: reg.Sent},
		Pages:   pages, Photos: reg.Photos, Files: map[string]ProofFile{},
	}
	if pages != nil {
		out.Rules = ProofRules{Version: "2026-1", Text: rulesSaid, Hash: hashOf([]byte(rulesSaid)), Lang: library.Russian, Day: library.DateOf(reg.Sent), Signed: true}
		out.Replaced = []ProofReplaced{{Kind: "form", Number: 1, File: "blurredform"}}
		out.Papers = []ProofPaper{
			{Kind: "form", Lang: library.Russian, Version: "3", TextHash: hashOf([]byte("form")), File: "formpaper", Pages: 2, Made: reg.Sent},
			{Kind: "application", Lang: library.Russian, Version: "3", TextHash: hashOf([]byte("application")), Pages: 1, Made: reg.Sent},
		}
	}
	ids := append([]string{"blurredform", "formpaper", "applicationfile", "formfile", "purged", "infected", "damaged", "away"}, reg.Photos...)
	for _, file := range ids {
		out.Files[file] = ProofFile{Name: "фото.png", MediaType: "image/png", Hash: hashOf(paper(h.t)), Size: int64(len(paper(h.t))), Received: h.clock.Now()}
	}
	return out, nil
}

// unpacked are the files of the pack by name.
func (a answer) unpacked(t *testing.T) map[string]string {
	t.Helper()
	pack, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatalf("status %d: %v", a.status, err)
	}
	out := map[string]string{}
	for _, f := range pack.File {
		body, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = string(data)
	}
	return out
}

func TestProofIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	path := fmt.Sprintf("/desk/registrations/%d/proof.zip", task.Registration)
	by.get(taskAddress(task.ID)).holds(t, path)
	by.post(taskAddress(task.ID)+"/papers/accept", pageForm("form", 1))
	by.post(taskAddress(task.ID)+"/papers/return", pageForm("application", 1, "cause", queue.ReasonUnsigned))
	by.get("/desk/files/formone")
	by.get("/desk/files/applicationfile/original")
	by.get("/desk/files/another")

	got := by.get(path)
	if got.header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers %v", got.header)
	}
	in := got.unpacked(t)
	photo := string(paper(t))
	for name, want := range map[string]string{
		"consent.txt": consentText, "sent/form.png": photo, "received/form-1.png": photo, "received/application-1.png": photo,
		"received/photo-1.png": photo, "received/photo-2.png": photo, "received/replaced-1-form-1.png": photo, "rules.txt": rulesSaid,
	} {
		if in[name] != want {
			t.Errorf("%s has %d bytes", name, len(in[name]))
		}
	}
	if len(in) != 9 {
		t.Errorf("%d files", len(in))
	}
	said := answer{got.status, nil, in["proof.txt"]}
	said.holds(t,
		fmt.Sprintf("Подтверждение регистрации № %d\n", task.Registration), "Education: Higher\n", "reader@example.org",
		hashOf([]byte(consentText))+"  consent.txt\n", hashOf(paper(t))+"  received/form-1.png\n", hashOf([]byte("application"))+"\n",
		"Файл: файл удалён: срок хранения истёк\n", "узнали по коду на странице", "указал читатель", "пришла по почте", "подпись не видна",
		"Решение: 2026-03-02 19:00:00 +09:00, Анна Иванова\n", "Причина: Нет подписи\n",
		"Анна Иванова, принятие страницы бумаг, Анкета, страница 1\n", "возврат страницы бумаг, Заявление, страница 1, Нет подписи\n",
		"Анна Иванова, смотрел документ, Анкета, страница 1\n", "received/application-1.png\n", "скачивание подтверждения регистрации\n",
		"Версия правил: 2026-1\n", "День: 2 марта 2026 г.\n", "подписано в анкете", hashOf([]byte(rulesSaid))+"  rules.txt\n",
		"Анкета, страница 1: received/replaced-1-form-1.png, 2026-03-02 19:00:00 +09:00, "+hashOf(paper(t))+"\n",
	)
	said.lacks(t, "another", "desk_")
}

// TestProofOfOneRegistrationOnly keeps others out of the pack, and the pack from those who may only look.
func TestProofOfOneRegistrationOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, registrar := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	first, page := h.awaiting("Айыына")
	second, other := h.awaiting("Сардана")
	by.get(page).holds(t, page+"/proof.zip")
	by.get(other)
	for _, p := range []string{page, other} {
		if got := by.get(p + "/proof.zip"); got.status != http.StatusOK {
			t.Fatalf("%s: %d", p, got.status)
		}
	}
	registrar.get(page).lacks(t, "proof.zip")
	if got := registrar.get(page + "/proof.zip"); got.status != http.StatusForbidden {
		t.Errorf("a registrar gets %d", got.status)
	}
	said := answer{body: by.get(page + "/proof.zip").unpacked(t)["proof.txt"]}
	said.holds(t, "Айыына", fmt.Sprintf("№ %d\n", first))
	said.lacks(t, "Сардана", fmt.Sprintf("№ %d\n", second))
	if n := strings.Count(said.body, "скачивание подтверждения"); n != 2 {
		t.Errorf("%d looks of three, of which one is at another registration:\n%s", n, said.body)
	}
	strange := h.signedIn(h.other, queue.RoleDirector, library.English)
	before := h.audited("registration.proof", strange.staff)
	if got := strange.get(page + "/proof.zip"); got.status != http.StatusNotFound || h.audited("registration.proof", strange.staff) != before {
		t.Errorf("another library gets %d", got.status)
	}
}

func TestProofSaysWhatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	registration, page := h.awaiting("Reader")
	pages := h.folder.all[registration]
	pages[0].File, pages[1].File, pages[2].File = "purged", "infected", "damaged"
	in := by.get(page + "/proof.zip").unpacked(t)
	if slices.ContainsFunc([]string{"received/form-1.png", "received/form-2.png"}, func(name string) bool { _, is := in[name]; return is }) {
		t.Error("what is gone or infected is in the pack")
	}
	hash := hashOf(paper(t))
	said := answer{body: in["proof.txt"]}
	said.holds(t, "received/form-1.png: файл удалён: срок хранения истёк, "+hash, "received/form-2.png: файл не приложен: в нём нашли вирус, "+hash,
		"received/application-1.png: файл повреждён")
	said.lacks(t, hash+"  received/form", hash+"  received/application")

	pages[2].File = "away"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+page+"/proof.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := by.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half a pack looks like a whole one")
	}
	if !strings.Contains(h.logged.String(), errAway.Error()) {
		t.Errorf("logged: %s", h.logged)
	}
}

// TestProofCannotBeForged keeps what a reader wrote in its own line.
func TestProofCannotBeForged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	_, page := h.awaiting("Reader\r\nРешение: принята\u2028\u202eкниги")
	said := answer{body: by.get(page + "/proof.zip").unpacked(t)["proof.txt"]}
	said.holds(t, "Имя: Reader Решение: принята книги\n")
	for _, name := range []string{"application/x-msdownload", "text/html", ""} {
		if got := extension(name); got != ".bin" {
			t.Errorf("%q is called %q", name, got)
		}
	}
}

func TestProofInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	staff := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(staff)
	staff.post(taskAddress(task.ID)+"/refuse", url.Values{"reason": {"The photo is blurred"}})
	lib, err := h.site.Library(t.Context(), h.lib)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range library.Langs() {
		lib.Settings.Record = lang
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/desk", nil)
		v := &visit{Site: h.site, r: r, lang: library.English, lib: lib, at: h.clock.Now()}
		for _, state := range []string{"papers", "sent", "accepted", "refused", "done", "withdrawn"} {
			p := &pack{}
			if p.reg, err = h.registrationOf(t.Context(), h.lib, task.Registration); err != nil {
				t.Fatal(err)
			}
			p.reg.State, p.reg.Card = state, "000123"
			if p.proof, err = h.proofOf(t.Context(), h.lib, task.Registration); err != nil {
				t.Fatal(err)
			}
			p.files = enclosures(p.proof)
			p.files[0].fate, p.files[1].fate, p.files[2].fate = fateGone, fateInfected, fateDamaged
			if err := v.track(p); err != nil {
				t.Fatal(err)
			}
			if said := v.account(p); keyShown.MatchString(said) || lang != library.English && strings.Contains(said, ": "+state+"\n") {
				t.Errorf("%s, %s: the proof shows %q in\n%s", lang, state, keyShown.FindString(said), said)
			}
		}
		if name := (&visit{Site: h.site, r: r, lang: lang}).actName("registration.proof"); keyShown.MatchString(name) || strings.Contains(name, ".") {
			t.Errorf("%s: the act is called %q", lang, name)
		}
	}
}
