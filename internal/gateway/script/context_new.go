package script

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// Contexts that scripts make to pass them on.

// transactionID is org.forgerock.services.TransactionId.
type transactionID string

func (transactionID) GroovyClass() *groovy.Class { return transactionIDClass }
func (t transactionID) String() string           { return string(t) }

var transactionIDClass = &groovy.Class{
	Name: "org.forgerock.services.TransactionId",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		if c.Str(0) == "" {
			return nil, badArgument("a transaction id is not empty")
		}
		return transactionID(c.Str(0)), nil
	},
	Get: getters{"value": getter(func(t transactionID) groovy.Value { return string(t) })},
}

func newTransaction(c *groovy.Call) (groovy.Value, error) {
	id, ok := c.Arg(1).(transactionID)
	if !ok || c.Len() != 2 {
		return nil, c.NoSuchMethod()
	}
	one := *c
	one.Args = c.Args[:1]
	return pushed(&one, &chain.TransactionContext{Value: string(id)})
}

// routerBuilder is what UriRouterContext.uriRouterContext gives.
type routerBuilder struct {
	parent *groovy.Call
	made   chain.RouterContext
}

func (*routerBuilder) GroovyClass() *groovy.Class { return routerBuilderClass }

func newRouterBuilder(c *groovy.Call) (groovy.Value, error) {
	if _, ok := c.Arg(0).(contextHost); !ok || c.Len() != 1 {
		return nil, c.NoSuchMethod()
	}
	b := &routerBuilder{parent: c}
	if old := chain.Find[*chain.RouterContext](c.Arg(0).(contextHost).c); old != nil {
		b.made.OriginalURI, b.made.MatchedURI, b.made.Remaining = old.OriginalURI, old.MatchedURI, old.Remaining
	}
	return b, nil
}

var routerBuilderClass = &groovy.Class{
	Name: "org.forgerock.http.routing.UriRouterContext.Builder",
	Methods: methods{
		"originalUri": method(func(b *routerBuilder, c *groovy.Call) (groovy.Value, error) {
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			b.made.OriginalURI = u
			return b, nil
		}),
		"matchedUri": method(func(b *routerBuilder, c *groovy.Call) (groovy.Value, error) {
			b.made.MatchedURI = c.Str(0)
			return b, nil
		}),
		"remainingUri": method(func(b *routerBuilder, c *groovy.Call) (groovy.Value, error) {
			b.made.Remaining = c.Str(0)
			return b, nil
		}),
		"templateVariable": method(func(b *routerBuilder, c *groovy.Call) (groovy.Value, error) { return b, c.Want(2, 2) }),
		"build": method(func(b *routerBuilder, _ *groovy.Call) (groovy.Value, error) {
			return pushed(b.parent, &chain.RouterContext{OriginalURI: b.made.OriginalURI, MatchedURI: b.made.MatchedURI, Remaining: b.made.Remaining})
		}),
	},
}

// newSts is new StsContext(context, issuedToken).
func newSts(c *groovy.Call) (groovy.Value, error) {
	if c.Len() != 2 || !isText(c.Arg(1)) {
		return nil, c.NoSuchMethod()
	}
	one := *c
	one.Args = c.Args[:1]
	return pushed(&one, &chain.MapContext{Name: "sts", Values: map[string]any{"issuedToken": c.Str(1)}})
}
