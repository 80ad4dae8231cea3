package oauth_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
)

const payment = `{"type":"payment","amount":{"value":"12.50","currency":"EUR"}}`

func TestAuthorizationDetails(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w, l := withLogin(t)
			w.provider("/", strings.TrimSuffix(settings(kind == "client-side"), "}")+`,"advancedOAuth2Config":{"enableRichAuthorizationRequests":true,"richAuthorizationRequestsTypes":["payment","account"]}}`)
			w.client("/", "web", "s", webClient("", "", ""))
			token := l.signIn("/", "demo", "")
			const both = `[` + payment + `,{"type":"account"}]`
			page := w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "authorization_details", both), cookie(token))
			if !strings.Contains(page.body, "payment") || !strings.Contains(page.body, "12.50") {
				t.Errorf("the page does not say what is asked for: %s", page.body)
			}
			with := func(code string, more ...string) answer {
				return w.post("/", "access_token", append(form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), more...), basic("web", "s"))
			}
			redeem := func(more ...string) answer {
				return with(w.code(token, "scope", "read", "authorization_details", both), more...)
			}
			count := func(a answer) int { list, _ := a.json["authorization_details"].([]any); return len(list) }
			seen := func(a answer) answer {
				return w.post("/", "introspect", form("token", a.text("access_token")), basic("web", "s"))
			}
			a := redeem()
			if count(a) != 2 || count(seen(a)) != 2 {
				t.Errorf("answer is %s, introspection %s", a.body, seen(a).body)
			}
			less := redeem("authorization_details", `[`+payment+`]`)
			if count(less) != 1 || count(seen(less)) != 1 {
				t.Errorf("less: %s, introspection %s", less.body, seen(less).body)
			}
			if again := w.token("/", refreshWith(less.text("refresh_token")), basic("web", "s")); count(again) != 2 {
				t.Errorf("the refresh token lost what was granted: %s", again.body)
			}
			const text = "The authorization_details are malformed or not supported."
			code := w.code(token, "scope", "read", "authorization_details", both)
			wantError(t, with(code, "authorization_details", `[{"type":"payment","amount":{"value":"99.00","currency":"EUR"}}]`), 400, "invalid_authorization_details", text)
			if a := with(code); a.status != 200 {
				t.Errorf("asking for too much costs the code: %s", a.body)
			}
			for name, details := range map[string]string{
				"no list": payment, "empty": "[]", "unknown type": `[{"type":"x"}]`, "no type": `[{}]`, "no objects": `[1]`, "a name twice": `[{"type":"payment","type":"account"}]`,
				"too many": "[" + strings.Repeat(payment+",", 20) + payment + "]",
			} {
				_, q := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "authorization_details", details), cookie(token)))
				if q.Get("error") != "invalid_authorization_details" {
					t.Errorf("%s: %v", name, q)
				}
			}
			d := w.get("/", ".well-known/openid-configuration", nil)
			if list, _ := d.json["authorization_details_types_supported"].([]any); len(list) != 2 {
				t.Errorf("discovery says %s", d.body)
			}
		})
	}
}

