package oauth

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

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
	var err error
	key, before := req.ProofKey, parseConfirmation(a.Cnf)
	switch {
	case before.Key != "" && key == "", before.Key != "" && key != before.Key && req.Client.IsPublic():
		return ErrGrant.Because(errors.New("the grant is bound to a key of which there is no proof"))
	case before.Hash != "" && req.Client.IsPublic() && !q.showsCertificate(before.Hash):
		return ErrGrant.Because(errors.New("the certificate that the grant is bound to is not shown"))
	case before.Key == "" && a.Cnf != nil:
		if key != "" && before.Hash == "" {
			return Refuse("invalid_request", "The grant is bound to another key than that of the DPoP proof.")
		}
	default: // a confidential client may change its key (RFC 9449 §5)
		if a.Cnf, err = q.confirmation(q.r, req); err != nil {
			return err
		}
	}
	if key != "" {
		if a.Cnf, err = withKey(a.Cnf, key); err != nil {
			return err
		}
	}
	return q.checkConstrained(a.Cnf)
}

// confirmed is the claim cnf as far as this server looks at it.
type confirmed struct {
	Hash string `json:"x5t#S256"`
	Key  string `json:"jkt"`
}

// parseConfirmation reads cnf. What cannot be read binds to nothing that this server knows.
func parseConfirmation(cnf json.RawMessage) confirmed {
	if len(cnf) == 0 {
		return confirmed{}
	}
	var c confirmed
	if json.Unmarshal(cnf, &c) != nil {
		return confirmed{}
	}
	return c
}

// withKey adds the thumbprint of a DPoP key to cnf (RFC 9449 §6.1).
func withKey(cnf json.RawMessage, key string) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if len(cnf) > 0 {
		if err := json.Unmarshal(cnf, &members); err != nil {
			return nil, internal("read cnf", err)
		}
	}
	if _, other := members["jwk"]; other {
		return nil, Refuse("invalid_request", "cnf_key and a DPoP proof must not be used together.")
	}
	members["jkt"] = appendText(nil, key)
	return json.Marshal(members)
}

// tokenType is the type of a token with that cnf (RFC 6750, RFC 9449 §5).
func tokenType(cnf json.RawMessage) string {
	if len(cnf) > 0 && parseConfirmation(cnf).Key != "" {
		return "DPoP"
	}
	return "Bearer"
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

// checkBound refuses a token, shown as raw, that is bound to what the request does not show: a certificate (RFC 8705
// §3), or a key of which it has no proof (RFC 9449 §7.1).
func (q *request) checkBound(f *Found, raw string) error {
	cnf := parseConfirmation(f.Cnf)
	if err := q.checkProof(cnf.Key, raw); err != nil {
		return err
	}
	if cnf.Hash == "" {
		return nil // not bound, or to a key whose use the resource servers check
	}
	if q.showsCertificate(cnf.Hash) {
		return nil
	}
	refusal := *ErrToken
	refusal.Challenge = `Bearer realm="` + quotable(q.Realm.Path) + `", error="invalid_token"`
	return &refusal
}

func (q *request) showsCertificate(hash string) bool {
	cert, _, err := q.ClientCertificate(q.r)
	return err == nil && cert != nil && certificateHash(cert) == hash
}
