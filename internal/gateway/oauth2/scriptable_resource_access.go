package oauth2

import (
	"fmt"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
)

// scriptableAccess asks a script for the scopes that a request needs.
type scriptableAccess struct{ script *script.Script }

var scriptableResourceAccessType = heap.Define("ScriptableResourceAccess", func(c *script.Config, env *heap.Env) (ResourceAccess, error) {
	s, err := script.Compile(env, c)
	if s == nil {
		return nil, err
	}
	return scriptableAccess{s}, err
})

// RequiredScopes runs the script. What it gives goes into a header field, so that each
// has to have the form of a scope.
func (a scriptableAccess) RequiredScopes(x *chain.Exchange) ([]string, error) {
	scopes, err := a.script.Strings(x)
	if err != nil {
		return nil, err
	}
	for _, s := range scopes {
		if !isScope(s) {
			return nil, fmt.Errorf("the script of a ScriptableResourceAccess gave %q, which is no scope", s)
		}
	}
	return scopes, nil
}
