package filters

import (
	"testing"

	"gatehouse/internal/gateway/chain"
)

// What stands in the way of every request should cost nothing that it need not.
func TestAllocations(t *testing.T) {
	resp := chain.NewResponse(200)
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return resp, nil })
	const pass2 = `{"type":"ConditionEnforcementFilter","config":{"condition":true}}`
	for declaration, most := range map[string]float64{
		pass2: 0,
		`{"type":"ConditionEnforcementFilter","config":{"condition":"${find(request.method, 'G')}"}}`:                     0,
		`{"type":"ConditionalFilter","config":{"condition":"${find(request.uri.path, '^/x')}","delegate":` + pass2 + `}}`: 0,
		`{"type":"ChainOfFilters","config":{"filters":[` + pass2 + `,` + pass2 + `,` + pass2 + `]}}`:                      1,
		`{"type":"SwitchFilter","config":{"onRequest":[{"condition":false,"handler":"ClientHandler"}]}}`:                  0,
		`{"type":"UriPathRewriteFilter","config":{"mappings":{"/none":"/x"}}}`:                                            0,
		`{"type":"LocationHeaderFilter"}`: 0,
		`{"type":"ThrottlingFilter","config":{"rate":{"numberOfRequests":1000000,"duration":"1 ms"}}}`:                                                    0,
		`{"type":"AllowOnlyFilter","config":{"rules":[{"from":[{"ip":{"list":["192.0.2.0/24"]}}],"destination":[{"methods":["GET"],"paths":["^/x"]}]}]}}`: 0,
		`{"type":"SetCookieUpdateFilter","config":{"cookies":{}}}`:                                                                                        0,
		`{"type":"CsrfFilter","config":{"cookieName":"S"}}`:                                                                                               0,
	} {
		f := build(t, declaration)
		x := get(t, "http://a/x/y")
		got := testing.AllocsPerRun(100, func() {
			if _, err := f.Filter(x, next); err != nil {
				t.Fatal(err)
			}
		})
		if got > most {
			t.Errorf("%s makes %v allocations a request, want %v", declaration, got, most)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "192.0.2.1:80", "[::1]:80", "::1", "unknown", "_x", "[", "fe80::1%eth0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if ip, ok := address(text, true); ok && (!ip.IsValid() || ip.Zone() != "" || ip.Is4In6()) {
			t.Errorf("address(%q) = %v", text, ip)
		}
		_, _ = forwardedFor("for=" + text)
	})
}

func FuzzPathRewrite(f *testing.F) {
	for _, s := range []string{"/a", "/a/b?c#d", "//x/a", "http://front/a", "a", "", "http://[", "/%2f"} {
		f.Add(s)
	}
	m := pathMappings{{"/a", ""}, {"", "/b"}}
	r := &pathRewriter{forward: m, back: m}
	home := &chain.URI{Scheme: "http", Host: "front", Port: -1}
	f.Fuzz(func(t *testing.T, location string) {
		text, ok := r.restore(location, home, home)
		if !ok {
			return
		}
		before, err := chain.ParseURI(location)
		after, err2 := chain.ParseURI(text)
		if err != nil || err2 != nil || before.Host != after.Host || before.Scheme != after.Scheme {
			t.Errorf("%q becomes %q (%v, %v)", location, text, err, err2)
		}
	})
}
