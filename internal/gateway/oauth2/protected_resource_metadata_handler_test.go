package oauth2

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestProtectedResourceMetadata(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{"resource":"https://rs.example.com/mcp"}`, `{"bearer_methods_supported":["header"],"resource":"https://rs.example.com/mcp"}`},
		{`{"resource":"https://rs.example.com","authorizationServers":["https://as.example.com/"],"scopes":["a","b"],"resourceName":"R",
			"jwksUri":"https://rs.example.com/keys","dpopSigningAlgorithms":["ES256"],"dpopBoundAccessTokensRequired":true,
			"tlsClientCertificateBoundAccessTokens":true,"metadata":{"resource":"x","own":1}}`,
			`{"authorization_servers":["https://as.example.com/"],"bearer_methods_supported":["header"],"dpop_bound_access_tokens_required":true,` +
				`"dpop_signing_alg_values_supported":["ES256"],"jwks_uri":"https://rs.example.com/keys","own":1,"resource":"https://rs.example.com",` +
				`"resource_name":"R","scopes_supported":["a","b"],"tls_client_certificate_bound_access_tokens":true}`},
	}
	for _, tt := range tests {
		f := newFixture(t).load(t, `[{"name":"h","type":"ProtectedResourceMetadataHandler","config":`+tt.config+`}]`).ok(t)
		h := object[chain.Handler](t, f, "h")
		resp, err := h.Handle(exchangeFor(t, "https://rs.example.com/.well-known/oauth-protected-resource"))
		if err != nil || resp.Status.Code != 200 || resp.Header.Get("Content-Type") != "application/json" || resp.Entity.String() != tt.want {
			t.Errorf("%v, %v, %s\nwant %s", resp.Status, err, resp.Entity.String(), tt.want)
		}
		x := exchangeFor(t, "https://rs.example.com/.well-known/oauth-protected-resource")
		x.Request.Method = "POST"
		if resp, _ := h.Handle(x); resp.Status.Code != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST: %v", resp.Status)
		}
	}
	for config, want := range map[string]string{
		`{}`: `the required field "resource" is missing`,
		`{"resource":"https://rs.example.com/#a"}`:               "the resource must not have a fragment (RFC 9728 §1.2)",
		`{"resource":"https://rs.example.com","scopes":["a b"]}`: "expected a scope, which is a word without blanks and quotes",
	} {
		f := newFixture(t).load(t, `[{"name":"h","type":"ProtectedResourceMetadataHandler","config":`+config+`}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", config, got, want)
		}
	}
}
