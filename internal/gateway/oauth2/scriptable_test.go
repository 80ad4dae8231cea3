package oauth2

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
)

// lines makes a JSON list of the lines of a script.
func lines(source string) string {
	return `["` + strings.ReplaceAll(strings.ReplaceAll(source, `"`, `\"`), "\n", `","`) + `"]`
}

func TestScriptableResourceAccess(t *testing.T) {
	const byPath = "def needed = [ 'mail' ] as Set\n// more below a folder\nif (request.uri.path =~ /employee$/) {\n  needed += 'employeenumber'\n}\nreturn needed"
	tests := []struct {
		name, script, path, scope string
		status                    int
		challenge                 string
	}{
		{"enough", byPath, "/a", "mail", 200, ""},
		{"not enough below the folder", byPath, "/a/employee", "mail", 403, `scope="mail employeenumber"`},
		{"enough below the folder", byPath, "/a/employee", "employeenumber mail", 200, ""},
		{"a list", "return ['mail']", "/", "mail", 200, ""},
		{"none", "return []", "/", "", 200, ""},
		{"own answer", "import org.forgerock.http.protocol.ResponseException\nthrow new ResponseException(new Response(Status.TEAPOT))", "/", "mail", 418, ""},
		{"no scope", "return ['a b']", "/", "mail", 0, ""},
		{"no list", "return 5", "/", "mail", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, `[{"name":"f","type":"OAuth2ResourceServerFilter","config":{"requireHttps":false,
				"scopes":{"type":"ScriptableResourceAccess","config":{"type":"application/x-groovy","source":`+lines(tt.script)+`}},
				"accessTokenResolver":{"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}]`).ok(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) {
				return reply(200, `{"active":true,"scope":"`+tt.scope+`"}`)
			}
			resp, err := object[chain.Filter](t, f, "f").Filter(exchangeFor(t, "http://h"+tt.path, "Authorization", "Bearer x"),
				chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(200), nil }))
			if tt.status == 0 {
				if err == nil {
					t.Fatalf("status %d, want a failure", resp.Status.Code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status.Code != tt.status || !strings.Contains(resp.Header.Get("WWW-Authenticate"), tt.challenge) {
				t.Errorf("status %d, challenge %q", resp.Status.Code, resp.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestScriptableAccessTokenResolver(t *testing.T) {
	const script = "import org.forgerock.http.oauth2.AccessTokenInfo\nimport static org.forgerock.json.JsonValue.*\nif (token == 'bad') { return null }\n" +
		"return new AccessTokenInfo(json(object(field('sub', 'depot'), field('scope', 'ignored'))), token, [ 'a', 'b' ] as Set, 1800000600000L)"
	f := newFixture(t).load(t, `[{"name":"r","type":"ScriptableAccessTokenResolver","config":{"type":"application/x-groovy","source":`+lines(script)+`}}]`).ok(t)
	r := object[AccessTokenResolver](t, f, "r")
	got, err := r.Resolve(exchangeFor(t, "http://h/"), "good")
	if err != nil {
		t.Fatal(err)
	}
	if sub, _ := got.Info.Text("sub"); sub != "depot" || got.Token != "good" || got.ExpiresAt != 1_800_000_600_000 || strings.Join(got.Scopes, " ") != "a b" {
		t.Errorf("token %s", got)
	}
	var failed *token.Unavailable
	if _, err := r.Resolve(exchangeFor(t, "http://h/"), "bad"); !errors.As(err, &failed) {
		t.Errorf("null: %v, want an Unavailable", err)
	}
}

func TestCertificateThumbprint(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	field := url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	const filter = `[{"name":"f","type":"CertificateThumbprintFilter","config":{"certificate":"${pemCertificate(urlDecode(request.headers['x-cert'][0]))}"`
	tests := []struct {
		name, config string
		header       []string
		status       int
	}{
		{"there", `}}]`, []string{"X-Cert", field}, 200},
		{"no field", `}}]`, nil, 403},
		{"no certificate", `}}]`, []string{"X-Cert", "x"}, 403},
		{"failure handler", `,"failureHandler":"ClientHandler"}}]`, nil, 418},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(418), nil }
			f.load(t, filter+tt.config).ok(t)
			got := ""
			resp, err := object[chain.Filter](t, f, "f").Filter(exchangeFor(t, "http://h/", tt.header...),
				chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
					got = thumbprint(x)
					return chain.NewResponse(200), nil
				}))
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status.Code != tt.status {
				t.Errorf("status %d, want %d", resp.Status.Code, tt.status)
			}
			if want := thumbprintOf(&x509.Certificate{Raw: der}); tt.status == 200 && got != want {
				t.Errorf("thumbprint %q, want %q", got, want)
			}
		})
	}
}
