package webchat

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"librarian/bots"
	"librarian/bots/bottest"
)

// browser is what a reader has open: it posts in order, and each message until it is answered as stored.
type browser struct {
	*house
	who    bottest.Reader
	http   *http.Client
	queue  chan letter
	last   letter
	posted int
	seen   []entry // what the library has said
}

// letter is a message as the page keeps it until it is stored.
type letter struct {
	fields map[string]string
	files  []bottest.File
}

func (h *house) page(who bottest.Reader) *browser {
	h.Helper()
	if p := h.pages[who]; p != nil {
		return p
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.Fatal(err)
	}
	p := &browser{house: h, who: who, http: &http.Client{Jar: jar, Transport: &http.Transport{}}, queue: make(chan letter, 100)}
	h.pages[who] = p
	ctx, closed := h.Context(), make(chan struct{})
	go func() {
		defer close(closed)
		p.run(ctx)
	}()
	h.Cleanup(func() {
		<-closed
		p.http.CloseIdleConnections()
	})
	return p
}

// session is the reader's address within the channel.
func (p *browser) session() string {
	p.Helper()
	at, err := url.Parse("http://127.0.0.1/chat/demo")
	if err != nil {
		p.Fatal(err)
	}
	for _, c := range p.http.Jar.Cookies(at) {
		if c.Name == "chat_demo" {
			return addressOf(c.Value)
		}
	}
	p.Fatal("the page has no session")
	return ""
}

func (p *browser) post(fields map[string]string, all ...bottest.File) {
	p.posted++
	fields["id"] = fmt.Sprintf("message-%d-%d", p.who, p.posted)
	p.last = letter{fields, all}
	p.queue <- p.last
}

// run posts until the test ends. The page is opened before the first message, so that a repeat of it comes from the same session.
func (p *browser) run(ctx context.Context) {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	opened := false
	for {
		var l letter
		select {
		case <-ctx.Done():
			return
		case l = <-p.queue:
		}
		for stored := false; !stored; {
			opened = opened || p.do(ctx, http.MethodGet, "", nil, "")
			if stored = opened && p.send(ctx, l); stored {
				break
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// send posts a message as browsers write forms.
func (p *browser) send(ctx context.Context, l letter) (stored bool) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	var failed error
	for name, value := range l.fields {
		failed = errors.Join(failed, form.WriteField(name, value))
	}
	for _, f := range l.files {
		part, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="files"; filename="` + strings.ReplaceAll(f.Name, `"`, "%22") + `"`}, "Content-Type": {f.MediaType},
		})
		if err == nil {
			_, err = part.Write(f.Data)
		}
		failed = errors.Join(failed, err)
	}
	if err := errors.Join(failed, form.Close()); err != nil {
		p.Error(err)
	}
	return p.do(ctx, http.MethodPost, "/messages", &body, form.FormDataContentType())
}

// do reports whether the library answered well. What it answers otherwise is not looked at: the page tries again.
func (p *browser) do(ctx context.Context, method, path string, body io.Reader, contentType string) bool {
	at := p.url.Load()
	if at == nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, method, *at+"/chat/demo"+path, body)
	if err != nil {
		p.Error(err)
		return false
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := p.http.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

// press answers by a button of what was shown last.
func (p *browser) press(label string) {
	p.Helper()
	for _, e := range p.seen {
		for _, c := range e.Choices {
			if c.Label == label {
				p.post(map[string]string{"choice": c.ID, "turn": fmt.Sprint(e.Turn)})
				return
			}
		}
	}
	p.Fatalf("no message with the button %q", label)
}

// shown reads the stream until the library has said so much, and fetches the files.
func (p *browser) shown(least int) (all []bottest.Shown) {
	p.Helper()
	p.seen = p.listen(least)
	for _, e := range p.seen {
		one := bottest.Shown{Text: e.Text}
		for _, c := range e.Choices {
			one.Choices = append(one.Choices, c.Label)
		}
		for _, f := range e.Files {
			one.Files = append(one.Files, p.fetch(f.ID))
		}
		all = append(all, one)
	}
	return all
}

func (p *browser) listen(least int) (said []entry) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 20*time.Second)
	defer cancel()
	resp := p.get(ctx, "/events")
	defer resp.Body.Close() //nolint:errcheck // it was read as far as it is wanted
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for len(said) < least && lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		var e entry
		if ok && json.Unmarshal([]byte(data), &e) == nil && e.Side != "" && e.Side != bots.SideReader {
			said = append(said, e)
		}
	}
	if len(said) < least {
		p.Fatalf("%d messages of %d shown: %v", len(said), least, lines.Err())
	}
	return said
}

func (p *browser) fetch(id string) bottest.File {
	p.Helper()
	resp := p.get(p.Context(), "/files/"+id)
	data, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		p.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil {
		p.Fatal(err)
	}
	return bottest.File{Name: params["filename"], MediaType: resp.Header.Get("Content-Type"), Data: data}
}

func (p *browser) get(ctx context.Context, path string) *http.Response {
	p.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, *p.url.Load()+"/chat/demo"+path, http.NoBody)
	if err != nil {
		p.Fatal(err)
	}
	resp, err := p.http.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.Fatalf("%s: %v, %v", path, resp, err)
	}
	return resp
}
