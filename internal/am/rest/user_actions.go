package rest

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
)

// idFromSession tells whose session the caller has (PingAM: users, idFromSession).
func (s *Server) idFromSession(c *Call) (any, error) {
	sess := c.Caller.Session
	if sess == nil {
		return nil, refuse(http.StatusUnauthorized, "")
	}
	success := c.SuccessURL()
	return Object{
		"id": sess.Subject.Name, "realm": sess.Realm, "dn": sess.UniversalID, "successURL": success,
		"fullLoginURL": c.Place.Context + "/UI/Login?realm=" + url.QueryEscape(sess.Realm),
	}, nil
}

// validateGoto tells where a browser may go: to "goto" of the body if that is allowed, else to the default.
func (s *Server) validateGoto(c *Call) (any, error) {
	if c.Caller.Session == nil {
		return nil, refuse(http.StatusForbidden, "")
	}
	target, _ := c.Body["goto"].(string)
	if !s.Login.ValidGoto(c.Context(), c.Place, target) {
		target = c.SuccessURL()
	}
	return Object{"successURL": target}, nil
}

// changePassword replaces a password by someone who knows it. Other sessions of the user end.
func (s *Server) changePassword(c *Call) (any, error) {
	now, _ := c.Body["currentpassword"].(string)
	next, _ := c.Body["userpassword"].(string)
	if now == "" || next == "" {
		return nil, badRequest("The action needs currentpassword and userpassword")
	}
	if err := checkPassword(next); err != nil {
		return nil, err
	}
	err := s.Login.CheckPassword(c.Context(), c.Realm, c.ID, now)
	if refusal, ok := errors.AsType[*login.Refusal](err); ok {
		if errors.Is(err, realm.ErrBusy) {
			return nil, refuse(http.StatusServiceUnavailable, "").because(err)
		}
		return nil, badRequest("The password is not the current one").because(refusal)
	}
	if err != nil {
		return nil, err
	}
	u, err := c.Realm.User(c.Context(), c.ID)
	if err != nil {
		return nil, err
	}
	if u.External != "" {
		err = c.Realm.ChangePassword(c.Context(), u, now, next)
		if errors.Is(err, realm.ErrRefusedPassword) {
			return nil, badRequest("%s", err)
		}
	} else if u.Password, err = s.hash(c, next); err == nil {
		err = s.saveUser(c, u)
	}
	if err != nil {
		return nil, err
	}
	return Object{}, s.endOthers(c, u.Name)
}
