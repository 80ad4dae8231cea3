package oauth2

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/jose"
)

// rawToken puts a token together without a signer's checks.
func rawToken(t *testing.T, header string, claims map[string]any, sign func(input string) []byte) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	e := base64.RawURLEncoding
	input := e.EncodeToString([]byte(header)) + "." + e.EncodeToString(body)
	return input + "." + e.EncodeToString(sign(input))
}

func TestIDTokenAttacks(t *testing.T) {
	other := newKey(t, "op-1")
	tests := []struct {
		name string
		do   func(p *provider)
		ok   bool
	}{
		{"none", func(*provider) {}, true},
		{"nonce of another login", func(p *provider) { p.claims = func(c map[string]any) { c["nonce"] = "other" } }, false},
		{"no nonce", func(p *provider) { p.claims = func(c map[string]any) { c["nonce"] = nil } }, false},
		{"other issuer", func(p *provider) { p.claims = func(c map[string]any) { c["iss"] = "https://evil.example.com" } }, false},
		{"no issuer", func(p *provider) { p.claims = func(c map[string]any) { c["iss"] = nil } }, false},
		{"other audience", func(p *provider) { p.claims = func(c map[string]any) { c["aud"] = "other" } }, false},
		{"several audiences without azp", func(p *provider) { p.claims = func(c map[string]any) { c["aud"] = []string{"app", "other"} } }, false},
		{"several audiences, our azp", func(p *provider) {
			p.claims = func(c map[string]any) { c["aud"], c["azp"] = []string{"app", "other"}, "app" }
		}, true},
		{"azp of another client", func(p *provider) { p.claims = func(c map[string]any) { c["azp"] = "other" } }, false},
		{"expired", func(p *provider) { p.claims = func(c map[string]any) { c["exp"] = p.f.now().Unix() } }, false},
		{"without exp", func(p *provider) { p.claims = func(c map[string]any) { c["exp"] = nil } }, false},
		{"without iat", func(p *provider) { p.claims = func(c map[string]any) { c["iat"] = nil } }, false},
		{"issued in the future", func(p *provider) { p.claims = func(c map[string]any) { c["iat"] = p.f.now().Unix() + 60 } }, false},
		{"without sub", func(p *provider) { p.claims = func(c map[string]any) { c["sub"] = nil } }, false},
		{"at_hash of another token", func(p *provider) { p.claims = func(c map[string]any) { c["at_hash"] = halfHash(jose.ES256, "other") } }, false},
		{"key of somebody else", func(p *provider) {
			p.sign = func(c map[string]any) string { return signed(p.t, other, jose.ES256, c) }
		}, false},
		{"unsigned", func(p *provider) {
			p.sign = func(c map[string]any) string {
				return rawToken(p.t, `{"alg":"none"}`, c, func(string) []byte { return nil })
			}
		}, false},
		{"signature cut off", func(p *provider) {
			p.sign = func(c map[string]any) string {
				s := signed(p.t, p.key, jose.ES256, c)
				return s[:strings.LastIndexByte(s, '.')+1]
			}
		}, false},
		{"public key as HMAC secret", func(p *provider) {
			p.sign = func(c map[string]any) string {
				der, err := x509.MarshalPKIXPublicKey(p.key.PublicKey())
				if err != nil {
					p.t.Fatal(err)
				}
				k, err := jose.NewKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
				if err != nil {
					p.t.Fatal(err)
				}
				return signed(p.t, k.With("op-1", "", ""), jose.HS256, c)
			}
		}, false},
		{"client secret as HMAC secret where none is configured", func(p *provider) {
			p.sign = func(c map[string]any) string {
				k, err := jose.NewClientSecret("p&ss")
				if err != nil {
					p.t.Fatal(err)
				}
				return signed(p.t, k, jose.HS256, c)
			}
		}, false},
		{"algorithm that the issuer does not use", func(p *provider) {
			p.document = func(m map[string]any) { m["id_token_signing_alg_values_supported"] = []string{"RS256"} }
		}, false},
		{"key in the header", func(p *provider) {
			p.sign = func(c map[string]any) string {
				jwk, _ := other.MarshalPublic()
				s, err := jose.NewSigner(other, jose.ES256, jose.SignerOptions{Extra: map[string]any{"jwk": json.RawMessage(jwk)}})
				if err != nil {
					p.t.Fatal(err)
				}
				text, _ := s.SignClaims(c)
				return text
			}
		}, false},
		{"new key with a new id", func(p *provider) {
			p.key = newKey(p.t, "op-2")
		}, true},
		{"no ID token", func(p *provider) { p.answer = func(_ url.Values, m map[string]any) { delete(m, "id_token") } }, false},
		{"token of another type", func(p *provider) { p.answer = func(_ url.Values, m map[string]any) { m["token_type"] = "DPoP" } }, false},
		{"expires_in is no number", func(p *provider) { p.answer = func(_ url.Values, m map[string]any) { m["expires_in"] = "soon" } }, false},
		{"document of another issuer", func(p *provider) {
			p.document = func(m map[string]any) { m["issuer"] = "https://evil.example.com" }
		}, false},
		{"endpoint that is no URL", func(p *provider) { p.document = func(m map[string]any) { m["token_endpoint"] = "javascript:x" } }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := plainSite(t)
			// The keys are known before the attack, as they would be.
			warm := s.browser()
			if !strings.Contains(tt.name, "document") && !strings.Contains(tt.name, "endpoint") && !strings.Contains(tt.name, "algorithm that") {
				warm.logIn()
			}
			tt.do(s.op)
			b := s.browser()
			resp := b.get(page)
			if resp.Status.Code == 302 {
				resp = b.get(s.op.consent(resp.Header.Get("Location")))
			}
			if ok := resp.Status.Code == 302; ok != tt.ok {
				t.Errorf("status %d, body %q", resp.Status.Code, resp.Entity.String())
			}
			if got := b.get(page); (got.Status.Code == 200) != tt.ok {
				t.Errorf("afterwards the page answers %d", got.Status.Code)
			}
			if !tt.ok && !strings.HasPrefix(resp.Entity.String(), "server_error: ") {
				t.Errorf("the failure is %q", resp.Entity.String())
			}
		})
	}
}

