package script

import (
	"fmt"
	"testing"

	"gatehouse/internal/gateway/chain"
)

// fakeClaims is an ordered object as resolved tokens hold it.
type fakeClaims struct{}

func (fakeClaims) Get(name string) (any, bool) {
	switch name {
	case "sub":
		return "demo", true
	case "exp":
		return int64(1_700_000_000), true
	}
	return nil, false
}
func (fakeClaims) Keys() []string { return []string{"sub", "exp"} }
func (fakeClaims) MarshalJSON() ([]byte, error) {
	return []byte(`{"sub":"demo","exp":1700000000}`), nil
}

type fakeScopes []string

func (s fakeScopes) Len() int     { return len(s) }
func (s fakeScopes) At(i int) any { return s[i] }

// fakeToken is what contexts.oauth2.accessToken is like.
type fakeToken struct{}

func (fakeToken) Get(name string) (any, bool) {
	switch name {
	case "info":
		return fakeClaims{}, true
	case "scopes":
		return fakeScopes{"a", "b"}, true
	case "expiresAt":
		return int64(1_700_000_000_000), true
	}
	return nil, false
}

func (fakeToken) Call(method string, _ []any) (any, error) {
	if method == "getToken" {
		return "tok", nil
	}
	return nil, fmt.Errorf("no method %s", method)
}

func TestObjectsOfContexts(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`contexts.oauth2.accessToken.info.sub`, "demo"},
		{`contexts.oauth2.accessToken.info['sub'] + contexts.oauth2.accessToken.info.get('sub')`, "demodemo"},
		{`"${contexts.oauth2.accessToken.info}"`, "[sub:demo, exp:1700000000]"},
		{`contexts.oauth2.accessToken.info.collect { k, v -> "$k=$v" }.join(',')`, "sub=demo,exp=1700000000"},
		{`contexts.oauth2.accessToken.scopes.contains('b') + '' + contexts.oauth2.accessToken.scopes.size()`, "true2"},
		{`contexts.oauth2.getAccessToken().getToken()`, "tok"},
		{`contexts.oauth2.accessToken.asJsonValue().get('sub').asString()`, "demo"},
		{`contexts.oauth2.accessToken.expiresAt + 1`, "1700000000001"},
		{`contexts.oauth2.accessToken.info.none == null`, "true"},
		{`groovy.json.JsonOutput.toJson([a: contexts.oauth2.accessToken.info.sub])`, `{"a":"demo"}`},
		{`context.asContext(org.forgerock.http.oauth2.OAuth2Context).accessToken.info.sub`, "demo"},
		{`contexts.containsKey('oauth2') + '' + contexts.containsKey('none')`, "truefalse"},
	} {
		g := newRig(t)
		x := newExchange("/").Push(&chain.MapContext{Name: "oauth2", Values: map[string]any{"accessToken": fakeToken{}}})
		if _, body := respond(t, g.source("return say("+c.src+")\n"+sayMethod), x); body != c.want {
			t.Errorf("%s = %q, want %q", c.src, body, c.want)
		}
	}
}

func TestWhatScriptsCannotChange(t *testing.T) {
	g := newRig(t)
	x := newExchange("/").Push(&chain.MapContext{Name: "oauth2", Values: map[string]any{"accessToken": fakeToken{}}})
	for _, src := range []string{"contexts.oauth2.accessToken.info.sub = 'eve'", "contexts.oauth2 = null", "contexts.oauth2.accessToken.info.remove('sub')", "request.class.name = 'x'"} {
		if r, err := g.source(src).Handle(x); err == nil {
			t.Errorf("%s: %v", src, r)
		}
	}
}
