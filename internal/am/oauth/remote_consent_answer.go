package oauth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// errConsentResponse is shown to the user: what nobody consented to is no affair of the client's.
var errConsentResponse = Refuse("bad_request", "The consent response is not valid.")

// answer applies what the service says that the user decided: errDenied, or what is left of the scopes and details.
func (c *remoteConsent) answer() error {
	ctx := c.r.Context()
	claims, err := c.open(ctx, c.form.Get(consentResponse))
	if err == nil {
		err = c.check(ctx, claims)
	}
	if err != nil {
		return errConsentResponse.Because(fmt.Errorf("remote consent service %q: %w", c.agent.ID, err))
	}
	csrf, _ := claims.Values["csrf"].(string)
	err = c.once.Once(ctx, c.Realm.Path, "remote consent", csrf, claims.Expires.Add(assertionSkew))
	if errors.Is(err, store.ErrUsed) {
		return errConsentResponse.Because(err)
	}
	if err != nil {
		return err
	}
	if !isTrue(claims.Values["decision"]) {
		return errDenied
	}
	if err := c.narrow(claims); err != nil {
		return err
	}
	if isTrue(claims.Values["save_consent"]) {
		return c.saveConsent()
	}
	return nil
}

// open decrypts the answer, where it is encrypted, and verifies its signature.
func (c *remoteConsent) open(ctx context.Context, raw string) (*jose.Claims, error) {
	alg, err := amongSupported(jose.Algorithm(c.agent.ResponseSigningAlg), c.Settings.Consent.RemoteResponseSigning)
	if err != nil {
		return nil, err
	}
	if strings.Count(raw, ".") == 4 {
		if raw, err = c.decrypt(ctx, raw); err != nil {
			return nil, err
		}
	}
	var keys jose.Finder
	if alg.Symmetric() {
		var key *jose.Key
		key, err = c.secretKey()
		keys = jose.NewKeySet(key)
	} else {
		keys, err = c.keys()
	}
	if err != nil {
		return nil, err
	}
	tok, err := jose.Verify(ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: []jose.Algorithm{alg}})
	if err != nil {
		return nil, err
	}
	return jose.ParseClaims(tok.Payload)
}

func (c *remoteConsent) decrypt(ctx context.Context, raw string) (string, error) {
	alg, err := amongSupported(jose.Algorithm(c.agent.ResponseEncryptionAlg), c.Settings.Consent.RemoteResponseEncryption)
	if err != nil {
		return "", err
	}
	enc, err := amongSupported(jose.Encryption(c.agent.ResponseEncryptionEnc), c.Settings.Consent.RemoteResponseEncryptionEncs)
	if err != nil {
		return "", err
	}
	var keys *jose.KeySet
	if alg.Symmetric() {
		var key *jose.Key
		key, err = c.sharedEncryption(alg, enc)
		keys = jose.NewKeySet(key)
	} else {
		keys, err = c.Realm.Keys().Valid(ctx, realm.LabelConsentDecryption)
	}
	if err != nil {
		return "", err
	}
	tok, err := jose.Decrypt(ctx, raw, jose.DecryptOptions{Keys: keys, Algorithms: []jose.Algorithm{alg}, Encryptions: []jose.Encryption{enc}})
	if err != nil {
		return "", err
	}
	return string(tok.Payload), nil
}

// check tells whether the answer is this service's, to this server, about this request of this user.
func (c *remoteConsent) check(ctx context.Context, claims *jose.Claims) error {
	err := claims.Check(jose.Expect{
		Now: c.Now(), Skew: assertionSkew, Issuers: []string{c.agent.ID}, Require: []string{"exp", "aud", "csrf", "decision"},
		MaxLife: seconds(c.global().JWTMaxLifetime),
	})
	if err != nil {
		return err
	}
	ours := func(aud string) bool {
		return slices.ContainsFunc(c.issuers(), func(iss string) bool { return sameAddress(aud, iss) })
	}
	if !slices.ContainsFunc(claims.Audience, ours) {
		return jose.ErrAudience
	}
	if id, ok := claims.Values["clientId"]; ok && id != c.client.ID {
		return errors.New("clientId is of another client")
	}
	if name, ok := claims.Values["username"]; ok && name != c.session.Subject.Name {
		return errors.New("username is somebody else's")
	}
	got, _ := claims.Values["csrf"].(string)
	nonce, _, _ := strings.Cut(got, ".")
	own, err := c.csrf(ctx, nonce)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(own)) != 1 {
		return errors.New("csrf is of another request")
	}
	return nil
}

// narrow leaves the scopes that the user consented to. Details may be others than those that were asked for, of the same
// types: a service lets the user choose accounts, for example (RFC 9396 §7.1).
func (c *remoteConsent) narrow(claims *jose.Claims) error {
	allowed, ok := textList(claims.Values["scopes"])
	if !ok || slices.ContainsFunc(allowed, func(s string) bool { return !contains(c.scopes, s) }) {
		return errConsentResponse.Because(errors.New("scopes are missing, or were not asked for"))
	}
	c.scopes = slices.DeleteFunc(slices.Clone(c.scopes), func(s string) bool { return !contains(allowed, s) })
	if len(c.scopes) == 0 && len(c.details) == 0 || c.types.idToken && !contains(c.scopes, "openid") {
		return errDenied
	}
	list, there := claims.Values["authorization_details"]
	if !there || len(c.details) == 0 {
		return nil
	}
	return c.narrowDetails(list)
}

func (c *remoteConsent) narrowDetails(list any) error {
	text, err := json.Marshal(list)
	if err != nil {
		return errConsentResponse.Because(err)
	}
	if string(text) == "[]" {
		c.details = nil
		return nil
	}
	details, err := c.parseDetails(string(text))
	if err != nil {
		return errConsentResponse.Because(err)
	}
	for _, d := range details {
		if !slices.ContainsFunc(c.details, func(asked detail) bool { return asked.Type == d.Type }) {
			return errConsentResponse.Because(errors.New("authorization_details of a type that was not asked for"))
		}
	}
	c.details = details
	return nil
}

// textList reads a list of texts, or a text of words.
func textList(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return strings.Fields(v), true
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}

// isTrue takes true, and what services write that know texts alone.
func isTrue(v any) bool { return v == true || v == "true" }
