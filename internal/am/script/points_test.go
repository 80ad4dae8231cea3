package script_test

import (
	"errors"
	"slices"
	"testing"

	"gatehouse/internal/am/script"
)

func refused(t *testing.T, err error, text string) {
	t.Helper()
	var scope *script.InvalidScope
	if text == "" && err != nil {
		t.Fatal(err)
	}
	if text != "" && (!errors.As(err, &scope) || scope.Description != text) {
		t.Fatalf("error = %v, want the refusal %q", err, text)
	}
}

func TestClaims(t *testing.T) {
	for _, c := range []struct{ name, language, context, source, values, composite string }{
		{"Groovy", groovy, claims, `
import org.forgerock.oauth2.core.UserInfoClaims
import org.forgerock.openidconnect.Claim
def values = [:] + claims
values.given_name = identity.getAttribute("givenname").iterator().next()
values["groups"] = identity.getAttribute("memberOf") as List
requestedTypedClaims.each { values["asked_" + it.name] = it.values.size() }
values["nobody"] = null
new UserInfoClaims(values, [profile: ["given_name"]])`,
			`{"sub":"dora","given_name":"Dora","groups":["staff","admins"],"asked_acr":2}`, `{"profile":["given_name"]}`},
		{"JavaScript", js, claims, `
(function () {
    var frJava = JavaImporter(org.forgerock.oauth2.core.UserInfoClaims, org.forgerock.openidconnect.Claim);
    var values = new java.util.LinkedHashMap(claims), composite = new java.util.HashMap();
    values.put("email", identity.getAttribute("mail").toArray()[0]);
    values.put("locales", claimsLocales);
    claimObjects.forEach(function (c) { values.put("asked_" + c.getName(), c.getValues().size()); });
    values.put("has", requestedClaims.get("acr").contains("2"));
    composite.put("email", java.util.Arrays.asList("email"));
    return new frJava.UserInfoClaims(values, composite);
}());`, `{"sub":"dora","email":"dora@example.com","locales":["en"],"asked_acr":2,"has":true}`, `{"email":["email"]}`},
		{"newer JavaScript", js, claims + next, `
(() => ({
    values: {...claims, email: identity.getAttributeValues("mail")[0], wanted: requestedClaims.acr},
    compositeScopes: {email: ["email"]}
}))();`, `{"sub":"dora","email":"dora@example.com","wanted":["1","2"]}`, `{"email":["email"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &script.ClaimsInput{
				Input: *sampleInput(), Claims: map[string]any{"sub": "dora"},
				Requested: map[string][]any{"acr": {"1", "2"}}, Locales: []string{"en"},
			}
			out, err := script.New(script.Options{}).Claims(t.Context(), written(c.language, c.context, c.source), in)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "Values", out.Values, c.values)
			sameJSON(t, "Composite", out.Composite, c.composite)
		})
	}
}

func TestValidateScope(t *testing.T) {
	e := script.New(script.Options{})
	t.Run("Groovy", func(t *testing.T) {
		validates(t, e, written(groovy, validate, `
import org.forgerock.oauth2.core.exceptions.InvalidScopeException

def pick() {
    if (!requestedScopes) {
        if (!defaultScopes) { throw new InvalidScopeException("No scope requested and no default scope configured") }
        return defaultScopes
    }
    def unknown = requestedScopes - allowedScopes
    if (unknown) { throw new InvalidScopeException("Unknown/invalid scope(s): ${unknown}") }
    requestedScopes
}
def validateAuthorizationScope() { pick() }
def validateAccessTokenScope() { pick() }
def validateRefreshTokenScope() { pick() }
def validateBackChannelAuthorizationScope() { pick() }`))
	})
	t.Run("newer JavaScript", func(t *testing.T) {
		validates(t, e, written(js, validate+next, `
const pick = () => {
    if (!requestedScopes.length) {
        if (!defaultScopes.length) { scopeValidatorHelper.throwInvalidScope("No scope requested and no default scope configured"); }
        return defaultScopes;
    }
    const unknown = requestedScopes.filter(s => !allowedScopes.includes(s));
    if (unknown.length) { scopeValidatorHelper.throwInvalidScope("Unknown/invalid scope(s): [" + unknown.join(", ") + "]"); }
    return requestedScopes;
};
function validateAuthorizationScope() { return pick(); }
function validateAccessTokenScope() { return pick(); }
function validateRefreshTokenScope() { return pick(); }
function validateBackChannelAuthorizationScope() { return pick(); }`))
	})
	for _, c := range []struct{ name, language, source string }{
		{"missing function", js, `function other() {}`},
		{"missing function, Groovy", groovy, `def other() {}`},
		{"no collection", js, `function validateAccessTokenScope() { return 7; }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &script.ScopeInput{Input: *sampleInput(), Function: "validateAccessTokenScope", Requested: []string{"a"}, Allowed: []string{"a"}}
			got, err := e.ValidateScope(t.Context(), written(c.language, validate, c.source), in)
			var own *script.Error
			if got != nil || !errors.As(err, &own) {
				t.Errorf("ValidateScope = %v, %v", got, err)
			}
		})
	}
}

