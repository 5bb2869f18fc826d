package webchat

import (
	"net/url"
	"strings"

	"librarian/contacts/library"
)

// contentPolicy lets the page load nothing but its own, and only the library's sites embed it.
func contentPolicy(s library.Settings) string {
	frames := []string{"'self'"}
	for _, host := range s.FrameHosts {
		if isOrigin(host) {
			frames = append(frames, host)
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors " + strings.Join(frames, " ")
}

// isOrigin keeps anything but scheme, host and port out of the header.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(s, " \t;,'\"*") {
		return false
	}
	return s == u.Scheme+"://"+u.Host
}
