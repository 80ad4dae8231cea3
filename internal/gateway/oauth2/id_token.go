package oauth2

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

var (
	errNonce        = errors.New("the nonce is not the one that was sent")
	errAzp          = errors.New("the token was issued to another client")
	errAtHash       = errors.New("the token belongs to another access token")
	errOtherSubject = errors.New("the token is about another user than before")
)

// idTokenCheck is what an ID token must agree with.
type idTokenCheck struct {
	// nonce is what the authorization request had. After a refresh it is "", as is checked
	// against before then.
	nonce       string
	accessToken string
	// before are the claims of the ID token that this one replaces, nil at login.
	before *jose.Claims
}

// checkIDToken verifies an ID token (OIDC Core §3.1.3.7, §12.2), which was decrypted
// before, and returns its claims.
func (r *ClientRegistration) checkIDToken(x *chain.Exchange, m *metadata, raw string, check idTokenCheck) (*jose.Claims, error) {
	t, err := r.verify(x, m, raw)
	if err != nil {
		return nil, err
	}
	claims, err := jose.ParseClaims(t.Payload)
	if err != nil {
		return nil, err
	}
	i := r.Issuer.Get()
	if m.issuer == "" {
		return nil, fmt.Errorf("%w: the issuer is not configured", jose.ErrIssuer)
	}
	err = claims.Check(jose.Expect{
		Now: i.now(), Skew: i.c.IDTokenSkewAllowance.D(), Issuers: []string{m.issuer}, Audiences: []string{r.ClientID},
		Require: []string{"iss", "sub", "aud", "exp", "iat"},
	})
	if err != nil {
		return nil, err
	}
	azp, named := claims.Values["azp"]
	if named && azp != r.ClientID || !named && len(claims.Audience) > 1 {
		return nil, errAzp
	}
	if err := checkAtHash(t.Header.Algorithm, claims, check.accessToken); err != nil {
		return nil, err
	}
	return claims, check.compare(claims)
}

// compare looks at what ties the token to the request, or to the token before.
func (c idTokenCheck) compare(claims *jose.Claims) error {
	nonce, _ := claims.Values["nonce"].(string)
	if c.before == nil {
		if c.nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(c.nonce)) != 1 {
			return errNonce
		}
		return nil
	}
	if claims.Issuer != c.before.Issuer || claims.Subject != c.before.Subject {
		return errOtherSubject
	}
	if first, _ := c.before.Values["nonce"].(string); nonce != "" && nonce != first {
		return errNonce
	}
	return nil
}

// verify checks the signature. The algorithm of the token decides only which of the two
// kinds of keys is asked, and each kind serves its own algorithms alone: a public key is
// never an HMAC secret.
func (r *ClientRegistration) verify(x *chain.Exchange, m *metadata, raw string) (*jose.Token, error) {
	unverified, err := jose.Unverified(raw)
	if err != nil {
		return nil, err
	}
	if r.SkipSignatureVerification {
		return unverified, nil
	}
	o := jose.VerifyOptions{Algorithms: jose.SignatureAlgorithms()}
	if unverified.Header.Algorithm.Symmetric() {
		o.Algorithms = jose.MACAlgorithms()
	}
	i := r.Issuer.Get()
	switch {
	case unverified.Header.Algorithm.Symmetric() && r.secretVerifies():
		o.Keys, err = r.secretKeys(x, jose.NewClientSecret) // OIDC Core §10.1
	case i.c.IDTokenVerificationSecretID != "":
		o.Keys = i.c.SecretsProvider.Keys(i.c.IDTokenVerificationSecretID)
	case unverified.Header.Algorithm.Symmetric():
		return nil, fmt.Errorf("%w: no secret is configured for HMAC", jose.ErrAlgorithm)
	default:
		if len(m.signingAlgs) > 0 {
			o.Algorithms = slices.DeleteFunc(o.Algorithms, func(a jose.Algorithm) bool { return !slices.Contains(m.signingAlgs, string(a)) })
		}
		o.Keys, err = i.publicKeys(m)
	}
	if err != nil {
		return nil, err
	}
	return jose.Verify(x.Ctx(), raw, o)
}

// secretKeys are keys made of the client's secrets.
func (r *ClientRegistration) secretKeys(x *chain.Exchange, made func(secret string) (*jose.Key, error)) (jose.Finder, error) {
	list, err := r.SecretsProvider.Valid(x.Ctx(), r.ClientSecretID)
	if err != nil {
		return nil, err
	}
	var keys []*jose.Key
	for _, s := range list {
		if s.Bytes == nil {
			continue
		}
		k, err := made(string(s.Bytes))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return jose.NewKeySet(keys...), nil
}

// checkAtHash compares at_hash, where there is one, with the access token (OIDC Core
// §3.1.3.6): the left half of the hash that the signature uses.
func checkAtHash(a jose.Algorithm, claims *jose.Claims, accessToken string) error {
	v, there := claims.Values["at_hash"]
	if !there || accessToken == "" {
		return nil
	}
	got, _ := v.(string)
	if subtle.ConstantTimeCompare([]byte(got), []byte(halfHash(a, accessToken))) != 1 {
		return errAtHash
	}
	return nil
}

func halfHash(a jose.Algorithm, text string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(string(a), "384"):
		h := sha512.Sum384([]byte(text))
		sum = h[:]
	case strings.HasSuffix(string(a), "512"), a == jose.EdDSA:
		h := sha512.Sum512([]byte(text))
		sum = h[:]
	default:
		h := sha256.Sum256([]byte(text))
		sum = h[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
