package oauth2

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/secrets"
)

// discovery finds the authorization server of a user from an address that the user gives
// (OIDC Discovery §2), and registers a client there (RFC 7591).
type discovery struct {
	discoveryFields
	configured registrations
	repository *IssuerRepository
	env        *heap.Env
	log        *slog.Logger
	flight     amservice.Flight[*ClientRegistration]
}

type discoveryFields struct {
	Metadata                    map[string]any          `conf:"metadata"`
	DiscoveryHandler            heap.Ref[chain.Handler] `conf:"discoveryHandler,default=ClientHandler"`
	DiscoverySecretID           secrets.ID              `conf:"discoverySecretId"`
	TokenEndpointAuthMethod     string                  `conf:"tokenEndpointAuthMethod,oneof=client_secret_basic|client_secret_post|private_key_jwt"`
	TokenEndpointAuthSigningAlg string                  `conf:"tokenEndpointAuthSigningAlg,default=RS256"`
	SecretsProvider             secrets.Provider        `conf:"secretsProvider"`
}

func newDiscovery(c *loginFields, env *heap.Env) *discovery {
	d := &discovery{discoveryFields: c.discoveryFields, configured: c.Registrations, env: env, log: env.Log}
	switch {
	case c.UseDeprecatedIssuerRepository && c.IssuerRepository.IsSet():
		d.repository = c.IssuerRepository.Get()
	case c.UseDeprecatedIssuerRepository && env.Heap.Place(defaultRepository) != nil:
		v, _ := env.Heap.Get(defaultRepository)
		repository, ok := v.(*IssuerRepository)
		if !ok {
			env.Fail("useDeprecatedIssuerRepository", "the object %q is no issuer repository", defaultRepository)
			return d
		}
		d.repository = repository
	case c.IssuerRepository.IsSet():
		env.Warn("issuerRepository", "the field has no effect unless \"useDeprecatedIssuerRepository\" is true")
		fallthrough
	default:
		d.repository = &IssuerRepository{limits: env.Limits}
	}
	if d.DiscoverySecretID != "" {
		d.SecretsProvider.OrEnvironment(env)
		d.TokenEndpointAuthMethod = privateKeyMethod
		checkSigningAlg(env, d.TokenEndpointAuthSigningAlg)
	}
	if d.TokenEndpointAuthMethod == privateKeyMethod && d.DiscoverySecretID == "" {
		env.Fail("tokenEndpointAuthMethod", "the method private_key_jwt needs \"discoverySecretId\"")
	}
	if d.TokenEndpointAuthMethod == "" {
		d.TokenEndpointAuthMethod = "client_secret_basic"
	}
	if d.Metadata != nil && len(d.redirectURIs()) == 0 {
		env.Fail("metadata", "the metadata of a client needs \"redirect_uris\"")
	}
	return d
}

const (
	privateKeyMethod = "private_key_jwt"
	webFingerRel     = "http://openid.net/specs/connect/1.0/issuer"
)

// known are the clients that were registered.
func (d *discovery) known() registrations { return d.repository.all() }

func (d *discovery) redirectURIs() []string {
	list, _ := d.Metadata["redirect_uris"].([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

var errDiscovery = errors.New("the address leads to no authorization server")

// registration returns the client for the user with this address. Who has no
// configuration for registering clients gets none but those configured: else any address
// that a user types would be asked.
func (d *discovery) registration(x *chain.Exchange, p *loginPlace, input string) (*ClientRegistration, error) {
	resource, host, err := normalized(input)
	if err != nil {
		return nil, invalid("The parameter discovery is no address of a user or server.", err)
	}
	for _, r := range d.configured {
		if r.Issuer.Get().serves(host) {
			return r, nil
		}
	}
	if r, ok := d.repository.find(host, p.endpoint); ok {
		return r, nil
	}
	if d.Metadata == nil {
		return nil, invalid("The address belongs to no authorization server that is known here.", nil)
	}
	r, err := d.flight.Do(x, host+" "+p.endpoint, func() (*ClientRegistration, error) {
		if r, ok := d.repository.find(host, p.endpoint); ok {
			return r, nil
		}
		return d.discover(x, p, resource, host)
	})
	var e *Error
	if err != nil && !errors.As(err, &e) {
		err = &Error{Code: "server_error", Description: "The authorization server cannot be found.", Err: err}
	}
	return r, err
}

// normalized reads what a user gives (OIDC Discovery §2.1): a mail address, an acct URI,
// a host, or a URL. It returns the resource to ask for and the host that knows it.
func normalized(input string) (resource, host string, err error) {
	if input == "" || len(input) > 1024 || strings.ContainsFunc(input, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return "", "", errDiscovery
	}
	text := input
	if !strings.Contains(text, "://") {
		if name, isAccount := strings.CutPrefix(text, "acct:"); isAccount || strings.Contains(text, "@") && !strings.ContainsAny(text, "/?#") {
			return account(name)
		}
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return "", "", errDiscovery
	}
	u.Fragment = ""
	return u.String(), u.Scheme + "://" + u.Host + "/", nil
}

func account(name string) (resource, host string, err error) {
	at := strings.LastIndexByte(name, '@')
	if at <= 0 {
		return "", "", errDiscovery
	}
	u, err := url.Parse("https://" + name[at+1:])
	if err != nil || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return "", "", errDiscovery
	}
	return "acct:" + name, "https://" + u.Host + "/", nil
}

// discover asks the host for the user's issuer (RFC 7033 §4).
func (d *discovery) discover(x *chain.Exchange, p *loginPlace, resource, host string) (*ClientRegistration, error) {
	query := url.Values{"resource": {resource}, "rel": {webFingerRel}}
	info, err := getJSON(x, d.DiscoveryHandler.Get(), host+".well-known/webfinger?"+query.Encode())
	if err != nil {
		return nil, err
	}
	href := issuerLink(info)
	if !isWebURL(href) {
		return nil, fmt.Errorf("ask %s.well-known/webfinger: %w", host, errDiscovery)
	}
	for _, r := range d.configured {
		if r.Issuer.Get().expected == href {
			return r, nil
		}
	}
	if r, ok := d.repository.issuedBy(href, p.endpoint); ok {
		d.repository.add(discovered{host, p.endpoint, r})
		return r, nil
	}
	r, err := d.register(x, p, d.issuer(href))
	if err != nil {
		return nil, err
	}
	d.repository.add(discovered{host, p.endpoint, r})
	return r, nil
}

func issuerLink(info *token.Info) string {
	v, _ := info.Get("links")
	list, _ := v.(token.List)
	for _, e := range list {
		link, _ := e.(*token.Info)
		if link == nil {
			continue
		}
		if rel, _ := link.Text("rel"); rel == webFingerRel {
			href, _ := link.Text("href")
			return href
		}
	}
	return ""
}

// issuer is the one with this identifier; its document must name it.
func (d *discovery) issuer(id string) *Issuer {
	handler := d.DiscoveryHandler
	if d.repository.handler != nil {
		handler = heap.RefTo(d.repository.handler)
	}
	at, err := url.Parse(strings.TrimSuffix(id, "/") + "/" + wellKnownPath)
	if err != nil {
		at = &url.URL{} // isWebURL held before, so this cannot be
	}
	i := newIssuer(id, issuerFields{WellKnownEndpoint: &conf.URL{URL: at}, IssuerHandler: handler}, d.env)
	i.expected = id
	return i
}
