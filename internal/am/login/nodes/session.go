package nodes

import (
	"errors"
	"strconv"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// setSessionProperties sets properties of the session that the journey will end in.
type setSessionProperties struct {
	Properties map[string]string `json:"properties"`
	MaxTime    *int              `json:"maxSessionTime,omitempty"` // minutes
	MaxIdle    *int              `json:"maxIdleTime,omitempty"`    // minutes
}

func (*setSessionProperties) Outcomes() []string { return next }

func (n *setSessionProperties) Process(s *journey.Step) (journey.Result, error) {
	for name, value := range n.Properties {
		s.State.SetProperty(name, value)
	}
	if n.MaxTime != nil && *n.MaxTime > 0 {
		s.State.MaxLife = *n.MaxTime
	}
	if n.MaxIdle != nil && *n.MaxIdle > 0 {
		s.State.MaxIdle = *n.MaxIdle
	}
	return journey.To("outcome")
}

// sessionData takes a property of the session that the request shows into the state.
type sessionData struct {
	Property string `json:"sessionDataKey"`
	Key      string `json:"sharedStateKey"`
}

func (*sessionData) Outcomes() []string { return next }

func (n *sessionData) Process(s *journey.Step) (journey.Result, error) {
	if s.Session == nil || n.Key == "" {
		return journey.To("outcome")
	}
	v, ok := s.Session.Properties[n.Property]
	switch {
	case ok:
	case n.Property == "UserToken" || n.Property == "UserId":
		v, ok = s.Session.Subject.Name, true
	case n.Property == "AuthLevel":
		v, ok = strconv.Itoa(s.Session.AuthLevel), true
	case n.Property == "Service":
		v, ok = s.Session.Tree, true
	}
	if ok {
		s.State.Share(n.Key, v)
	}
	return journey.To("outcome")
}

// setSuccessURL says where those go who succeed and asked for nothing else.
type setSuccessURL struct {
	URL string `json:"successUrl"`
}

func (*setSuccessURL) Outcomes() []string { return next }

func (n *setSuccessURL) Process(s *journey.Step) (journey.Result, error) {
	s.State.SuccessURL = n.URL
	return journey.To("outcome")
}

// setFailureURL says where those go who fail.
type setFailureURL struct {
	URL string `json:"failureUrl"`
}

func (*setFailureURL) Outcomes() []string { return next }

func (n *setFailureURL) Process(s *journey.Step) (journey.Result, error) {
	s.State.FailureURL = n.URL
	return journey.To("outcome")
}

// stateMetadata shows values of the shared state to applications.
type stateMetadata struct {
	Attributes []string `json:"attributes"`
}

func (*stateMetadata) Outcomes() []string { return next }

func (n *stateMetadata) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers != nil || len(n.Attributes) == 0 {
		return journey.To("outcome")
	}
	data := map[string]any{}
	for _, name := range n.Attributes {
		if v, ok := s.State.Shared[name]; ok { // never of the transient half, which holds secrets
			data[name] = v
		}
	}
	return journey.Ask(journey.Metadata(data))
}

// loginCount is the attribute that counts successful logins.
const loginCount = "loginCount"

// incrementLoginCount counts a login.
type incrementLoginCount struct {
	Attribute string `json:"identityAttribute"`
}

func (*incrementLoginCount) Outcomes() []string { return next }

func (*incrementLoginCount) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if err == nil {
		u.SetAttribute(loginCount, strconv.Itoa(countOf(u.Attribute(loginCount))+1))
		err = s.Host.Save(s.Context(), s.Realm, u)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return journey.Result{}, err
	}
	return journey.To("outcome")
}

func countOf(values []string) int {
	if len(values) == 0 {
		return 0
	}
	return number(values[0])
}

// loginCountDecision is true at a number of logins, or at every multiple of it.
type loginCountDecision struct {
	Attribute string `json:"identityAttribute"`
	Interval  string `json:"interval"` // "AT" or "EVERY"
	Amount    int    `json:"amount"`
}

func (*loginCountDecision) Outcomes() []string { return yesNo }

func (n *loginCountDecision) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if errors.Is(err, store.ErrNotFound) || n.Amount < 1 {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	count := countOf(u.Attribute(loginCount))
	return journey.Either(n.Interval == "EVERY" && count > 0 && count%n.Amount == 0 || n.Interval != "EVERY" && count == n.Amount)
}
