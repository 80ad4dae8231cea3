package oauth2

import (
	"errors"
	"mime"
	"net/url"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// clientSecretPost authenticates a client in the form of a request (RFC 6749 §2.3.1).
type clientSecretPost struct{ clientSecret }

var clientSecretPostType = heap.Define("ClientSecretPostAuthenticationFilter", func(c *clientSecretPost, env *heap.Env) (chain.Filter, error) {
	c.SecretsProvider.OrEnvironment(env)
	return c, nil
})

func (c *clientSecretPost) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	secret, err := c.SecretsProvider.Password(x.Ctx(), c.ClientSecretID)
	if err != nil {
		return nil, err
	}
	err = addToForm(x.Request, url.Values{"client_id": {c.ClientID}, "client_secret": {secret}})
	if err != nil {
		return nil, err
	}
	return next.Handle(x)
}

var errNoForm = errors.New("the request to authenticate has a body that is no form")

// addToForm replaces parameters of a form body; no body at all counts as an empty form.
func addToForm(req *chain.Request, params url.Values) error {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	body, err := req.Entity.Bytes()
	if err != nil {
		return err
	}
	form := url.Values{}
	switch {
	case kind == "application/x-www-form-urlencoded":
		form = url.Values(chain.ParseForm(string(body)))
	case len(body) > 0:
		return errNoForm
	}
	for name, values := range params {
		form[name] = values
	}
	setForm(req, form)
	return nil
}
