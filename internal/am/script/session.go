package script

import (
	"context"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// SetProperty stores a property of a session, and gives the session as it is then. It refuses names that are not for
// scripts.
type SetProperty func(ctx context.Context, s *store.Session, name, value string) (store.Session, error)

// session is the login session that a request rests on. Its token is not there: who has it is the user.
type session struct {
	s     *store.Session
	run   *run
	realm string
}

// newSession is null for requests that rest on no session.
func newSession(r *run, s *store.Session) groovy.Value {
	if s == nil {
		return nil
	}
	return &session{s, r, r.realmPath()}
}

// GroovyClass is SSOToken.
func (*session) GroovyClass() *groovy.Class { return sessionClass }

var sessionClass = &groovy.Class{
	Name: "com.iplanet.sso.SSOToken",
	Methods: map[string]groovy.Method{
		"getProperty": withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return c.This.(*session).property(text(c.Arg(0))), nil }),
		"setProperty": withArgs(2, func(c *groovy.Call) (groovy.Value, error) {
			return nil, c.This.(*session).set(text(c.Arg(0)), text(c.Arg(1)))
		}),
		"getPrincipal":      ofSession(func(s *session) groovy.Value { return &principal{s.universalID()} }),
		"getAuthLevel":      ofSession(func(s *session) groovy.Value { return int64(s.s.AuthLevel) }),
		"getMaxSessionTime": ofSession(func(s *session) groovy.Value { return int64(s.s.MaxLife / time.Minute) }),
		"getMaxIdleTime":    ofSession(func(s *session) groovy.Value { return int64(s.s.MaxIdle / time.Minute) }),
		"getIdleTime": ofSession(func(s *session) groovy.Value {
			return max(0, int64(s.run.eng.options.Now().Sub(s.s.LastAccess)/time.Second))
		}),
		"getTimeLeft": ofSession(func(s *session) groovy.Value {
			if end := s.s.Ends(); !end.IsZero() {
				return max(0, int64(end.Sub(s.run.eng.options.Now())/time.Second))
			}
			return int64(-1)
		}),
	},
	String: func(this groovy.Value) string { return "session of " + this.(*session).universalID() },
}

func ofSession(what func(*session) groovy.Value) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return what(c.This.(*session)), nil }
}

// set changes the stored session, and the one that later scripts and claims of the request see.
func (s *session) set(name, value string) error {
	set := s.run.eng.options.SetProperty
	if set == nil {
		return unsupported("sessions cannot be changed from here")
	}
	changed, err := set(s.run.ctx, s.s, name, value)
	if err == nil {
		s.s.Properties = changed.Properties
	}
	return err
}

func (s *session) universalID() string {
	if s.s.UniversalID != "" {
		return s.s.UniversalID
	}
	return universalID(s.realm, s.s.Subject)
}

// property is one that was set at login, or one of those that every session has.
func (s *session) property(name string) groovy.Value {
	switch name {
	case "Principal", "sun.am.UniversalIdentifier":
		return s.universalID()
	case "Principals":
		return s.s.Subject.Name
	case "Organization":
		return organization(s.realm)
	case "UserProfile":
		return "Required"
	case "IndexType":
		return "service"
	case "clientType":
		return "genericHTML"
	}
	if v, ok := s.s.Property(name); ok {
		return v
	}
	return nil
}

type principal struct{ name string }

// GroovyClass is Principal.
func (*principal) GroovyClass() *groovy.Class { return principalClass }

var principalClass = &groovy.Class{
	Name: "java.security.Principal",
	Methods: map[string]groovy.Method{
		"getName": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*principal).name, nil },
	},
	String: func(this groovy.Value) string { return this.(*principal).name },
}

// sessionProperties are those that every session has.
var sessionProperties = []string{
	"UserToken", "UserId", "Principal", "Principals", "sun.am.UniversalIdentifier", "Organization", "UserProfile", "AuthLevel", "Service", "IndexType",
	"clientType", "AMCtxId", "authInstant",
}
