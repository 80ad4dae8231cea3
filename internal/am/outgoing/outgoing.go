// Package outgoing guards the calls that the server makes to addresses which others name: clients in what they register,
// realms in their scripts. Such an address must not lead inside, to what only the server can reach (OWASP: server-side
// request forgery), unless its host is on a list.
package outgoing

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/internal/observe"
)

// Timeout bounds a call, and a connection on its way.
const Timeout = 5 * time.Second

// ErrInternal is why a call was not made.
var ErrInternal = errors.New("the address is internal; a host that may be called is listed in allowedFetchHosts")

// Transport makes the connections. Where public is set they lead to public addresses only, which is checked when the
// name is resolved, so that no name can lead inside.
func Transport(public bool) *http.Transport {
	dialer := &net.Dialer{Timeout: Timeout}
	proxy := http.ProxyFromEnvironment
	if public {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !isPublic(at.Addr()) {
				return ErrInternal
			}
			return nil
		}
		proxy = nil // it would connect in place of this dialer, unchecked
	}
	return &http.Transport{DialContext: dialer.DialContext, Proxy: proxy, TLSHandshakeTimeout: Timeout, ForceAttemptHTTP2: true}
}

// Client makes single calls, within Timeout. It follows no redirects: they would lead past the checks.
func Client(public bool) *http.Client {
	t := Transport(public)
	t.MaxIdleConnsPerHost = -1
	return &http.Client{Timeout: Timeout, CheckRedirect: Stay, Transport: observe.Transport{Transport: t}}
}

// Stay follows no redirect: the answer is the redirect itself.
func Stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Listed tells whether the host of u is among hosts ("host" or "host:port").
func Listed(u *url.URL, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		return strings.EqualFold(h, u.Hostname()) || strings.EqualFold(h, u.Host)
	})
}

// internalRanges are what netip does not know by name (IANA special-purpose registries): shared, benchmark and reserved
// addresses, and those that carry another address within.
var internalRanges = func() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}()

// isPublic tells whether an address is out on the internet.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() &&
		!slices.ContainsFunc(internalRanges, func(p netip.Prefix) bool { return p.Contains(a) })
}
