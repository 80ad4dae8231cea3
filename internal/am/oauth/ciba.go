package oauth

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Backchannel is a request for a user's consent that the client made by itself (OpenID CIBA).
type Backchannel struct {
	ClientID string        `json:"c"`
	Subject  store.Subject `json:"s"` // who is asked
	Scopes   []string      `json:"sc,omitempty"`
	Message  string        `json:"m,omitempty"` // binding_message, shown on both devices
	ACRs     []string      `json:"acrs,omitempty"`
	Expires  time.Time     `json:"e"`
	Polled   time.Time     `json:"p,omitzero"`
	Interval int           `json:"i"`
	Denied   bool          `json:"d,omitempty"`
	Approved bool          `json:"ok,omitempty"`

	// Of the session in which the user agreed.
	AuthTime  time.Time `json:"at,omitzero"`
	AuthLevel int       `json:"al,omitempty"`
	ACR       string    `json:"acr,omitempty"`
	AMR       []string  `json:"amr,omitempty"`
	SessionID string    `json:"sid,omitempty"`
}

// overFor is how long a request that has expired is remembered, to say that it has.
const overFor = 10 * time.Minute

func (p *Provider) backchannels() store.Tickets[Backchannel] {
	return store.Tickets[Backchannel]{Engine: p.Engine, Kind: "ciba"}
}

// asked is the alias under which the requests to a user are found.
func asked(s store.Subject) string { return s.Type + "!" + realm.UserID(s.Name) }

// Refusals of a client that polls (OpenID CIBA §11).
var (
	errAuthReqID = Refuse("invalid_grant", "The auth_req_id is not known, or it was used.")
	errOver      = &Error{Status: 400, Code: "expired_token", Description: "The request contains a token no longer valid."}
)

// PollBackchannel looks after a request: what the user agreed to, which uses it up, or why not yet.
func (p *Provider) PollBackchannel(ctx context.Context, id, clientID string) (*Backchannel, error) {
	ticket, err := p.backchannels().Find(ctx, p.Realm.Path, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errAuthReqID.Because(err)
	}
	if err != nil {
		return nil, err
	}
	b, now := &ticket.Value, p.Now()
	switch {
	case b.ClientID != clientID:
		return nil, errAuthReqID.Because(errors.New("the request is another client's"))
	case !now.Before(b.Expires):
		return nil, errOver
	case b.Approved, b.Denied:
		if err := p.backchannels().Take(ctx, ticket); errors.Is(err, store.ErrUsed) {
			return nil, errAuthReqID.Because(err)
		} else if err != nil {
			return nil, err
		}
		if b.Denied {
			return nil, errDenied
		}
		return b, nil
	case !b.Polled.IsZero() && now.Sub(b.Polled) < seconds(b.Interval):
		err = errSlowDown
	default:
		err = errPending
	}
	b.Polled = now
	if e := p.backchannels().Update(ctx, ticket); e != nil && !errors.Is(e, store.ErrConflict) {
		return nil, e // on conflict the user has just decided: the next poll sees it
	}
	return nil, err
}

// pending are the requests that wait for the user, the oldest first.
func (p *Provider) pending(ctx context.Context, s store.Subject) ([]store.Ticket[Backchannel], error) {
	list, err := p.backchannels().ListByAlias(ctx, p.Realm.Path, asked(s))
	if err != nil {
		return nil, err
	}
	open := list[:0]
	for _, t := range list {
		if !t.Value.Approved && !t.Value.Denied && p.Now().Before(t.Value.Expires) {
			open = append(open, t)
		}
	}
	return open, nil
}
