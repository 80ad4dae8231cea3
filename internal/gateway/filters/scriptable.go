package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
)

// scriptable is a filter written as a script; next is the handler behind it.
var scriptable = heap.Define("ScriptableFilter", func(c *script.Config, env *heap.Env) (chain.Filter, error) {
	s, err := script.Compile(env, c, "next")
	if s == nil {
		return nil, err
	}
	return chain.FilterFunc(s.Filter), err
})
