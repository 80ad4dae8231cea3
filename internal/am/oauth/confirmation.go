package oauth

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// maxCertHeader bounds a certificate that a proxy hands on in a header.
const maxCertHeader = 16 << 10

// ClientCertificate is the certificate that the sender proved to have: in TLS, or to the proxy in front where the
// settings name the header in which it hands the certificate on (PingAM: tlsClientCertificateTrustedHeader). verified
// tells that somebody checked its chain. Without a certificate it is nil.
func (p *Provider) ClientCertificate(r *http.Request) (cert *x509.Certificate, verified bool, err error) {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return r.TLS.PeerCertificates[0], len(r.TLS.VerifiedChains) > 0, nil
	}
	name := p.Settings.Advanced.TLSClientCertHeader
	if name == "" || r.Header.Get(name) == "" {
		return nil, false, nil
	}
	if len(r.Header.Values(name)) > 1 {
		return nil, false, errors.New("the certificate header is there twice")
	}
	cert, err = ParseCertificate(r.Header.Get(name))
	return cert, true, err
}

// ParseCertificate reads a certificate as PEM, as URL-encoded PEM, or as the base64 within it.
func ParseCertificate(text string) (*x509.Certificate, error) {
	if len(text) > maxCertHeader {
		return nil, errors.New("the certificate is too large")
	}
	if strings.Contains(text, "%") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil, errors.New("the certificate is not URL-encoded")
		}
		text = plain
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return x509.ParseCertificate(block.Bytes)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("the certificate is not base64")
	}
	return x509.ParseCertificate(der)
}

// certificateHash is the value of x5t#S256 (RFC 8705 §3.1).
func certificateHash(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// confirmation is the claim cnf of the tokens that a request gets: the certificate that the client authenticated with or
// wants its tokens bound to (RFC 8705 §3), or the key in cnf_key (PingAM: proof of possession).
func (p *Provider) confirmation(r *http.Request, req *TokenRequest) (json.RawMessage, error) {
	if text := req.Get("cnf_key"); text != "" {
		return confirmationKey(text)
	}
	if !p.Settings.Advanced.TLSCertBoundAccessTokens || !bindsTokens(req.Client) {
		return nil, nil
	}
	cert, _, err := p.ClientCertificate(r)
	if err != nil {
		return nil, errMalformed.Because(err)
	}
	if cert == nil {
		return nil, nil
	}
	return json.RawMessage(`{"x5t#S256":"` + certificateHash(cert) + `"}`), nil
}

// bind settles cnf. What a grant carries on stays bound as it was; a public client has to show the certificate again,
// since nothing else proves who it is (RFC 8705 §4).
func (q *request) bind(req *TokenRequest, a *Authorization) error {
	if a.Cnf != nil {
		if req.Client.IsPublic() && q.checkBound(&Found{Token: store.Token{Cnf: a.Cnf}}) != nil {
			return ErrGrant.Because(errors.New("the certificate that the grant is bound to is not shown"))
		}
		return nil
	}
	var err error
	a.Cnf, err = q.confirmation(q.r, req)
	return err
}

func bindsTokens(c *realm.Client) bool {
	method := c.Advanced.TokenEndpointAuthMethod
	return c.Keys.MTLSCertBoundAccessTokens || method == "tls_client_auth" || method == "self_signed_tls_client_auth"
}

func confirmationKey(text string) (json.RawMessage, error) {
	bad := Refuse("invalid_request", "Invalid cnf_key parameter")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "="))
	if err != nil {
		return nil, bad.Because(err)
	}
	key, err := jose.ParseKey(raw)
	if err != nil || key.IsSymmetric() {
		return nil, bad.Because(err)
	}
	public, err := key.Public().MarshalPublic()
	if err != nil {
		return nil, bad.Because(err)
	}
	return append(append([]byte(`{"jwk":`), public...), '}'), nil
}

// checkBound refuses a token that is bound to a certificate which the request does not show (RFC 8705 §3).
func (q *request) checkBound(f *Found) error {
	if len(f.Cnf) == 0 {
		return nil
	}
	var cnf struct {
		Hash string `json:"x5t#S256"`
	}
	if json.Unmarshal(f.Cnf, &cnf) != nil || cnf.Hash == "" {
		return nil // bound to a key whose use the resource servers check
	}
	cert, _, err := q.ClientCertificate(q.r)
	if err == nil && cert != nil && certificateHash(cert) == cnf.Hash {
		return nil
	}
	refusal := *ErrToken
	refusal.Challenge = `Bearer realm="` + quotable(q.Realm.Path) + `", error="invalid_token"`
	return &refusal
}
