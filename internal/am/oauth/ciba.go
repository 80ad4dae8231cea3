package oauth

import (
	"context"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Backchannel is a request for a user's consent that the client made by itself (OpenID CIBA).
type Backchannel struct {
	Waiting
	Message string   `json:"m,omitempty"` // binding_message, shown on both devices
	ACRs    []string `json:"acrs,omitempty"`
	ACR     string   `json:"acr,omitempty"` // of the session in which the user agreed
}

func (p *Provider) backchannels() store.Tickets[Backchannel] {
	return store.Tickets[Backchannel]{Engine: p.Engine, Kind: "ciba"}
}

// asked is the alias under which the requests to a user are found.
func asked(s store.Subject) string { return s.Type + "!" + realm.UserID(s.Name) }

// Refusals of a client that polls (OpenID CIBA §11).
var (
	errAuthReqID = Refuse("invalid_grant", "The auth_req_id is not known, or it was used.")
	errOver      = &Error{Status: 400, Code: errExpired.Code, Description: errExpired.Description}
)

// PollBackchannel looks after a request: what the user agreed to, which uses it up, or why not yet.
func (p *Provider) PollBackchannel(ctx context.Context, id, clientID string) (*Backchannel, error) {
	k := polling[Backchannel]{p.backchannels(), func(b *Backchannel) *Waiting { return &b.Waiting }, errAuthReqID, errOver, errDenied}
	return k.poll(ctx, p, id, clientID, func(*Backchannel) error { return nil })
}

// pending are the requests that wait for the user; full tells that there is no place for another, though some are over
// and only remembered.
func (p *Provider) pending(ctx context.Context, s store.Subject) (open []store.Ticket[Backchannel], full bool, err error) {
	list, err := p.backchannels().ListByAlias(ctx, p.Realm.Path, asked(s))
	if err != nil {
		return nil, false, err
	}
	for _, t := range list {
		if t.Value.open(p.Now()) {
			open = append(open, t)
		}
	}
	return open, len(open) >= maxPending || len(list) >= store.MaxListed, nil
}
