package filters

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

func TestCors(t *testing.T) {
	f := build(t, `{"type":"CorsFilter","config":{"policies":[
		{"acceptedOrigins":["https://A.example:443","http://b.example:81"],"acceptedMethods":["PUT","DELETE"],"acceptedHeaders":["X-One","x-two"],
		 "exposedHeaders":"X-E","maxAge":"1 minute","allowCredentials":true},
		{"acceptedOrigins":"*","acceptedMethods":"*","acceptedHeaders":"*"}]}}`)
	strict := build(t, `{"type":"CorsFilter","config":{"policies":[{"acceptedOrigins":["https://a.example"]}],
		"failureHandler":{"type":"StaticResponseHandler","config":{"status":418}}}}`)
	plain := build(t, `{"type":"CorsFilter","config":{"policies":[{"acceptedOrigins":["https://a.example"]}]}}`)
	tests := map[string]struct {
		filter                          chain.Filter
		method, origin, asked, fields   string
		status                          int
		allowed, methods, headers, rest string
	}{
		"no origin":              {strict, "GET", "", "", "", 299, "", "", "", ""},
		"actual":                 {f, "POST", "https://a.example", "", "", 299, "https://a.example true", "", "", "X-E"},
		"default port":           {f, "POST", "https://a.example:443", "", "", 299, "https://a.example:443 true", "", "", "X-E"},
		"anybody":                {f, "POST", "https://other", "", "", 299, "*", "", "", ""},
		"refused":                {strict, "GET", "https://other", "", "", 418, "", "", "", ""},
		"refused by default":     {plain, "GET", "https://other", "", "", 403, "", "", "", ""},
		"other scheme":           {strict, "GET", "http://a.example", "", "", 418, "", "", "", ""},
		"null":                   {strict, "GET", "null", "", "", 418, "", "", "", ""},
		"preflight":              {f, "OPTIONS", "https://a.example", "PUT", "x-ONE, Accept", 200, "https://a.example true", "PUT, DELETE", "X-One, x-two", "60"},
		"preflight for anybody":  {f, "OPTIONS", "https://other", "BREW", "X-Any", 200, "*", "BREW", "X-Any", "5"},
		"preflight of no method": {strict, "OPTIONS", "https://a.example", "", "", 299, "https://a.example", "", "", ""},
		"method refused":         {f, "OPTIONS", "https://a.example", "GET", "", 403, "", "", "", ""},
		"method in other case":   {f, "OPTIONS", "https://a.example", "put", "", 403, "", "", "", ""},
		"field refused":          {f, "OPTIONS", "https://a.example", "PUT", "X-Three", 403, "", "", "", ""},
		"simple methods":         {strict, "OPTIONS", "https://a.example", "POST", "Content-Type", 200, "https://a.example", "GET, HEAD, POST", "", "5"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			x := get(t, "http://gw/")
			x.Request.Method = test.method
			for field, v := range map[string]string{"Origin": test.origin, "Access-Control-Request-Method": test.asked, "Access-Control-Request-Headers": test.fields} {
				if v != "" {
					x.Request.Header.Set(field, v)
				}
			}
			resp := pass(t, test.filter, x, answer(299, "Access-Control-Allow-Origin", "x", "Vary", "Accept"))
			h := resp.Header
			want(t, "status", resp.Status.Code, test.status)
			if test.origin != "" {
				want(t, "allowed", strings.TrimSpace(h.Get("Access-Control-Allow-Origin")+" "+h.Get("Access-Control-Allow-Credentials")), test.allowed)
			}
			want(t, "methods", h.Get("Access-Control-Allow-Methods"), test.methods)
			want(t, "headers", h.Get("Access-Control-Allow-Headers"), test.headers)
			want(t, "exposed or age", h.Get("Access-Control-Expose-Headers")+h.Get("Access-Control-Max-Age"), test.rest)
			if resp.Status.Code < 300 && !strings.Contains(strings.Join(h["Vary"], ","), "Origin") {
				t.Errorf("Vary is %v", h["Vary"])
			}
		})
	}
	old := newFixture()
	old.filter(t, `{"type":"CorsFilter","config":{"policies":[{"origins":["https://a"],"allowCredentials":true},{"acceptedOrigins":["*"],"allowCredentials":true}]}}`)
	var warned []string
	for _, w := range old.errs.Warnings() {
		warned = append(warned, w.Msg)
	}
	want(t, "warnings", strings.Join(warned, "|"), `"origins" is an older spelling of "acceptedOrigins"|every page of the web may use what is behind the gateway in the name of its users`)
	refused{
		`{"type":"CorsFilter"}`:                          `: the required field "policies" is missing`,
		`{"type":"CorsFilter","config":{"policies":[]}}`: `config.policies: expected a list of objects, at least 1 of them, found 0`,
		`{"type":"CorsFilter","config":{"policies":[{"acceptedOrigins":"*","exposedHeaders":["X","a b"]}]}}`: `config.policies[0].exposedHeaders: "a b" is neither a method nor the name of a header field`,
		`{"type":"CorsFilter","config":{"policies":[{"acceptedOrigins":["a.example","https://a/p"],"acceptedMethods":["A B"]}]}}`: `config.policies[0].acceptedOrigins[0]: expected an origin such as "https://www.example.com" or "*", found "a.example"` + "\n" +
			`config.policies[0].acceptedOrigins[1]: expected an origin such as "https://www.example.com" or "*", found "https://a/p"` + "\n" +
			`config.policies[0].acceptedMethods: "A B" is neither a method nor the name of a header field`,
	}.test(t)
}

