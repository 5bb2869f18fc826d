package bots

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestAddressBehindProxies(t *testing.T) {
	t.Parallel()
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for _, row := range []struct{ remote, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"}, // not our proxy: believed in nothing
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:1", "garbage", "10.0.0.1"},
		{"[2001:db8::1]:1", "", "2001:db8::1"},
		{"@", "198.51.100.1", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: row.remote, Header: http.Header{}}
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-For", row.forwarded)
		}
		if got := proxies.Client(r); got.String() != row.want {
			t.Errorf("%s for %q: %s", row.remote, row.forwarded, got)
		}
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9", "2001:db8::1:2:3:4": "2001:db8::", "fe80::1%eth0": "fe80::",
	} {
		if got := Network(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is of %s, want %s", addr, got, want)
		}
	}
}
