package script

import (
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// contextHost is a context of the chain; its properties are those that expressions see.
type contextHost struct{ c chain.Context }

func (h contextHost) GroovyClass() *groovy.Class {
	if class := contextClasses[h.c.ContextName()]; class != nil {
		return class
	}
	return contextClass
}

func (h contextHost) String() string { return "context " + h.c.ContextName() }

// contextNames are the context classes that scripts import, with their contexts.
var contextNames = map[string]string{
	"org.forgerock.services.context.AttributesContext":                      "attributes",
	"org.forgerock.services.context.ClientContext":                          "client",
	"org.forgerock.services.context.RootContext":                            "root",
	"org.forgerock.services.context.RequestAuditContext":                    "requestAudit",
	"org.forgerock.services.context.TransactionIdContext":                   "transactionId",
	"org.forgerock.http.session.SessionContext":                             "session",
	"org.forgerock.http.routing.UriRouterContext":                           "router",
	"org.forgerock.http.oauth2.OAuth2Context":                               "oauth2",
	"org.forgerock.openig.openam.SsoTokenContext":                           "ssoToken",
	"org.forgerock.openig.openam.CdSsoContext":                              "cdsso",
	"org.forgerock.openig.openam.CdSsoFailureContext":                       "cdssoFailure",
	"org.forgerock.openig.openam.SessionInfoContext":                        "amSession",
	"org.forgerock.openig.openam.StsContext":                                "sts",
	"org.forgerock.openig.openam.UserProfileContext":                        "userProfile",
	"org.forgerock.openig.openam.PolicyDecisionContext":                     "policyDecision",
	"org.forgerock.openig.filter.jwt.JwtBuilderContext":                     "jwtBuilder",
	"org.forgerock.openig.filter.JwtBuilderContext":                         "jwtBuilder",
	"org.forgerock.openig.filter.jwt.JwtValidationContext":                  "jwtValidation",
	"org.forgerock.openig.filter.jwt.JwtValidationErrorContext":             "jwtValidationError",
	"org.forgerock.openig.filter.oauth2.client.OAuth2FailureContext":        "oauth2Failure",
	"org.forgerock.openig.filter.oauth2.client.OAuth2SessionContext":        "oauth2Info",
	"org.forgerock.openig.filter.oauth2.OAuth2TokenExchangeContext":         "oauth2TokenExchange",
	"org.forgerock.openig.filter.oauth2.tokenexchange.TokenExchangeContext": "oauth2TokenExchange",
	"org.forgerock.openig.handler.assertion.IdentityRequestJwtContext":      "identityRequestJwt",
	"org.forgerock.openig.filter.CapturedUserPasswordContext":               "capturedPassword",
	"org.forgerock.openig.ldap.FileAttributesContext":                       "fileAttributes",
}

// contextClass has what all contexts share. It stands also for contexts that have no
// class of their own.
var contextClass = &groovy.Class{
	Name:      "org.forgerock.services.context.Context",
	Interface: true,
	Methods:   contextMethods(),
	PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
		h, ok := this.(contextHost)
		if !ok {
			return nil, false
		}
		return h.get(name)
	},
	SetMissing: func(this groovy.Value, name string, v groovy.Value) (bool, error) {
		h, ok := this.(contextHost)
		if !ok {
			return false, nil
		}
		set, ok := h.c.(interface{ Set(string, any) error })
		if !ok {
			return false, nil
		}
		return true, set.Set(name, fromScript(v))
	},
	MethodMissing: contextAccessor,
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(contextHost)
		return ok && o.c == this.(contextHost).c
	},
}

func (h contextHost) get(name string) (groovy.Value, bool) {
	if a, ok := h.c.(*chain.AttributesContext); ok && name == "attributes" {
		return attributes{a}, true
	}
	v, ok := h.c.Get(name)
	return toScript(v), ok
}

// contextAccessor serves getX() and isX() of properties, and methods that the context
// itself offers to expressions.
func contextAccessor(c *groovy.Call) (groovy.Value, error) {
	h, err := receiver[contextHost](c.This)
	if err != nil {
		return nil, err
	}
	if p := property(c.Name); p != "" && c.Len() == 0 {
		if v, ok := h.get(p); ok {
			return v, nil
		}
	}
	if p := property(c.Name); p != "" && c.Len() == 1 && strings.HasPrefix(c.Name, "set") {
		if set, ok := h.c.(interface{ Set(string, any) error }); ok {
			return nil, set.Set(p, fromScript(c.Arg(0)))
		}
	}
	return callObject(c, h.c)
}

