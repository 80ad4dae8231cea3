package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

const (
	js     = "JAVASCRIPT"
	groovy = "GROOVY"

	mayAct   = "OAUTH2_MAY_ACT"
	modify   = "OAUTH2_ACCESS_TOKEN_MODIFICATION"
	claims   = "OIDC_CLAIMS"
	validate = "OAUTH2_VALIDATE_SCOPE"
	evaluate = "OAUTH2_EVALUATE_SCOPE"
	data     = "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER"
	next     = "_NEXT_GEN"
)

func written(language, context, source string) *realm.Script {
	return &realm.Script{Name: "test", Language: language, Context: context, Source: source, Evaluator: "1.0"}
}

var issued = time.Unix(1_900_000_000, 0).UTC()

func sampleToken() *store.Token {
	return &store.Token{
		Kind: "access", Realm: "/alpha", Issuer: "https://am.example.com/am/oauth2", ClientID: "web-shop",
		Subject: store.Subject{Type: "usr", Name: "dora"}, Scopes: []string{"profile", "mail"}, GrantType: "password",
		GrantID: "grant-1", AuditID: "audit-1", IssuedAt: issued, Expires: issued.Add(time.Hour),
	}
}

func sampleInput() *script.Input {
	c := realm.DefaultClient()
	c.ID = "web-shop"
	c.Core.Scopes = []string{"profile", "mail|Your address", "orders"}
	c.Advanced.CustomProperties = []string{"tier=gold", "limits[daily]=5", "limits[weekly]=20"}
	return &script.Input{
		Realm: &realm.Realm{Path: "/alpha", Name: "alpha"}, Client: c, Subject: store.Subject{Type: "usr", Name: "dora"},
		User: &realm.User{ID: "dora", Name: "dora", Password: "$argon2id$secret", Attributes: map[string][]string{
			"mail": {"dora@example.com"}, "cn": {"Dora Dell"}, "sn": {"Dell"}, "givenName": {"Dora"},
			"telephonenumber": {"+1 555 0100"}, "postaladdress": {"1 Main Road"}, "memberOf": {"staff", "admins"},
		}},
		Scopes: []string{"profile", "mail"}, RequestURI: "https://am.example.com/am/oauth2/alpha/access_token",
		Params: map[string][]string{"grant_type": {"password"}, "resource": {"https://mcp.example.com"}},
	}
}

func sampleSession() *store.Session {
	return &store.Session{
		Realm: "/alpha", Subject: store.Subject{Type: "usr", Name: "dora"}, UniversalID: "id=dora,ou=user,o=alpha,ou=services,dc=example",
		Created: issued, LastAccess: issued, MaxIdle: time.Hour, MaxLife: time.Hour, AuthLevel: 7, Tree: "Login",
		Properties: map[string]string{"branch": "north"},
	}
}

func sameJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	_ = json.Unmarshal(raw, &g)
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("bad case: %v", err)
	}
	a, _ := json.Marshal(g)
	b, _ := json.Marshal(w)
	if !bytes.Equal(a, b) {
		t.Errorf("%s = %s, want %s", what, a, b)
	}
}

// changes tells what a script did to the sample token.
func changes(t *store.Token, more map[string]json.RawMessage) map[string]any {
	was, out := sampleToken(), map[string]any{}
	for name, raw := range t.Extra {
		out[name] = raw
	}
	if t.MayAct != nil {
		out["may_act"] = t.MayAct
	}
	if t.Act != nil {
		out["act"] = t.Act
	}
	if len(t.Removed) > 0 {
		out["(removed)"] = t.Removed
	}
	if !slices.Equal(t.Scopes, was.Scopes) {
		out["(scopes)"] = t.Scopes
	}
	if !t.Expires.Equal(was.Expires) {
		out["(expires)"] = t.Expires.UnixMilli()
	}
	if len(more) > 0 {
		out["(more)"] = more
	}
	return out
}

func TestTokenScripts(t *testing.T) {
	for _, c := range slices.Concat(mayActCases, modifyCases) {
		t.Run(c.name, func(t *testing.T) {
			e := script.New(script.Options{})
			s := written(c.language, c.context, c.source)
			in := sampleInput()
			in.Session = sampleSession()
			if c.change != nil {
				c.change(in)
			}
			tok := sampleToken()
			var more map[string]json.RawMessage
			var err error
			if s.Context == modify || s.Context == modify+next {
				more, err = e.ModifyAccessToken(t.Context(), s, in, tok)
			} else {
				err = e.MayAct(t.Context(), s, in, tok)
			}
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "changes", changes(tok, more), c.want)
		})
	}
}

type tokenCase struct {
	name, language, context, source, want string
	change                                func(*script.Input)
}

