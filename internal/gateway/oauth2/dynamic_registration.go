package oauth2

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// assertionLife is how long the assertions of a registered client are good for.
const assertionLife = conf.Duration(time.Minute)

// register makes the gateway a client of an issuer (RFC 7591 §3.1).
func (d *discovery) register(x *chain.Exchange, p *loginPlace, i *Issuer) (*ClientRegistration, error) {
	if !slices.Contains(d.redirectURIs(), p.redirectURI()) {
		return nil, invalid("None of the configured redirect_uris is the callback of this client endpoint.", nil)
	}
	m, err := i.metadata(x)
	if err != nil {
		return nil, err
	}
	if m.registration == "" {
		return nil, &Error{Code: "server_error", Description: "The authorization server registers no clients."}
	}
	request, scopes, err := d.request(x, m)
	if err != nil {
		return nil, err
	}
	info, err := postJSON(x, d.DiscoveryHandler.Get(), m.registration, request)
	if err != nil {
		return nil, err
	}
	return d.registered(info, i, scopes)
}

// request is the client's metadata and the scopes among it.
func (d *discovery) request(x *chain.Exchange, m *metadata) (map[string]any, []string, error) {
	request := maps.Clone(d.Metadata)
	delete(request, "pkce_method")
	var scopes []string
	if text, ok := request["scope"].(string); ok {
		scopes = strings.Fields(text)
	} else if list, ok := words(request["scopes"]); ok && list != nil {
		// Servers of RFC 7591 know scope alone, others the list.
		scopes = list
		request["scope"] = joined(list)
	}
	method := d.TokenEndpointAuthMethod
	if method == privateKeyMethod && m.authMethods != nil && !slices.Contains(m.authMethods, privateKeyMethod) {
		method = "" // the server says with its answer what it takes
	}
	if method != "" {
		request["token_endpoint_auth_method"] = method
	}
	if method == privateKeyMethod {
		request["token_endpoint_auth_signing_alg"] = d.TokenEndpointAuthSigningAlg
		if _, given := request["jwks"]; !given && request["jwks_uri"] == nil {
			keys, err := d.publicKeys(x)
			if err != nil {
				return nil, nil, err
			}
			request["jwks"] = keys
		}
	}
	return request, scopes, nil
}

var errNoPublicKey = errors.New("the key of \"discoverySecretId\" has no public half")

func (d *discovery) publicKeys(x *chain.Exchange) (json.RawMessage, error) {
	key, err := d.SecretsProvider.Key(x.Ctx(), d.DiscoverySecretID)
	if err != nil {
		return nil, err
	}
	public := key.Public()
	if public == nil {
		return nil, errNoPublicKey
	}
	return jose.NewKeySet(public).MarshalJSON()
}

func postJSON(x *chain.Exchange, h chain.Handler, to string, v any) (*token.Info, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	req, err := newRequest("POST", to)
	if err != nil {
		return nil, err
	}
	req.Header["Content-Type"] = []string{"application/json"}
	req.Entity.SetBytes(body)
	status, answer, err := exchange(x, h, req)
	if err != nil {
		return nil, err
	}
	info, parseErr := token.ParseInfo(answer)
	switch {
	case status != 201 && parseErr == nil:
		code, _ := info.Text("error")
		return nil, fmt.Errorf("post %s: status %d %s", place(req.URI), status, printableCode(code))
	case status != 201:
		return nil, fmt.Errorf("post %s: status %d", place(req.URI), status)
	case parseErr != nil:
		return nil, fmt.Errorf("post %s: %w", place(req.URI), parseErr)
	}
	return info, nil
}

// registered makes a registration of what the server answered (RFC 7591 §3.2.1).
func (d *discovery) registered(info *token.Info, i *Issuer, scopes []string) (*ClientRegistration, error) {
	id, _ := info.Text("client_id")
	if id == "" {
		return nil, errors.New("the server's answer to a registration has no client_id")
	}
	r := &ClientRegistration{registrationFields: registrationFields{
		ClientID: id, Issuer: heap.RefTo(i), PKCEMethod: "S256", Scopes: scopes, RegistrationHandler: d.DiscoveryHandler,
	}}
	if pkce, _ := d.Metadata["pkce_method"].(string); pkce == "none" {
		r.PKCEMethod = pkce
	}
	r.TokenEndpointAuthMethod = d.TokenEndpointAuthMethod
	if method, ok := info.Text("token_endpoint_auth_method"); ok {
		r.TokenEndpointAuthMethod = method
	}
	r.TokenEndpointAuthSigningAlg = d.TokenEndpointAuthSigningAlg
	if alg, ok := info.Text("token_endpoint_auth_signing_alg"); ok && jose.Algorithm(alg).Signs() {
		r.TokenEndpointAuthSigningAlg = alg
	}
	secret, hasSecret := info.Text("client_secret")
	switch r.TokenEndpointAuthMethod {
	case privateKeyMethod:
		if d.DiscoverySecretID == "" {
			return nil, errors.New("the server wants private_key_jwt and no \"discoverySecretId\" is configured")
		}
		r.JwtExpirationTimeout = assertionLife
		r.own = r.withAssertion(d.SecretsProvider, d.DiscoverySecretID, i.now)
	case "client_secret_basic", "client_secret_post":
		if !hasSecret || secret == "" {
			return nil, errors.New("the server's answer to a registration has no client_secret")
		}
		r.own = r.withSecret(secrets.ProviderOf(known(secret)), "client.secret")
	case "none":
	default:
		return nil, errors.New("the server wants a way of client authentication that is not supported")
	}
	if hasSecret && secret != "" {
		// Such clients may get ID tokens with an HMAC.
		r.ClientSecretID, r.SecretsProvider = "client.secret", secrets.ProviderOf(known(secret))
	}
	return r, nil
}
