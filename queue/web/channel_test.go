package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"image/png"
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

// number is a channel in WhatsApp, as its holder leaves it.
func (h *house) number(lib library.ID) int64 {
	h.t.Helper()
	h.count++
	var id int64
	if err := h.pool.QueryRow(h.t.Context(), `insert into channels (library_id, kind, name, since) values ($1, 'whatsapp', $2, $3) returning id`,
		lib, fmt.Sprint("number-", h.count), h.clock.Now()).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	h.clock.move(3 * time.Second) // channels are remembered for two
	return id
}

// holder writes what the process that holds the number would: columns with their values.
func (h *house) holder(id int64, set string, args ...any) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into whatsapp_links (library_id, channel_id, since) select library_id, id, $2 from channels where id = $1
on conflict do nothing`, id, h.clock.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update whatsapp_links set `+set+` where channel_id = $1`, append([]any{id}, args...)...)
		return err
	})
}

func channelPath(id int64) string { return fmt.Sprintf("/desk/channels/%d", id) }

// channels are good requests to the pages of channels.
func (g guests) channels() map[string]deed {
	fresh, asked, away, linked := g.h.number(g.h.lib), g.h.number(g.h.lib), g.h.number(g.h.lib), g.h.number(g.h.lib)
	g.h.holder(asked, `asked = 'qr'`)
	g.h.holder(away, `device = '79141234567:3@s.whatsapp.net', state = 'replaced'`)
	g.h.holder(linked, `device = '79141234567:4@s.whatsapp.net', state = 'connected'`)
	return map[string]deed{
		"POST /desk/channels":              {g.director, "/desk/channels", url.Values{"name": {"Читальный зал"}}},
		"GET /desk/channels/{id}":          {g.director, channelPath(fresh), nil},
		"GET /desk/channels/{id}/part":     {g.director, channelPath(fresh) + "/part", nil},
		"POST /desk/channels/{id}/link":    {g.director, channelPath(fresh) + "/link", url.Values{"way": {"qr"}}},
		"POST /desk/channels/{id}/cancel":  {g.director, channelPath(asked) + "/cancel", url.Values{}},
		"POST /desk/channels/{id}/connect": {g.director, channelPath(away) + "/connect", url.Values{}},
		"POST /desk/channels/{id}/unlink":  {g.director, channelPath(linked) + "/unlink", url.Values{"number": {"+79141234567"}}},
	}
}

func TestEveryStateOfANumberSaysWhatToDo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.number(h.lib)
	for _, lang := range library.Langs() {
		director := h.signedIn(h.lib, queue.RoleDirector, lang)
		seen := map[string]bool{}
		for _, state := range []bots.LinkState{
			bots.LinkNone, bots.LinkConnecting, bots.LinkConnected, bots.LinkLoggedOut, bots.LinkBanned, bots.LinkOutdated, bots.LinkReplaced,
		} {
			h.holder(id, `state = $2, held_at = $3, heard_at = $3`, state, h.clock.Now())
			for _, path := range []string{"/desk/channels", "/desk/settings", channelPath(id)} {
				h.good(t, director, path, fmt.Sprintf("<html lang=%q", lang))
			}
			part := director.get(channelPath(id) + "/part").body
			if seen[part] || strings.Contains(part, `<p></p>`) {
				t.Errorf("%s: %s says nothing of its own", lang, state)
			}
			seen[part] = true
		}
		for _, problem := range []string{"timeout", "outdated", "phone", "error"} {
			h.holder(id, `state = 'unlinked', pair_problem = $2`, problem)
			part := director.get(channelPath(id) + "/part").body
			if !strings.Contains(part, `role="alert"`) || seen[part] || keyShown.MatchString(part) {
				t.Errorf("%s: linking that failed by %s: %s", lang, problem, part)
			}
			seen[part] = true
		}
		h.holder(id, `pair_problem = ''`)
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}

var inlined = regexp.MustCompile(`src="data:image/png;base64,([^"]+)"`)

func TestAPictureIsShownAndRenewsItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.number(h.lib)
	director := h.signedIn(h.lib, queue.RoleDirector, library.English)
	page := channelPath(id)
	director.get(page).holds(t, "The service is not linked to a phone", `name="way" value="qr"`, `name="phone"`)
	director.post(page+"/link", url.Values{"way": {"qr"}}).leads(t, page)
	got := director.get(page)
	got.holds(t, "The picture is coming", "the service is not running", page+"/cancel", "Point the camera")
	got.lacks(t, `name="phone"`)

	const secret = "https://wa.me/settings/linked_devices#2@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789,noise,identity,adv,9"
	picture := func(text string) string {
		h.holder(id, `code = $2, code_until = $3, held_at = $4`, text, h.clock.Now().Add(17*time.Second), h.clock.Now())
		part := director.get(page + "/part")
		part.holds(t, "Works for another 17 s", `alt="Code to be scanned`)
		part.lacks(t, "wa.me", "the service is not running")
		found := inlined.FindStringSubmatch(part.body)
		if found == nil {
			t.Fatal("no picture")
		}
		img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.ReplaceAll(found[1], "&#43;", "+"))))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, 4*8 - 1} { // white around it, then the corner of a mark
			if r, _, _, _ := img.At(at, at).RGBA(); r == 0 {
				t.Errorf("no quiet zone at %d", at)
			}
		}
		if r, _, _, _ := img.At(4*8, 4*8).RGBA(); r != 0 {
			t.Error("the code does not begin where the quiet zone ends")
		}
		return found[1]
	}
	if picture(secret) == picture(secret+"0") {
		t.Error("the picture is not another")
	}
	h.clock.move(20 * time.Second)
	part := director.get(page + "/part")
	part.holds(t, "The picture is coming")
	if inlined.MatchString(part.body) {
		t.Error("a picture that works no more is shown")
	}
	director.post(page+"/cancel", url.Values{}).leads(t, page)
	director.get(page).holds(t, `name="way" value="qr"`)
	var audit string
	if err := h.pool.QueryRow(t.Context(), `select string_agg(act || ' ' || object || ' ' || detail::text, ' ') from audit`).Scan(&audit); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(audit, "ABCDEF") || !strings.Contains(audit, fmt.Sprintf("channel.link_asked channel %d", id)) || strings.Contains(h.logged.String(), "ABCDEF") {
		t.Errorf("audit: %s, log: %s", audit, h.logged)
	}
}

func TestLettersNeedANumberAndAreShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.number(h.lib)
	director := h.signedIn(h.lib, queue.RoleDirector, library.English)
	page := channelPath(id)
	director.post(page+"/link", url.Values{"way": {"code"}, "phone": {"914"}}).has(t, http.StatusUnprocessableEntity, "no phone number", `value="914"`)
	director.post(page+"/link", url.Values{"way": {"code"}, "phone": {"+7 (914) 123-45-67"}}).leads(t, page)
	director.get(page).holds(t, "The letters are coming")
	h.holder(id, `code = 'W2XG-RM6S', code_until = $2`, h.clock.Now().Add(2*time.Minute))
	director.get(page).holds(t, "W2XG-RM6S", "Link with phone number instead", "Works for another 120 s")
	var phone string
	if err := h.pool.QueryRow(t.Context(), `select asked_phone from whatsapp_links where channel_id = $1`, id).Scan(&phone); err != nil || phone != "79141234567" {
		t.Errorf("asked for %q, %v", phone, err)
	}
	if got := director.post(page+"/link", url.Values{"way": {"unlink"}}); got.status != http.StatusBadRequest {
		t.Errorf("a way that is none: %d", got.status)
	}
}

