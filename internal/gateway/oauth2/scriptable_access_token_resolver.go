package oauth2

import (
	"fmt"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/script"
)

// scriptableResolver asks a script what an access token stands for.
type scriptableResolver struct{ script *script.Script }

var scriptableResolverType = heap.Define("ScriptableAccessTokenResolver", func(c *script.Config, env *heap.Env) (AccessTokenResolver, error) {
	s, err := script.Compile(env, c, "token")
	if s == nil {
		return nil, err
	}
	return scriptableResolver{s}, err
})

// Resolve runs the script. A script that fails says nothing about the token, so that
// operators get to know.
func (r scriptableResolver) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	t, err := r.script.AccessToken(x, text)
	if err != nil {
		return nil, &token.Unavailable{Err: err}
	}
	info, err := token.ParseInfo(t.Info)
	if err != nil {
		return nil, &token.Unavailable{Err: fmt.Errorf("the claims that a script gave: %w", err)}
	}
	out := token.New(t.Token, info, t.ExpiresAt)
	out.Scopes = t.Scopes // the script decides, whatever the claims say
	return out, nil
}
