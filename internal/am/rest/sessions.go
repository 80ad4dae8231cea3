package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Forms of the times of a session.
const (
	seconds = "2006-01-02T15:04:05Z"
	millis  = "2006-01-02T15:04:05.000Z"
)

func (s *Server) sessionResources() []*Resource {
	actions := map[string]Action{
		"getSessionInfo":                 s.onSession(false, s.sessionInfo),
		"getSessionInfoAndResetIdleTime": s.onSession(true, s.sessionInfo),
		"refresh":                        s.onSession(true, s.sessionTimes),
		"getTimeLeft": s.onSession(false, func(_ *Call, sess store.Session) (any, error) {
			return Object{"maxtime": s.left(sess)}, nil
		}),
		"getMaxTime": s.onSession(false, func(_ *Call, sess store.Session) (any, error) {
			return Object{"maxsessiontime": int(sess.MaxLife.Minutes())}, nil
		}),
		"getMaxIdle": s.onSession(false, func(_ *Call, sess store.Session) (any, error) {
			return Object{"maxidletime": int(sess.MaxIdle.Minutes())}, nil
		}),
		"getIdle": s.onSession(false, func(_ *Call, sess store.Session) (any, error) {
			return Object{"idletime": int(s.Now().Sub(sess.LastAccess).Seconds())}, nil
		}),
		"isActive":                {Open: true, Do: s.isActive},
		"validate":                {Open: true, Do: s.validateSession},
		"logout":                  {Open: true, Do: s.logout},
		"logoutByHandle":          {Do: s.logoutByHandle},
		"logoutByUser":            {Do: s.logoutByUser},
		"getSessionProperties":    s.onSession(false, s.properties),
		"getProperty":             s.onSession(false, s.properties),
		"getPropertyNames":        s.onSession(false, s.propertyNames),
		"updateSessionProperties": s.onSession(false, s.updateProperties),
		"setProperty":             s.onSession(false, s.setProperties),
		"deleteProperty":          s.onSession(false, s.setProperties),
	}
	return []*Resource{{
		Path: "sessions", Version: "5.1", Unversioned: true, Passive: true,
		Query: s.querySessions, Actions: actions, ItemActions: actions,
		// Who shows the token of a session may have it read and ended; it is the session's own credential.
		Allow: func(c *Call, v Verb) error { return administrators(c) },
	}}
}

// target is the token that an action is about: of the address (older agents), of the body, else the caller's own.
func (c *Call) target() string {
	if c.ID != "" {
		return c.ID
	}
	if token, ok := c.Body["tokenId"].(string); ok && token != "" {
		return token
	}
	return c.Caller.Token
}

var errDeadSession = errors.New("the session has ended")

// targetSession returns the session that an action is about, or errDeadSession. Tools show the token in the body
// alone: it is the caller's then, and a dead one is nobody's.
func (s *Server) targetSession(c *Call, touch bool) (store.Session, error) {
	if !c.Caller.Known() && c.target() == "" {
		return store.Session{}, errAnonymous
	}
	sess, err := s.Login.Find(c.Context(), c.target())
	if err == nil && touch {
		sess, err = s.Login.Touch(c.Context(), c.target())
	}
	if errors.Is(err, store.ErrNotFound) {
		return sess, errDeadSession
	}
	return sess, err
}

func (s *Server) onSession(touch bool, do func(*Call, store.Session) (any, error)) Action {
	return Action{Open: true, Do: func(c *Call) (any, error) {
		sess, err := s.targetSession(c, touch)
		if errors.Is(err, errDeadSession) {
			if !c.Caller.Known() {
				return nil, errAnonymous
			}
			return Object{"valid": false}, nil
		}
		if err != nil {
			return nil, err
		}
		return do(c, sess)
	}}
}

func (s *Server) sessionInfo(c *Call, sess store.Session) (any, error) {
	names, err := s.visible(c, sess)
	if err != nil {
		return nil, err
	}
	o := sessionObject(sess, seconds)
	delete(o, "sessionHandle")
	o["properties"] = visibleProperties(sess, names)
	return o, nil
}

func sessionObject(sess store.Session, form string) Object {
	return Object{
		"username": sess.Subject.Name, "universalId": sess.UniversalID, "realm": sess.Realm, "sessionHandle": sess.Handle,
		"latestAccessTime":         sess.LastAccess.UTC().Format(form),
		"maxIdleExpirationTime":    sess.LastAccess.Add(sess.MaxIdle).UTC().Format(form),
		"maxSessionExpirationTime": sess.Created.Add(sess.MaxLife).UTC().Format(form),
	}
}

func (s *Server) left(sess store.Session) int {
	return max(0, int(sess.Created.Add(sess.MaxLife).Sub(s.Now()).Seconds()))
}

