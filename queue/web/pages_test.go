package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

var keyShown = regexp.MustCompile(`\bdesk(_[a-z]+)?\.[a-z_]+\b`)

// TestPagesInEveryLanguage opens every page, empty and filled, as somebody who may see it.
func TestPagesInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conv := h.conversation(h.lib, "Сардана")
	h.fill(conv)
	tasks := []queue.Task{}
	for _, kind := range queue.Kinds() {
		tasks = append(tasks, h.task(h.lib, kind, "Читатель "+kind, "Когда вы работаете?", 3*time.Hour))
	}
	for _, lang := range library.Langs() {
		director := h.signedIn(h.lib, queue.RoleDirector, lang)
		empty := h.signedIn(h.other, queue.RoleDirector, lang)
		operator := h.signedIn(0, queue.RoleOperator, lang)
		operator.get("/desk").leads(t, "/desk/libraries")
		h.good(t, operator, "/desk/libraries", "Национальная библиотека")
		paths := []string{"/desk/password", "/desk/staff", "/desk/account", "/desk/audit", conversationAddress(conv)}
		for _, tab := range append(queue.Kinds(), tabAll, tabMine, tabLate, tabDone) {
			paths = append(paths, tabAddress("/desk", tab))
			h.good(t, empty, tabAddress("/desk", tab), `class="card empty"`)
		}
		for _, task := range tasks {
			paths = append(paths, taskAddress(task.ID))
			if _, err := h.desk.Take(t.Context(), h.lib, task.ID, director.staff.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range paths {
			h.good(t, director, path, fmt.Sprintf("<html lang=%q", lang))
			h.good(t, director, path, `<span class="who">Анна Иванова</span>`)
		}
		for _, task := range tasks {
			if err := h.desk.Release(t.Context(), h.lib, task.ID, director.staff.ID); err != nil {
				t.Fatal(err)
			}
			h.good(t, director, taskAddress(task.ID), fmt.Sprintf("/desk/tasks/%d/take", task.ID))
		}
		if got := director.get("/desk/tasks/999999"); got.status != http.StatusNotFound || keyShown.MatchString(got.body) {
			t.Errorf("%s: a task that is not there: %d", lang, got.status)
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}

// good asks for a page and looks that nothing is missing on it.
func (h *house) good(t *testing.T, by *visitor, path, want string) {
	t.Helper()
	got := by.get(path)
	if got.status != http.StatusOK || !strings.Contains(got.body, want) || !strings.Contains(got.body, "</html>") {
		t.Errorf("%s as %s: status %d, or without %s", path, by.staff.Lang, got.status, want)
	}
	if key := keyShown.FindString(got.body); key != "" {
		t.Errorf("%s as %s shows the key %s", path, by.staff.Lang, key)
	}
}

// fill says something of every kind.
func (h *house) fill(conv bots.ConversationID) {
	h.talks.mu.Lock()
	defer h.talks.mu.Unlock()
	one, at := h.talks.all[conv], h.clock.Now()
	one.add(bots.Entry{Side: bots.SideReader, Text: "Здравствуйте! Можно записаться из другого города?", Written: at.Add(-26 * time.Hour)})
	one.add(bots.Entry{Side: bots.SideBot, Text: "Можно. Хотите начать?", Written: at.Add(-26 * time.Hour), State: "confirmed", Choices: []bots.Choice{{ID: "y", Label: "Да"}, {ID: "n", Label: "Нет"}}})
	one.add(bots.Entry{Side: bots.SideReader, Text: "Вот <b>фото</b>", Written: at.Add(-3 * time.Minute), Files: []bots.EntryFile{{ID: "firstphoto", Name: "согласие.jpg", MediaType: "image/jpeg", Size: 1 << 21}, {ID: "paper", MediaType: "application/pdf", Size: 900}}, Refused: []bots.RefusedUpload{{Name: "видео.mov", Reason: "too_large"}}})
	one.add(bots.Entry{Side: bots.SideBot, Text: "Ваш пароль: " + bots.SecretMark, Secret: "id", Written: at.Add(-2 * time.Minute), State: "sent"})
	one.add(bots.Entry{Side: bots.SideBot, Text: "Этого читатель не видел", Written: at.Add(-2 * time.Minute), State: "withdrawn"})
	one.add(bots.Entry{Side: bots.SideStaff, Staff: "Анна", Text: "Не дошло", Written: at.Add(-time.Minute), State: "failed", Problem: "403"})
}

func TestConversationShowsBothSides(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conv := h.conversation(h.lib, "Сардана")
	h.fill(conv)
	got := h.signedIn(h.lib, queue.RoleLibrarian, library.English).get(conversationAddress(conv)).body
	for _, want := range []string{
		"записаться из другого города", "Вот &lt;b&gt;фото&lt;/b&gt;", hidden, "is-withdrawn", "is-failed", "not delivered (403)", "видео.mov",
		`<img src="/desk/files/firstphoto"`, "/desk/files/paper/original", "<small>1 KB</small>", `<span class="tag">Да</span>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(got, bots.SecretMark) {
		t.Error("the mark of a secret is shown")
	}
}

func TestLongConversationBeginsNearItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conv := h.conversation(h.lib, "Сардана")
	for n := range 2*readAtOnce + 50 {
		h.talks.all[conv].add(bots.Entry{Side: bots.SideReader, Text: fmt.Sprintf("message %d.", n), Written: h.clock.Now()})
	}
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	page := by.get(conversationAddress(conv)).body
	if strings.Contains(page, "message 349.") || !strings.Contains(page, "message 350.") || !strings.Contains(page, "message 449.") {
		t.Error("the page does not hold the last hundred")
	}
	part := by.get(conversationAddress(conv) + "/entries?from=350.0").body
	if strings.Contains(part, "message 349.") || strings.Count(part, `class="entry `) != shownAtOnce {
		t.Error("the part differs from the page")
	}
	if all := by.get(conversationAddress(conv) + "?all=1").body; !strings.Contains(all, "message 0.") {
		t.Error("the whole conversation lacks its beginning")
	}
}

func TestQueueGoesOnAndStaysUpToDate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.many(120)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	link := regexp.MustCompile(`hx-get="(/desk/queue\?[^"]*more=1)"`)
	count := func(body string) int { return strings.Count(body, `class="row task`) }

	page := by.get("/desk")
	found := link.FindStringSubmatch(page.body)
	if count(page.body) != chunkRows || found == nil {
		t.Fatalf("%d rows at first", count(page.body))
	}
	more := by.get(strings.ReplaceAll(found[1], "&amp;", "&")).body
	if count(more) != 2*chunkRows || strings.Count(more, "<section") != 2 {
		t.Fatalf("%d rows after asking for more", count(more))
	}
	own := regexp.MustCompile(`<section class="chunk" hx-get="([^"]+)"`).FindAllStringSubmatch(more, -1)
	urgent := h.task(h.lib, queue.KindQuestion, "Urgent", "", 10*time.Hour)
	first := by.get(strings.ReplaceAll(own[0][1], "&amp;", "&")).body
	if count(first) != chunkRows+1 || !strings.Contains(first, taskAddress(urgent.ID)+`"`) {
		t.Errorf("the first stretch has %d rows with the new one", count(first))
	}
	if late := by.get("/desk?tab=late").body; count(late) != 1 {
		t.Errorf("%d rows are late", count(late))
	}
}

func (h *house) many(n int) {
	conv := h.conversation(h.lib, "Many")
	var tasks []queue.NewTask
	for i := range n {
		at := h.clock.Now()
		tasks = append(tasks, queue.NewTask{Library: h.lib, Kind: queue.KindQuestion, Role: queue.RoleLibrarian, Conversation: conv, ReaderName: "R", Channel: bots.WebChat, Created: at, Due: at.Add(time.Duration(i+60) * time.Minute)})
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error { _, err := queue.Open(ctx, tx, tasks); return err })
}

// TestPageIsToldOfChanges reads the stream of events as a browser does.
func TestPageIsToldOfChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conv := h.conversation(h.lib, "Сардана")
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	by.Timeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+conversationAddress(conv)+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := by.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	await := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("the stream ended without %q: %v", want, lines.Err())
	}
	await("retry: 2000")
	h.task(h.lib, queue.KindQuestion, "New", "", 0)
	await("event: queue")
	if got := h.signedIn(h.lib, queue.RoleLibrarian, library.English).post(conversationAddress(conv)+"/say", url.Values{"text": {"Good day"}}); got.status != http.StatusSeeOther {
		t.Fatalf("say: %d", got.status)
	}
	await("event: chat")
}
