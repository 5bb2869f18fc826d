package telegramtest

import (
	"context"
	"fmt"
	"net/http"
)

// Failure is a way not to answer as wanted.
type Failure struct {
	status   int
	body     string
	html     bool
	hang     bool
	drop     bool
	recorded bool
	chat     int64
}

// TooMany is 429 with the seconds to wait.
func TooMany(seconds int) Failure {
	return Failure{status: http.StatusTooManyRequests, body: fmt.Sprintf(
		`{"ok":false,"error_code":429,"description":"Too Many Requests: retry after %d","parameters":{"retry_after":%d}}`, seconds, seconds)}
}

// Refusal is an error of the Bot API, such as 403 with "Forbidden: bot was blocked by the user".
func Refusal(status int, description string) Failure {
	return Failure{status: status, body: fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, status, description)}
}

// HTML is a page of something that stands before the Bot API.
func HTML(status int) Failure {
	return Failure{status: status, html: true, body: fmt.Sprintf("<html><head><title>%d</title></head><body>nginx</body></html>", status)}
}

// Raw answers with the status and this body.
func Raw(status int, body string) Failure { return Failure{status: status, body: body} }

// Hang does not answer until the caller gives up.
func Hang() Failure { return Failure{hang: true} }

// Drop breaks the connection.
func Drop() Failure { return Failure{drop: true} }

// Recorded lets the method take effect before it fails, as when the answer is lost on its way.
func (f Failure) Recorded() Failure {
	f.recorded = true
	return f
}

// In limits the failure to one chat.
func (f Failure) In(chat int64) Failure {
	f.chat = chat
	return f
}

type failing struct {
	Failure
	method string
	left   int // negative: until Heal
}

// Fail lets the next calls of the method fail; an empty method is any, "download" the download of a file. Negative times last until Heal.
func (s *Server) Fail(method string, f Failure, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, &failing{f, method, times})
}

// Heal ends all failures.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = nil
}

// failure counts the call and finds out whether it is to fail.
func (s *Server) failure(method string, chat int64) *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	s.change()
	for _, f := range s.failures {
		if f.left == 0 || f.method != "" && f.method != method || f.chat != 0 && f.chat != chat {
			continue
		}
		f.left--
		return &f.Failure
	}
	return nil
}

func (f *Failure) write(ctx context.Context, w http.ResponseWriter) {
	switch {
	case f.hang:
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	case f.drop:
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if f.html {
		w.Header().Set("Content-Type", "text/html")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write([]byte(f.body)) // the caller may be gone
}
