package oauth2

import (
	"errors"
	"log/slog"
	"net/url"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// tokenExchange exchanges the token of a request for another one (RFC 8693) and
// publishes it; the request itself is not changed.
type tokenExchange struct {
	where
	SubjectToken       expr.Template           `conf:"subjectToken,required"`
	SubjectTokenType   string                  `conf:"subjectTokenType,default=urn:ietf:params:oauth:token-type:access_token"`
	RequestedTokenType string                  `conf:"requestedTokenType,default=urn:ietf:params:oauth:token-type:access_token"`
	Scopes             scopesField             `conf:"scopes"`
	Resource           *conf.URL               `conf:"resource"`
	Audience           string                  `conf:"audience"`
	EndpointHandler    heap.Ref[chain.Handler] `conf:"endpointHandler,default=ForgeRockClientHandler"`
	FailureHandler     heap.Ref[chain.Handler] `conf:"failureHandler"`

	to  string
	log *slog.Logger
}

var tokenExchangeType = heap.Define("OAuth2TokenExchangeFilter", func(c *tokenExchange, env *heap.Env) (chain.Filter, error) {
	c.to, c.log = c.url(env, "access_token"), env.Log
	return c, nil
})

const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"

func (c *tokenExchange) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	form, err := c.form(x)
	if err != nil {
		var own token.Answerer
		if errors.As(err, &own) {
			return own.Answer(), nil
		}
		return c.fail(x, err)
	}
	info, err := requestToken(x, c.EndpointHandler.Get(), c.to, form)
	if err != nil {
		return c.fail(x, err)
	}
	return next.Handle(x.Push(exchanged(info)))
}

func (c *tokenExchange) form(x *chain.Exchange) (url.Values, error) {
	subject, ok := c.SubjectToken.String(x)
	if !ok || subject == "" {
		return nil, &Error{Code: "invalid_request", Description: "The request has no subject token."}
	}
	form := url.Values{
		"grant_type": {tokenExchangeGrant}, "subject_token": {subject},
		"subject_token_type": {c.SubjectTokenType}, "requested_token_type": {c.RequestedTokenType},
	}
	scopes, err := c.Scopes.of(x)
	if err != nil {
		return nil, err
	}
	if len(scopes) > 0 {
		form.Set("scope", joined(scopes))
	}
	if c.Resource != nil {
		form.Set("resource", c.Resource.String())
	}
	if c.Audience != "" {
		form.Set("audience", c.Audience)
	}
	return form, nil
}

func exchanged(info *token.Info) *chain.MapContext {
	values := map[string]any{"rawInfo": info}
	values["issuedToken"], _ = info.Get("access_token")
	values["issuedTokenType"], _ = info.Get("issued_token_type")
	values["tokenType"], _ = info.Get("token_type")
	values["expiresIn"], _ = info.Get("expires_in")
	values["scopes"] = token.New("", info, token.Never).ScopeList()
	return &chain.MapContext{Name: "oauth2TokenExchange", Values: values}
}

// fail publishes what went wrong and lets the failure handler answer. Without one it is
// a failure of the chain.
func (c *tokenExchange) fail(x *chain.Exchange, err error) (*chain.Response, error) {
	var answer *Error
	if !errors.As(err, &answer) {
		answer = &Error{Code: "server_error", Description: "The token could not be exchanged.", Err: err}
	}
	c.log.DebugContext(x.Ctx(), "token exchange failed", "error", err)
	if !c.FailureHandler.IsSet() {
		return nil, err
	}
	return c.FailureHandler.Get().Handle(x.Push(failure(answer)))
}

// failure is the context oauth2Failure.
func failure(e *Error) *chain.MapContext {
	return &chain.MapContext{Name: "oauth2Failure", Values: map[string]any{
		"error": e.Code, "description": e.Description, "exception": e.Error(),
	}}
}
