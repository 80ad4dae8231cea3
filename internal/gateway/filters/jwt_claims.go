package filters

import (
	"maps"
	"slices"

	"gatehouse/internal/expr"
)

// jwtClaims are claims as expressions see them: by their own names, by the names that
// the registered ones have in Java, and through getClaim.
type jwtClaims map[string]any

// javaNames are properties of org.forgerock.json.jose.jwt.JwtClaimsSet.
var javaNames = map[string]string{
	"issuer": "iss", "subject": "sub", "audience": "aud", "jwtId": "jti",
	"expirationTime": "exp", "notBeforeTime": "nbf", "issuedAtTime": "iat", "type": "typ",
}

// Get returns a claim.
func (c jwtClaims) Get(name string) (any, bool) {
	if v, ok := c[name]; ok {
		return v, true
	}
	if registered, ok := javaNames[name]; ok {
		return c[registered], true
	}
	return nil, false
}

// Keys lists the names in order.
func (c jwtClaims) Keys() []string { return slices.Sorted(maps.Keys(c)) }

// Call offers getClaim, get and isDefined.
func (c jwtClaims) Call(method string, args []any) (any, error) {
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
