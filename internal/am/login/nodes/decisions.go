package nodes

import (
	"errors"
	"strconv"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// dataStore checks name and password.
type dataStore struct{}

func (*dataStore) Outcomes() []string { return yesNo }

func (*dataStore) Process(s *journey.Step) (journey.Result, error) {
	_, err := checkUser(s)
	if err == nil {
		return journey.To("true")
	}
	if wrongUser(err) {
		return journey.To("false")
	}
	return journey.Result{}, err
}

// checkUser checks name and password, and notes the user. A refusal is noted as what to tell should the journey fail.
func checkUser(s *journey.Step) (*realm.User, error) {
	u, err := s.Host.User(s.Context(), s.Realm, s.State.Username(), s.State.Password())
	if err != nil {
		s.State.Message = journey.MessageOf(err)
		return nil, err
	}
	s.State.Message = ""
	s.State.SetUsername(u.Name)
	s.State.User = u.Name
	s.State.Authenticated("pwd")
	return u, nil
}

func wrongUser(err error) bool {
	return errors.Is(err, realm.ErrBadCredentials) || errors.Is(err, realm.ErrInactive) || errors.Is(err, journey.ErrLocked)
}

// agentDataStore checks name and password of an agent.
type agentDataStore struct{}

func (*agentDataStore) Outcomes() []string { return yesNo }

func (*agentDataStore) Process(s *journey.Step) (journey.Result, error) {
	id, err := s.Host.Agent(s.Context(), s.Realm, s.State.Username(), s.State.Password())
	if err != nil {
		if wrongUser(err) {
			s.State.Message = journey.MessageOf(err)
			return journey.To("false")
		}
		return journey.Result{}, err
	}
	s.State.Message, s.State.Agent = "", id
	return journey.To("true")
}

// accountActive tells whether the user may log in.
type accountActive struct{}

func (*accountActive) Outcomes() []string { return yesNo }

func (*accountActive) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	return journey.Either(u.IsActive())
}

// accountLockout locks the user out, or in again.
type accountLockout struct {
	Action string `json:"lockAction"`
}

func (*accountLockout) Outcomes() []string { return next }

func (n *accountLockout) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("outcome") // nothing tells whether there is such a user
	}
	if err == nil {
		status := "Inactive"
		if n.Action == "UNLOCK" {
			status = "Active"
		}
		u.SetAttribute("inetUserStatus", status)
		err = s.Host.Save(s.Context(), s.Realm, u)
	}
	if err != nil {
		return journey.Result{}, err
	}
	return journey.To("outcome")
}

// retryLimit lets a journey come by a number of times.
type retryLimit struct {
	Limit int `json:"retryLimit"`
	// KeepInProfile counts beyond the journey, in the user's profile.
	KeepInProfile bool `json:"incrementUserAttributeOnFailure"`
}

func (*retryLimit) Outcomes() []string { return []string{"Retry", "Reject"} }

// retryAttribute is where failures are counted in profiles.
const retryAttribute = "retryLimitNodeCount"

func (n *retryLimit) Process(s *journey.Step) (journey.Result, error) {
	key := "retryLimit." + s.NodeID
	v, _ := s.State.Get(key)
	count := number(v)
	var u *realm.User
	if n.KeepInProfile {
		found, err := s.User()
		if err == nil {
			u = found
			for _, v := range u.Attribute(retryAttribute) {
				count = max(count, number(v))
			}
		} else if !errors.Is(err, store.ErrNotFound) {
			return journey.Result{}, err
		}
	}
	count++
	s.State.Share(key, count)
	over := count >= n.Limit
	if u != nil {
		u.SetAttribute(retryAttribute, strconv.Itoa(count))
		if over {
			u.SetAttribute(retryAttribute)
		}
		if err := s.Host.Save(s.Context(), s.Realm, u); err != nil {
			return journey.Result{}, err
		}
	}
	if over {
		return journey.To("Reject")
	}
	return journey.To("Retry")
}

func number(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	case string:
		n, _ := strconv.Atoi(v)
		return n
	}
	return 0
}

// modifyAuthLevel changes the authentication level.
type modifyAuthLevel struct {
	Increment int `json:"authLevelIncrement"`
}

func (*modifyAuthLevel) Outcomes() []string { return next }

// Raises is the level that comes with it.
func (n *modifyAuthLevel) Raises() int { return n.Increment }

func (n *modifyAuthLevel) Process(s *journey.Step) (journey.Result, error) {
	s.State.Level += n.Increment
	return journey.To("outcome")
}

// authLevelDecision compares the authentication level, that of a session to be upgraded included.
type authLevelDecision struct {
	Requirement int `json:"authLevelRequirement"`
}

func (*authLevelDecision) Outcomes() []string { return yesNo }

func (n *authLevelDecision) Process(s *journey.Step) (journey.Result, error) {
	level := s.State.Level
	if s.Session != nil {
		level = max(level, s.Session.AuthLevel)
	}
	return journey.Either(level >= n.Requirement)
}
