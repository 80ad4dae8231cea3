package oauth

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"gatehouse/internal/jose"
)

// requestKeys are the keys and algorithms that a request object of the client may be signed with.
func (a *authorization) requestKeys() (jose.Finder, []jose.Algorithm, error) {
	algorithms := jose.SignatureAlgorithms()
	if name := a.client.Keys.RequestSigningAlg; name != "" {
		alg, err := signingAlgorithm(name)
		if err != nil {
			return nil, nil, err
		}
		if alg.Symmetric() {
			key, err := secretKey(a.client)
			return jose.NewKeySet(key), []jose.Algorithm{alg}, err
		}
		algorithms = []jose.Algorithm{alg}
	}
	keys, err := a.ClientKeys(a.client)
	return keys, algorithms, err
}

// checkObject applies RFC 9101 §6 and the settings of the provider to the claims of a request object.
func (a *authorization) checkObject(c *jose.Claims) error {
	s := &a.Settings.Advanced
	expect := jose.Expect{Now: a.Now(), Skew: assertionSkew, Issuers: []string{a.client.ID}}
	if c.Issuer == "" {
		expect.Issuers = nil // OIDC Core §6.1: SHOULD
	}
	if s.RequestObjectExpRequired {
		expect.Require = append(expect.Require, "exp")
	}
	if s.RequestObjectNbfRequired {
		expect.Require = append(expect.Require, "nbf")
	}
	if err := c.Check(expect); err != nil {
		return err
	}
	if limit := s.RequestObjectMaxNbfToExp; limit > 0 && !c.NotBefore.IsZero() && !c.Expires.IsZero() &&
		c.Expires.Sub(c.NotBefore) > time.Duration(limit)*time.Minute {
		return errors.New("exp is too far from nbf")
	}
	if limit := s.RequestObjectMaxNbfAge; limit > 0 && !c.NotBefore.IsZero() && a.Now().Sub(c.NotBefore) > time.Duration(limit)*time.Minute {
		return errors.New("nbf is too long ago")
	}
	if len(c.Audience) > 0 && !a.isAudience(c.Audience, "authorize") {
		return errors.New("aud is somebody else")
	}
	if id, ok := c.Values["client_id"]; ok && id != a.client.ID {
		return errors.New("client_id differs")
	}
	for _, own := range [...]string{"request", "request_uri"} {
		if _, there := c.Values[own]; there {
			return errors.New("a request object within a request object")
		}
	}
	return nil
}

// parameterText turns a claim of a request object into the parameter of that name; claims about the object are none.
func parameterText(name string, value any) (string, bool) {
	switch name {
	case "iss", "sub", "aud", "exp", "nbf", "iat", "jti":
		return "", false
	}
	if contains(ownParameters(), name) {
		return "", false
	}
	switch v := value.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case map[string]any, []any:
		text, err := json.Marshal(v)
		return string(text), err == nil
	}
	return "", false
}