// A refreshed ID token must be about the same user.
func TestRefreshedIDTokenOfAnotherUser(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	b.logIn()
	s.op.claims = func(c map[string]any) { c["sub"] = "mallory" }
	s.resource = func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(401)
		r.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return r, nil
	}
	b.want(page, 500, "server_error: the ID token is not valid")
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		return text200(eval(t, x, "${contexts.oauth2Info.idTokenClaims.sub}")), nil
	}
	b.want(page, 200, "demo")
}

func TestCallbackAttacks(t *testing.T) {
	const unknown = "invalid_request: The login is not known here, or was finished before."
	t.Run("of another session", func(t *testing.T) {
		s := plainSite(t)
		attacker, victim := s.browser(), s.browser()
		link := s.op.consent(attacker.location(page))
		victim.want(link, 500, unknown)
		victim.location(page)
		victim.want(link, 500, unknown)
		if n := len(s.requestsTo("/token")); n != 0 {
			t.Errorf("%d codes were exchanged", n)
		}
	})
	t.Run("twice", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		link := s.op.consent(b.location(page))
		b.location(link)
		b.want(link, 500, unknown)
		b.want(page, 200, "granted") // the login stands
		if n := len(s.requestsTo("/token")); n != 1 {
			t.Errorf("the code was sent %d times", n)
		}
	})
	t.Run("with another target", func(t *testing.T) {
		s := plainSite(t)
		for _, target := range []string{"https://evil.example.com/", "//evil.example.com/", "/other", ""} {
			b := s.browser()
			link, _ := url.Parse(s.op.consent(b.location(page)))
			q := link.Query()
			state, _, _ := strings.Cut(q.Get("state"), ":")
			q.Set("state", state+":"+target)
			link.RawQuery = q.Encode()
			b.want(link.String(), 500, "invalid_request: The parameter state is not valid.")
		}
	})
	t.Run("without or with a repeated state", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		link := s.op.consent(b.location(page))
		b.want("https://gw.example.com/home/login/callback?code=x", 500, "invalid_request: The parameter state is missing.")
		b.want("https://gw.example.com/home/login/callback?code=x&state=:"+url.QueryEscape(page), 500, "invalid_request: The parameter state is missing.")
		b.want(link+"&state=x", 500, "invalid_request: The parameter state is missing.")
		b.location(link)
	})
	t.Run("by POST", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		x := exchangeFor(t, s.op.consent(b.location(page)))
		x.Request.Method = "POST"
		if resp := b.send(x); resp.Entity.String() != "invalid_request: The method of a callback must be GET." {
			t.Errorf("%d %q", resp.Status.Code, resp.Entity.String())
		}
	})
	t.Run("markup in an error", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		q := mustQuery(t, b.location(page))
		b.want("https://gw.example.com/home/login/callback?"+url.Values{
			"state": {q.Get("state")}, "error": {"access_denied<b>"}, "error_description": {"<script>alert(1)</script>\r\nno"},
		}.Encode(), 500, "server_error: scriptalert(1)/scriptno")
	})
	t.Run("error of the server", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		q := mustQuery(t, b.location(page))
		b.want("https://gw.example.com/home/login/callback?"+url.Values{
			"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"The user said no."},
		}.Encode(), 500, "access_denied: The user said no.")
	})
}

