package filters

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

// fakeAM answers as an access management server does, below https://am.example.com/am.
type fakeAM struct {
	sessions map[string]string // users by token
	decision string            // of policies
	profiles map[string]string
	asked    []string // "ACTION BODY"
	down     error
}

func (a *fakeAM) serve(x *chain.Exchange) (*chain.Response, error) {
	if a.down != nil {
		return nil, a.down
	}
	u := x.Request.URI
	reply := func(status int, body string) (*chain.Response, error) {
		return answer(status, "Content-Type", "application/json", "", body)(x)
	}
	resource := strings.TrimPrefix(u.RawPath, "/am/json/realms/root/")
	body, _ := x.Request.Entity.JSON()
	members, _ := body.(map[string]any)
	token, _ := members["tokenId"].(string)
	action := chain.QueryForm(u)["_action"]
	if resource == "/am/json/serverinfo/*" {
		return reply(200, `{"cookieName":"sso"}`)
	}
	if resource != "authenticate" {
		text, _ := x.Request.Entity.Text()
		a.asked = append(a.asked, strings.Join(action, "")+" "+u.RequestTarget()+" "+text)
		if x.Request.Header.Get("Sso") == "" {
			return reply(401, `{}`)
		}
	}
	switch {
	case resource == "authenticate":
		return reply(200, `{"tokenId":"agent-token"}`)
	case resource == "sessions" && action[0] == "logout":
		delete(a.sessions, x.Request.Header.Get("Sso"))
		return reply(200, `{}`)
	case resource == "sessions":
		user, ok := a.sessions[token]
		if !ok {
			return reply(401, `{"code":401}`)
		}
		return reply(200, fmt.Sprintf(`{"username":%q,"universalId":"id=%s,ou=user","realm":"/","sessionHandle":"h",
			"latestAccessTime":"2027-01-15T08:00:00Z","maxIdleExpirationTime":"2027-01-15T08:30:00Z","maxSessionExpirationTime":"2027-01-15T10:00:00Z",
			"properties":{"AMCtxId":"ctx-1","color":"red","sunIdentityUserPassword":%q}}`, user, user, a.profiles["password"]))
	case resource == "policies":
		return reply(200, a.decision)
	}
	if user, ok := strings.CutPrefix(resource, "users/"); ok && a.profiles[user] != "" {
		return reply(200, a.profiles[user])
	}
	return reply(404, `{"code":404}`)
}

func withAM(t *testing.T, declaration string) (*fixture, *fakeAM, chain.Filter) {
	t.Helper()
	f := newFixture()
	am := &fakeAM{sessions: map[string]string{"good": "demo"}, profiles: map[string]string{}}
	f.server = am.serve
	return f, am, f.filter(t, declaration)
}

