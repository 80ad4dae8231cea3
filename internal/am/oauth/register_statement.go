package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// withStatement puts what a software statement says over what the client says about itself (RFC 7591 §2.3), and gives
// the statement's claims, nil when there is none. The publisher must be one of the realm's software publishers.
func (q *request) withStatement(ctx context.Context, body string) (string, map[string]any, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &members) != nil {
		return body, nil, nil // told by whoever reads it next
	}
	var raw string
	if text, ok := members["software_statement"]; ok && json.Unmarshal(text, &raw) != nil {
		return "", nil, refuseStatement(errors.New("not a text"))
	}
	if raw == "" {
		if q.Settings.Registration.SoftwareStatementRequired {
			return "", nil, refuseStatement(errors.New("there is none")).withText("A software statement is required.")
		}
		return body, nil, nil
	}
	claims, err := q.checkStatement(ctx, raw)
	if err != nil {
		return "", nil, err
	}
	for _, name := range q.Settings.Registration.AttestedAttributes {
		if _, said := claims[name]; !said {
			return "", nil, refuseStatement(nil).withText("The software statement does not attest " + name + ".")
		}
	}
	for name, value := range claims {
		if !slices.Contains([]string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "software_statement"}, name) {
			if members[name], err = json.Marshal(value); err != nil {
				return "", nil, internal("read software statement", err)
			}
		}
	}
	merged, err := json.Marshal(members)
	return string(merged), claims, err
}

func refuseStatement(cause error) *Error {
	return Refuse("invalid_software_statement", "The software statement is not valid.").Because(cause)
}

// withText returns e with another description.
func (e *Error) withText(text string) *Error {
	c := *e
	c.Description = text
	return &c
}

func (q *request) checkStatement(ctx context.Context, raw string) (map[string]any, error) {
	iss, _, err := AssertionIssuer(raw)
	if err != nil {
		return nil, refuseStatement(err)
	}
	publisher, err := q.Realm.SoftwarePublisher(ctx, iss)
	if errors.Is(err, store.ErrNotFound) {
		return nil, Refuse("unapproved_software_statement", "The publisher of the software statement is not approved.")
	}
	if err != nil {
		return nil, err
	}
	keys, err := q.publisherKeys(publisher)
	if err != nil {
		return nil, refuseStatement(err)
	}
	tok, err := jose.Verify(ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: []jose.Algorithm{jose.Algorithm(publisher.SigningAlgorithm)}})
	if err != nil {
		return nil, refuseStatement(err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err == nil {
		err = claims.Check(jose.Expect{Now: q.Now(), Skew: assertionSkew, Require: []string{"iss"}}) // exp may be left out
	}
	if err != nil {
		return nil, refuseStatement(err)
	}
	return claims.Values, nil
}

func (p *Provider) publisherKeys(s *realm.SoftwarePublisher) (jose.Finder, error) {
	switch {
	case jose.Algorithm(s.SigningAlgorithm).Symmetric():
		secret, ok := s.Secret()
		if !ok {
			return nil, errors.New("the publisher has no secret for its algorithm")
		}
		key, err := jose.NewClientSecret(string(secret))
		return jose.NewKeySet(key), err
	case s.PublicKeyLocation == "jwks":
		return publicSet(s.JWKSet)
	}
	return p.remote.get(s.JWKSURI, s.JWKSCacheMillis, s.JWKSCacheMissMillis, Reach{Anywhere: true})
}
