package filters

import (
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestForwardedRequest(t *testing.T) {
	tests := map[string]struct{ config, want string }{
		"all":       {`{"scheme":"${request.headers['X-Proto'][0]}","host":"${split(request.headers['X-Host'][0], ':')[0]}","port":"${integer(split(request.headers['X-Host'][0], ':')[1])}"}`, "https://shop:8443/p?a=%2f"},
		"scheme":    {`{"scheme":"https"}`, "https://front:81/p?a=%2f"},
		"port":      {`{"port":443}`, "http://front:443/p?a=%2f"},
		"null part": {`{"host":"shop","port":"${request.headers['None'][0]}"}`, "http://shop:81/p?a=%2f"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := build(t, `{"type":"ForwardedRequestFilter","config":`+test.config+`}`)
			x := get(t, "http://front:81/p?a=%2f", "X-Proto", "https", "X-Host", "shop:8443")
			pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
				want(t, "request.uri", y.Request.URI.String(), test.want)
				want(t, "originalUri", chain.Find[*chain.RouterContext](y.Context).OriginalURI.String(), test.want)
				want(t, "Host", y.Request.Header.Get("Host"), "front:81")
				return chain.NewResponse(200), nil
			}))
			want(t, "outer originalUri", chain.Find[*chain.RouterContext](x.Context).OriginalURI.String(), "http://front:81/p?a=%2f")
		})
	}
	f := build(t, `{"type":"ForwardedRequestFilter","config":{"host":"${request.headers['X'][0]}"}}`)
	for _, evil := range []string{"a/b", "a b", "a?b", "a@b"} {
		if _, err := f.Filter(get(t, "http://a/", "X", evil), answer(200)); err == nil {
			t.Errorf("the host %q is accepted", evil)
		}
	}
	f = build(t, `{"type":"ForwardedRequestFilter","config":{"scheme":"${request.headers['X'][0]}"}}`)
	for _, evil := range []string{"https://evil.example/?", "https, http", "https:", "//evil.example"} {
		if _, err := f.Filter(get(t, "http://a/", "X", evil), answer(200)); err == nil {
			t.Errorf("the scheme %q is accepted", evil)
		}
	}
	refused{
		`{"type":"ForwardedRequestFilter"}`: `: one of the fields "scheme", "host" and "port" is required`,
	}.test(t)
}

func TestDateHeader(t *testing.T) {
	f := build(t, `{"type":"DateHeaderFilter"}`)
	want(t, "Date", pass(t, f, get(t, "http://a/"), answer(200)).Header.Get("Date"), "Fri, 15 Jan 2027 08:00:00 GMT")
	want(t, "Date of the upstream", pass(t, f, get(t, "http://a/"), answer(200, "Date", "x")).Header.Get("Date"), "x")
}