func TestSingleSignOn(t *testing.T) {
	_, am, f := withAM(t, `{"type":"SingleSignOnFilter","config":{"amService":"am","authenticationService":"My Tree","logoutExpression":"${request.uri.path == '/out'}"}}`)
	x := get(t, "https://app/x?a=%2f", "Cookie", "a=b; sso=good")
	resp := pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		for expression, value := range map[string]any{
			"contexts.ssoToken.value": "good", "contexts.ssoToken.info.uid": "demo", "contexts.ssoToken.info.realm": "/", "contexts.ssoToken.info.color": "red",
			"contexts.ssoToken.universalId":   "id=demo,ou=user",
			"contexts.ssoToken.loginEndpoint": "https://am.example.com/am/XUI/?realm=%2F&service=My+Tree&goto=https%3A%2F%2Fapp%2Fx%3Fa%3D%252f%26_ig%3Dtrue",
			"contexts.ssoToken.contextName":   "ssoToken", "contexts.ssoToken.id": "1",
		} {
			want(t, expression, eval(t, y, expression), value)
		}
		want(t, "tracking id", strings.Join(chain.Find[*chain.AuditContext](y.Context).TrackingIDs, ","), "ctx-1")
		return chain.NewResponse(204), nil
	}))
	want(t, "status", resp.Status.Code, 204)
	want(t, "cookies are kept", x.Request.Header.Get("Cookie"), "a=b; sso=good")

	tests := map[string]struct {
		uri, cookie string
		status      int
		location    string
	}{
		"no session":            {"https://app/x?a=%2f", "", 302, "https://am.example.com/am/XUI/?realm=%2F&service=My+Tree&goto=https%3A%2F%2Fapp%2Fx%3Fa%3D%252f%26_ig%3Dtrue"},
		"bad session":           {"https://app/", "sso=bad", 302, "https://am.example.com/am/XUI/?realm=%2F&service=My+Tree&goto=https%3A%2F%2Fapp%2F%3F_ig%3Dtrue"},
		"comes back without":    {"https://app/?_ig=true", "", 403, ""},
		"comes back with a bad": {"https://app/?_ig=true", "sso=bad", 302, "https://am.example.com/am/XUI/?realm=%2F&service=My+Tree&goto=https%3A%2F%2Fapp%2F%3F_ig%3Dtrue"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			x := get(t, test.uri)
			if test.cookie != "" {
				x.Request.Header.Set("Cookie", test.cookie)
			}
			resp := pass(t, f, x, answer(204))
			want(t, "status", resp.Status.Code, test.status)
			want(t, "Location", resp.Header.Get("Location"), test.location)
		})
	}
	pass(t, f, get(t, "https://app/?b=1&_ig=true&c", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		want(t, "URI without marker", y.Request.URI.String(), "https://app/?b=1&c")
		return chain.NewResponse(200), nil
	}))
	pass(t, f, get(t, "https://app/out", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		want(t, "session after logout", chain.Named(y.Context, "ssoToken"), nil)
		return chain.NewResponse(200), nil
	}))
	want(t, "sessions", len(am.sessions), 0)

	_, am, f = withAM(t, `{"type":"SingleSignOnFilter","config":{"amService":"am","redirectionMarker":{"enabled":false},"loginEndpoint":"https://login/?x=1",
		"logoutEndpoint":"/out$","defaultLogoutLandingPage":"https://bye/"}}`)
	want(t, "own login page", pass(t, f, get(t, "https://app/y"), answer(200)).Header.Get("Location"), "https://login/?x=1&goto=https%3A%2F%2Fapp%2Fy")
	want(t, "landing page", pass(t, f, get(t, "https://app/out", "Cookie", "sso=good"), answer(200)).Header.Get("Location"), "https://bye/")
	am.down = errors.New("down")
	if _, err := f.Filter(get(t, "https://app/", "Cookie", "sso=good"), answer(200)); !errors.Is(err, am.down) {
		t.Errorf("without server: %v", err)
	}
	_, _, f = withAM(t, `{"type":"SingleSignOnFilter","config":{"amService":"am","loginEndpoint":"${'https://login/?goto='.concat(urlEncode('x'))}"}}`)
	want(t, "own goto", pass(t, f, get(t, "https://app/y"), answer(200)).Header.Get("Location"), "https://login/?goto=x")
	refused{
		`{"type":"SingleSignOnFilter"}`: `: the required field "amService" is missing`,
		`{"type":"SingleSignOnFilter","config":{"amService":"ClientHandler","redirectionMarker":{"name":""}}}`: `config.amService: expected a service, found the handler "ClientHandler" (ClientHandler)`,
	}.test(t)
}

func TestSessionInfo(t *testing.T) {
	_, _, f := withAM(t, `{"type":"SessionInfoFilter","config":{"amService":"am"}}`)
	pass(t, f, get(t, "https://app/", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		for expression, value := range map[string]any{
			"contexts.amSession.username": "demo", "contexts.amSession.realm": "/", "contexts.amSession.properties.color": "red", "contexts.amSession.sessionHandle": "h",
			"contexts.amSession.maxIdleExpirationTime": "2027-01-15T08:30:00Z", "contexts.amSession.asJsonValue().universalId": "id=demo,ou=user",
		} {
			want(t, expression, eval(t, y, expression), value)
		}
		return chain.NewResponse(200), nil
	}))
	_, _, f = withAM(t, `{"type":"SessionInfoFilter","config":{"amService":"am","ssoToken":"${attributes.none}"}}`)
	pass(t, f, get(t, "https://app/", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		want(t, "without token", chain.Named(y.Context, "amSession"), nil)
		return chain.NewResponse(200), nil
	}))
	refused{`{"type":"SessionInfoFilter"}`: `: the required field "amService" is missing`}.test(t)
}

