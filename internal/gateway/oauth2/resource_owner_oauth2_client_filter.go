package oauth2

import (
	"errors"
	"net/url"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// resourceOwner sends requests on with a token that the gateway got with the name and
// password of a user (RFC 6749 §4.3).
type resourceOwner struct {
	tokenClient
	Username         string     `conf:"username,required"`
	PasswordSecretID secrets.ID `conf:"passwordSecretId,required"`

	now func() time.Time
}

var resourceOwnerType = heap.Define("ResourceOwnerOAuth2ClientFilter", func(c *resourceOwner, env *heap.Env) (chain.Filter, error) {
	c.SecretsProvider.OrEnvironment(env)
	c.addScopes(env, url.Values{})
	c.now = env.Now
	return newBearerFilter(env, c.fetch), nil
})

// fetch refreshes where it can; a refresh token that is no longer good is a reason to
// begin anew with the password.
func (c *resourceOwner) fetch(x *chain.Exchange, last *issued) (*issued, error) {
	h := c.EndpointHandler.Get()
	if last != nil && last.refresh != "" {
		t, err := c.request(x, h, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {last.refresh}}, c.now)
		if err == nil {
			if t.refresh == "" {
				t.refresh = last.refresh // it stays valid (RFC 6749 §6)
			}
			return t, nil
		}
		var answer *Error
		if !errors.As(err, &answer) || answer.Status == 0 {
			return nil, err
		}
	}
	password, err := c.SecretsProvider.Password(x.Ctx(), c.PasswordSecretID)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"password"}, "username": {c.Username}, "password": {password}}
	if len(c.Scopes) > 0 {
		form.Set("scope", joined(c.Scopes))
	}
	return c.request(x, h, form, c.now)
}
