package web

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
)

// What one request may carry beside the pages of an order. Legal texts are long, and each letter of theirs travels as six.
const (
	maxForm     = 64 << 10
	maxSettings = 512 << 10
)

// policy lets the page load from the desk alone. Pico draws its marks as data: pictures.
const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// safe sets what holds for every answer, and bounds every request.
func (s *Site) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		most := int64(maxForm)
		switch {
		case strings.HasPrefix(r.URL.Path, "/desk/settings/"):
			most = maxSettings
		case strings.HasPrefix(r.URL.Path, "/desk/orders/") && strings.HasSuffix(r.URL.Path, "/parts"):
			most = maxUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into an error page and a line in the log. net/http's own way to break off stays.
func (s *Site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "desk: panic", slog.String("route", r.Pattern), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			v := &visit{Site: s, w: w, r: r, at: s.Now(), lang: guessLang(r)}
			v.showFailure(http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
