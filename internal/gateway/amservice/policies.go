package amservice

import (
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	"gatehouse/internal/gateway/chain"
)

// Question asks whether somebody may do something with a resource. One of SSOToken, JWT
// and Claims says who.
type Question struct {
	Realm         string // "" is the service's own
	Resource      string // an absolute URL
	Application   string // policy set; "" is the server's default
	SSOToken, JWT string
	Claims        map[string]any
	Environment   map[string]any // lists of strings by name
}

// Decision is the answer. It is shared and never changed.
type Decision struct {
	Resource string `json:"resource"`
	// Actions are the methods that policies speak of; what is not there is not allowed.
	Actions map[string]bool `json:"actions"`
	// Attributes are what policies say about the user.
	Attributes map[string][]string `json:"attributes"`
	// Advices say what the user could do to be allowed.
	Advices map[string][]string `json:"advices"`
	// TTL is until when the decision holds, in milliseconds since 1970; math.MaxInt64 for
	// no end, 0 for this once, as with the approval of a transaction; nil where the server does
	// not say.
	TTL *int64 `json:"ttl"`

	about asker
}

// asker is the session that a decision was made about.
type asker struct {
	token  [sha256.Size]byte // digest of the session's token; zero: not about a session
	id     string            // public id, "" where it is not known
	handle string
}

// asker finds out about whose session a question is, as far as that is known already.
func (s *Service) asker(token string) asker {
	if token == "" {
		return asker{}
	}
	a := asker{token: digest(token)}
	if s.session.cache != nil {
		if known, ok := s.session.cache.Get(token); ok {
			a.id, a.handle = known.Properties["AMCtxId"], known.Handle
		}
	}
	return a
}

// concerns tells whether an event may be about the session: one of which the id is not
// known may be any.
func (a asker) concerns(e Event) bool {
	switch {
	case a.token == [sha256.Size]byte{}:
		return false
	case e.Token != "":
		return a.token == digest(e.Token)
	case e.Session != "":
		return a.id == "" || a.id == e.Session || a.handle == e.Session
	}
	return true
}

// Ends says until when a decision holds; ok is false when it has no end that the server
// tells.
func (d *Decision) Ends() (when time.Time, ok bool) {
	if d.TTL == nil || *d.TTL >= math.MaxInt64/2 {
		return time.Time{}, false
	}
	return time.UnixMilli(max(*d.TTL, 0)), true
}

// Decide asks the policies of a realm.
func (s *Service) Decide(x *chain.Exchange, q Question) (*Decision, error) {
	subject := map[string]any{}
	if q.SSOToken != "" {
		subject["ssoToken"] = q.SSOToken
	}
	if q.JWT != "" {
		subject["jwt"] = q.JWT
	}
	if q.Claims != nil {
		subject["claims"] = q.Claims
	}
	body := map[string]any{"resources": []string{q.Resource}, "subject": subject}
	if q.Application != "" {
		body["application"] = q.Application
	}
	if len(q.Environment) > 0 {
		body["environment"] = q.Environment
	}
	req, err := post(s.JSONURL(q.Realm, "policies?_action=evaluate"), "protocol=1.0,resource=2.1", body)
	if err != nil {
		return nil, err
	}
	about := s.asker(q.SSOToken)
	resp, err := s.Call(x, req)
	if err != nil {
		return nil, fmt.Errorf("ask %s for a decision: %w", s.url, err)
	}
	var answers []Decision
	status, err := decode(resp, &answers)
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for a decision: %w", s.url, err)
	}
	for i := range answers {
		if answers[i].Resource == q.Resource || len(answers) == 1 {
			answers[i].about = about
			return &answers[i], nil
		}
	}
	return &Decision{Resource: q.Resource, about: about}, nil
}
