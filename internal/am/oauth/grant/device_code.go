package grant

import (
	"context"

	"gatehouse/internal/am/oauth"
)

// deviceCode gives a device what its user agreed to elsewhere (RFC 8628 §3.4).
var deviceCode = oauth.Grant{
	Name: "urn:ietf:params:oauth:grant-type:device_code",
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		code := req.Get("device_code")
		if code == "" {
			return nil, oauth.Missing("device_code")
		}
		d, err := p.PollDevice(ctx, code, req.Client.ID, func(d *oauth.Device) error {
			return checkVerifier(p, req, d.Challenge, d.Method)
		})
		if err != nil {
			return nil, err
		}
		a, err := d.Authorize(ctx, p)
		a.Nonce = d.Nonce
		return a, err
	},
}
