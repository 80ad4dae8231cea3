package filters

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestUriPathRewrite(t *testing.T) {
	f := build(t, `{"type":"UriPathRewriteFilter","config":{"mappings":{"/a/":"/x","/a/b/":"/y/","/strip":"/","/a%20b":"/q","/ä":"/z","/a":"/w"}}}`)
	tests := map[string]struct{ path, want, location, back string }{
		"none":               {"/none", "/none", "/none", "/none"},
		"prefix":             {"/a/c", "/w/c", "/w/d?e", "/a/d?e"},
		"longest":            {"/a/b/c", "/y/c", "/y", "/a/b"},
		"whole":              {"/a", "/w", "/w", "/a"},
		"not in the segment": {"/ab", "/ab", "http://front/ab", "http://front/strip/ab"},
		"stripped":           {"/strip/c", "/c", "http://back:81/c", "http://back:81/strip/c"},
		"stripped whole":     {"/strip", "/", "/", "/strip/"},
		"elsewhere":          {"/a", "/w", "http://other/w", "http://other/w"},
		"default port":       {"/a", "/w", "http://front:80/w", "http://front:80/a"},
		"encoded":            {"/a%20b/c", "/q/c", "/q", "/a%20b"},
		"letters":            {"/%C3%A4", "/z", "/z", "/%C3%A4"},
		"relative":           {"/a", "/w", "c", "c"},
		"a mail address":     {"/a", "/w", "mailto:/w", "mailto:/w"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if name == "none" {
				test.back = "/strip/none"
			}
			resp := pass(t, f, get(t, "http://front"+test.path), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				want(t, "path", x.Request.URI.RawPath, test.want)
				x.Request.URI.Host, x.Request.URI.Port = "back", 81
				return answer(302, "Location", test.location, "Content-Location", test.location)(x)
			}))
			want(t, "Location", resp.Header.Get("Location"), test.back)
			want(t, "Content-Location", resp.Header.Get("Content-Location"), test.back)
		})
	}
	root := build(t, `{"type":"UriPathRewriteFilter","config":{"mappings":{"/":"/x"}}}`)
	for location, back := range map[string]string{"/x/y": "/y", "/x": "/", "/x//evil": "/x//evil"} {
		resp := pass(t, root, get(t, "http://front/p"), answer(302, "Location", location))
		want(t, location+" mapped back", resp.Header.Get("Location"), back)
	}
	refused{
		`{"type":"UriPathRewriteFilter"}`: `: the required field "mappings" is missing`,
		`{"type":"UriPathRewriteFilter","config":{"mappings":{"a":"/b?c"}}}`: `config.mappings.a: expected a path such as "/app", without query and fragment, found "a"` + "\n" +
			`config.mappings.a: expected a path such as "/app", without query and fragment, found "/b?c"`,
		`{"type":"UriPathRewriteFilter","config":{"mappings":[]}}`: `config.mappings: expected an object of paths, found a list`,
	}.test(t)
}

func TestLocationHeader(t *testing.T) {
	tests := map[string]struct{ base, location, want string }{
		"original":       {``, "http://back:81/x?y#z", "https://front/x?y#z"},
		"configured":     {`"https://shop:8443/ignored"`, "http://back:81/x", "https://shop:8443/x"},
		"expression":     {`"https://${request.headers['Host'][0]}"`, "http://back/x", "https://front/x"},
		"relative":       {``, "/x", "https://front/x"},
		"beside":         {``, "x?y", "https://front/dir/x?y"},
		"query alone":    {``, "?y", "https://front/dir/page?y"},
		"no URI":         {``, "http://[", "http://["},
		"a mail address": {``, "mailto:a@b", "mailto:a@b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := "{}"
			if test.base != "" {
				config = `{"baseURI":` + test.base + `}`
			}
			f := build(t, `{"type":"LocationHeaderFilter","config":`+config+`}`)
			x := get(t, "https://front/dir/page")
			resp := pass(t, f, x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				x.Request.URI.Rebase(&chain.URI{Scheme: "http", Host: "back", Port: 81})
				return answer(302, "Location", test.location)(x)
			}))
			want(t, "Location", resp.Header.Get("Location"), test.want)
		})
	}
	for _, base := range []string{"${attributes.none}", "${'/x'}", "${'http://a b'}"} {
		f := build(t, fmt.Sprintf(`{"type":"LocationHeaderFilter","config":{"baseURI":%q}}`, base))
		if _, err := f.Filter(get(t, "http://a/"), answer(302, "Location", "/")); err == nil {
			t.Errorf("the base %s is no failure", base)
		}
		want(t, "without Location", pass(t, f, get(t, "http://a/"), answer(200)).Status.Code, 200)
	}
}

func TestStaticRequest(t *testing.T) {
	f := build(t, `{"type":"StaticRequestFilter","config":{"method":"POST","uri":"https://app/login?x=${request.method}",
		"headers":{"X-A":["1","${attributes.none}"],"x-a":"2","X-None":["${attributes.none}"]},"form":{"user":["${request.uri.path}"],"p w":["a&b","${attributes.none}"]}}}`)
	x := get(t, "http://a/me", "Cookie", "c=1")
	pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		r := y.Request
		want(t, "request", r.String(), "POST https://app/login?x=GET")
		want(t, "X-A", strings.Join(r.Header["X-A"], ","), "1,2")
		_, there := r.Header["X-None"]
		want(t, "X-None", there, false)
		want(t, "Cookie", r.Header.Get("Cookie"), "")
		want(t, "Content-Type", r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		body, _ := r.Entity.Text()
		want(t, "body", body, "user=%2Fme&p+w=a%26b")
		return chain.NewResponse(200), nil
	}))
	want(t, "request of the filters before", x.Request.String(), "GET http://a/me")
	f = build(t, `{"type":"StaticRequestFilter","config":{"method":"GET","uri":"http://app/?a=1","form":{"b":["2"]}}}`)
	pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		want(t, "request", y.Request.String(), "GET http://app/?a=1&b=2")
		return chain.NewResponse(200), nil
	}))
	f = build(t, `{"type":"StaticRequestFilter","config":{"method":"PUT","uri":"http://app/","headers":{"Content-Type":["text/plain; charset=UTF-8"]},"entity":["ä","${request.method}"]}}`)
	pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		body, _ := y.Request.Entity.Bytes()
		want(t, "body", string(body), "ä\nGET")
		return chain.NewResponse(200), nil
	}))
	for _, uri := range []string{"${attributes.none}", "/relative", "http://a b/"} {
		f := build(t, fmt.Sprintf(`{"type":"StaticRequestFilter","config":{"method":"GET","uri":%q}}`, uri))
		if _, err := f.Filter(x, answer(200)); err == nil {
			t.Errorf("the URI %s is no failure", uri)
		}
	}
	refused{
		`{"type":"StaticRequestFilter"}`: `: the required field "method" is missing` + "\n" + `: the required field "uri" is missing`,
		`{"type":"StaticRequestFilter","config":{"method":"POST","uri":"http://a/","form":{"a":["b"]},"entity":"c"}}`: `config.entity: a POST has either form or entity, not both`,
		`{"type":"StaticRequestFilter","config":{"method":"GE T","uri":"http://a/"}}`:                                 `config.method: expected a method such as "GET", found "GE T"`,
	}.test(t)
}