// The authentication methods in tokens are those that the settings map to the journey.
func TestMethodMappings(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"advancedOIDCConfig":{"amrMappings":{"pwd":"DataStore","mfa":"StrongTree"}}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	for tree, want := range map[string]string{"ldapService": `["pwd"]`, "StrongTree": `["mfa"]`, "Other": `null`} {
		token := l.signIn("/", "demo", tree)
		a := w.token("/", form("grant_type", "authorization_code", "code", w.code(token, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
		if got, _ := json.Marshal(w.verified(a.text("id_token"))["amr"]); string(got) != want {
			t.Errorf("journey %s: amr is %s, want %s", tree, got, want)
		}
	}
}

// A claims script may say of the token what the settings leave to it, and no more.
func TestOverrideableClaims(t *testing.T) {
	scripts := &fakeScripts{claims: map[string]any{"aud": []string{"web", "api"}, "azp": "x", "iss": "https://evil.example", "sub": "evil"}}
	w, l := withLogin(t, scripts.into)
	w.editScript("/", claimsScript)
	w.provider("/", `{"coreOIDCConfig":{"overrideableOIDCClaims":["aud","iss","sub"]},"advancedOIDCConfig":{"alwaysAddClaimsToToken":true}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	a := w.token("/", form("grant_type", "authorization_code", "code", w.code(token, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
	id := w.verified(a.text("id_token"))
	if aud, _ := json.Marshal(id["aud"]); string(aud) != `["web","api"]` || id["azp"] != "web" || id["iss"] != base+"/oauth2" || id["sub"] != "(usr!demo)" {
		t.Errorf("ID token is %v", id)
	}
}

// Whoever guesses the secret of a client has to wait; others, and other addresses, have not.
func TestTooManyTrials(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"app", "other"} {
		w.client("/", id, "secret", core("read", "client_credentials"))
	}
	from := func(address string) option { return func(r *http.Request) { r.RemoteAddr = address } }
	ask := func(id, secret, address string) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic(id, secret), from(address))
	}
	for range 20 {
		if a := ask("app", "wrong", "192.0.2.1:4711"); a.status != 401 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	a := ask("app", "secret", "192.0.2.1:4712")
	wantError(t, a, 429, "invalid_client", "Too many failed attempts.")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	if a := ask("app", "secret", "192.0.2.2:1"); a.status != 200 {
		t.Errorf("from another address: %d", a.status)
	}
	if a := ask("other", "secret", "192.0.2.1:1"); a.status != 200 {
		t.Errorf("another client: %d", a.status)
	}
	w.pass(time.Second)
	if a := ask("app", "wrong", "192.0.2.1:1"); a.status != 401 {
		t.Errorf("after the wait: %d", a.status)
	}
	if a := ask("app", "secret", "192.0.2.1:1"); a.header.Get("Retry-After") != "2" {
		t.Errorf("the wait does not grow: %q", a.header.Get("Retry-After"))
	}
	w.pass(2 * time.Second)
	if a := ask("app", "secret", "192.0.2.1:1"); a.status != 200 {
		t.Errorf("the right secret: %d", a.status)
	}
}

func FuzzAuthorizationDetails(f *testing.F) {
	for _, seed := range []string{"", "[]", "[" + payment + "]", `[{"type":null}]`, `[[]]`, `[{"type":"payment"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := oauth.ReadDetails(text, "payment")
		if err == nil && (len(out) == 0 || !json.Valid(out)) {
			t.Errorf("%q gives %q", text, out)
		}
	})
}

// An address is normalised once: again changes nothing.
func FuzzBareAddress(f *testing.F) {
	for _, seed := range []string{"", "HTTP://A:80/x?y#z", "https://h:443", "https://u@h/", "http://[::1]:80/%2f", "http://h:/", "//h/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once, ok := oauth.BareAddress(text)
		if !ok {
			return
		}
		if again, ok := oauth.BareAddress(once); !ok || again != once || strings.ContainsAny(once, "?#") {
			t.Errorf("%q gives %q, then %q", text, once, again)
		}
	})
}

// What is filled in cannot leave its place in the address.
func FuzzFillTemplate(f *testing.F) {
	for _, seed := range [][2]string{
		{"https://x/?goto=${goto}", "a&b=c"}, {"<#if goto??>${goto}</#if>", ""}, {"<#if goto??>", "x"}, {"${goto", "${goto}"}, {"${other}", "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, template, value string) {
		out, err := oauth.FillTemplate(template, map[string]string{"goto": value})
		if err != nil {
			return
		}
		bare, err := oauth.FillTemplate(template, map[string]string{"goto": "x"})
		if value != "" && (err != nil || strings.Count(out, "&") != strings.Count(bare, "&") || strings.Count(out, "#") != strings.Count(bare, "#")) {
			t.Errorf("%q with %q gives %q", template, value, out)
		}
	})
}
