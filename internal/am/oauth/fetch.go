package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// What clients name is called briefly and without redirects: they would lead past the checks.
const callTimeout = 5 * time.Second

var errInternalAddress = errors.New("the address is internal; a host that may be called is listed in allowedFetchHosts")

// outgoing makes HTTP clients for addresses that clients registered. Where public is set they connect to public
// addresses only, checked when the name is resolved, so that no name can lead inside (OWASP: server-side request
// forgery).
func outgoing(public bool) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout}
	if public {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !isPublic(at.Addr()) {
				return errInternalAddress
			}
			return nil
		}
	}
	proxy := http.ProxyFromEnvironment
	if public {
		proxy = nil // it would connect in place of this dialer, unchecked
	}
	return &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: observe.Transport{Transport: &http.Transport{
			DialContext: dialer.DialContext, Proxy: proxy, TLSHandshakeTimeout: callTimeout, MaxIdleConnsPerHost: -1, ForceAttemptHTTP2: true,
		}},
	}
}

// onSameHost follows redirects that stay where they came from.
func onSameHost(next *http.Request, via []*http.Request) error {
	if len(via) > 3 || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
		return errors.New("redirected elsewhere")
	}
	return nil
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

// mayBeInternal tells whether the host of u is on the list, with its port or without.
func mayBeInternal(u *url.URL, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(h string) bool {
		return strings.EqualFold(h, u.Hostname()) || strings.EqualFold(h, u.Host)
	})
}

// Reach says what addresses may be called for a client.
type Reach struct {
	// Anywhere: an administrator wrote the address.
	Anywhere bool
	// Inside are hosts ("host" or "host:port") that may have internal addresses, and be called over http.
	Inside []string
}

// reach is how far addresses in a client's profile lead: what somebody registered who is no administrator must not
// lead inside.
func (p *Provider) reach(c *realm.Client) Reach {
	return Reach{Anywhere: !c.SelfRegistered, Inside: p.Settings.Own.FetchHosts}
}

func (r Reach) takes(u *url.URL) bool { return r.Anywhere || mayBeInternal(u, r.Inside) }

// fetch gets a small document over https, or over http from where the reach allows that.
func fetch(ctx context.Context, address string, reach Reach) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("not the address of a document")
	}
	inside := reach.takes(u)
	if u.Scheme != "https" && !(u.Scheme == "http" && inside) {
		return nil, errors.New("not an https URL")
	}
	u.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	client := outgoing(!inside)
	if reach.Anywhere {
		client.CheckRedirect = onSameHost
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, jose.MaxSetBytes+1))
	if err == nil && len(body) > jose.MaxSetBytes {
		err = errors.New("too large")
	}
	return body, err
}
