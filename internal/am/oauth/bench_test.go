package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/am/oauth"
)

// discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func benchmark(b *testing.B, provider, endpoint string, body func(w *world) []string) {
	w := newWorld(b)
	w.provider("/", provider)
	w.client("/", "app", "s", core("read write", "client_credentials"))
	text := encode(body(w))
	rl, _ := w.realms.Find("/")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("app", "s")
		d := &discard{header: http.Header{}}
		w.server.ServeHTTP(d, r, rl, oauth.BaseURL{URL: base}, endpoint)
		if d.status != http.StatusOK {
			b.Fatal(d.status)
		}
	}
}

const clientSideES256 = `{"coreOAuth2Config":{"statelessTokensEnabled":true},"advancedOAuth2Config":{"tokenSigningAlgorithm":"ES256"}}`

func BenchmarkToken(b *testing.B) {
	request := func(*world) []string { return form("grant_type", "client_credentials", "scope", "read write") }
	b.Run("server-side", func(b *testing.B) { benchmark(b, `{}`, "access_token", request) })
	b.Run("client-side HS256", func(b *testing.B) { benchmark(b, settings(true), "access_token", request) })
	b.Run("client-side ES256", func(b *testing.B) { benchmark(b, clientSideES256, "access_token", request) })
}

func BenchmarkIntrospect(b *testing.B) {
	request := func(w *world) []string {
		return form("token", w.token("/", form("grant_type", "client_credentials", "scope", "read write"), basic("app", "s")).text("access_token"))
	}
	b.Run("server-side", func(b *testing.B) { benchmark(b, `{}`, "introspect", request) })
	b.Run("client-side HS256", func(b *testing.B) { benchmark(b, settings(true), "introspect", request) })
	b.Run("client-side ES256", func(b *testing.B) { benchmark(b, clientSideES256, "introspect", request) })
}
