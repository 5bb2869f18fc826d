// Package web is the staff desk in the browser: the queue, the tasks, the conversations, the accounts.
package web

import (
	"fmt"
	"net/http"
	"strings"
)

// Site is the desk, ready to serve.
type Site struct {
	Deps
	pages  pages
	assets map[string]asset
	tries  *tries
}

// New reads the pages and static files that are built into the program. It does no other I/O.
func New(deps Deps) (*Site, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("load the desk's static files: %w", err)
	}
	s := &Site{Deps: deps, assets: assets, tries: newTries()}
	if s.pages, err = s.loadPages(); err != nil {
		return nil, fmt.Errorf("load the desk's pages: %w", err)
	}
	return s, nil
}

// Handler serves /desk and everything below it. Streams end with the request's context: the server's base context has to end them at shutdown.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.Handle(rt.pattern, s.serve(rt))
	}
	mux.Handle("GET /desk/{$}", http.RedirectHandler("/desk", http.StatusMovedPermanently))
	mux.Handle("/desk/", s.serve(route{pattern: "/desk/", needs: open, handle: missing}))
	return s.recovered(http.NewCrossOriginProtection().Handler(s.safe(mux)))
}

func missing(*visit) error { return errMissing }

// serve checks who comes before the route's handler sees the request.
func (s *Site) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Site: s, w: w, r: r, route: rt, at: s.Now(), lang: guessLang(r)}
		if err := v.recognise(); err != nil {
			v.fail(err)
			return
		}
		if elsewhere := v.elsewhere(); elsewhere != "" {
			v.detour(elsewhere)
			return
		}
		if !v.permitted() {
			v.fail(errForbidden)
			return
		}
		if err := v.parse(); err != nil {
			v.fail(err)
			return
		}
		if err := rt.handle(v); err != nil {
			v.fail(err)
		}
	})
}

// isPage reports whether the request is for a whole page, which may be come back to after signing in.
func (v *visit) isPage() bool {
	return v.r.Method == http.MethodGet && v.r.Header.Get("HX-Request") == "" && strings.HasPrefix(v.r.Header.Get("Accept"), "text/html")
}
