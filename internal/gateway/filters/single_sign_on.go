package filters

import (
	"errors"
	"fmt"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type singleSignOnConfig struct {
	signOnFields
	// LoginEndpoint is another page to log in than the server's own.
	LoginEndpoint *expr.Template `conf:"loginEndpoint"`
}

// singleSignOn wants a session of the access management server, whose cookie the
// gateway sees because both share a domain.
var singleSignOn = heap.Define("SingleSignOnFilter", func(c *singleSignOnConfig, env *heap.Env) (chain.Filter, error) {
	return &sharedSignOn{signOn: c.signOn(env), endpoint: c.LoginEndpoint}, nil
})

type sharedSignOn struct {
	signOn
	endpoint *expr.Template // nil: the server's own
}

func (f *sharedSignOn) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	token, err := sessionToken(x, f.service, nil)
	if err != nil {
		return nil, err
	}
	if f.endsSession(x) {
		return f.end(x, next, token)
	}
	marked := f.seenMarker(x)
	if token == "" && marked {
		return chain.Fail(403, errLoginLoop), nil
	}
	session, err := f.service.Session(x, token)
	switch {
	case errors.Is(err, amservice.ErrNoSession):
		return f.send(x)
	case err != nil:
		return nil, err
	}
	return f.enter(x, next, &ssoToken{token: token, session: session, login: f.login, back: f.back, start: f.start})
}

func (f *sharedSignOn) send(x *chain.Exchange) (*chain.Response, error) {
	back := f.back(x)
	announceRedirect(x, back)
	return f.start(x, back)
}

func (f *sharedSignOn) start(x *chain.Exchange, back *chain.URI, more ...string) (*chain.Response, error) {
	location, err := f.login(x, back, more...)
	if err != nil {
		return nil, err
	}
	return redirectTo(location), nil
}

// login is the URL of the login page; more are names and values for it.
func (f *sharedSignOn) login(x *chain.Exchange, back *chain.URI, more ...string) (string, error) {
	u, err := f.page(x)
	if err != nil {
		return "", err
	}
	if given := chain.QueryForm(u); len(given["goto"]) == 0 {
		addParameter(u, "goto", back.String())
	}
	for i := 0; i+1 < len(more); i += 2 {
		addParameter(u, more[i], more[i+1])
	}
	return u.String(), nil
}

func (f *sharedSignOn) page(x *chain.Exchange) (*chain.URI, error) {
	if f.endpoint == nil {
		u, err := chain.ParseURI(f.service.URL() + "/XUI/")
		if err != nil {
			return nil, err
		}
		addParameter(u, "realm", f.service.Realm())
		if f.journey != "" {
			addParameter(u, "service", f.journey)
		}
		return u, nil
	}
	text, ok := f.endpoint.Text(x)
	if !ok {
		return nil, fmt.Errorf("loginEndpoint %s yields null", f.endpoint.Source())
	}
	u, err := chain.ParseURI(text)
	if err != nil {
		return nil, fmt.Errorf("loginEndpoint: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("loginEndpoint %s yields no URL", f.endpoint.Source())
	}
	return u, nil
}
