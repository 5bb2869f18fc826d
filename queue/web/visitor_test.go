package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// visitor is a browser.
type visitor struct {
	*http.Client
	h     *house
	staff queue.Staff
}

func (h *house) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{&http.Client{Jar: jar, CheckRedirect: stay, Timeout: 20 * time.Second}, h, queue.Staff{}}
}

// signedIn is a browser in which somebody of the role is signed in, with everything owed done.
func (h *house) signedIn(lib library.ID, role queue.Role, lang library.Lang) *visitor {
	h.t.Helper()
	staff, password := h.staff(lib, role, lang)
	ctx := h.t.Context()
	token, err := h.desk.OpenSession(ctx, staff.ID, "Firefox/140.0 (X11; Linux)")
	if err != nil {
		h.t.Fatal(err)
	}
	session, err := h.desk.SessionOf(ctx, token)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.desk.ChangePassword(ctx, session, password, "длинный разный пароль"); err != nil {
		h.t.Fatal(err)
	}
	v := h.visitor()
	v.staff = staff
	v.admit(token)
	return v
}

func (v *visitor) admit(token string) {
	home, err := url.Parse(v.h.server.URL)
	if err != nil {
		v.h.t.Fatal(err)
	}
	v.Jar.SetCookies(home, []*http.Cookie{{Name: cookieSession, Value: token, Path: "/desk"}})
}

// answer is what the desk said, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (v *visitor) get(path string) answer { return v.ask(http.MethodGet, path, nil) }

func (v *visitor) post(path string, form url.Values) answer {
	return v.ask(http.MethodPost, path, form)
}

func (v *visitor) ask(method, path string, form url.Values, headers ...string) answer {
	v.h.t.Helper()
	body, media := encoded(form)
	req, err := http.NewRequestWithContext(v.h.t.Context(), method, v.h.server.URL+path, body)
	if err != nil {
		v.h.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("Content-Type", media)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := v.Do(req)
	if err != nil {
		v.h.t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(said)}
}

// encoded is the form as a browser sends it: with files in it in parts, each file holding its name.
func encoded(form url.Values) (io.Reader, string) {
	names, files := form["files"]
	if !files {
		return strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	}
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for _, name := range names {
		part, err := parts.CreateFormFile("files", name)
		if err == nil {
			_, err = io.WriteString(part, name)
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := parts.Close(); err != nil {
		panic(err)
	}
	return &body, parts.FormDataContentType()
}
