package script

import (
	"context"
	"encoding/json"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/groovy"
)

// Registration is a client that is about to register itself, or to change its registration.
type Registration struct {
	Input
	// Operation is "CREATE", "UPDATE" or "DELETE".
	Operation string
	// Profile is the script's own copy: what it stores is taken from here.
	Profile *realm.Client
	// Statement are the claims of the software statement, nil when there is none.
	Statement map[string]any
	// Agent tells that the client is an AI agent.
	Agent bool
}

// Register runs a script of the context OAUTH2_DYNAMIC_CLIENT_REGISTRATION. It gives the profile as the script stored
// it, nil when it stored nothing.
func (e *Engine) Register(ctx context.Context, s *realm.Script, in *Registration) (*realm.Client, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	identity := &clientIdentity{in: in}
	r.in, r.about = &in.Input, identity
	if _, err := r.execute(p, ofRegistration, ""); err != nil {
		return nil, failure(s.Name, err)
	}
	return identity.stored, nil
}

var ofRegistration = onRequest(
	binding{"operation", of(func(_ *run, i *clientIdentity) groovy.Value { return i.in.Operation })},
	binding{"clientIdentity", of(func(_ *run, i *clientIdentity) groovy.Value { return i })},
	binding{"softwareStatement", of(func(_ *run, i *clientIdentity) groovy.Value {
		raw, err := json.Marshal(i.in.Statement)
		if err != nil || i.in.Statement == nil {
			return nil
		}
		return decode(raw)
	})},
)

// clientIdentity is the profile of the client, attribute by attribute. What is set counts when it is stored.
type clientIdentity struct {
	in     *Registration
	stored *realm.Client
}

// GroovyClass is ScriptedClientIdentity.
func (*clientIdentity) GroovyClass() *groovy.Class { return clientIdentityClass }

var clientIdentityClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.identity.ScriptedClientIdentity",
	Methods: map[string]groovy.Method{
		"getName":   onClient(0, func(i *clientIdentity, _ *groovy.Call) (groovy.Value, error) { return i.in.Profile.ID, nil }),
		"isAIAgent": onClient(0, func(i *clientIdentity, _ *groovy.Call) (groovy.Value, error) { return i.in.Agent, nil }),
		"getAttributeValues": onClient(1, func(i *clientIdentity, c *groovy.Call) (groovy.Value, error) {
			values, _ := i.in.Profile.Attribute(text(c.Arg(0)))
			return listOf(values), nil
		}),
		"setAttribute": onClient(2, func(i *clientIdentity, c *groovy.Call) (groovy.Value, error) {
			values, ok := oneOrMore(c.Arg(1))
			if !ok {
				return nil, wrong(c)
			}
			return nil, i.set(text(c.Arg(0)), values)
		}),
		"addAttribute": onClient(2, func(i *clientIdentity, c *groovy.Call) (groovy.Value, error) {
			more, ok := oneOrMore(c.Arg(1))
			if !ok {
				return nil, wrong(c)
			}
			values, _ := i.in.Profile.Attribute(text(c.Arg(0)))
			return nil, i.set(text(c.Arg(0)), append(slices.Clone(values), more...))
		}),
		"store": onClient(0, func(i *clientIdentity, _ *groovy.Call) (groovy.Value, error) {
			copied := *i.in.Profile
			i.stored = &copied
			return nil, nil
		}),
	},
	String: func(this groovy.Value) string { return this.(*clientIdentity).in.Profile.ID },
}

func (i *clientIdentity) set(name string, values []string) error {
	if err := i.in.Profile.SetAttribute(name, values); err != nil {
		return illegal("setAttribute: %v", err)
	}
	return nil
}

func onClient(n int, do func(*clientIdentity, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*clientIdentity), c)
	}
}
