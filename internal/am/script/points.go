package script

import (
	"context"
	"encoding/json"
	"errors"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// MayAct runs a script of the context OAUTH2_MAY_ACT, which may set may_act and act of t:
// an access, refresh or ID token that is about to be issued. The error is an *Error.
func (e *Engine) MayAct(ctx context.Context, s *realm.Script, in *Input, t *store.Token) error {
	_, err := e.onToken(ctx, s, in, t, ofMayAct)
	return err
}

// ModifyAccessToken runs a script of the context OAUTH2_ACCESS_TOKEN_MODIFICATION on t.
// It gives the members that the script adds to the answer of the token endpoint.
func (e *Engine) ModifyAccessToken(ctx context.Context, s *realm.Script, in *Input, t *store.Token) (map[string]json.RawMessage, error) {
	return e.onToken(ctx, s, in, t, ofModification)
}

var (
	ofMayAct       = onRequest(binding{"token", of(theToken)})
	ofModification = onRequest(binding{"accessToken", of(theToken)})
	ofAuthorize    = onRequest()
)

func theToken(_ *run, k *token) groovy.Value { return k }

func (e *Engine) onToken(ctx context.Context, s *realm.Script, in *Input, t *store.Token, vars *variables) (map[string]json.RawMessage, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	k := newToken(r, t)
	r.in, r.about = in, k
	if _, err := r.execute(p, vars, ""); err != nil {
		return nil, failure(s.Name, err)
	}
	*t = k.t
	return k.more, nil
}

// Claims runs a script of the context OIDC_CLAIMS.
func (e *Engine) Claims(ctx context.Context, s *realm.Script, in *ClaimsInput) (*Claims, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	r.in, r.about = &in.Input, in
	v, err := r.execute(p, ofClaims, "")
	if err != nil {
		return nil, failure(s.Name, err)
	}
	claims, err := claimsOf(v)
	return claims, failure(s.Name, err)
}

// Profile runs a script of the context SOCIAL_IDP_PROFILE_TRANSFORMATION, which makes a profile of another one: of what a
// provider tells ("rawProfile"), or of what such a script made of that ("normalizedProfile").
func (e *Engine) Profile(ctx context.Context, s *realm.Script, rl *realm.Realm, binding string, profile map[string]any) (map[string]any, error) {
	vars, ok := ofProfile[binding]
	if !ok {
		return nil, failure(s.Name, illegal("a script of this context knows no %s", binding))
	}
	r, p, err := e.start(ctx, s, rl)
	if err != nil {
		return nil, err
	}
	r.about = profile
	v, err := r.execute(p, vars, "")
	if err != nil {
		return nil, failure(s.Name, err)
	}
	out, err := mapOf(v)
	return out, failure(s.Name, err)
}

var ofProfile = map[string]*variables{"rawProfile": profileAs("rawProfile"), "normalizedProfile": profileAs("normalizedProfile")}

func profileAs(name string) *variables {
	return variablesOf(binding{name, of(func(_ *run, profile map[string]any) groovy.Value { return &jsonValue{mapFromGo(profile)} })})
}

const invalidScope = "org.forgerock.oauth2.core.exceptions.InvalidScopeException"

// ValidateScope runs the function of a script of the context OAUTH2_VALIDATE_SCOPE that
// in.Function names. The error is an *InvalidScope when the script throws an
// InvalidScopeException.
func (e *Engine) ValidateScope(ctx context.Context, s *realm.Script, in *ScopeInput) ([]string, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	r.in, r.about = &in.Input, in
	v, err := r.execute(p, ofScopes, in.Function)
	var t *groovy.Thrown
	if errors.As(err, &t) && t.Class == invalidScope {
		return nil, &InvalidScope{r.masked(t.Message)}
	}
	if err != nil {
		return nil, failure(s.Name, err)
	}
	scopes, ok := texts(v)
	if !ok {
		return nil, failure(s.Name, illegal("%s must return a collection of scopes, not %s", in.Function, kindOf(v)))
	}
	return scopes, nil
}

var ofScopes = onRequest(
	binding{"requestedScopes", of(func(r *run, in *ScopeInput) groovy.Value { return r.scopes(in.Requested) })},
	binding{"defaultScopes", of(func(r *run, in *ScopeInput) groovy.Value { return r.scopes(in.Defaults) })},
	binding{"allowedScopes", of(func(r *run, in *ScopeInput) groovy.Value { return r.scopes(in.Allowed) })},
	binding{"availableScopes", of(func(r *run, in *ScopeInput) groovy.Value { return r.scopes(in.Allowed) })},
	binding{"scopeValidatorHelper", of(func(_ *run, in *ScopeInput) groovy.Value { return &scopeValidatorHelper{in} })},
)

// EvaluateScope runs a script of the context OAUTH2_EVALUATE_SCOPE: what the token
// information endpoint adds for t, which stays as it is.
func (e *Engine) EvaluateScope(ctx context.Context, s *realm.Script, in *Input, t *store.Token) (map[string]any, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	r.in, r.about = in, newToken(r, t)
	v, err := r.execute(p, ofModification, "")
	if err != nil {
		return nil, failure(s.Name, err)
	}
	out, err := mapOf(v)
	return out, failure(s.Name, err)
}

// AuthorizeData runs a script of the context OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER:
// parameters added to the answer of the authorize endpoint.
func (e *Engine) AuthorizeData(ctx context.Context, s *realm.Script, in *Input) (map[string]string, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	r.in = in
	v, err := r.execute(p, ofAuthorize, "")
	if err != nil {
		return nil, failure(s.Name, err)
	}
	m, ok := unwrapped(v).(*groovy.Map)
	if v == nil || !ok {
		_, err := mapOf(v)
		return nil, failure(s.Name, err)
	}
	out := make(map[string]string, m.Len())
	for _, k := range m.Keys() {
		if x, _ := m.Get(k); x != nil {
			out[text(k)] = text(x)
		}
	}
	return out, nil
}

// mapOf reads a map that a script returned; null is an empty one.
func mapOf(v groovy.Value) (map[string]any, error) {
	if v == nil {
		return nil, nil
	}
	if _, ok := unwrapped(v).(*groovy.Map); !ok {
		return nil, illegal("the script must return a map, not %s", kindOf(v))
	}
	data, err := plain(v)
	if err != nil {
		return nil, err
	}
	return data.(map[string]any), nil
}

// scopeValidatorHelper is a binding of the newer dialect.
type scopeValidatorHelper struct{ in *ScopeInput }

// GroovyClass is the helper's class.
func (*scopeValidatorHelper) GroovyClass() *groovy.Class { return scopeValidatorHelperClass }

var scopeValidatorHelperClass = &groovy.Class{
	Name: "org.forgerock.openam.oauth2.ScopeValidatorHelper",
	Methods: map[string]groovy.Method{
		"throwInvalidScope": func(c *groovy.Call) (groovy.Value, error) {
			return nil, groovy.Throw(invalidScope, "%s", text(c.Arg(0)))
		},
		"inheritAccessTokenScopesOnRefresh": func(c *groovy.Call) (groovy.Value, error) {
			if in := c.This.(*scopeValidatorHelper).in; in.Inherits != nil && in.Function == "validateRefreshTokenScope" {
				*in.Inherits = true
			}
			return nil, nil
		},
	},
}