func TestUserProfile(t *testing.T) {
	const service = `{"type":"UserProfileService","config":{"amService":"am"%s}}`
	tests := map[string]struct{ config, asked string }{
		"all":        {`"username":"${'demo'}","userProfileService":` + fmt.Sprintf(service, ""), "/am/json/realms/root/users/demo"},
		"attributes": {`"username":"demo","userProfileService":` + fmt.Sprintf(service, `,"profileAttributes":["mail","roles"]`), "/am/json/realms/root/users/demo?_fields=mail%2Cusername%2Ccn"},
		"cached":     {`"username":"demo","userProfileService":` + fmt.Sprintf(service, `,"cache":{"enabled":true}`), "/am/json/realms/root/users/demo"},
		"older":      {`"amService":"am","ssoToken":"good"`, "/am/json/realms/root/users/demo"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, am, f := withAM(t, `{"type":"UserProfileFilter","config":{`+test.config+`}}`)
			am.profiles["demo"] = `{"username":"demo","cn":["Demo User"],"mail":["d@e"],"roles":["x"]}`
			for range 2 {
				pass(t, f, get(t, "https://app/"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
					for expression, value := range map[string]any{
						"contexts.userProfile.username": "demo", "contexts.userProfile.commonName": "Demo User", "contexts.userProfile.rawInfo.mail[0]": "d@e",
						"contexts.userProfile.asJsonValue().mail[0]": "d@e", "contexts.userProfile.rawInfo.roles": nil,
					} {
						want(t, expression, eval(t, y, expression), value)
					}
					return chain.NewResponse(200), nil
				}))
			}
			n := 0
			for _, a := range am.asked {
				if strings.Contains(a, test.asked+" ") {
					n++
				}
			}
			if name == "cached" {
				want(t, "requests", n, 1)
			} else {
				want(t, "requests", n, 2)
			}
		})
	}
	for _, user := range []string{"nobody", "${attributes.none}"} {
		_, _, f := withAM(t, `{"type":"UserProfileFilter","config":{"username":"`+user+`","userProfileService":`+fmt.Sprintf(service, "")+`}}`)
		pass(t, f, get(t, "https://app/"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
			want(t, user, chain.Named(y.Context, "userProfile"), nil)
			return chain.NewResponse(200), nil
		}))
	}
	refused{
		`{"type":"UserProfileFilter"}`: `: the required field "userProfileService" is missing`,
		`{"type":"UserProfileFilter","config":{"userProfileService":` + fmt.Sprintf(service, "") + `}}`: `: the required field "username" is missing`,
		`{"type":"UserProfileService"}`: `: the required field "amService" is missing`,
		`{"type":"UserProfileService","config":{"amService":"am","cache":{"enabled":true,"maximumTimeToCache":"zero"}}}`: `config.cache.maximumTimeToCache: the duration must be neither zero nor unlimited`,
	}.test(t)
}

// Releases before 6 had no AmService: the filter names the server and the gateway's user there.
func TestPolicyEnforcementOlder(t *testing.T) {
	const rest = `"pepRealm":"/","ssoTokenSubject":"${request.cookies['sso'][0].value}"`
	_, am, f := withAM(t, `{"type":"PolicyEnforcementFilter","config":{"openamUrl":"https://am.example.com/am/","pepUsername":"policyAdmin","pepPassword":"password","amHandler":"ForgeRockClientHandler",`+rest+`}}`)
	am.decision = `[{"resource":"https://app/x?a=1","actions":{"GET":true},"attributes":{},"advices":{},"ttl":9223372036854775807}]`
	want(t, "status", pass(t, f, get(t, "https://app/x?a=1", "Cookie", "sso=good"), answer(200)).Status.Code, 200)
	want(t, "requests to the server", len(am.asked) > 0 && strings.Contains(am.asked[len(am.asked)-1], "evaluate"), true)
	refused{
		`{"type":"PolicyEnforcementFilter","config":{"openamUrl":"${env['NONE']}","pepUsername":"a","pepPassword":"b",` + rest + `}}`: `: the required field "amService" is missing`,
		`{"type":"PolicyEnforcementFilter","config":{` + rest + `}}`:                                                                  `: the required field "amService" is missing`,
		`{"type":"PolicyEnforcementFilter","config":{"openamUrl":"https://am.example.com/am",` + rest + `}}`:                          `: beside "openamUrl" the fields "pepUsername" and "pepPassword" are needed; present releases have an "amService"`,
		`{"type":"PolicyEnforcementFilter","config":{"openamUrl":"am","pepUsername":"a","pepPassword":"b",` + rest + `}}`:             `config.openamUrl: expected an absolute URL such as "https://host/path", found "am"`,
	}.test(t)
}