// RFC 9207, and the draft before it.
// An issuer that gives out the same access token as another one does not answer for it.
func TestUserInfoOfAnotherIssuer(t *testing.T) {
	const evilIssuer = "https://evil.example.com/oidc"
	two := appRegistration("") + "," + strings.NewReplacer(`"name":"op"`, `"name":"evil"`, opIssuer, evilIssuer).Replace(appRegistration(""))
	s := newSite(t, failureHandler+`"loginHandler":{"type":"TestSelection"},"registrations":[`+two+`]`, `{"name":"x","type":"TestSelection"}`, inMemory)
	evil := newProvider(t, s.fixture)
	evil.issuer = evilIssuer
	s.server = func(x *chain.Exchange) (*chain.Response, error) {
		if x.Request.URI.Host == "evil.example.com" {
			return evil.serve(x)
		}
		return s.op.serve(x)
	}
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		return text200(eval(t, x, "${contexts.oauth2Info.userInfo.name} ${contexts.oauth2Info.accessToken}")), nil
	}
	for name, p := range map[string]*provider{"evil": evil, "op": s.op} {
		b := s.browser()
		b.want(p.consent(b.location("https://gw.example.com/home/login/login?registration=app&issuer="+name)), 200, "")
		b.want(page, 200, "Demo User access-1")
		b.want(page, 200, "Demo User access-1")
	}
	if evil.info != 1 || s.op.info != 1 {
		t.Errorf("user info is asked for %d and %d times, want once each", evil.info, s.op.info)
	}
}

func TestMixUp(t *testing.T) {
	const refused = "invalid_request: The answer is not from the authorization server that was asked."
	tests := []struct {
		name, fields, issuer string
		announced            bool
		add                  url.Values
		want                 string // "": the login succeeds
	}{
		{"announced and right", "", "", true, url.Values{"iss": {opIssuer}}, ""},
		{"announced and missing", "", "", true, nil, refused},
		{"announced and wrong", "", "", true, url.Values{"iss": {"https://evil.example.com"}}, refused},
		{"twice", "", "", true, url.Values{"iss": {opIssuer, opIssuer}}, refused},
		{"not announced and missing", "", "", false, nil, ""},
		{"not announced and wrong", "", "", false, url.Values{"iss": {"https://evil.example.com"}}, refused},
		{"configured and missing", "", `"issParameterSupported":true,`, false, nil, refused},
		{"switched off and missing", "", `"issParameterSupported":false,`, true, nil, ""},
		{"draft, right", `"draftMixUpMitigation":true,`, "", false, url.Values{"iss": {opIssuer}, "client_id": {"app"}}, ""},
		{"draft, missing", `"draftMixUpMitigation":true,`, "", false, nil, refused},
		{"draft, other client", `"draftMixUpMitigation":true,`, "", false, url.Values{"iss": {opIssuer}, "client_id": {"other"}}, "invalid_request: The answer is for another client."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			registration := strings.Replace(appRegistration(""), `{"wellKnownEndpoint"`, `{`+tt.issuer+`"wellKnownEndpoint"`, 1)
			s := newSite(t, failureHandler+tt.fields+`"registrations":[`+registration+`]`)
			s.op.document = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = tt.announced }
			b := s.browser()
			link := s.op.consent(b.location(page)) + "&" + tt.add.Encode()
			if tt.want != "" {
				b.want(link, 500, tt.want)
				if len(s.requestsTo("/token")) != 0 {
					t.Error("the code was given away")
				}
				return
			}
			b.location(link)
			if form := formOf(t, s.requestsTo("/token")[0]); form.Has("state") != (tt.fields != "") {
				t.Errorf("the token request is %v", form)
			}
		})
	}
}

