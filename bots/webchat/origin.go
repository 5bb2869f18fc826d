package webchat

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"librarian/contacts/library"
)

// from is the address that a request really comes from: the last one that no trusted proxy has written down for itself.
func (c *Chat) from(r *http.Request) netip.Addr {
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a listener without addresses, such as a unix socket: all share one allowance
	}
	from := port.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !c.proxy(from) {
			break
		}
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		from = addr.Unmap()
	}
	return from
}

func (c *Chat) proxy(a netip.Addr) bool {
	return slices.ContainsFunc(c.Limits.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

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
