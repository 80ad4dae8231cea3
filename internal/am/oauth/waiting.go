package oauth

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/am/store"
)

// Waiting is what a client asked for and its user decides on elsewhere, while the client polls (RFC 8628, OpenID CIBA).
type Waiting struct {
	ClientID string    `json:"c"`
	Scopes   []string  `json:"sc,omitempty"`
	Expires  time.Time `json:"e,omitzero"`
	Polled   time.Time `json:"p,omitzero"` // the last time
	Interval int       `json:"i"`          // seconds between polls
	Denied   bool      `json:"d,omitempty"`
	Approved bool      `json:"ok,omitempty"`

	// Of the session in which the user decided. Subject is who is asked, before that.
	Subject   store.Subject `json:"s,omitzero"`
	AuthTime  time.Time     `json:"at,omitzero"`
	AuthLevel int           `json:"al,omitempty"`
	AMR       []string      `json:"amr,omitempty"`
	SessionID string        `json:"sid,omitempty"`
}

// overFor is how long a request that has expired is remembered, to say that it has.
const overFor = 10 * time.Minute

// over tells that nothing can come of it any more.
func (w *Waiting) over(now time.Time) bool { return !now.Before(w.Expires) }

// open tells that the user may still decide.
func (w *Waiting) open(now time.Time) bool { return !w.Approved && !w.Denied && !w.over(now) }

// decide notes what the user of the session decided.
func (w *Waiting) decide(a *authorization, allow bool) {
	w.Approved, w.Denied = allow, !allow
	w.Subject, w.SessionID, w.AuthTime = a.session.Subject, a.session.ID(), a.session.Created
	w.AuthLevel, w.AMR = a.session.AuthLevel, a.methods(&a.session)
}

// Authorize is what the user agreed to. What a user who is gone agreed to is ErrGrant.
func (w *Waiting) Authorize(ctx context.Context, p *Provider) (*Authorization, error) {
	user, err := p.ActiveUser(ctx, w.Subject, ErrGrant)
	return &Authorization{
		Subject: w.Subject, User: user, Scopes: w.Scopes, SessionID: w.SessionID, AuthTime: w.AuthTime, AuthLevel: w.AuthLevel, AMR: w.AMR,
	}, err
}

// Refusals of a client that polls (RFC 8628 §3.5, OpenID CIBA §11).
var (
	errPending  = Refuse("authorization_pending", "The user has not yet completed authorization")
	errSlowDown = Refuse("slow_down", "The polling interval has not elapsed since the last request")
)

// polling is how a kind of requests that wait is looked after.
type polling[T any] struct {
	tickets store.Tickets[T]
	waiting func(*T) *Waiting
	// What is answered to an unknown or used code, and another client's; to an expired one; to one that the user refused.
	unknown, expired, denied *Error
}

// poll looks after the request: what the user agreed to, which uses it up, or why not yet. check may refuse before that.
func (k *polling[T]) poll(ctx context.Context, p *Provider, raw, clientID string, check func(*T) error) (*T, error) {
	ticket, err := k.tickets.Find(ctx, p.Realm.Path, raw)
	if errors.Is(err, store.ErrNotFound) {
		return nil, k.unknown.Because(err)
	}
	if err != nil {
		return nil, err
	}
	w, now := k.waiting(&ticket.Value), p.Now()
	switch {
	case w.ClientID != clientID:
		return nil, k.unknown.Because(errors.New("the code is another client's"))
	case w.over(now):
		return nil, k.expired
	}
	if err := check(&ticket.Value); err != nil {
		return nil, err
	}
	switch {
	case w.Approved, w.Denied:
		if err := k.tickets.Take(ctx, ticket); errors.Is(err, store.ErrUsed) {
			return nil, k.unknown.Because(err)
		} else if err != nil {
			return nil, err
		}
		if w.Denied {
			return nil, k.denied
		}
		return &ticket.Value, nil
	case !w.Polled.IsZero() && now.Sub(w.Polled) < seconds(w.Interval):
		err = errSlowDown
	default:
		err = errPending
	}
	w.Polled = now
	if e := k.tickets.Update(ctx, ticket); e != nil && !errors.Is(e, store.ErrConflict) {
		return nil, e // on conflict the user has just decided: the next poll sees it
	}
	return nil, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