func TestCsrf(t *testing.T) {
	f := build(t, `{"type":"CsrfFilter","config":{"cookieName":"S","headerName":"x-token"}}`)
	begin := pass(t, f, get(t, "http://a/"), answer(200, "Set-Cookie", "S=abc; Path=/", "Set-Cookie", "T=1"))
	token := begin.Header.Get("X-Token")
	if len(token) != 43 {
		t.Fatalf("the token of a new session is %q", token)
	}
	tests := map[string]struct {
		method, cookie, token string
		status                int
		answer                string
	}{
		"good":               {"POST", "S=abc", token, 200, ""},
		"other session":      {"POST", "S=abd", token, 403, csrfToken("abd")},
		"missing":            {"POST", "S=abc", "", 403, token},
		"safe":               {"GET", "S=abc", "", 200, ""},
		"no session":         {"POST", "", "", 200, ""},
		"quoted":             {"DELETE", `x=y; S="abc"`, token, 200, ""},
		"session to be sure": {"POST", "S=; S=abc", "", 403, csrfToken("")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			x := get(t, "http://a/")
			x.Request.Method = test.method
			if test.cookie != "" {
				x.Request.Header.Set("Cookie", test.cookie)
			}
			if test.token != "" {
				x.Request.Header.Set("X-Token", test.token)
			}
			resp := pass(t, f, x, answer(200))
			want(t, "status", resp.Status.Code, test.status)
			want(t, "token", resp.Header.Get("X-Token"), test.answer)
		})
	}
	all := build(t, `{"type":"CsrfFilter","config":{"cookieName":"S","excludeSafeMethods":false,"failureHandler":{"type":"StaticResponseHandler","config":{"status":418}}}}`)
	resp := pass(t, all, get(t, "http://a/", "Cookie", "S=abc"), answer(200))
	want(t, "safe methods too", resp.Status.Code, 418)
	want(t, "token with the handler's answer", resp.Header.Get("X-CSRF-Token"), token)
	refused{
		`{"type":"CsrfFilter"}`: `: the required field "cookieName" is missing`,
		`{"type":"CsrfFilter","config":{"cookieName":"a b","headerName":"c:"}}`: `config.cookieName: "a b" cannot be the name of a cookie` + "\n" + `config.headerName: "c:" cannot be the name of a header field`,
	}.test(t)
}