func (s *Server) sessionTimes(_ *Call, sess store.Session) (any, error) {
	return Object{
		"uid": sess.Subject.Name, "realm": sess.Realm, "idletime": int(s.Now().Sub(sess.LastAccess) / time.Second),
		"maxidletime": int(sess.MaxIdle.Minutes()), "maxsessiontime": int(sess.MaxLife.Minutes()), "maxtime": s.left(sess),
	}, nil
}

func (s *Server) validateSession(c *Call) (any, error) {
	sess, err := s.targetSession(c, c.Query.Get("refresh") != "false")
	if errors.Is(err, errDeadSession) {
		return Object{"valid": false}, nil
	}
	if err != nil {
		return nil, err
	}
	return Object{"valid": true, "sessionUid": sess.CtxID, "uid": sess.Subject.Name, "realm": sess.Realm}, nil
}

func (s *Server) isActive(c *Call) (any, error) {
	_, err := s.targetSession(c, c.Query.Get("refresh") == "true")
	if err != nil && !errors.Is(err, errDeadSession) {
		return nil, err
	}
	return Object{"active": err == nil}, nil
}

// logout ends the session whose token is shown, be it by the body alone.
func (s *Server) logout(c *Call) (any, error) {
	token := c.target()
	if token == "" {
		for _, cookie := range c.Request.CookiesNamed(s.Login.Cookie) {
			token = cookie.Value
		}
		if token == "" {
			token = c.Request.Header.Get(s.Login.Cookie)
		}
		if token == "" {
			return nil, errAnonymous
		}
	}
	if c.Caller.Token == "" || token == c.Caller.Token { // who ends the session of somebody else keeps his own
		s.Login.ClearCookies(c.writer, c.Request, c.Place)
	}
	_, err := s.Login.Find(c.Context(), token)
	if errors.Is(err, store.ErrNotFound) {
		return Object{"result": "Token has expired"}, nil
	}
	if err != nil {
		return nil, err
	}
	return Object{"result": "Successfully logged out"}, s.Login.End(c.Context(), token)
}

