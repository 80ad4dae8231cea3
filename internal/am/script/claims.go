package script

import (
	"maps"
	"slices"

	"gatehouse/internal/groovy"
)

// userInfoClaims is what an OIDC claims script returns.
type userInfoClaims struct{ values, composite groovy.Value }

// GroovyClass is UserInfoClaims.
func (*userInfoClaims) GroovyClass() *groovy.Class { return userInfoClaimsClass }

var userInfoClaimsClass = &groovy.Class{
	Name: "org.forgerock.oauth2.core.UserInfoClaims",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != 2 {
			return nil, wrong(c)
		}
		return &userInfoClaims{c.Arg(0), c.Arg(1)}, nil
	},
	Methods: map[string]groovy.Method{
		"getValues": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*userInfoClaims).values, nil },
		"getCompositeScopes": func(c *groovy.Call) (groovy.Value, error) {
			return c.This.(*userInfoClaims).composite, nil
		},
	},
	String: func(this groovy.Value) string { return text(this.(*userInfoClaims).values) },
}

// claim is a claim that the claims parameter asks for, with the values wanted.
type claim struct {
	name, locale string
	values       []groovy.Value
}

// GroovyClass is Claim.
func (*claim) GroovyClass() *groovy.Class { return claimClass }

var claimClass = &groovy.Class{
	Name: "org.forgerock.openidconnect.Claim",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) < 1 || len(c.Args) > 3 {
			return nil, wrong(c)
		}
		out := &claim{name: text(c.Arg(0))}
		if len(c.Args) > 1 && c.Arg(1) != nil {
			out.locale = text(c.Arg(1))
		}
		if v := c.Arg(2); v != nil {
			xs, ok := items(v)
			if !ok {
				xs = []groovy.Value{v}
			}
			out.values = xs
		}
		return out, nil
	},
	Methods: map[string]groovy.Method{
		"getName":   func(c *groovy.Call) (groovy.Value, error) { return c.This.(*claim).name, nil },
		"getLocale": func(c *groovy.Call) (groovy.Value, error) { return orNull(c.This.(*claim).locale), nil },
		"getValues": func(c *groovy.Call) (groovy.Value, error) { return groovy.NewSet(c.This.(*claim).values...), nil },
	},
	String: func(this groovy.Value) string { return this.(*claim).name },
}

// ofClaims are the variables of OIDC claims scripts.
var ofClaims = onRequest(
	binding{"claims", of(func(_ *run, in *ClaimsInput) groovy.Value {
		m := groovy.NewMap()
		for _, name := range slices.Sorted(maps.Keys(in.Claims)) {
			m.Put(name, groovy.FromGo(in.Claims[name]))
		}
		return m
	})},
	binding{"requestedClaims", of(func(r *run, in *ClaimsInput) groovy.Value {
		m := groovy.NewMap()
		for _, name := range slices.Sorted(maps.Keys(in.Requested)) {
			m.Put(name, r.collection(valuesOf(in.Requested[name])))
		}
		return m
	})},
	binding{"claimsLocales", of(claimsLocales)}, binding{"claimLocales", of(claimsLocales)},
).olderHas(binding{"claimObjects", of(typedClaims)}, binding{"requestedTypedClaims", of(typedClaims)})

func claimsLocales(_ *run, in *ClaimsInput) groovy.Value { return listOf(in.Locales) }

func typedClaims(_ *run, in *ClaimsInput) groovy.Value {
	list := groovy.NewList()
	for _, name := range slices.Sorted(maps.Keys(in.Requested)) {
		list.Add(&claim{name: name, values: valuesOf(in.Requested[name])})
	}
	return list
}

func valuesOf(vs []any) []groovy.Value {
	out := make([]groovy.Value, len(vs))
	for i, v := range vs {
		out[i] = groovy.FromGo(v)
	}
	return out
}

// claimsOf reads what the script returned: UserInfoClaims, in the newer dialect an
// object with the same two members.
func claimsOf(v groovy.Value) (*Claims, error) {
	var values, composite groovy.Value
	switch x := v.(type) {
	case *userInfoClaims:
		values, composite = x.values, x.composite
	case *groovy.Map:
		values, _ = x.Get("values")
		composite, _ = x.Get("compositeScopes")
	default:
		return nil, illegal("the script must return UserInfoClaims, not %s", kindOf(v))
	}
	if values == nil {
		values = groovy.NewMap()
	}
	data, err := plain(values)
	if err != nil {
		return nil, err
	}
	claims, ok := data.(map[string]any)
	if !ok {
		return nil, illegal("UserInfoClaims: the claims must be a map, not %s", kindOf(values))
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	out := &Claims{Values: claims, Composite: map[string][]string{}}
	if m, ok := composite.(*groovy.Map); ok {
		for _, scope := range m.Keys() {
			names, _ := m.Get(scope)
			if list, ok := texts(names); ok {
				out.Composite[text(scope)] = list
			}
		}
	}
	return out, nil
}