func TestEvaluateScopeAndData(t *testing.T) {
	e := script.New(script.Options{})
	for _, c := range []struct{ name, language, context, source, want string }{
		{"Groovy", groovy, evaluate, `accessToken.scope.collectEntries { [it, identity.getAttribute(it) ?: ""] }`, `{"profile":"","mail":["dora@example.com"]}`},
		{"JavaScript", js, evaluate, `var m = new java.util.HashMap(); m.put("mail", identity.getAttribute("mail").iterator().next()); m`, `{"mail":"dora@example.com"}`},
		{"plain object", js, evaluate, `({n: accessToken.getScope().size()})`, `{"n":2}`},
		{"newer JavaScript", js, evaluate + next, `({n: accessToken.getScope().length})`, `{"n":2}`},
		{"nothing", js, evaluate, ``, `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := e.EvaluateScope(t.Context(), written(c.language, c.context, c.source), sampleInput(), sampleToken())
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "EvaluateScope", out, c.want)
		})
	}
	for _, c := range []struct{ name, language, context, source, want string }{
		{"Groovy", groovy, data, `["branch": session.getProperty("branch"), "level": session.authLevel]`, `{"branch":"north","level":"7"}`},
		{"JavaScript", js, data, `(function () { var m = new java.util.HashMap(); if (session != null) { m.put("branch", session.getProperty("branch")); } return m; }());`, `{"branch":"north"}`},
		{"newer JavaScript", js, data + next, `({branch: session.getProperty("branch")})`, `{"branch":"north"}`},
	} {
		t.Run("data, "+c.name, func(t *testing.T) {
			in := sampleInput()
			in.Session = sampleSession()
			out, err := e.AuthorizeData(t.Context(), written(c.language, c.context, c.source), in)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "AuthorizeData", out, c.want)
		})
	}
}

func TestValidateText(t *testing.T) {
	e := script.New(script.Options{})
	for _, c := range []struct {
		name, language, evaluator, source string
		lines                             []int
	}{
		{"good JavaScript", js, "1.0", "var a = 1;\n", nil},
		{"bad JavaScript", js, "", "function f() {\n  var = 2;\n}\n", []int{2}},
		{"good Groovy", groovy, "1.0", "def a = [1]\na.each { println it }\n", nil},
		{"bad Groovy", groovy, "1.0", "def a = 1\ndef b = [1,\n", nil},
		{"Groovy as JavaScript", js, "1.0", "import org.forgerock.json.JsonValue\ndef a = 1\n", nil},
		{"Groovy as version 2.0", groovy, "2.0", "def a = 1\n", []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []int
			for _, p := range e.Validate(c.language, c.evaluator, c.source) {
				if p.Message == "" {
					t.Error("a problem without a message")
				}
				lines = append(lines, p.Line)
			}
			if c.name == "bad Groovy" {
				if len(lines) == 0 {
					t.Error("no problem found")
				}
				return
			}
			if len(lines) > 1 {
				lines = lines[:1]
			}
			if !slices.Equal(lines, c.lines) {
				t.Errorf("problems in lines %v, want %v", lines, c.lines)
			}
		})
	}
}