func TestPolicyEnforcement(t *testing.T) {
	const allowed = `[{"resource":"https://app/x?a=1","actions":{"GET":true,"POST":false},"attributes":{"mail":["d@e"]},"advices":{},"ttl":9223372036854775807}]`
	const advised = `[{"resource":"https://app/x?a=1","actions":{},"attributes":{},"advices":{"AuthLevelConditionAdvice":["3<"]},"ttl":0}]`
	const sso = `"ssoTokenSubject":"${request.cookies['sso'][0].value}"`
	tests := map[string]struct {
		config, decision, cookie string
		method                   string
		status                   int
		asked                    string
	}{
		"allowed":           {sso, allowed, "sso=good", "GET", 200, `{"resources":["https://app/x?a=1"],"subject":{"ssoToken":"good"}}`},
		"other method":      {sso, allowed, "sso=good", "POST", 403, ``},
		"method unknown":    {sso, allowed, "sso=good", "PUT", 403, ``},
		"nobody":            {sso, allowed, "", "GET", 401, ``},
		"no decision":       {sso, `[]`, "sso=good", "GET", 403, ``},
		"claims":            {`"claimsSubject":{"sub":"${request.method}","n":1}`, allowed, "", "GET", 200, `{"resources":["https://app/x?a=1"],"subject":{"claims":{"n":1,"sub":"GET"}}}`},
		"claims of nobody":  {`"claimsSubject":{"sub":"${attributes.none}"}`, allowed, "", "GET", 401, ``},
		"everything":        {sso + `,"jwtSubject":"j","application":"shop","pepRealm":"/","environment":{"ip":["${contexts.client.remoteAddress}"],"one":"1"}`, allowed, "sso=good", "GET", 200, `{"application":"shop","environment":{"ip":["192.0.2.1"],"one":["1"]},"resources":["https://app/x?a=1"],"subject":{"jwt":"j","ssoToken":"good"}}`},
		"without the query": {sso + `,"resourceUriProvider":{"type":"RequestResourceUriProvider","config":{"includeQueryParams":false}}`, allowed, "sso=good", "GET", 200, `{"resources":["https://app/x"],"subject":{"ssoToken":"good"}}`},
		"by script":         {sso + `,"resourceUriProvider":{"type":"ScriptableResourceUriProvider","config":{"type":"application/x-groovy","source":"'urn:x'"}}`, allowed, "sso=good", "GET", 200, `{"resources":["urn:x"],"subject":{"ssoToken":"good"}}`},
		"own handler":       {sso + `,"failureHandler":{"type":"StaticResponseHandler","config":{"status":418}}`, advised, "sso=good", "GET", 418, ``},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, am, f := withAM(t, `{"type":"PolicyEnforcementFilter","config":{"amService":"am",`+test.config+`}}`)
			am.decision = test.decision
			x := get(t, "https://app/x?a=1")
			x.Request.Method = test.method
			if test.cookie != "" {
				x.Request.Header.Set("Cookie", test.cookie)
			}
			resp := pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
				want(t, "attribute", eval(t, y, "contexts.policyDecision.attributes.mail[0]"), any("d@e"))
				want(t, "action", eval(t, y, "contexts.policyDecision.jsonActions.GET"), any(true))
				return chain.NewResponse(200), nil
			}))
			want(t, "status", resp.Status.Code, test.status)
			if test.asked != "" {
				last := am.asked[len(am.asked)-1]
				want(t, "asked", last, "evaluate /am/json/realms/root/policies?_action=evaluate "+test.asked)
			}
		})
	}

	chained := `{"type":"ChainOfFilters","config":{"filters":[{"type":"SingleSignOnFilter","config":{"amService":"am"}},
		{"type":"PolicyEnforcementFilter","config":{"amService":"am","ssoTokenSubject":"${contexts.ssoToken.value}"}}]}}`
	_, am, f := withAM(t, chained)
	am.decision = advised
	location := pass(t, f, get(t, "https://app/x?a=1", "Cookie", "sso=good"), answer(200)).Header.Get("Location")
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "authIndexType", u.Query().Get("authIndexType"), "composite_advice")
	want(t, "authIndexValue", u.Query().Get("authIndexValue"), `<Advices><AttributeValuePair><Attribute name="AuthLevelConditionAdvice"/><Value>3&lt;</Value></AttributeValuePair></Advices>`)
	want(t, "goto", u.Query().Get("goto"), "https://app/x?a=1&_ig=true")
	resp := pass(t, f, get(t, "https://app/x?a=1", "Cookie", "sso=good", "X-Authenticate-Response", "header"), answer(200))
	want(t, "status", resp.Status.Code, 401)
	want(t, "WWW-Authenticate", resp.Header.Get("WWW-Authenticate"), `SSOADVICE realm="/", advices="eyJBdXRoTGV2ZWxDb25kaXRpb25BZHZpY2UiOlsiM1x1MDAzYyJdfQ==", am_uri="https://am.example.com/am"`)

	// A transaction is authorized at the server, and its ID comes back to the policies, and to nobody else.
	am.decision = `[{"resource":"x","actions":{},"advices":{"TransactionConditionAdvice":["7b8b"]},"ttl":0}]`
	u, err = url.Parse(pass(t, f, get(t, "https://app/x?a=1&_txid=old", "Cookie", "sso=good"), answer(200)).Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "goto", u.Query().Get("goto"), "https://app/x?a=1&_ig=true&_txid=7b8b")
	am.decision = `[{"resource":"x","actions":{"GET":true},"ttl":0}]`
	resp = pass(t, f, get(t, "https://app/x?a=1&_ig=true&_txid=7b8b", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		want(t, "upstream", y.Request.URI.String(), "https://app/x?a=1")
		return chain.NewResponse(200), nil
	}))
	want(t, "status", resp.Status.Code, 200)
	want(t, "asked", am.asked[len(am.asked)-1], `evaluate /am/json/realms/root/policies?_action=evaluate {"environment":{"TxId":["7b8b"]},"resources":["https://app/x?a=1"],"subject":{"ssoToken":"good"}}`)

	refused{
		`{"type":"PolicyEnforcementFilter","config":{"amService":"am"}}`:                                              `: one of the fields "ssoTokenSubject", "jwtSubject" and "claimsSubject" is required`,
		`{"type":"PolicyEnforcementFilter","config":{"amService":"am","claimsSubject":"sub","environment":"${env}"}}`: `config.claimsSubject: expected an object, or an expression that yields one`,
	}.test(t)
}

