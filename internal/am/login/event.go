package login

import (
	"context"
	"errors"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// Kinds of events.
const (
	EventLogin     = iota // a journey is over
	EventSession          // a session has begun
	EventLogout           // a session was ended by whoever holds its token
	EventDestroyed        // a session was ended by somebody else, or with its account
)

// Event is something that auditors want to know.
type Event struct {
	Kind    int
	Realm   string
	Tree    string
	Name    string        // as it was typed
	Subject store.Subject // the zero value when nobody was authenticated
	Session string        // the public name of the session in logs
	Client  string        // address
	Reason  string        // why a login failed; "" when it did not
	// Tracking are names that other parties know the journey by in logs.
	Tracking []string
}

func (s *Service) tell(ctx context.Context, e Event) {
	if s.Audit != nil {
		s.Audit(ctx, e)
	}
}

// tellLogin tells how a journey ended; one that asks has not ended.
func (s *Service) tellLogin(step *journey.Step, want *wanted, out *Outcome, err error) {
	if s.Audit == nil || err == nil && out.Asked != nil {
		return
	}
	e := Event{Kind: EventLogin, Realm: step.Realm.Path, Name: step.State.Username(), Client: step.ClientIP, Tracking: want.tracking}
	if len(step.State.Path) > 0 {
		e.Tree = step.State.Path[0].Tree
	}
	if err == nil {
		e.Subject = out.Subject
	} else if refusal, ok := errors.AsType[*Refusal](err); ok {
		e.Reason = refusal.Message
	} else {
		e.Reason = "INTERNAL_ERROR"
	}
	s.tell(step.Context(), e)
}