func TestAllowOnly(t *testing.T) {
	certificate := &x509.Certificate{Subject: pkix.Name{CommonName: "me", Organization: []string{"Org"}}}
	tests := map[string]struct {
		rule, uri, header string
		allowed           bool
	}{
		"peer":                     {`{"from":[{"ip":{"list":["192.0.2.0/24"]}}]}`, "/", "", true},
		"another peer":             {`{"from":[{"ip":{"list":["192.0.3.0/24","::1"]}}]}`, "/", "", false},
		"second of from":           {`{"from":[{"ip":{"list":["10.0.0.1"]}},{"ip":{"list":["192.0.2.1"]}}]}`, "/", "", true},
		"last hop":                 {`{"from":[{"ip":{"list":["10.0.0.0/8"]}}]}`, "/", "X-Forwarded-For: 1.2.3.4, 10.1.1.1", true},
		"not the first hop":        {`{"from":[{"ip":{"list":["1.2.3.4"]}}]}`, "/", "X-Forwarded-For: 1.2.3.4, 10.1.1.1", false},
		"Forwarded first":          {`{"from":[{"ip":{"list":["2001:db8::/32"]}}]}`, "/", `Forwarded: for=1.2.3.4, For="[2001:db8::1]:80";proto=http`, true},
		"unknown hop is no peer":   {`{"from":[{"ip":{"list":["192.0.2.1"]}}]}`, "/", `Forwarded: for=unknown`, false},
		"mapped address":           {`{"from":[{"ip":{"list":["10.0.0.1"]}}]}`, "/", `X-Forwarded-For: ::ffff:10.0.0.1`, true},
		"mapped address in list":   {`{"from":[{"ip":{"list":["::ffff:192.0.2.1"]}}]}`, "/", "", true},
		"mapped range in list":     {`{"from":[{"ip":{"list":["::ffff:192.0.2.0/120"]}}]}`, "/", "", true},
		"other mapped range":       {`{"from":[{"ip":{"list":["::ffff:192.0.3.0/120"]}}]}`, "/", "", false},
		"resolver":                 {`{"from":[{"ip":{"list":["10.0.0.1"],"resolver":"${request.headers['X'][0]}"}}]}`, "/", `X: 10.0.0.1:81`, true},
		"resolver of null":         {`{"from":[{"ip":{"list":["192.0.2.1"],"resolver":"${request.headers['X'][0]}"}}]}`, "/", ``, false},
		"certificate":              {`{"from":[{"certificate":{"subjectDNs":["^CN=me,"]}}]}`, "/", "", true},
		"other certificate":        {`{"from":[{"certificate":{"subjectDNs":["CN=you"]}}]}`, "/", "", false},
		"certificate and address":  {`{"from":[{"ip":{"list":["10.0.0.1"]},"certificate":{"subjectDNs":["CN=me"]}}]}`, "/", "", false},
		"host":                     {`{"destination":[{"hosts":["^GW$"]}]}`, "/", "", true},
		"other host":               {`{"destination":[{"hosts":["^gx$"]}]}`, "/", "", false},
		"port":                     {`{"destination":[{"ports":["1:80"]}]}`, "/", "", true},
		"other port":               {`{"destination":[{"ports":["81"]}]}`, "/", "", false},
		"method":                   {`{"destination":[{"methods":["GET"]}]}`, "/", "", true},
		"other method":             {`{"destination":[{"methods":["get"]}]}`, "/", "", false},
		"path":                     {`{"destination":[{"paths":["/user/*"]}]}`, "/user/x", "", true},
		"path in other case":       {`{"destination":[{"paths":["^/user"]}]}`, "/User", "", false},
		"encoded path":             {`{"destination":[{"paths":["^/user"]}]}`, "/%75ser", "", true},
		"path that leaves":         {`{"destination":[{"paths":["^/user/"]}]}`, "/user/../admin/", "", false},
		"path that leaves, hidden": {`{"destination":[{"paths":["^/user/"]}]}`, "/user/%2e%2e/admin/", "", false},
		"path with parameters":     {`{"destination":[{"paths":["^/user/"]}]}`, "/user/..;x=1/admin/", "", false},
		"path that comes back":     {`{"destination":[{"paths":["^/user/"]}]}`, "/user/./x/../", "", true},
		"all of a destination":     {`{"destination":[{"paths":["^/user"],"methods":["POST"]}]}`, "/user", "", false},
		"when":                     {`{"when":"${request.uri.path == '/'}"}`, "/", "", true},
		"when not":                 {`{"from":[{"ip":{"list":["192.0.2.1"]}}],"when":"${request.uri.path == '/'}"}`, "/x", "", false},
		"second rule":              {`{"when":false},{"name":"any"}`, "/x", "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := build(t, `{"type":"AllowOnlyFilter","config":{"rules":[`+test.rule+`]}}`)
			x := get(t, "http://gw"+test.uri)
			if field, v, ok := strings.Cut(test.header, ": "); ok {
				x.Request.Header.Set(field, v)
			}
			chain.Find[*chain.ClientContext](x.Context).Certificates = []*x509.Certificate{certificate}
			status := 401
			if test.allowed {
				status = 200
			}
			want(t, "status", pass(t, f, x, answer(200)).Status.Code, status)
		})
	}
	refused{
		`{"type":"AllowOnlyFilter","config":{"rules":[]}}`: `config.rules: expected a list of objects, at least 1 of them, found 0`,
		`{"type":"AllowOnlyFilter","config":{"rules":[{"from":[{"ip":{"list":["x"]}}],"destination":[{"ports":["9:1"],"hosts":["("],"paths":["["]}]}]}}`: `config.rules[0].from[0].ip.list[0]: expected an address or a range such as "10.0.0.0/8", found "x"` + "\n" +
			`config.rules[0].destination[0].ports[0]: expected a port or a range such as "8000:8999", found "9:1"` + "\n" +
			`config.rules[0].destination[0].hosts[0]: invalid regular expression: a group is not closed at position 1` + "\n" +
			`config.rules[0].destination[0].paths[0]: invalid regular expression: a character class is not closed at position 1`,
	}.test(t)
}

