package am

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

func TestScriptsThatFail(t *testing.T) {
	s := newScripts(Options{}, nil, nil, nil, nil)
	in := oauth.ScriptInput{Realm: &realm.Realm{Path: "/"}, Client: realm.DefaultClient()}
	written := func(source string) *realm.Script {
		return &realm.Script{Name: "test", Language: "JAVASCRIPT", Source: source}
	}
	_, scope := s.ValidateScope(t.Context(), written(`function validateAccessTokenScope() {
		throw new org.forgerock.oauth2.core.exceptions.InvalidScopeException("not " + requestedScopes); }`),
		&oauth.ScopeInput{ScriptInput: in, Use: oauth.ScopeAccessToken, Requested: []string{"a", "b"}})
	_, modify := s.ModifyAccessToken(t.Context(), written(`accessToken.setField(`), &in, &store.Token{})
	_, claims := s.Claims(t.Context(), written(`7`), &oauth.ClaimsInput{ScriptInput: in})
	for _, c := range []struct {
		name   string
		err    error
		status int
		public string
	}{
		{"may act", s.MayAct(t.Context(), written(`token.setMayAct({client_id: "secret"})`), &in, &store.Token{}), 500, "Error running may_act script"},
		{"modification", modify, 500, "Error running access token modification script"},
		{"claims", claims, 500, "Error running OIDC claims script"},
		{"refused scope", scope, 400, "not [a, b]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, ok := errors.AsType[*oauth.Error](c.err)
			if !ok || e.Status != c.status || e.Description != c.public {
				t.Fatalf("error = %v, want %d %q", c.err, c.status, c.public)
			}
			if c.status == 500 && (e.Cause == nil || !strings.Contains(e.Cause.Error(), `script "test"`)) {
				t.Errorf("cause = %v", e.Cause)
			}
		})
	}
}

func TestScriptProblems(t *testing.T) {
	s := newScripts(Options{}, nil, nil, nil, nil)
	got := s.Validate("JAVASCRIPT", "1.0", "function f() {\n  var = 2;\n}")
	if len(got) == 0 || got[0].Line != 2 || got[0].Column == 0 || got[0].Message == "" {
		t.Errorf("Validate = %v", got)
	}
}