func TestTwoWhoLinkAndUnlinkAreTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.number(h.lib)
	director := h.signedIn(h.lib, queue.RoleDirector, library.English)
	page := channelPath(id)
	if got := director.post(page+"/unlink", url.Values{"number": {""}}); got.status != http.StatusConflict {
		t.Errorf("unlinked what is not linked: %d", got.status)
	}
	director.post(page+"/connect", url.Values{}).has(t, http.StatusConflict, "not linked any more")
	h.holder(id, `device = '79141234567:3@s.whatsapp.net', state = 'connected'`)
	director.post(page+"/link", url.Values{"way": {"qr"}}).has(t, http.StatusConflict, "linked already")
	director.post(page+"/cancel", url.Values{}).has(t, http.StatusConflict, "linked already")
	director.post(page+"/unlink", url.Values{"number": {"+79990000000"}}).has(t, http.StatusConflict, "changed meanwhile")
	director.get(page).holds(t, "&#43;79141234567", "wipes its keys")
	director.post(page+"/unlink", url.Values{"number": {"+79141234567"}}).leads(t, page)
	got := director.get(page)
	got.holds(t, "Unlinking is asked for")
	got.lacks(t, page+"/unlink")
}

func TestAWhatsAppNumberIsAddedAtTheDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	director := h.signedIn(h.lib, queue.RoleDirector, library.English)
	director.post("/desk/channels", url.Values{"name": {" "}}).has(t, http.StatusUnprocessableEntity, "A name is needed")
	got := director.post("/desk/channels", url.Values{"name": {"Читатели"}})
	page := got.header.Get("Location")
	if got.status != http.StatusSeeOther {
		t.Fatalf("status %d", got.status)
	}
	director.get(page).holds(t, "WhatsApp: Читатели", "not linked")
	director.post("/desk/channels", url.Values{"name": {"Читатели"}}).has(t, http.StatusConflict, "already")
	director.get("/desk/channels").holds(t, page, "Читатели", "site")
	site := channelPath(h.channels[h.lib])
	director.get(site).leads(t, fmt.Sprintf("/desk/channels#channel-%d", h.channels[h.lib]))
	if got := director.get(site + "/part"); got.status != http.StatusNotFound {
		t.Errorf("the part of a chat: %d", got.status)
	}
}

func TestAChannelThatDoesNotWorkIsSaidOnEveryPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.number(h.lib)
	director, librarian := h.signedIn(h.lib, queue.RoleDirector, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	const says = "The operator has to update the service"
	broken := func(problem string, since time.Time) {
		if _, err := h.pool.Exec(t.Context(), `update channels set state = case $2 when '' then 'on' else 'broken' end, problem = $2, since = $3 where id = $1`, id, problem, since); err != nil {
			t.Fatal(err)
		}
		all, err := bots.NewAccounts(h.pool, h.clock.Now).OfLibrary(t.Context(), h.lib)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.desk.WatchChannels(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	director.get("/desk/staff").lacks(t, "does not work")
	broken(bots.ProblemOutdated, h.clock.Now())
	h.clock.move(time.Second)
	director.get("/desk/staff").holds(t, `class="note bad" role="alert"`, "WhatsApp (number-1) does not work", channelPath(id))
	director.get("/desk/channels/alarms").holds(t, "does not work")
	librarian.get("/desk").lacks(t, "does not work", "/desk/channels/alarms")
	rows, err := h.desk.List(t.Context(), h.lib, queue.Filter{Scope: director.staff.Scope()})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d tasks, %v", len(rows), err)
	}
	director.get("/desk").holds(t, "WhatsApp refuses this version", "is-late")
	director.get(taskAddress(rows[0].ID)).holds(t, says, channelPath(id), "number-1")
	broken("", h.clock.Now())
	director.get("/desk/staff").lacks(t, "does not work")
	director.get(taskAddress(rows[0].ID)).holds(t, "the channel works again")
	h.clock.move(time.Minute)
	broken("conflict", h.clock.Now())
	director.get("/desk/staff").lacks(t, "does not work")
	h.clock.move(time.Minute)
	director.get("/desk/staff").holds(t, "Another program receives")
}
