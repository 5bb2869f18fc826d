package webchat

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"librarian/bots"
	"librarian/contacts/library"
)

func get(t *testing.T, client *http.Client, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestCookieInBothModes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secure bool
		query  string
		want   []string
		not    []string
	}{
		"own page, plain":  {false, "", []string{"chat_demo=", "Path=/chat/demo;", "HttpOnly", "SameSite=Lax"}, []string{"Secure", "Partitioned"}},
		"own page, https":  {true, "", []string{"__Secure-chat_demo=", "Secure", "SameSite=Lax"}, []string{"Partitioned"}},
		"embedded, plain":  {false, "?embed=1", []string{"chat_demo_embed=", "SameSite=Lax"}, []string{"Secure", "Partitioned"}},
		"embedded, https":  {true, "?embed=1", []string{"__Secure-chat_demo_embed=", "HttpOnly", "Secure", "SameSite=None", "Partitioned"}, nil},
		"unknown to embed": {true, "?embed=yes", []string{"__Secure-chat_demo=", "SameSite=Lax"}, []string{"Partitioned"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newWorld().serve(t, func(d *Deps) { d.Secure = c.secure })
			resp, _ := get(t, srv.Client(), srv.URL+"/chat/demo"+c.query)
			cookie := resp.Header.Get("Set-Cookie")
			for _, part := range c.want {
				if !strings.Contains(cookie, part) {
					t.Errorf("no %s in the cookie's attributes", part)
				}
			}
			_, attributes, _ := strings.Cut(cookie, ";")
			for _, part := range c.not {
				if strings.Contains(attributes, part) {
					t.Errorf("%s in the cookie's attributes", part)
				}
			}
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	srv := newWorld().serve(t, nil)
	resp, body := get(t, srv.Client(), srv.URL+"/chat/demo")
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "frame-ancestors 'self' https://site.example") || strings.Contains(policy, "evil") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	for _, inline := range []string{"<style", " style=", " onclick=", "javascript:"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page holds %s", inline)
		}
	}
	for _, name := range []string{"chat.css", "chat.js"} {
		_, after, _ := strings.Cut(body, `="/chat/demo/assets/`)
		hash, _, _ := strings.Cut(after, "/")
		resp, _ := get(t, srv.Client(), srv.URL+"/chat/demo/assets/"+hash+"/"+name)
		if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if resp, _ := get(t, srv.Client(), srv.URL+"/chat/demo/assets/0/chat.js"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an old script: status %d", resp.StatusCode)
	}
	if resp, _ := get(t, srv.Client(), srv.URL+"/chat/nobody"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unknown library: status %d", resp.StatusCode)
	}
	if resp, body := get(t, srv.Client(), srv.URL+"/chat/demo/widget.js"); resp.StatusCode != http.StatusOK || strings.Contains(body, "LABELS") || !strings.Contains(body, "Национальная библиотека") {
		t.Errorf("widget: status %d", resp.StatusCode)
	}
}

func TestPageSpeaksTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]library.Lang{
		"": "ru", "en-GB,en;q=0.9": "en", "fr, uk;q=0.5": "uk", "sah-RU": "sah", "fr": "ru", "garbage;;;q=": "ru",
	} {
		req := &http.Request{Header: http.Header{"Accept-Language": {header}}}
		if got := preferred(req, library.Library{}); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}

func TestFilesAreTheirReadersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	srv := w.serve(t, nil)
	owner, stranger, passer := newReader(t, srv), newReader(t, srv), newReader(t, srv)
	owner.post(text("message-1", "вот"), sent{"a.jpg", strings.NewReader("\xff\xd8\xff\xe0 picture")}, sent{"b.jpg", strings.NewReader("<svg onload=alert(1)>")})
	stranger.post(text("message-1", "и я"))
	ids := w.fileIDs()
	picture, script := srv.URL+"/chat/demo/files/"+string(ids[0]), srv.URL+"/chat/demo/files/"+string(ids[1])
	resp, body := get(t, owner.http, picture)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(body, "\xff\xd8") ||
		!strings.HasPrefix(resp.Header.Get("Content-Disposition"), "inline") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("picture: status %d, %v", resp.StatusCode, resp.Header)
	}
	resp, _ = get(t, owner.http, script)
	if resp.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") ||
		resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("script: %v", resp.Header)
	}
	for name, other := range map[string]*reader{"another session": stranger, "no session": passer} {
		if resp, _ := get(t, other.http, picture); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if resp, _ := get(t, owner.http, strings.Replace(picture, "/demo/", "/other/", 1)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another library: status %d", resp.StatusCode)
	}
}

func TestSeenConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld()
	srv := w.serve(t, nil)
	r := newReader(t, srv)
	r.post(text("message-1", "a"))
	for body, want := range map[string]int{`{"out":3}`: 204, `{"out":0}`: 400, `nonsense`: 400} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/chat/demo/seen", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != want {
			t.Errorf("%s: status %d", body, resp.StatusCode)
		}
	}
	if w.seen[1] != 3 {
		t.Errorf("seen %v", w.seen)
	}
}

func TestChannel(t *testing.T) {
	t.Parallel()
	var c bots.Channel = Channel{}
	id, err := c.Send(t.Context(), bots.Outbound{Seq: 7})
	if err != nil || id != "7" || c.Kind() != bots.WebChat || !c.Limits().Acks {
		t.Errorf("id %q, %v", id, err)
	}
}
