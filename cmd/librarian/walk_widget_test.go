package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// TestWalkWidget opens the chat in a page of another site, both reached by https as in life.
func TestWalkWidget(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	var chat string
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="ru"><meta name="viewport" content="width=device-width"><title>Сайт</title>
<h1>Сайт библиотеки</h1><p>Страница другого сайта.</p><script src="%s/chat/demo/widget.js" async></script></html>`, chat)
	})
	origin, unnamed := otherSite(t, page), otherSite(t, page)
	w := newWorldWith(t, map[string]any{"frame_hosts": []string{origin}})
	chat = w.behindProxy()
	w.serve("--public-url", chat, "--proxies", "127.0.0.1")

	p := b.person("visitor", desktop)
	p.open(origin)
	frame := p.opensWidget()
	frame.sees("Українська")
	frame.presses("Русский")
	frame.hears("Чем вам помочь?")
	frame.says("Работает ли читальный зал?")
	frame.hears("Передать это библиотекарю?")
	p.look("widget")
	if cookies := answer[string](frame, "document.cookie"); cookies != "" {
		frame.Errorf("the page's script can read the cookie: %s", cookies)
	}
	p.open(origin) // the widget was open: it opens again, and the cookie tells who it is
	again := p.widgetFrame()
	again.sees("Работает ли читальный зал?")
	again.presses("Да, передать")
	again.hears("Вопрос передан библиотекарю")
	p.look("widget-again")

	stranger := b.person("stranger", desktop)
	stranger.open(unnamed) // the library does not know this site
	stranger.isRefused()
}

// otherSite serves the page at localhost: another site than 127.0.0.1, not only another port of it.
func otherSite(t *testing.T, page http.Handler) string {
	server := httptest.NewTLSServer(page)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// behindProxy puts https in front of the service and gives its address.
func (w *world) behindProxy() string {
	service := &url.URL{Scheme: "http", Host: w.listen}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(service)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewTLSServer(proxy)
	w.Cleanup(server.Close)
	return server.URL
}

// opensWidget opens the chat by the button in the corner.
func (p *page) opensWidget() *page {
	p.Helper()
	p.pressesCorner()
	return p.widgetFrame()
}

// pressesCorner presses where the widget's button is, which no script of the page can reach.
func (p *page) pressesCorner() {
	p.Helper()
	p.await("the widget", `document.body?.lastElementChild?.lang && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	p.do("press the button in the corner", chromedp.MouseClickXY(desktop-50, 860-50))
}

// isRefused opens the widget where it may not be: the browser says so and shows nothing of the chat.
func (p *page) isRefused() {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patienceOfTests)
	defer cancel()
	console := chromedp.Console(ctx)
	p.pressesCorner()
	for m, err := range console {
		if err != nil {
			p.fail("the browser does not refuse the frame: %v", err)
		}
		if strings.Contains(m.Text, "frame-ancestors") {
			return
		}
	}
}

// widgetFrame is the chat within the page. It comes from another site, so that it is a target of its own.
func (p *page) widgetFrame() *page {
	p.Helper()
	var id target.ID
	(&world{T: p.T, log: &syncBuffer{}}).await("the frame of the widget", func() bool {
		id = p.frame()
		return id != ""
	})
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(id))
	p.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		p.fail("go into the frame: %v", err)
	}
	return &page{browser: p.browser, ctx: ctx, who: p.who}
}

// frame is the frame of another site within the page.
func (p *page) frame() target.ID {
	p.Helper()
	all, err := chromedp.Targets(p.ctx)
	if err != nil {
		p.fail("frames: %v", err)
	}
	for _, t := range all {
		if t.Type == "iframe" && strings.Contains(t.URL, "?embed=1") && t.BrowserContextID == chromedp.FromContext(p.ctx).BrowserContextID {
			return t.TargetID
		}
	}
	return ""
}