func (s *Server) logoutByHandle(c *Call) (any, error) {
	handles, ok := c.Body["sessionHandles"].([]any)
	if !ok || len(handles) > 1000 {
		return nil, badRequest("The action needs a list sessionHandles")
	}
	result := Object{}
	for _, handle := range textList(handles) {
		sess, err := s.sessions.FindByHandle(c.Context(), handle)
		if err == nil {
			err = s.Login.Destroy(c.Context(), sess)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		result[handle] = err == nil
	}
	return Object{"result": result}, nil
}

func (s *Server) logoutByUser(c *Call) (any, error) {
	name, _ := c.Body["username"].(string)
	if name == "" {
		return nil, badRequest("The action needs a username")
	}
	_, err := s.Login.EndAll(c.Context(), c.Realm, store.Subject{Type: login.TypeUser, Name: name})
	return Object{"result": true}, err
}

// querySessions lists the sessions of the realm, or from the root realm those of all; no more than one page may have, for
// there can be millions.
func (s *Server) querySessions(c *Call) ([]Object, error) {
	realms := []*realm.Realm{c.Realm}
	if c.realmPath() == "/" {
		realms = s.Realms.List()
	}
	list := []Object{}
	name, isOfOne := equal(c.Filter, "username")
	for _, r := range realms {
		set, err := s.propertiesOf(c.Context(), r.Path)
		if err != nil {
			return nil, err
		}
		object := func(sess store.Session) Object {
			o := sessionObject(sess, millis)
			if len(set.Query) > 0 {
				o["properties"] = visibleProperties(sess, set.Query)
			}
			return o
		}
		if isOfOne {
			found, err := s.sessionsNamed(c, r.Path, name)
			if err != nil {
				return nil, err
			}
			for _, sess := range found {
				if s.Now().Before(sess.Ends()) {
					list = append(list, object(sess))
				}
			}
			continue
		}
		err = s.sessions.Walk(c.Context(), r.Path, func(sess store.Session) bool {
			o := object(sess)
			if s.Now().Before(sess.Ends()) && (c.Filter == nil || c.Filter.Matches(o)) {
				list = append(list, o)
			}
			return len(list) < maxPage
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sessionsNamed are those of a user and of an agent of that name.
func (s *Server) sessionsNamed(c *Call, realm, name string) ([]store.Session, error) {
	users, err := s.sessions.ListOf(c.Context(), realm, store.Subject{Type: login.TypeUser, Name: name})
	if err != nil {
		return nil, err
	}
	agents, err := s.sessions.ListOf(c.Context(), realm, store.Subject{Type: login.TypeAgent, Name: name})
	return append(users, agents...), err
}

// visible are the names of the properties that callers may see and set (PingAM: session property allowlist).
func (s *Server) visible(c *Call, sess store.Session) ([]string, error) {
	set, err := s.propertiesOf(c.Context(), sess.Realm)
	if slices.Contains(set.Names, "AMCtxId") {
		return set.Names, err
	}
	return append([]string{"AMCtxId"}, set.Names...), err
}

// propertiesOf is what the realm says, or the whole server for realms that say nothing.
func (s *Server) propertiesOf(ctx context.Context, realmPath string) (set sessionProperties, err error) {
	d, err := s.docs.Get(ctx, realmPath, store.KindService, serviceSessionProperties)
	if err == nil {
		return set, json.Unmarshal(d.Body, &set)
	}
	if errors.Is(err, store.ErrNotFound) {
		d, err = s.docs.Get(ctx, "", store.KindGlobal, serviceSessionProperties)
	}
	if errors.Is(err, store.ErrNotFound) {
		return set, nil
	}
	var global struct {
		Defaults sessionProperties `json:"defaults"`
	}
	if err == nil {
		err = json.Unmarshal(d.Body, &global)
	}
	return global.Defaults, err
}

func visibleProperties(sess store.Session, names []string) Object {
	o := Object{}
	for _, name := range names {
		if v, ok := sess.Property(name); ok {
			o[name] = v
		}
	}
	return o
}

// SessionProperties are those properties of a session that others may see.
func (s *Server) SessionProperties(ctx context.Context, sess store.Session) (map[string]string, error) {
	set, err := s.propertiesOf(ctx, sess.Realm)
	o := map[string]string{}
	for _, name := range set.Names {
		if v, ok := sess.Property(name); ok {
			o[name] = v
		}
	}
	return o, err
}

func (s *Server) properties(c *Call, sess store.Session) (any, error) {
	names, err := s.visible(c, sess)
	if err != nil {
		return nil, err
	}
	o := visibleProperties(sess, names)
	if asked, ok := c.Body["properties"].([]any); ok {
		some := Object{}
		for _, name := range textList(asked) {
			if v, ok := o[name]; ok {
				some[name] = v
			}
		}
		return some, nil
	}
	delete(o, "AMCtxId")
	for _, name := range names {
		if _, ok := o[name]; !ok && name != "AMCtxId" {
			o[name] = ""
		}
	}
	return o, nil
}

func (s *Server) propertyNames(c *Call, sess store.Session) (any, error) {
	names, err := s.visible(c, sess)
	return Object{"properties": names}, err
}

const (
	maxProperties    = 64
	maxPropertyBytes = 4096
)

// updateProperties sets the properties that the body names and tells all of them.
func (s *Server) updateProperties(c *Call, sess store.Session) (any, error) {
	sess, err := s.changeProperties(c, sess, c.Body)
	if err != nil {
		return nil, err
	}
	return s.properties(&Call{Place: c.Place, Request: c.Request, server: s, Body: Object{}}, sess)
}

// setProperties is the older form: {"properties":{…}} sets, {"properties":[…]} deletes.
func (s *Server) setProperties(c *Call, sess store.Session) (any, error) {
	change := Object{}
	switch v := c.Body["properties"].(type) {
	case Object:
		change = v
	case []any:
		for _, name := range textList(v) {
			change[name] = nil
		}
	default:
		return nil, badRequest("The action needs properties")
	}
	_, err := s.changeProperties(c, sess, change)
	return Object{"success": err == nil}, err
}

func (s *Server) changeProperties(c *Call, sess store.Session, change Object) (store.Session, error) {
	names, err := s.visible(c, sess)
	if err != nil {
		return sess, err
	}
	size := 0
	for name, v := range change {
		text, ok := v.(string)
		if size += len(name) + len(text); !ok && v != nil || size > maxPropertyBytes {
			return sess, badRequest("A session property is a short text")
		}
		if name != "tokenId" && (!slices.Contains(names, name) || store.KeptProperty(name)) {
			return sess, refuse(http.StatusForbidden, "")
		}
	}
	return s.sessions.Update(c.Context(), sess.ID(), func(sess *store.Session) error {
		if sess.Properties == nil {
			sess.Properties = map[string]string{}
		}
		for name, v := range change {
			if text, ok := v.(string); ok && name != "tokenId" {
				sess.Properties[name] = text
			} else {
				delete(sess.Properties, name)
			}
		}
		if len(sess.Properties) > maxProperties {
			return badRequest("A session cannot have so many properties").because(observe.OverLimit("session_properties"))
		}
		return nil
	})
}