func TestShippedScripts(t *testing.T) {
	ids := map[string]string{
		modify: "d22f9a0c-426a-4466-b95e-d0f125b0d5fa", mayAct: "c735de08-f8f2-4e69-aa4a-2d8d3d438323",
		claims: "36863ffb-40ec-48b9-94b1-9a99f71cc3b5", evaluate: "da56fe60-8b38-4c46-a405-d6b306d4b336",
		validate: "25e6c06d-cf70-473b-bd28-26931edc476b", data: "3f93ef6e-e54a-4393-aba1-f322656db28a",
	}
	shipped := func(t *testing.T, context string) *realm.Script {
		s, ok := realm.ShippedScript(ids[context])
		if !ok {
			t.Fatalf("no shipped script for %s", context)
		}
		return s
	}
	e := script.New(script.Options{})
	t.Run("may act does nothing", func(t *testing.T) {
		tok := sampleToken()
		if err := e.MayAct(t.Context(), shipped(t, mayAct), sampleInput(), tok); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "changes", changes(tok, nil), `{}`)
	})
	t.Run("modification does nothing", func(t *testing.T) {
		tok := sampleToken()
		more, err := e.ModifyAccessToken(t.Context(), shipped(t, modify), sampleInput(), tok)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "changes", changes(tok, more), `{}`)
	})
	t.Run("authorize data adds nothing", func(t *testing.T) {
		out, err := e.AuthorizeData(t.Context(), shipped(t, data), sampleInput())
		if err != nil || len(out) != 0 {
			t.Fatalf("AuthorizeData = %v, %v", out, err)
		}
	})
	t.Run("evaluate scope", func(t *testing.T) {
		out, err := e.EvaluateScope(t.Context(), shipped(t, evaluate), sampleInput(), sampleToken())
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "EvaluateScope", out, `{"profile":"","mail":"dora@example.com"}`)
	})
	t.Run("evaluate scope without a user", func(t *testing.T) {
		in := sampleInput()
		in.User = nil
		out, err := e.EvaluateScope(t.Context(), shipped(t, evaluate), in, sampleToken())
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "EvaluateScope", out, `{"profile":"","mail":""}`)
	})
	t.Run("validate scope", func(t *testing.T) { validates(t, e, shipped(t, validate)) })
	t.Run("claims", func(t *testing.T) {
		in := &script.ClaimsInput{Input: *sampleInput(), Claims: map[string]any{"sub": "dora"}}
		in.Scopes = []string{"openid", "profile", "address", "phone"}
		in.Requested = map[string][]any{"email": nil, "locale": nil, "name": {"Somebody Else"}}
		out, err := e.Claims(t.Context(), shipped(t, claims), in)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "Values", out.Values, `{"sub":"dora","given_name":"Dora","family_name":"Dell",
			"email":"dora@example.com","phone_number":"+1 555 0100","address":{"formatted":"1 Main Road"}}`)
		scopes := slices.Sorted(maps.Keys(out.Composite))
		if !slices.Equal(scopes, []string{"address", "phone", "profile"}) {
			t.Errorf("Composite has %v", scopes)
		}
	})
}

func validates(t *testing.T, e *script.Engine, s *realm.Script) {
	for _, c := range []struct {
		name                         string
		requested, defaults, allowed []string
		want                         []string
		refusal                      string
	}{
		{"asked and allowed", []string{"a", "b"}, nil, []string{"b", "a", "c"}, []string{"a", "b"}, ""},
		{"defaults", nil, []string{"d"}, []string{"d"}, []string{"d"}, ""},
		{"nothing", nil, nil, []string{"d"}, nil, "No scope requested and no default scope configured"},
		{"unknown", []string{"a", "x", "y"}, nil, []string{"a"}, nil, "Unknown/invalid scope(s): [x, y]"},
	} {
		for _, f := range []string{"validateAuthorizationScope", "validateAccessTokenScope", "validateRefreshTokenScope", "validateBackChannelAuthorizationScope"} {
			t.Run(c.name+"/"+f, func(t *testing.T) {
				in := &script.ScopeInput{Input: *sampleInput(), Function: f, Requested: c.requested, Defaults: c.defaults, Allowed: c.allowed}
				got, err := e.ValidateScope(t.Context(), s, in)
				refused(t, err, c.refusal)
				if !slices.Equal(got, c.want) {
					t.Errorf("ValidateScope = %v, want %v", got, c.want)
				}
			})
		}
	}
}

func TestLogger(t *testing.T) {
	for _, c := range []struct{ name, language, context, source string }{
		{"older JavaScript", js, mayAct, `logger.warning("for {} of {}", clientProperties.get("clientId"), scopes); logger.message("quiet")`},
		{"newer JavaScript", js, mayAct + next, `logger.warn("for {} of {}", clientProperties.clientId, scopes); logger.debug("quiet")`},
		{"Groovy", groovy, mayAct, `logger.warning("for {} of {}", clientProperties.clientId, scopes); logger.message("quiet")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			e := script.New(script.Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
			if err := e.MayAct(t.Context(), written(c.language, c.context, c.source), sampleInput(), sampleToken()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(out.Bytes(), []byte(`level=WARN msg="script: for web-shop of [profile, mail]" script=test realm=/alpha`)) ||
				bytes.Contains(out.Bytes(), []byte("quiet")) {
				t.Errorf("log = %s", out.String())
			}
		})
	}
	t.Run("bounded", func(t *testing.T) {
		var out bytes.Buffer
		e := script.New(script.Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
		source := `for (var i = 0; i < 5000; i++) { logger.error("again"); }`
		if err := e.MayAct(t.Context(), written(js, mayAct, source), sampleInput(), sampleToken()); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); n > 100 {
			t.Errorf("%d lines were logged", n)
		}
	})
}

func TestSaveUser(t *testing.T) {
	for _, c := range []struct{ name, language, context, source, want string }{
		{"older JavaScript saves at once", js, modify, `identity.setAttribute("nick", ["dd"]); identity.addAttribute("nick", "d2")`, `["dd","d2"]`},
		{"newer JavaScript saves with store", js, modify + next, `identity.setAttribute("nick", ["dd"]); identity.store()`, `["dd"]`},
		{"newer JavaScript forgets", js, modify + next, `identity.setAttribute("nick", ["dd"])`, `null`},
		{"Groovy saves at once", groovy, modify, `identity.setAttribute("nick", ["dd"] as Set)`, `["dd"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var saved []string
			e := script.New(script.Options{SaveUser: func(_ context.Context, _ *realm.Realm, u *realm.User) error {
				saved = u.Attribute("nick")
				return nil
			}})
			in := sampleInput()
			if _, err := e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), in, sampleToken()); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "saved", saved, c.want)
			if in.User.Attribute("nick") != nil {
				t.Error("the caller's user was changed")
			}
		})
	}
}
