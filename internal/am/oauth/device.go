package oauth

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/am/store"
)

// Device is a device that waits for its user (RFC 8628).
type Device struct {
	ClientID  string        `json:"c"`
	UserCode  string        `json:"u"`
	Scopes    []string      `json:"sc,omitempty"`
	Nonce     string        `json:"n,omitempty"`
	Asked     time.Time     `json:"a,omitzero"` // when the device asked
	Expires   time.Time     `json:"e,omitzero"`
	Challenge string        `json:"cc,omitempty"`
	Method    string        `json:"cm,omitempty"`
	Polled    time.Time     `json:"p,omitzero"`
	Interval  int           `json:"i"`
	Denied    bool          `json:"d,omitempty"`
	Approved  bool          `json:"ok,omitempty"`
	Subject   store.Subject `json:"s,omitzero"`
	AuthTime  time.Time     `json:"at,omitzero"`
	AuthLevel int           `json:"al,omitempty"`
	AMR       []string      `json:"amr,omitempty"`
	SessionID string        `json:"sid,omitempty"`
}

func (p *Provider) devices() store.Tickets[Device] {
	return store.Tickets[Device]{Engine: p.Engine, Kind: "device"}
}

// over tells that the time for the user's decision is up.
func (d *Device) over(now time.Time) bool { return !now.Before(d.Expires) }

// Refusals of a device that polls (RFC 8628 §3.5).
var (
	errPending  = Refuse("authorization_pending", "The user has not yet completed authorization")
	errSlowDown = Refuse("slow_down", "The polling interval has not elapsed since the last request")
	errDeclined = Refuse("authorization_declined", "The user has declined authorization")
	errExpired  = Refuse("expired_token", "The request contains a token no longer valid.")
)

// PollDevice looks after a device code: what the user allowed, which it uses up, or why not yet. check is called with
// what was asked for, before anything is given.
func (p *Provider) PollDevice(ctx context.Context, code, clientID string, check func(*Device) error) (*Device, error) {
	ticket, err := p.devices().Find(ctx, p.Realm.Path, code)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errDeclined.Because(err) // unknown, used up or long expired: the store keeps no trace
	}
	if err != nil {
		return nil, err
	}
	d := &ticket.Value
	if d.ClientID != clientID {
		return nil, errDeclined.Because(errors.New("the device code is another client's"))
	}
	if err := check(d); err != nil {
		return nil, err
	}
	now := p.Now()
	switch {
	case d.over(now):
		return nil, errExpired
	case d.Approved, d.Denied:
		if err := p.devices().Take(ctx, ticket); errors.Is(err, store.ErrUsed) {
			return nil, errDeclined.Because(err)
		} else if err != nil {
			return nil, err
		}
		if d.Denied {
			return nil, errDeclined
		}
		return d, nil
	case !d.Polled.IsZero() && now.Sub(d.Polled) < seconds(d.Interval):
		err = errSlowDown
	default:
		err = errPending
	}
	d.Polled = now
	if e := p.devices().Update(ctx, ticket); e != nil && !errors.Is(e, store.ErrConflict) {
		return nil, e // on conflict the user has just decided: the next poll sees it
	}
	return nil, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
