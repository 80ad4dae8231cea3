package clientauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"gatehouse/internal/am/oauth"
)

// errUnreadable is made once: requests that are let in would pay for it.
var errUnreadable = oauth.ErrClientAuth.Because(errors.New("the Authorization header cannot be read"))

// clientSecretBasic is HTTP Basic with the client's ID and secret, both form-urlencoded first (RFC 6749 §2.3.1).
// client_id may be repeated in the form; it has to be the same.
//
// Deviation: clients such as curl do not encode, so the header is also tried as it stands; documentation of PingAM
// encodes the colon between the two as well, so that is taken too.
var clientSecretBasic = oauth.ClientAuth{
	Name: "client_secret_basic",
	Shown: func(c *oauth.Credentials) bool {
		return isBasic(c.Authorization)
	},
	Verify: func(ctx context.Context, p *oauth.Provider, c *oauth.Credentials) (*oauth.Caller, error) {
		readings := basicReadings(c.Authorization)
		refusal := errUnreadable
		for _, r := range readings {
			if id := c.Get("client_id"); id != "" && id != r.id {
				continue
			}
			caller, err := p.CheckSecret(ctx, r.id, r.secret, c.Endpoint)
			if !errors.Is(err, oauth.ErrClientAuth) {
				return caller, err
			}
			refusal = refusal.Because(errors.Unwrap(err))
		}
		if other := c.Get("client_id"); other != "" && len(readings) > 0 && !named(readings, other) {
			return nil, oauth.Refuse("invalid_request", "Client authentication failed")
		}
		return nil, refusal
	},
}

// maxBasic bounds the header; a client ID and a secret have a few hundred characters.
const maxBasic = 8 << 10

func isBasic(header string) bool {
	return len(header) >= 6 && strings.EqualFold(header[:6], "basic ")
}

// reading is one way to understand a header.
type reading struct{ id, secret string }

func named(readings []reading, id string) bool {
	for _, r := range readings {
		if r.id == id {
			return true
		}
	}
	return false
}

// basicReadings gives the ways to understand a Basic header, the standard one first. What is not Basic has none.
func basicReadings(header string) []reading {
	if !isBasic(header) || len(header) > maxBasic {
		return nil
	}
	plain, err := decodeBase64(strings.TrimSpace(header[6:]))
	if err != nil {
		return nil
	}
	var out []reading
	add := func(id, secret string) {
		r := reading{id, secret}
		if id == "" {
			return
		}
		for _, o := range out {
			if o == r {
				return
			}
		}
		out = append(out, r)
	}
	id, secret, colon := strings.Cut(plain, ":")
	if colon {
		decodedID, idErr := url.QueryUnescape(id)
		decodedSecret, secretErr := url.QueryUnescape(secret)
		if idErr == nil && secretErr == nil {
			add(decodedID, decodedSecret)
		}
		add(id, secret)
		return out
	}
	if whole, err := url.QueryUnescape(plain); err == nil {
		if id, secret, colon := strings.Cut(whole, ":"); colon {
			add(id, secret)
		}
	}
	return out
}

// decodeBase64 takes the standard alphabet with and without padding.
func decodeBase64(s string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return "", errors.New("not base64")
	}
	return string(b), nil
}