func TestPolicyCache(t *testing.T) {
	fx, am, f := withAM(t, `{"type":"PolicyEnforcementFilter","config":{"amService":"am","ssoTokenSubject":"${request.cookies['sso'][0].value}","cache":{"enabled":true,"maximumTimeToCache":"2 minutes"}}}`)
	ask := func(uri string) int {
		am.asked = nil
		pass(t, f, get(t, uri, "Cookie", "sso=good"), answer(200))
		return len(am.asked)
	}
	am.decision = `[{"resource":"x","actions":{"GET":true},"ttl":9223372036854775807}]`
	want(t, "first", ask("https://app/x"), 1)
	want(t, "again", ask("https://app/x"), 0)
	want(t, "other resource", ask("https://app/y"), 1)
	fx.wait(61 * time.Second)
	want(t, "after the default", ask("https://app/x"), 1)
	am.decision = fmt.Sprintf(`[{"resource":"x","actions":{"GET":true},"ttl":%d}]`, fx.now().Add(time.Hour).UnixMilli())
	want(t, "with an end", ask("https://app/z"), 1)
	fx.wait(119 * time.Second)
	want(t, "until the maximum", ask("https://app/z"), 0)
	fx.wait(2 * time.Second)
	want(t, "after the maximum", ask("https://app/z"), 1)
	am.decision = `[{"resource":"x","actions":{"GET":true},"ttl":0}]` // as for the approval of a transaction
	want(t, "for this once", ask("https://app/x?_txid=1"), 1)
	want(t, "and not again", ask("https://app/x?_txid=1"), 1)
	am.decision = `[{"resource":"x","actions":{"GET":true}}]`
	want(t, "without a word about time", ask("https://app/w"), 1)
	want(t, "for the default time", ask("https://app/w"), 0)
	const sso = `"ssoTokenSubject":"${request.cookies['sso'][0].value}"`
	refused{
		`{"type":"PolicyEnforcementFilter","config":{"amService":"am",` + sso + `,"pepRealm":"a//b"}}`:                                    `config.pepRealm: expected a realm such as "/" or "/alpha", found "a//b"`,
		`{"type":"PolicyEnforcementFilter","config":{"amService":"am",` + sso + `,"cache":{"enabled":true,"maximumTimeToCache":"zero"}}}`: `config.cache.maximumTimeToCache: the duration must be neither zero nor unlimited`,
		`{"type":"UserProfileService","config":{"amService":"am","realm":"/.."}}`:                                                         `config.realm: expected a realm such as "/" or "/alpha", found "/.."`,
		`{"type":"IdTokenValidationFilter","config":{"idToken":"x","audience":""}}`:                                                       `config.audience: the required field "audience" is empty`,
	}.test(t)
}
