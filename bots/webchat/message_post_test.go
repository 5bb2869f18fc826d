package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"librarian/bots"
)

// reader is a browser: it keeps its cookies.
type reader struct {
	t      *testing.T
	server *httptest.Server
	http   *http.Client
}

func newReader(t *testing.T, srv *httptest.Server) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t, srv, &http.Client{Jar: jar, Transport: srv.Client().Transport}}
}

// sent is one file of a message; its bytes are never all in memory.
type sent struct {
	name string
	body io.Reader
}

// post sends a message as the page does. The form is measured first, as a browser measures it.
func (r *reader) post(fields map[string]string, uploads ...sent) (*http.Response, receipt, string) {
	r.t.Helper()
	var head, tail bytes.Buffer
	form := multipart.NewWriter(&head)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			r.t.Fatal(err)
		}
	}
	body := []io.Reader{&head}
	for _, f := range uploads {
		var part bytes.Buffer
		fmt.Fprintf(&part, "\r\n--%s\r\nContent-Disposition: form-data; name=\"files\"; filename=%q\r\nContent-Type: image/jpeg\r\n\r\n", form.Boundary(), f.name)
		body = append(body, &part, f.body)
	}
	fmt.Fprintf(&tail, "\r\n--%s--\r\n", form.Boundary())
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.server.URL+"/chat/demo/messages", io.MultiReader(append(body, &tail)...))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, b := range append(body, &tail) {
		switch b := b.(type) {
		case *bytes.Buffer:
			req.ContentLength += int64(b.Len())
		case *io.LimitedReader:
			req.ContentLength += b.N
		case *strings.Reader:
			req.ContentLength += b.Size()
		}
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return r.do(req)
}

func (r *reader) do(req *http.Request) (*http.Response, receipt, string) {
	r.t.Helper()
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		receipt
		Error string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		r.t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	return resp, got.receipt, got.Error
}

func text(id, said string) map[string]string { return map[string]string{"id": id, "text": said} }

func TestARepeatedMessageIsStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := newReader(t, w.serve(t, nil))
	for range 3 {
		resp, got, _ := r.post(text("message-1", "где вы находитесь?"))
		if resp.StatusCode != http.StatusOK || !got.Stored || got.Cut || len(got.Refused) != 0 {
			t.Fatalf("status %d, %+v", resp.StatusCode, got)
		}
	}
	if len(w.received) != 1 || len(w.convs) != 1 {
		t.Fatalf("%d messages in %d conversations", len(w.received), len(w.convs))
	}
	if in := w.received[0]; in.Text != "где вы находитесь?" || in.Library != 1 || in.Channel != 10 || len(in.Sender) != 64 || in.Locale != "ru" {
		t.Errorf("received %+v", in)
	}
}

func TestWhatAMessageMayHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields map[string]string
		status int
		code   string
		cut    bool
		text   string
	}{
		"empty":          {text("message-1", ""), 400, codeEmpty, false, ""},
		"null bytes":     {text("message-1", "a\x00b\x01"), 200, "", false, "ab"},
		"not UTF-8":      {text("message-1", "a\xffb"), 200, "", false, "a\uFFFDb"},
		"only nulls":     {text("message-1", "\x00\x00"), 400, codeEmpty, false, ""},
		"100 KB":         {text("message-1", strings.Repeat("я", 50<<10)), 200, "", true, strings.Repeat("я", bots.MaxText)},
		"1 MB":           {text("message-1", strings.Repeat("x", 1<<20)), 200, "", true, strings.Repeat("x", bots.MaxText)},
		"emoji":          {text("message-1", "👩‍👧"), 200, "", false, "👩‍👧"},
		"right to left":  {text("message-1", "\u202eשלום"), 200, "", false, "שלום"},
		"choice":         {map[string]string{"id": "message-1", "choice": "start", "turn": "3"}, 200, "", false, ""},
		"turn no number": {map[string]string{"id": "message-1", "choice": "a", "turn": "x"}, 400, codeBad, false, ""},
		"long choice":    {map[string]string{"id": "message-1", "choice": strings.Repeat("a", 101)}, 400, codeBad, false, ""},
		"no id":          {map[string]string{"text": "a"}, 400, codeBad, false, ""},
		"short id":       {text("short", "a"), 400, codeBad, false, ""},
		"odd id":         {text("message/../1", "a"), 400, codeBad, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			resp, got, code := newReader(t, w.serve(t, nil)).post(c.fields)
			if resp.StatusCode != c.status || code != c.code || got.Cut != c.cut {
				t.Fatalf("status %d, code %q, cut %v", resp.StatusCode, code, got.Cut)
			}
			if c.status == http.StatusOK && (len(w.received) != 1 || w.received[0].Text != c.text) {
				t.Errorf("received %d messages", len(w.received))
			}
			if c.status != http.StatusOK && len(w.received) != 0 {
				t.Errorf("a refused message was received")
			}
		})
	}
}

func TestFilesBeyondTheTenthAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var uploads []sent
	for i := range 40 {
		uploads = append(uploads, sent{fmt.Sprintf("photo-%02d.jpg", i), strings.NewReader("\xff\xd8\xff picture")})
	}
	resp, got, _ := newReader(t, w.serve(t, nil)).post(text("message-1", ""), uploads...)
	if resp.StatusCode != http.StatusOK || len(got.Refused) != 30 {
		t.Fatalf("status %d, %d refused", resp.StatusCode, len(got.Refused))
	}
	if got.Refused[0] != (bots.RefusedUpload{Name: "photo-10.jpg", Reason: reasonMany}) {
		t.Errorf("refused %+v", got.Refused[0])
	}
	in := w.received[0]
	if len(in.Files) != 10 || in.Files[0].File == "" || in.Files[0].Name != "photo-00.jpg" || len(in.Refused) != 30 {
		t.Errorf("received %+v", in)
	}
}

func TestALargeFileIsRefusedAndTheMessageGoesOn(t *testing.T) {
	w := newWorld() // not parallel: it measures memory
	r := newReader(t, w.serve(t, nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, got, _ := r.post(text("message-1", "вот"),
		sent{"huge.jpg", &io.LimitedReader{R: zeros{}, N: 60 << 20}}, sent{"small.jpg", strings.NewReader("small")})
	runtime.ReadMemStats(&after)
	if resp.StatusCode != http.StatusOK || len(got.Refused) != 1 || got.Refused[0] != (bots.RefusedUpload{Name: "huge.jpg", Reason: reasonLarge}) {
		t.Fatalf("status %d, %+v", resp.StatusCode, got)
	}
	if in := w.received[0]; in.Text != "вот" || len(in.Files) != 1 || in.Files[0].Name != "small.jpg" {
		t.Errorf("received %+v", in)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("60 MB took %d MB of memory", used>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestABodyThatIsTooLargeOrHasNoLength(t *testing.T) {
	t.Parallel()
	r := newReader(t, newWorld().serve(t, func(d *Deps) { d.Limits.Body = 1 << 20 }))
	resp, _, code := r.post(text("message-1", "a"), sent{"a.jpg", &io.LimitedReader{R: zeros{}, N: 2 << 20}})
	if resp.StatusCode != http.StatusRequestEntityTooLarge || code != codeLarge {
		t.Errorf("status %d, %s", resp.StatusCode, code)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL+"/chat/demo/messages", struct{ io.Reader }{strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	if resp, _, _ := r.do(req); resp.StatusCode != http.StatusLengthRequired {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestOnlyOurOwnPagePosts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := newReader(t, w.serve(t, nil))
	for header, c := range map[string]struct {
		value  string
		status int
	}{
		"Origin":         {"https://evil.example", 403},
		"Sec-Fetch-Site": {"cross-site", 403},
	} {
		for _, path := range []string{"messages", "seen"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL+"/chat/demo/"+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(header, c.value)
			if resp, _, code := r.do(req); resp.StatusCode != c.status || code != codeOrigin {
				t.Errorf("%s, %s: status %d", path, header, resp.StatusCode)
			}
		}
	}
}

func TestWhatCannotBeStoredIsToBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld()
	broken := true
	r := newReader(t, w.serve(t, func(d *Deps) {
		d.Receive = func(ctx context.Context, in bots.Inbound) error {
			if broken {
				return errors.New("no database")
			}
			return w.receive(ctx, in)
		}
	}))
	resp, got, code := r.post(text("message-1", "a"))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || code != codeUnavailable || got.Stored {
		t.Fatalf("status %d, %+v", resp.StatusCode, got)
	}
	broken = false
	if resp, _, _ := r.post(text("message-1", "a")); resp.StatusCode != http.StatusOK || len(w.received) != 1 {
		t.Fatalf("status %d, %d received", resp.StatusCode, len(w.received))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit func(*Limits)
		fresh bool // each message from a new session
	}{
		"of a session": {func(l *Limits) { l.Messages = Rate{rate.Every(time.Hour), 2} }, false},
		"of a network": {func(l *Limits) { l.Requests = Rate{rate.Every(time.Hour), 2} }, true},
		"on beginning": {func(l *Limits) { l.Begun = Rate{rate.Every(time.Hour), 2} }, true},
		"on bytes":     {func(l *Limits) { l.Bytes = 900 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			srv := w.serve(t, func(d *Deps) { c.limit(&d.Limits) })
			r := newReader(t, srv)
			for i := range 8 {
				if c.fresh {
					r = newReader(t, srv)
				}
				resp, _, code := r.post(text(fmt.Sprintf("message-%d", i), "a"))
				if resp.StatusCode == http.StatusTooManyRequests {
					if i < 2 || code != codeFast || resp.Header.Get("Retry-After") == "" || len(w.received) != i {
						t.Errorf("message %d: code %q, %d received", i, code, len(w.received))
					}
					return
				}
			}
			t.Error("nothing was refused")
		})
	}
}
