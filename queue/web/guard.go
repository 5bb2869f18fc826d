package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"librarian/contacts/library"
	"librarian/queue"
)

const (
	cookieSession = "librarian_desk"
	cookieNext    = "librarian_desk_next" // where somebody wanted to go before signing in
	nextSeconds   = 15 * 60
)

// Admit gives the browser the session's cookie. It lasts as long as the browser runs, the session itself at most as package queue says.
func (s *Site) Admit(w http.ResponseWriter, token string) {
	s.setCookie(w, cookieSession, token, 0)
}

func (s *Site) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, MaxAge: age, Path: "/desk", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// recognise finds out who comes, and which library they look at.
func (v *visit) recognise() error {
	cookie, err := v.r.Cookie(cookieSession)
	if err != nil || v.route.needs == open {
		return nil // nobody, or it does not matter
	}
	find := v.Desk.PeekSession
	if v.changes() || v.isPage() { // what a person did, not what an open page does by itself
		find = v.Desk.SessionOf
	}
	session, err := find(v.ctx(), cookie.Value)
	switch {
	case errors.Is(err, queue.ErrNoSession):
		return nil
	case err != nil:
		return err
	}
	v.session = session
	if session.Staff.Lang.Known() {
		v.lang = session.Staff.Lang
	}
	if session.Library == 0 {
		return nil
	}
	v.lib, err = v.Library(v.ctx(), session.Library)
	return err
}

// elsewhere is where the visitor has to go first; empty when nothing is in the way.
func (v *visit) elsewhere() string {
	staff, state := v.session.Staff, v.session.State
	switch {
	case v.route.needs == open:
		return ""
	case state == "":
		return "/desk/sign-in"
	case v.route.needs == leaving:
		return ""
	case v.route.needs == entering:
		return v.entrance()
	case state != queue.SessionFull:
		return factorPage(staff)
	case v.route.needs == renewing:
		return ""
	case staff.MustChange:
		return "/desk/password"
	case v.lib.ID == 0 && v.route.needs != own && v.route.needs != roaming:
		return "/desk/libraries"
	case v.route.pattern == "GET /desk" && !v.may(queue.PermQueue):
		return v.home()
	}
	return ""
}

// home is the page to begin with.
func (v *visit) home() string {
	switch {
	case v.session.Staff.ID == 0 || v.may(queue.PermQueue):
		return "/desk"
	case v.may(queue.PermAudit):
		return "/desk/audit"
	}
	return "/desk/account"
}

// entrance sends those who are already in, or owe the other step, to where they belong.
func (v *visit) entrance() string {
	if v.signedIn() {
		return "/desk"
	}
	if page := factorPage(v.session.Staff); page != v.r.URL.Path {
		return page
	}
	return ""
}

func factorPage(staff queue.Staff) string {
	if staff.HasTOTP {
		return "/desk/sign-in/code"
	}
	return "/desk/enrol"
}

// permitted is asked only of those who are in nobody's way.
func (v *visit) permitted() bool {
	switch v.route.needs {
	case open, entering, leaving, renewing, own:
		return true
	case roaming:
		return v.session.Staff.Library == nil
	}
	return v.may(v.route.needs)
}

// detour sends the visitor elsewhere, and remembers which page was wanted.
func (v *visit) detour(address string) {
	if v.isPage() && address == "/desk/sign-in" {
		v.setCookie(v.w, cookieNext, url.QueryEscape(v.r.URL.RequestURI()), nextSeconds)
	}
	if v.route.act == "" && !v.isPage() && !v.fragment() { // a stream or a picture: a page would be no answer
		http.Error(v.w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return
	}
	_ = v.to(address) // writes a redirect only
}

// enter opens the desk to who has just given the second factor.
func (v *visit) enter(token string) error {
	v.Admit(v.w, token)
	next := "/desk"
	if cookie, err := v.r.Cookie(cookieNext); err == nil {
		v.setCookie(v.w, cookieNext, "", -1)
		if wanted, err := url.QueryUnescape(cookie.Value); err == nil && (wanted == "/desk" || strings.HasPrefix(wanted, "/desk/") || strings.HasPrefix(wanted, "/desk?")) {
			next = wanted
		}
	}
	return v.to(next)
}

// guessLang is the language for who is not known yet: chosen on the page, or the browser's.
func guessLang(r *http.Request) library.Lang {
	if chosen := library.Lang(r.URL.Query().Get("lang")); r.URL.Path == "/desk/sign-in" && chosen.Known() {
		return chosen
	}
	return cmp.Or(library.Preferred(r.Header.Get("Accept-Language"), library.Langs()), library.Russian)
}
