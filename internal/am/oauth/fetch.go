package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"gatehouse/internal/am/outgoing"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// onSameHost follows redirects that stay where they came from.
func onSameHost(next *http.Request, via []*http.Request) error {
	if len(via) > 3 || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
		return errors.New("redirected elsewhere")
	}
	return nil
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

func (r Reach) takes(u *url.URL) bool { return r.Anywhere || outgoing.Listed(u, r.Inside) }

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
	client := outgoing.Client(!inside)
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
		err = fmt.Errorf("too large: %w", observe.OverLimit("key_set"))
	}
	return body, err
}
