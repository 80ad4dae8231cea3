package oauth2

import (
	"errors"
	"io"
	"strings"
	"testing"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

func stream(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// exchangeDecl is a route's way to exchange tokens, with a failure handler that prints
// the failure.
const exchangeDecl = `[{"name":"am","type":"AmService","config":{"agent":{"username":"ig_agent","passwordSecretId":"agent.secret.id"},"secretsProvider":"env","url":"http://am/openam/"}},
	{"name":"tx","type":"OAuth2TokenExchangeFilter","config":{"amService":"am","subjectToken":"#{request.entity.form['subject_token'][0]}","scopes":["mail"],
	"endpointHandler":{"type":"Chain","config":{"filters":[{"type":"ClientSecretPostAuthenticationFilter","config":{"clientId":"app","clientSecretId":"client.secret.id","secretsProvider":"env"}}],"handler":"ForgeRockClientHandler"}}%s}}]`

func TestTokenExchange(t *testing.T) {
	const issued = "{\"access_token\": \"${contexts.oauth2TokenExchange.issuedToken}\", \"issued_token_type\": \"${contexts.oauth2TokenExchange.issuedTokenType}\"}"
	const failed = "${contexts.oauth2Failure.error}: ${contexts.oauth2Failure.description}"
	tests := []struct {
		name, body string
		server     chain.HandlerFunc
		fails      bool
		want       string
	}{
		{"good", "subject_token=abc", func(*chain.Exchange) (*chain.Response, error) {
			return reply(200, `{"access_token":"xyz","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","expires_in":3600,"scope":"mail"}`)
		}, false, `{"access_token": "xyz", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}`},
		{"refused", "subject_token=abc", func(*chain.Exchange) (*chain.Response, error) {
			return reply(400, `{"error":"invalid_request","error_description":"Invalid token exchange."}`)
		}, true, "invalid_request: Invalid token exchange."},
		{"refused without words", "subject_token=abc", func(*chain.Exchange) (*chain.Response, error) {
			return reply(401, `{"error":"invalid_client"}`)
		}, true, "invalid_client: "},
		{"no subject token", "other=abc", nil, true, "invalid_request: The request has no subject token."},
		{"a page", "subject_token=abc", func(*chain.Exchange) (*chain.Response, error) { return reply(500, `<html>`) },
			true, "server_error: unable to exchange access token [status=500]"},
		{"no answer", "subject_token=abc", func(*chain.Exchange) (*chain.Response, error) { return nil, errors.New("refused") },
			true, "server_error: the authorization server cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, strings.Replace(exchangeDecl, "%s", "", 1)).ok(t)
			if tt.server != nil {
				f.server = tt.server
			}
			printer := func(src string) chain.HandlerFunc {
				return func(x *chain.Exchange) (*chain.Response, error) {
					e, err := expr.Compile(src, nil)
					if err != nil {
						t.Fatal(err)
					}
					r := chain.NewResponse(200)
					got, _ := e.Text(x)
					return r, r.Entity.SetText(got)
				}
			}
			filter := object[chain.Filter](t, f, "tx").(*tokenExchange)
			x := exchangeFor(t, "http://ig/token-exchange", "Content-Type", "application/x-www-form-urlencoded")
			x.Request.Method = "POST"
			x.Request.Entity.SetStream(stream(tt.body), int64(len(tt.body)))
			if _, err := filter.Filter(x, printer(issued)); tt.fails != (err != nil) {
				t.Errorf("without failure handler: %v", err)
			}
			filter.FailureHandler = heap.RefTo[chain.Handler](printer(failed))
			resp, err := filter.Filter(x, printer(issued))
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Entity.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := x.Request.Entity.String(); got != tt.body {
				t.Errorf("the request's body became %q", got)
			}
			if tt.server == nil {
				return
			}
			const want = "POST http://am/openam/oauth2/realms/root/access_token client_id=app&client_secret=p%26ss&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&scope=mail&subject_token=abc&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
			if f.requests[0] != want {
				t.Errorf("request\n got %s\nwant %s", f.requests[0], want)
			}
		})
	}
}