func TestCircuitBreaker(t *testing.T) {
	fx := newFixture()
	const declaration = `{"type":"CircuitBreakerFilter","config":{"maxFailures":2,"openDuration":"10 s","slidingCounter":{"size":4}%s}}`
	f := fx.filter(t, fmt.Sprintf(declaration, ""))
	broken := errors.New("broken")
	failing := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return nil, broken })
	call := func(next chain.Handler) string {
		_, err := f.Filter(get(t, "http://a/"), next)
		return fmt.Sprint(err)
	}
	ok := answer(500)
	run := func(list ...chain.Handler) string {
		var out []string
		for _, h := range list {
			out = append(out, call(h))
		}
		return strings.Join(out, " ")
	}
	want(t, "failures far apart", run(failing, ok, ok, ok, failing, ok), "broken <nil> <nil> <nil> broken <nil>")
	want(t, "two in the window", run(failing, ok), "broken circuit-breaker open")
	fx.wait(9 * time.Second)
	want(t, "still open", run(ok), "circuit-breaker open")
	fx.wait(time.Second)
	want(t, "closed with a new count", run(failing, ok, failing, ok), "broken <nil> broken circuit-breaker open")
	// A call that began before the circuit opened does not count once it is closed again.
	fx.wait(10 * time.Second)
	slow := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
		want(t, "while another call is on its way", run(failing, failing), "broken broken")
		fx.wait(10 * time.Second)
		want(t, "closed again", run(ok), "<nil>")
		return nil, broken
	})
	want(t, "late failure", run(slow, failing, ok), "broken broken <nil>")
	f = fx.filter(t, fmt.Sprintf(declaration, `,"openHandler":{"type":"StaticResponseHandler","config":{"status":503}}`))
	run(failing, failing)
	want(t, "handler", pass(t, f, get(t, "http://a/"), ok).Status.Code, 503)
	f = fx.filter(t, fmt.Sprintf(declaration, `,"enabled":false`))
	want(t, "switched off", run(failing, failing, failing), "broken broken broken")
	refused{
		`{"type":"CircuitBreakerFilter"}`: `: the required field "maxFailures" is missing` + "\n" + `: the required field "openDuration" is missing` + "\n" + `: the required field "slidingCounter" is missing`,
		`{"type":"CircuitBreakerFilter","config":{"maxFailures":2,"openDuration":"25 hours","slidingCounter":{"size":2}}}`: `config.openDuration: expected a duration above zero and of at most a day, found 25h0m0s` + "\n" +
			`config.slidingCounter.size: expected a size above maxFailures (2), found 2`,
	}.test(t)
}

func TestRefusedTypes(t *testing.T) {
	refused{
		`{"type":"CryptoHeaderFilter"}`:               `type: the type CryptoHeaderFilter cannot be used: it encrypts header fields without authenticating them; use a JwtBuilderFilter with encryption`,
		`{"type":"SqlAttributesFilter"}`:              `type: the type SqlAttributesFilter cannot be used: the gateway has no database drivers; use a FileAttributesFilter, or a ScriptableFilter that calls a service`,
		`{"type":"PingOneApiAccessManagementFilter"}`: `type: the type PingOneApiAccessManagementFilter cannot be used: PingOne services are not supported`,
		`{"type":"JdbcDataSource"}`:                   `type: the type JdbcDataSource cannot be used: the gateway has no database drivers`,
	}.test(t)
}
