package oauth2

import (
	"encoding/json"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// resourceMetadata says which authorization servers issue tokens for a resource, and
// which ones (RFC 9728 §2).
type resourceMetadata struct {
	Resource             conf.URL       `conf:"resource,required"`
	AuthorizationServers []conf.URL     `conf:"authorizationServers"`
	Scopes               []string       `conf:"scopes"`
	BearerMethods        []string       `conf:"bearerMethods,oneof=header|body|query"`
	JwksURI              *conf.URL      `conf:"jwksUri"`
	Name                 string         `conf:"resourceName"`
	Documentation        *conf.URL      `conf:"resourceDocumentation"`
	Policy               *conf.URL      `conf:"resourcePolicyUri"`
	TermsOfService       *conf.URL      `conf:"resourceTosUri"`
	CertificateBound     bool           `conf:"tlsClientCertificateBoundAccessTokens"`
	DpopAlgorithms       []string       `conf:"dpopSigningAlgorithms"`
	DpopRequired         bool           `conf:"dpopBoundAccessTokensRequired"`
	Metadata             map[string]any `conf:"metadata"`
}

var resourceMetadataType = heap.Define("ProtectedResourceMetadataHandler", func(c *resourceMetadata, env *heap.Env) (chain.Handler, error) {
	switch {
	case c.Resource.URL == nil:
		return nil, nil
	case c.Resource.Fragment != "" || strings.Contains(c.Resource.String(), "#"):
		env.Fail("resource", "the resource must not have a fragment (RFC 9728 §1.2)")
	case c.Resource.Scheme != "https":
		env.Warn("resource", "clients accept https resources only (RFC 9728 §1.2)")
	}
	for _, s := range c.Scopes {
		if !isScope(s) {
			env.Fail("scopes", "expected a scope, which is a word without blanks and quotes, found %q", s)
		}
	}
	body, err := json.Marshal(c.document())
	if err != nil {
		return nil, err
	}
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		if x.Request.Method != "GET" && x.Request.Method != "HEAD" {
			r := chain.NewResponse(405)
			r.Header["Allow"] = []string{"GET, HEAD"}
			return r, nil
		}
		r := chain.NewResponse(200)
		r.Header["Content-Type"] = []string{"application/json"}
		r.Entity.SetBytes(body)
		return r, nil
	}), nil
})

// document is the metadata; members without a value are left out.
func (c *resourceMetadata) document() map[string]any {
	m := map[string]any{}
	for name, v := range c.Metadata {
		m[name] = v
	}
	m["resource"] = c.Resource.String()
	for name, u := range map[string]*conf.URL{
		"jwks_uri": c.JwksURI, "resource_documentation": c.Documentation, "resource_policy_uri": c.Policy, "resource_tos_uri": c.TermsOfService,
	} {
		if u != nil {
			m[name] = u.String()
		}
	}
	servers := make([]string, len(c.AuthorizationServers))
	for i, u := range c.AuthorizationServers {
		servers[i] = u.String()
	}
	methods := c.BearerMethods
	if methods == nil {
		methods = []string{"header"}
	}
	for name, list := range map[string][]string{
		"authorization_servers": servers, "scopes_supported": c.Scopes, "bearer_methods_supported": methods,
		"dpop_signing_alg_values_supported": c.DpopAlgorithms,
	} {
		if len(list) > 0 {
			m[name] = list
		}
	}
	if c.Name != "" {
		m["resource_name"] = c.Name
	}
	if c.CertificateBound {
		m["tls_client_certificate_bound_access_tokens"] = true
	}
	if c.DpopRequired {
		m["dpop_bound_access_tokens_required"] = true
	}
	return m
}