// property is the property that an accessor's name stands for, "" for other names.
func property(name string) string {
	for _, p := range []string{"get", "set", "is"} {
		if rest, ok := strings.CutPrefix(name, p); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			if len(rest) > 1 && rest[1] >= 'A' && rest[1] <= 'Z' {
				return rest
			}
			return strings.ToLower(rest[:1]) + rest[1:]
		}
	}
	return ""
}

func contextMethods() methods {
	return methods{
		"getContextName": method(func(h contextHost, _ *groovy.Call) (groovy.Value, error) { return h.c.ContextName(), nil }),
		"getParent": method(func(h contextHost, _ *groovy.Call) (groovy.Value, error) {
			if p := h.c.Parent(); p != nil {
				return contextHost{p}, nil
			}
			return nil, nil
		}),
		"isRootContext": method(func(h contextHost, _ *groovy.Call) (groovy.Value, error) { return h.c.Parent() == nil, nil }),
		"asContext": method(func(h contextHost, c *groovy.Call) (groovy.Value, error) {
			name, err := nameOfContext(c)
			if err != nil {
				return nil, err
			}
			return h.must(name)
		}),
		"getContext": method(func(h contextHost, c *groovy.Call) (groovy.Value, error) { return h.must(c.Str(0)) }),
		"containsContext": method(func(h contextHost, c *groovy.Call) (groovy.Value, error) {
			name, err := nameOfContext(c)
			return chain.Named(h.c, name) != nil, err
		}),
		"get": method(func(h contextHost, c *groovy.Call) (groovy.Value, error) {
			name, err := nameOfContext(c)
			if err != nil {
				return nil, err
			}
			if found := chain.Named(h.c, name); found != nil {
				return groovy.NewOptional(contextHost{found}), nil
			}
			return groovy.NewOptional(nil), nil
		}),
	}
}

func (h contextHost) must(name string) (groovy.Value, error) {
	if found := chain.Named(h.c, name); found != nil {
		return contextHost{found}, nil
	}
	return nil, badArgument("no context of named %s found in chain", name)
}

// nameOfContext takes a class of a context or a name.
func nameOfContext(c *groovy.Call) (string, error) {
	if err := c.Want(1, 1); err != nil {
		return "", err
	}
	class, ok := c.Arg(0).(*groovy.Class)
	if !ok {
		return c.Str(0), nil
	}
	if name, ok := contextNames[class.Name]; ok {
		return name, nil
	}
	return "", badArgument("%s is no class of contexts", class.Name)
}

// contextClasses are the classes by context name.
var contextClasses = makeContextClasses()

func makeContextClasses() map[string]*groovy.Class {
	all := map[string]*groovy.Class{}
	for full, name := range contextNames {
		class := &groovy.Class{Name: full, Interfaces: []*groovy.Class{contextClass}}
		if old := all[name]; old != nil { // a class that moved between packages
			if old.Name < full {
				old, class = class, old
			}
			class.Interfaces = append(class.Interfaces, old)
		}
		all[name] = class
	}
	all["attributes"].New = func(c *groovy.Call) (groovy.Value, error) {
		return pushed(c, &chain.AttributesContext{})
	}
	all["transactionId"].New = newTransaction
	all["sts"].New = newSts
	all["router"].Static = methods{"uriRouterContext": newRouterBuilder}
	return all
}

// pushed attaches a new context to the one that is the argument.
func pushed(c *groovy.Call, k chain.Context) (groovy.Value, error) {
	parent, ok := c.Arg(0).(contextHost)
	if !ok || c.Len() != 1 {
		return nil, c.NoSuchMethod()
	}
	return contextHost{chain.New(c.Ctx, nil, parent.c).Push(k).Context}, nil
}

// contexts is the map of contexts by name.
type contexts struct{ leaf chain.Context }

func (contexts) GroovyClass() *groovy.Class { return contextsClass }

var contextsClass = tableClass(&groovy.Class{Name: "org.forgerock.openig.el.bindings.Contexts"})

func (c contexts) at(name string) (groovy.Value, bool) {
	if found := chain.Named(c.leaf, name); found != nil {
		return contextHost{found}, true
	}
	return nil, false
}

func (contexts) put(string, groovy.Value) error { return readOnly("contexts") }
func (contexts) remove(string) error            { return readOnly("contexts") }
func (c contexts) keys() []string               { return chain.Contexts{Leaf: c.leaf}.Keys() }

func readOnly(what string) error {
	return groovy.Throw(unsupported, "%s cannot be changed", what)
}
