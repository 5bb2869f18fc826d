package webchat

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// sessionAge is how long a browser is recognised after its last visit: as long as browsers allow.
const sessionAge = 400 * 24 * time.Hour

// known gives the address of the request's session; false when it has none. The cookie itself is stored nowhere.
func (c *Chat) known(r *http.Request, t tenant) (external string, ok bool) {
	token, err := r.Cookie(c.cookieName(r, t))
	if err != nil || !isToken(token.Value) {
		return "", false
	}
	return addressOf(token.Value), true
}

// session gives the address of the request's session and begins one where there is none. It must come before the answer's first byte.
func (c *Chat) session(w http.ResponseWriter, r *http.Request, t tenant) (external string) {
	if external, ok := c.known(r, t); ok {
		return external
	}
	token := rand.Text() // 130 bits
	http.SetCookie(w, c.cookie(r, t, token))
	return addressOf(token)
}

// renew makes the session of a visitor who has come back last as long again, and begins one for a newcomer:
// before the first message, so that a repeat of it whose answer was lost comes from the same session.
func (c *Chat) renew(w http.ResponseWriter, r *http.Request, t tenant) {
	if token, err := r.Cookie(c.cookieName(r, t)); err == nil && isToken(token.Value) {
		http.SetCookie(w, c.cookie(r, t, token.Value))
		return
	}
	c.session(w, r, t)
}

func (c *Chat) cookie(r *http.Request, t tenant, token string) *http.Cookie {
	k := &http.Cookie{
		Name:     c.cookieName(r, t),
		Value:    token,
		Path:     "/chat/" + t.Slug,
		MaxAge:   int(sessionAge.Seconds()),
		HttpOnly: true,
		Secure:   c.Secure,
		SameSite: http.SameSiteLaxMode,
	}
	if c.Secure && embedded(r) {
		k.SameSite, k.Partitioned = http.SameSiteNoneMode, true
	}
	return k
}

// cookieName differs by library and by whether another site shows us: those are different sessions.
func (c *Chat) cookieName(r *http.Request, t tenant) string {
	name := "chat_" + t.Slug
	if embedded(r) {
		name += "_embed"
	}
	if c.Secure {
		name = "__Secure-" + name
	}
	return name
}

func embedded(r *http.Request) bool { return r.URL.Query().Get("embed") == "1" }

func addressOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// isToken reports whether the text has the form of rand.Text.
func isToken(s string) bool {
	if len(s) < 26 || len(s) > 64 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'A' || b > 'Z') && (b < '2' || b > '7') {
			return false
		}
	}
	return true
}
