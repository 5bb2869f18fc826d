package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestWalkBetweenPageAndStream: what a colleague does after a page of the desk was made, and before the stream of changes is up, is seen when it is up. The
// page asks by itself too, but only once a minute.
func TestWalkBetweenPageAndStream(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := startDemo(t)
	up := make(chan struct{})
	slow := &exhibit{t, streamsLater(t, d.url, up)}

	librarian, colleague := b.person("librarian", desktop), b.person("colleague", desktop)
	colleague.signsIn(d, "librarian2")
	colleague.press("the first task", `document.querySelector("a.row")`)
	librarian.signsIn(slow, "librarian")
	librarian.await("nobody has taken anything", `!document.querySelector("main").innerText.includes("Николаев")`)
	colleague.takes()
	begin := time.Now()
	close(up)
	librarian.sees("Николаев")
	if took := time.Since(begin); took > patienceOfTests/2 {
		t.Errorf("seen after %v", took)
	}
	librarian.look("taken")
}

// streamsLater serves the desk under another address, where streams of changes begin when the channel is closed.
func streamsLater(t *testing.T, desk string, up <-chan struct{}) string {
	t.Helper()
	service, err := url.Parse(desk)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(service)
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			select {
			case <-up:
			case <-r.Context().Done():
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
