package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"librarian/bots"
)

// metrics are what Prometheus reads: numbers, never a person.
type metrics struct {
	registry *prometheus.Registry
	page     http.Handler
	backlog  *backlog
	received prometheus.Counter
	turns    prometheus.Counter
	turn     prometheus.Histogram
	sent     *prometheus.CounterVec
	sending  *prometheus.HistogramVec
	requests *prometheus.CounterVec
}

func newMetrics(b *backlog) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(), backlog: b,
		received: prometheus.NewCounter(prometheus.CounterOpts{Name: "librarian_events_received_total", Help: "Messages that channels brought and that are stored."}),
		turns:    prometheus.NewCounter(prometheus.CounterOpts{Name: "librarian_turns_total", Help: "Turns of conversations that were committed."}),
		turn: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "librarian_turn_duration_seconds", Help: "How long the group took in which a turn was moved, to its commit.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5},
		}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "librarian_messages_tried_total", Help: "Tries to send, by kind of channel and outcome."}, []string{"channel", "outcome"}),
		sending: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "librarian_send_duration_seconds", Help: "How long one try to send took.", Buckets: []float64{.001, .01, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"channel"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "librarian_http_requests_total", Help: "Requests, by route and status."}, []string{"route", "status"}),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		b, m.received, m.turns, m.turn, m.sent, m.sending, m.requests)
	m.page = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// tried counts one try to send by the state in which it left the message.
func (m *metrics) tried(kind bots.Kind, state string, took time.Duration) {
	outcome := "sent"
	switch state {
	case "queued":
		outcome = "retry"
	case "failed":
		outcome = "failed"
	}
	m.sent.WithLabelValues(string(kind), outcome).Inc()
	m.sending.WithLabelValues(string(kind)).Observe(took.Seconds())
}

// moved counts a committed group of turns.
func (m *metrics) moved(turns int, took time.Duration) {
	m.turns.Add(float64(turns))
	for range turns {
		m.turn.Observe(took.Seconds())
	}
}

// counted serves with the handler and counts by the pattern of the route: an address itself may be a person's.
func (m *metrics) counted(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			route := r.Pattern
			if route == "" {
				route = "none"
			}
			m.requests.WithLabelValues(route, strconv.Itoa(out.status)).Inc()
		}()
		mux.ServeHTTP(out, r)
	})
}

// statusWriter remembers the status. http.ResponseController reaches the connection through Unwrap.
type statusWriter struct {
	http.ResponseWriter
	status  int
	decided bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.decided {
		w.status, w.decided = status, status >= 200 // those before are only announcements
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.decided = true
	return w.ResponseWriter.Write(p)
}

// Unwrap gives what is wrapped.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// metricsGet shows the numbers to programs of this machine and to those that know the token.
func (s *service) metricsGet(w http.ResponseWriter, r *http.Request) {
	if !direct(r) && !s.bearsToken(r) {
		http.Error(w, "metrics are for this machine, or for those with the token", http.StatusForbidden)
		return
	}
	s.metrics.backlog.refresh(r.Context())
	s.metrics.page.ServeHTTP(w, r)
}

func (s *service) bearsToken(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.MetricsToken))
	return ok && s.MetricsToken != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// direct reports that the request comes from this machine itself and not by a proxy on it, which would make everybody local.
func direct(r *http.Request) bool {
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return local(r.RemoteAddr) && local(r.Host)
}

func local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
