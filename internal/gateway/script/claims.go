package script

import "gatehouse/internal/expr"

// Claims are the claims of a token as contexts hold them. Expressions see them by their
// own names, by the names that the registered ones have in Java, and through getClaim;
// scripts see a JwtClaimsSet.
type Claims map[string]any

// Get returns a claim.
func (c Claims) Get(name string) (any, bool) {
	if v, ok := c[name]; ok {
		return v, true
	}
	if registered, ok := claimNames[name]; ok {
		if one, ok := c[registered].(string); ok && registered == "aud" {
			return []any{one}, true // a JWT may have one audience without a list around it (RFC 7519 §4.1.3)
		}
		return c[registered], true
	}
	return nil, false
}

// Keys lists the names in order.
func (c Claims) Keys() []string { return sortedKeys(c) }

// Call offers getClaim, get and isDefined.
func (c Claims) Call(method string, args []any) (any, error) {
	if len(args) == 0 {
		return nil, expr.ErrNoMethod
	}
	name, _ := args[0].(string)
	switch method {
	case "getClaim", "get":
		return c[name], nil
	case "isDefined":
		_, ok := c[name]
		return ok, nil
	}
	return nil, expr.ErrNoMethod
}
