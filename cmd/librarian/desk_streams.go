package main

import (
	"context"
	"net/http"
	"strings"
)

// untilStop ends the desk's streams when the service begins to stop: a page that is open would hold it up. Other requests are finished.
func (s *service) untilStop(desk http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			desk.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.streams, cancel)()
		desk.ServeHTTP(w, r.WithContext(ctx))
	})
}
