package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
)

func TestMetricsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	pool := w.pool()
	v := w.visitor("Marker-Reader")
	for _, c := range []string{"start", "lang:en"} {
		v.chooses(c)
		w.answered(pool)
	}
	v.says("Marker-Question about a book?")
	w.answered(pool)
	v.chooses("yes")
	w.answered(pool)
	page := w.scrape()
	for _, want := range []string{
		"librarian_events_received_total 4", "librarian_turns_total 4", "librarian_turn_duration_seconds_count 4",
		`librarian_messages_tried_total{channel="webchat",outcome="sent"}`, `librarian_send_duration_seconds_count{channel="webchat"}`,
		"librarian_outbox_unsent 0", "librarian_outbox_oldest_seconds 0", "librarian_events_unfinished 0", "librarian_database_up 1",
		`librarian_tasks_open{kind="question",library="demo"} 1`, `librarian_tasks_late{kind="question",library="demo"} 0`,
		`librarian_http_requests_total{route="POST /chat/{library}/messages",status="200"} 4`, "go_goroutines ", "process_cpu_seconds_total ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the numbers", want)
		}
	}
	for _, person := range []string{"Marker-Reader", "Marker-Question"} {
		if strings.Contains(page, person) {
			t.Errorf("%q is in the numbers", person)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

func (w *world) scrape() string {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.listen+"/metrics", nil)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.Fatalf("metrics: %s, %v", answer.Status, err)
	}
	return string(page)
}

func TestMetricsAreForThisMachineOrTheToken(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := files.NewKeyFile(key); err != nil {
		t.Fatal(err)
	}
	keys, err := files.ReadKeyFile(key)
	if err != nil {
		t.Fatal(err)
	}
	const token = "a-token"
	made := map[string]*service{}
	for _, configured := range []string{"", token} {
		s, err := newService(settings{Files: t.TempDir(), MetricsToken: configured}, pgtest.New(t), keys, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		made[configured] = s
	}
	for name, c := range map[string]struct {
		configured, from, host, header, value string
		status                                int
	}{
		"this machine":                  {"", "127.0.0.1:5000", "127.0.0.1:8080", "", "", 200},
		"this machine by name":          {"", "[::1]:5000", "localhost", "", "", 200},
		"with a token set all the same": {token, "127.0.0.1:5000", "127.0.0.1:8080", "", "", 200},
		"another machine":               {"", "203.0.113.9:5000", "127.0.0.1:8080", "", "", 403},
		"by a proxy here":               {"", "127.0.0.1:5000", "127.0.0.1:8080", "X-Forwarded-For", "203.0.113.9", 403},
		"by a silent proxy here":        {"", "127.0.0.1:5000", "chat.library.example", "", "", 403},
		"the token":                     {token, "203.0.113.9:5000", "chat.library.example", "Authorization", "Bearer " + token, 200},
		"another token":                 {token, "203.0.113.9:5000", "chat.library.example", "Authorization", "Bearer b-token", 403},
		"no token is none":              {"", "203.0.113.9:5000", "chat.library.example", "Authorization", "Bearer ", 403},
	} {
		s := made[c.configured]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		answer := httptest.NewRecorder()
		s.metrics.counted(s.mux).ServeHTTP(answer, r)
		if answer.Code != c.status {
			t.Errorf("%s: %d", name, answer.Code)
		}
	}
}

func TestBacklogIsCountedSeldom(t *testing.T) {
	t.Parallel()
	clock, counts, fails := time.Unix(1000, 0), 0, false
	gauge := prometheus.NewDesc("waiting", "", nil, nil)
	b := newBacklog(func() time.Time { return clock }, func(context.Context) ([]prometheus.Metric, error) {
		counts++
		if fails {
			return nil, io.ErrUnexpectedEOF
		}
		return []prometheus.Metric{prometheus.MustNewConstMetric(gauge, prometheus.GaugeValue, 7)}, nil
	})
	m := newMetrics(b)
	look := func() string {
		b.refresh(t.Context())
		answer := httptest.NewRecorder()
		m.page.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		return answer.Body.String()
	}
	for range 3 {
		if page := look(); !strings.Contains(page, "\nwaiting 7\n") || !strings.Contains(page, "librarian_database_up 1") {
			t.Error(page)
		}
	}
	if counts != 1 {
		t.Errorf("counted %d times within five seconds", counts)
	}
	clock, fails = clock.Add(backlogAge), true
	if page := look(); strings.Contains(page, "\nwaiting 7\n") || !strings.Contains(page, "librarian_database_up 0") {
		t.Errorf("old numbers are shown though the database is away:\n%s", page)
	}
	if counts != 2 {
		t.Errorf("counted %d times", counts)
	}
}
