package handlers

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
)

// scriptable answers with what a script returns: a response or a promise of one.
var scriptable = heap.Define("ScriptableHandler", func(c *script.Config, env *heap.Env) (chain.Handler, error) {
	s, err := script.Compile(env, c)
	if s == nil {
		return nil, err
	}
	return chain.HandlerFunc(s.Handle), err
})
