package filters

import (
	"errors"
	"net/url"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

func queryEscape(s string) string { return url.QueryEscape(s) }

// signOnFields are the fields that both login filters have.
type signOnFields struct {
	// AmService is the server that users log in to.
	AmService heap.Ref[*amservice.Service] `conf:"amService,required"`
	// AuthenticationService is the journey that users take.
	AuthenticationService string `conf:"authenticationService"`
	// RedirectionMarker notes in the URI that the user was sent to log in.
	RedirectionMarker *redirectionMarker `conf:"redirectionMarker"`
	// LogoutExpression holds for requests that end the session.
	LogoutExpression *heap.Condition `conf:"logoutExpression"`
	// DefaultLogoutLandingPage is where users go after that.
	DefaultLogoutLandingPage *conf.URL `conf:"defaultLogoutLandingPage"`
	// LogoutEndpoint belongs to older releases.
	LogoutEndpoint *pattern `conf:"logoutEndpoint"`
}

type redirectionMarker struct {
	// Enabled switches the marker on.
	Enabled bool `conf:"enabled,default=true"`
	// Name is the parameter.
	Name string `conf:"name,default=_ig"`
}

// signOn is what both login filters do.
type signOn struct {
	service *amservice.Service
	journey string
	marker  string // "" for none
	logout  *heap.Condition
	oldPath *pattern
	landing string
}

func (c *signOnFields) signOn(env *heap.Env) signOn {
	s := signOn{service: c.AmService.Get(), journey: c.AuthenticationService, marker: "_ig", logout: c.LogoutExpression, oldPath: c.LogoutEndpoint}
	if m := c.RedirectionMarker; m != nil {
		if s.marker = m.Name; !m.Enabled {
			s.marker = ""
		} else if m.Name == "" {
			env.Fail("redirectionMarker.name", "the name must not be empty")
		}
	}
	if c.LogoutEndpoint != nil {
		env.Warn("logoutEndpoint", "\"logoutEndpoint\" was replaced by \"logoutExpression\"")
	}
	if c.DefaultLogoutLandingPage != nil {
		s.landing = c.DefaultLogoutLandingPage.String()
	}
	return s
}

var errLoginLoop = errors.New("the user comes back from the login without the session cookie; look at the cookie's domain")

// endsSession says whether a request ends the session.
func (s *signOn) endsSession(x *chain.Exchange) bool {
	return s.logout != nil && s.logout.Holds(x) || s.oldPath != nil && s.oldPath.found(x.Request.URI.String())
}

// end logs the user out; without a landing page the request goes on, without session.
func (s *signOn) end(x *chain.Exchange, next chain.Handler, token string) (*chain.Response, error) {
	if token != "" {
		if err := s.service.Logout(x, token); err != nil && !errors.Is(err, amservice.ErrNoSession) {
			return nil, err
		}
	}
	if s.landing == "" {
		return next.Handle(x)
	}
	return redirectTo(s.landing), nil
}

// back is the URI that the user comes back to after the login.
func (s *signOn) back(x *chain.Exchange) *chain.URI {
	u := chain.OriginalURI(x).Clone()
	if s.marker != "" {
		takeParameter(u, s.marker)
		addParameter(u, s.marker, "true")
	}
	return u
}

// seenMarker takes the marker out of the request.
func (s *signOn) seenMarker(x *chain.Exchange) bool {
	if s.marker == "" {
		return false
	}
	_, seen := takeParameter(x.Request.URI, s.marker)
	return seen
}

// enter lets a request with a session pass.
func (s *signOn) enter(x *chain.Exchange, next chain.Handler, c *ssoToken) (*chain.Response, error) {
	c.x = x
	if audit := chain.Find[*chain.AuditContext](x.Context); audit != nil {
		if id := c.session.Properties["AMCtxId"]; id != "" {
			audit.TrackingIDs = append(audit.TrackingIDs, id)
		}
	}
	return next.Handle(x.Push(c))
}

// redirectTo is a redirect that nobody keeps.
func redirectTo(location string) *chain.Response {
	resp := chain.NewResponse(302)
	resp.Header["Location"] = []string{location}
	resp.Header["Cache-Control"] = []string{"no-store"}
	return resp
}
