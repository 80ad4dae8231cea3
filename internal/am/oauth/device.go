package oauth

import (
	"context"
	"time"

	"gatehouse/internal/am/store"
)

// Device is a device that waits for its user (RFC 8628).
type Device struct {
	Waiting
	UserCode  string    `json:"u"`
	Nonce     string    `json:"n,omitempty"`
	Asked     time.Time `json:"a,omitzero"` // when the device asked
	Challenge string    `json:"cc,omitempty"`
	Method    string    `json:"cm,omitempty"`
}

func (p *Provider) devices() store.Tickets[Device] {
	return store.Tickets[Device]{Engine: p.Engine, Kind: "device"}
}

// Refusals of a device that polls, with the codes of PingAM.
var (
	errDeclined = Refuse("authorization_declined", "The user has declined authorization")
	errExpired  = Refuse("expired_token", "The request contains a token no longer valid.")
)

// PollDevice looks after a device code: what the user allowed, which it uses up, or why not yet. check is called with
// what was asked for, before anything is given.
func (p *Provider) PollDevice(ctx context.Context, code, clientID string, check func(*Device) error) (*Device, error) {
	k := polling[Device]{p.devices(), func(d *Device) *Waiting { return &d.Waiting }, errDeclined, errExpired, errDeclined}
	return k.poll(ctx, p, code, clientID, check)
}
