package oauth

import (
	"net"
	"net/http"
	"time"

	"gatehouse/internal/am/store"
)

// freeTrials is how many failures in a row one address has before it has to wait to try the same client again. It is
// counted by address and client, so that nobody can shut a client out from elsewhere.
const freeTrials = 20

// trialKey is what is counted: a digest, for what is claimed may have any length.
func (p *Provider) trialKey(r *http.Request, c *Credentials) string {
	return store.DigestOf(p.Realm.Path + "\x00" + p.sender(r) + "\x00" + claimed(r, c))
}

// claimed is the client that a request names; nothing is believed.
func claimed(r *http.Request, c *Credentials) string {
	id := c.Get("client_id")
	if name, _, ok := r.BasicAuth(); id == "" && ok {
		id = name
	}
	if raw := c.Get("client_assertion"); id == "" && raw != "" {
		_, id, _ = AssertionIssuer(raw)
	}
	return id
}

// sender is the address that a request came from.
func (p *Provider) sender(r *http.Request) string {
	if p.ClientAddress != nil {
		return p.ClientAddress(r, p.Realm)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func tooManyTrials(wait time.Duration) error {
	return tooMany("invalid_client", "Too many failed attempts.", wait)
}

func tooMany(code, text string, wait time.Duration) error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: code, Description: text, RetryAfter: int((wait + time.Second - 1) / time.Second),
	}
}

// freeRegistrations is how many clients one address may register where anybody may, until it has to wait: longer with each, up
// to a minute. Who registers none for a quarter of an hour starts again.
const freeRegistrations = 1000

// slowDown keeps those who register clients without an access token from filling the store.
func (q *request) slowDown() error {
	key := store.DigestOf(q.Realm.Path + "\x00" + q.sender(q.r))
	if wait := q.newcomers.Wait(key); wait > 0 {
		q.Limits.Add("registrations")
		return tooMany("temporarily_unavailable", "Too many clients are being registered.", wait)
	}
	q.newcomers.Failed(key)
	return nil
}