func TestOpenRedirects(t *testing.T) {
	s := newSite(t, failureHandler+`"registrations":[`+appRegistration("")+`]`)
	const refused = "invalid_request: The parameter goto must lead to the site of the request."
	for _, target := range []string{
		"https://evil.example.com/", "//evil.example.com/", `/\evil.example.com/`, `\\evil.example.com/`, "http://gw.example.com/",
		"https://gw.example.com:8443/", "https://gw.example.com@evil.example.com/", "https://user@gw.example.com/", "javascript:alert(1)",
		"https:evil.example.com", "https://gw.example.com.evil.example.com/", "/a\r\nSet-Cookie: x", "\t//evil.example.com", " https://evil.example.com",
		"data:text/html,x", "https://[::1", "%zz",
	} {
		for _, service := range []string{"login?registration=app&", "logout?"} {
			s.browser().want("https://gw.example.com/home/login/"+service+"goto="+url.QueryEscape(target), 500, refused)
		}
	}
	for target, want := range map[string]string{
		"/a?b=c": "https://gw.example.com/a?b=c", "https://gw.example.com/x": "https://gw.example.com/x",
		"https://GW.example.com:443/x": "https://gw.example.com/x", "///evil.example.com/": "https://gw.example.com///evil.example.com/",
		"a": "https://gw.example.com/home/login/a",
	} {
		got := s.browser().location("https://gw.example.com/home/login/logout?goto=" + url.QueryEscape(target))
		if got != want {
			t.Errorf("goto %q leads to %q, want %q", target, got, want)
		}
	}
}

func TestLoginNeedsHTTPS(t *testing.T) {
	s := plainSite(t)
	for _, path := range []string{"/home/page", "/home/login/login?registration=app", "/home/login/callback?state=x", "/home/login/logout"} {
		s.browser().want("http://gw.example.com"+path, 500, "invalid_request: The request must come over https.")
	}
}

// renewable is a session that can take another id.
type renewable struct {
	chain.Session
	renewed *int
}

func (r renewable) Renew() error { *r.renewed++; return nil }

// A session that somebody else may know gets another id when its user logs in.
func TestSessionIsRenewedAtLogin(t *testing.T) {
	s := plainSite(t)
	renewed := 0
	inner := s.filter
	s.filter = chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		c := chain.Find[*chain.SessionContext](x.Context)
		return inner.Filter(x.Push(&chain.SessionContext{Session: renewable{c.Session, &renewed}}), next)
	})
	b := s.browser()
	link := s.op.consent(b.location(page))
	if renewed != 0 {
		t.Error("the session is renewed before the login")
	}
	b.location(link)
	if renewed != 1 {
		t.Errorf("the session was renewed %d times at login, want once", renewed)
	}
	b.want(page, 200, "granted")
}

// A session id that an attacker made up is not taken over.
func TestMadeUpSession(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	b.cookies[session.DefaultName] = "made-up"
	b.logIn()
	if b.cookies[session.DefaultName] == "made-up" {
		t.Error("the made-up session id is in use")
	}
}

func TestCorruptSession(t *testing.T) {
	for _, v := range []any{
		"text", int64(1), map[string]any{"atr": "x"}, map[string]any{"atr": map[string]any{}}, map[string]any{"crn": int64(1)},
		map[string]any{"s": "openid"}, map[string]any{"p": "x"}, map[string]any{"p": []any{"x"}}, map[string]any{"ea": "soon"}, map[string]any{"s": []any{int64(1)}},
	} {
		s := plainSite(t)
		inner := s.filter
		s.filter = chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			c := chain.Find[*chain.SessionContext](x.Context)
			if err := c.Session.Set("oauth2:https://gw.example.com/home/login", v); err != nil {
				t.Fatal(err)
			}
			return inner.Filter(x, next)
		})
		s.browser().want(page, 500, "invalid_request: The session is not usable.")
		s.browser().want("https://gw.example.com/home/login/logout", 200, "")
	}
}

func TestPendingLoginsAreBounded(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	first := b.location(page)
	var last string
	for range maxPending {
		last = b.location(page)
	}
	b.want(s.op.consent(first), 500, "invalid_request: The login is not known here, or was finished before.")
	b.location(s.op.consent(last))
}

func TestNoTokensInLogs(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	link := s.op.consent(b.location(page))
	b.location(link)
	b.get(link)
	s.op.refuse["access-1"] = true
	s.op.failing = "invalid_request"
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		eval(t, x, "${contexts.oauth2Info.userInfo}")
		r := chain.NewResponse(401)
		r.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return r, nil
	}
	b.get(page)
	log := s.log.String()
	if !strings.Contains(log, "login failed") {
		t.Fatalf("nothing is logged: %s", log)
	}
	q := mustQuery(t, link)
	for _, secret := range []string{"access-1", "refresh-1", q.Get("code"), q.Get("state")[:20], "p&ss", "eyJ"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}
