package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// idTokenInfo is POST /idtokeninfo (PingAM): checks an ID token of this server and tells its claims.
func (q *request) idTokenInfo() error {
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	raw := form.Get("id_token")
	if raw == "" {
		return Refuse("bad_request", "no id_token in request")
	}
	claims, client, err := q.openIDToken(q.r.Context(), raw, form.Get("client_id"))
	if err != nil {
		return err
	}
	alg := jose.Algorithm(client.Keys.IDTokenSigningAlg)
	if q.Settings.AdvancedOIDC.IDTokenInfoClientAuth && alg.Symmetric() {
		caller, err := q.authenticateClient(q.r, form, "idtokeninfo")
		if err != nil {
			return err
		}
		if caller.ID != client.ID {
			return q.challenged(q.r, ErrClientAuth)
		}
	}
	if !claims.Expires.IsZero() && !q.Now().Before(claims.Expires) {
		return Refuse("bad_request", "id_token has expired")
	}
	out := claims.Values
	if names := form.Get("claims"); names != "" {
		out = map[string]any{}
		for name := range strings.SplitSeq(names, ",") {
			if v, ok := claims.Values[strings.TrimSpace(name)]; ok {
				out[strings.TrimSpace(name)] = v
			}
		}
	}
	return writeValue(q.w, http.StatusOK, out)
}

// openIDToken verifies an ID token that this server issued, expired or not, and finds its client. It reads the realm
// from the token. One that is encrypted under a client's secret is opened where clientID says whose (PingAM: client_id).
func (p *Provider) openIDToken(ctx context.Context, raw, clientID string) (*jose.Claims, *realm.Client, error) {
	bad := func(why string, err error) error { return Refuse("bad_request", "invalid id_token: "+why).Because(err) }
	if clientID != "" && strings.Count(raw, ".") == 4 {
		inner, err := p.decryptIDToken(ctx, raw, clientID)
		if err != nil {
			return nil, nil, bad("encryption", err)
		}
		raw = inner
	}
	head, err := jose.Unverified(raw)
	if err != nil {
		return nil, nil, bad("not a signed JWT", err)
	}
	rl := p.Realm
	if other := p.realmOf(head.Payload); other != nil {
		rl = other
	}
	claims, err := jose.ParseClaims(head.Payload)
	if err != nil {
		return nil, nil, bad("unreadable claims", err)
	}
	client, err := clientOf(ctx, rl, claims)
	if err != nil {
		return nil, nil, err
	}
	payload, err := p.verifyIDToken(ctx, rl, client, raw)
	if err != nil {
		return nil, nil, bad("signature", err)
	}
	if claims, err = jose.ParseClaims(payload); err != nil || claims.Values["tokenName"] != "id_token" {
		return nil, nil, bad("no ID token", err)
	}
	return claims, client, nil
}

// openHint opens an ID token by which the client hints at a user: one of this realm, whose names mean somebody here, and
// the client's own. It may have expired.
func (p *Provider) openHint(ctx context.Context, c *realm.Client, raw string) (*jose.Claims, error) {
	bad := Refuse("invalid_request", "Invalid id_token_hint parameter")
	claims, of, err := p.openIDToken(ctx, raw, c.ID)
	if _, refused := errors.AsType[*Error](err); refused {
		return nil, bad.Because(err)
	}
	if err != nil {
		return nil, err
	}
	if of.ID != c.ID || claims.Values["realm"] != p.Realm.Path {
		return nil, bad.Because(errors.New("the ID token is another client's, or of another realm"))
	}
	return claims, nil
}

// decryptIDToken opens an ID token that is encrypted under the client's secret. One that is encrypted to the client's
// public key nobody but the client can open.
func (p *Provider) decryptIDToken(ctx context.Context, raw, clientID string) (string, error) {
	client, err := p.Realm.Client(ctx, clientID)
	if err != nil {
		return "", err
	}
	k := &client.Keys
	alg, enc := jose.Algorithm(k.IDTokenEncryptionAlg), jose.Encryption(k.IDTokenEncryptionEnc)
	if !k.IDTokenEncryption || !alg.Symmetric() {
		return "", errors.New("the client's ID tokens are not encrypted under its secret")
	}
	key, err := p.encryptionKey(ctx, client, alg, enc, "")
	if err != nil {
		return "", err
	}
	tok, err := jose.Decrypt(ctx, raw, jose.DecryptOptions{
		Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{alg}, Encryptions: []jose.Encryption{enc},
	})
	if err != nil {
		return "", err
	}
	return string(tok.Payload), nil
}

func clientOf(ctx context.Context, rl *realm.Realm, claims *jose.Claims) (*realm.Client, error) {
	names := claims.Audience
	if azp, ok := claims.Values["azp"].(string); ok {
		names = append([]string{azp}, names...)
	}
	for _, id := range names {
		client, err := rl.Client(ctx, id)
		if err == nil {
			return client, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return nil, Refuse("invalid_client", "no registered client matches audience of id_token")
}

// verifyIDToken checks the signature with the algorithm that the client's profile sets, whatever the header says.
func (p *Provider) verifyIDToken(ctx context.Context, rl *realm.Realm, c *realm.Client, raw string) ([]byte, error) {
	alg, err := signingAlgorithm(c.Keys.IDTokenSigningAlg)
	if err != nil {
		return nil, err
	}
	o := jose.VerifyOptions{Algorithms: []jose.Algorithm{alg}}
	if alg.Symmetric() {
		key, err := secretKey(c)
		if err != nil {
			return nil, err
		}
		o.Keys = jose.NewKeySet(key)
	} else {
		o.Algorithms = jose.SignatureAlgorithms() // the profile may have changed since
		if o.Keys, err = rl.Keys().Public(ctx); err != nil {
			return nil, err
		}
	}
	tok, err := jose.Verify(ctx, raw, o)
	if err != nil {
		return nil, err
	}
	return tok.Payload, nil
}
