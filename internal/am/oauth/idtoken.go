package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// opsClaim names the session that an ID token rests on; /connect/endSession ends it.
const opsClaim = "org.forgerock.openidconnect.ops"

// idToken is an ID token in the making (OIDC Core §2).
type idToken struct {
	*Provider
	client *realm.Client
	set    *realm.Effective
	a      *Authorization
	now    time.Time
	// accessToken, code and state are bound to the ID token by their hashes (OIDC Core §3.3.2.11, FAPI 1 §5.2.2).
	accessToken, code, state string
	// userClaims puts the claims about the user into the token itself (OIDC Core §5.4).
	userClaims bool
	// agentRealm is the realm of the gateway's agent that it is for, "" for clients.
	agentRealm string
	// told is what the agent is told of the session, nil for clients.
	told *agentSession
}

func (i *issuance) idToken() *idToken {
	return &idToken{
		Provider: i.Provider, client: i.req.Client, set: i.req.Set, a: i.Authorization, now: i.now, state: i.State,
	}
}

// sign gives the compact ID token. input is called when a script needs it.
func (t *idToken) sign(ctx context.Context, input func(context.Context) (*ScriptInput, error)) (string, error) {
	alg, err := signingAlgorithm(t.client.Keys.IDTokenSigningAlg)
	if err != nil {
		return "", err
	}
	record := t.record()
	if err := t.mayAct(ctx, input, &record); err != nil {
		return "", err
	}
	claims, err := t.profileClaims(ctx, input)
	if err != nil {
		return "", err
	}
	payload, err := t.payload(&record, alg, claims)
	if err != nil {
		return "", err
	}
	raw, err := t.signTyped(ctx, t.client, string(alg), "", payload)
	if err != nil || !t.client.Keys.IDTokenEncryption {
		return raw, err
	}
	k := &t.client.Keys
	return t.encryptFor(ctx, t.client, raw, k.IDTokenEncryptionAlg, k.IDTokenEncryptionEnc, k.IDTokenEncryptionKey)
}

func (t *idToken) record() store.Token {
	return store.Token{
		Kind: kindID, Realm: t.Realm.Path, Issuer: t.Issuer, ClientID: t.client.ID, Subject: t.a.Subject, Scopes: t.a.Scopes,
		GrantType: t.a.GrantType, GrantID: t.a.GrantID, AuditID: t.ids.next(), IssuedAt: t.now, Act: t.a.Act,
		Expires: t.now.Add(t.set.IDTokenLifetime), AuthTime: t.a.AuthTime, AuthLevel: t.a.AuthLevel, SessionID: t.a.SessionID,
	}
}

func (t *idToken) mayAct(ctx context.Context, input func(context.Context) (*ScriptInput, error), record *store.Token) error {
	s, err := t.script(ctx, t.set.OIDCMayAct)
	if s == nil || err != nil {
		return err
	}
	in, err := input(ctx)
	if err != nil {
		return err
	}
	return t.Scripts.MayAct(ctx, s, in, record)
}

func (t *idToken) profileClaims(ctx context.Context, input func(context.Context) (*ScriptInput, error)) (map[string]any, error) {
	params := t.Settings.AdvancedOIDC.ClaimsParameter && t.a.Claims != ""
	if !t.userClaims && !t.Settings.AdvancedOIDC.AlwaysAddClaimsToToken && !params {
		return nil, nil
	}
	scopes := t.a.Scopes
	if !t.userClaims && !t.Settings.AdvancedOIDC.AlwaysAddClaimsToToken {
		scopes = []string{"openid"} // only what the claims parameter names
	}
	in, err := input(ctx)
	if err != nil {
		return nil, err
	}
	return t.claimsAbout(ctx, t.client, t.set, in, scopes, t.a.Claims, "id_token")
}

func (t *idToken) payload(r *store.Token, alg jose.Algorithm, claims map[string]any) ([]byte, error) {
	o := newObject()
	if err := t.override(o, claims); err != nil {
		return nil, err
	}
	if t.accessToken != "" {
		o.text("at_hash", halfHash(alg, t.accessToken))
	}
	o.text("sub", t.subjectFor(t.client, t.a.Subject))
	o.text("auditTrackingId", r.AuditID)
	if t.Settings.Advanced.SubnameInTokenClaims && !t.client.IsPairwise() {
		o.text("subname", t.a.Subject.Name)
	}
	o.text("iss", t.Issuer)
	o.text("tokenName", "id_token")
	if t.a.SessionID != "" {
		o.text("sid", sidOf(t.a.SessionID))
	}
	o.text("aud", t.client.ID)
	if t.code != "" {
		o.text("c_hash", halfHash(alg, t.code))
	}
	o.some("nonce", t.a.Nonce)
	o.text("acr", orText(t.a.ACR, "0"))
	if len(t.a.AMR) > 0 {
		o.list("amr", t.a.AMR)
	}
	o.some(agentRealmClaim, t.agentRealm)
	if t.told != nil {
		of, err := json.Marshal(t.told)
		if err != nil {
			return nil, err
		}
		o.raw(agentSessionClaim, of)
	}
	if t.a.SessionID != "" && (t.Settings.AdvancedOIDC.SessionManagement || t.agentRealm != "") {
		o.text(opsClaim, t.a.SessionID)
	}
	if t.state != "" {
		o.text("s_hash", halfHash(alg, t.state))
	}
	o.text("azp", t.client.ID)
	authTime := t.a.AuthTime
	if authTime.IsZero() {
		authTime = t.now
	}
	o.number("auth_time", authTime.Unix())
	o.text("realm", t.Realm.Path)
	o.number("exp", r.Expires.Unix())
	o.text("tokenType", "JWTToken")
	o.number("iat", t.now.Unix())
	o.raw("may_act", r.MayAct)
	o.raw("act", r.Act)
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if protocolClaim(name) {
			continue
		}
		value, err := json.Marshal(claims[name])
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", name, err)
		}
		o.raw(name, value)
	}
	o.rest()
	return o.end(), nil
}

// override lets the claims script say those claims about the token that the settings leave to it (PingAM:
// overrideableOIDCClaims). Who issued the token, for whom it stands and which session it ends stay the server's word.
func (t *idToken) override(o *object, claims map[string]any) error {
	for _, name := range t.set.OverrideableClaims {
		switch name {
		case "iss", "sub", "subname", "realm", "tokenName", "tokenType", opsClaim, agentRealmClaim, agentSessionClaim:
			continue
		}
		value, said := claims[name]
		if !said || !protocolClaim(name) {
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
		if o.instead == nil {
			o.instead = map[string]json.RawMessage{}
		}
		o.instead[name] = raw
	}
	return nil
}

// protocolClaim tells the claims that say something about the token, which no script about the user may set.
func protocolClaim(name string) bool {
	switch name {
	case "at_hash", "sub", "auditTrackingId", "subname", "iss", "tokenName", "sid", "aud", "c_hash", "nonce", "acr", "amr",
		opsClaim, "s_hash", "azp", "auth_time", "realm", "exp", "tokenType", "iat", "nbf", "jti", "may_act", "act", "cnf",
		agentRealmClaim, agentSessionClaim:
		return true
	}
	return false
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// sidOf names a session to clients (OIDC Back-Channel Logout §2.1).
func sidOf(sessionID string) string {
	sum := sha256.Sum256([]byte("sid:" + sessionID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// halfHash is the left half of the hash that goes with alg (OIDC Core §3.1.3.6).
func halfHash(alg jose.Algorithm, value string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(string(alg), "384"):
		s := sha512.Sum384([]byte(value))
		sum = s[:]
	case strings.HasSuffix(string(alg), "512"), alg == jose.EdDSA:
		s := sha512.Sum512([]byte(value))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(value))
		sum = s[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// subjectFor is the subject as a client may know it: clients with pairwise subjects each see another one (OIDC
// Core §8.1).
func (p *Provider) subjectFor(c *realm.Client, s store.Subject) string {
	if !c.IsPairwise() || s.Type != subjectUser {
		return SubClaim(s)
	}
	sum := sha256.Sum256([]byte(sector(c) + "\x00" + SubClaim(s) + "\x00" + p.Settings.Advanced.HashSalt))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sector is the host that the client's sector identifier or redirection URIs are at.
func sector(c *realm.Client) string {
	at := c.Advanced.SectorIdentifierURI
	if at == "" && len(c.Core.RedirectURIs) > 0 {
		at = c.Core.RedirectURIs[0]
	}
	if at == "" {
		return c.ID
	}
	return hostOf(at)
}

// signTyped signs to a client: with its secret, or with a key of the realm.
func (p *Provider) signTyped(ctx context.Context, c *realm.Client, algorithm, typ string, payload []byte) (string, error) {
	alg, err := signingAlgorithm(algorithm)
	if err != nil {
		return "", err
	}
	var signer *jose.Signer
	switch {
	case alg.Symmetric():
		var key *jose.Key
		if key, err = secretKey(c); err == nil {
			signer, err = jose.NewSigner(key, alg, jose.SignerOptions{OmitKeyID: true, Type: typ})
		}
	case c.ForGateway:
		signer, err = p.Realm.Keys().SignerOf(ctx, realm.LabelAgentIDToken, string(alg), typ)
	default:
		signer, err = p.Realm.Keys().Signer(ctx, string(alg), typ)
	}
	if err != nil {
		return "", err
	}
	return signer.Sign(payload)
}

// secretKey is the client's secret as a key for MACs (OIDC Core §10.1).
func secretKey(c *realm.Client) (*jose.Key, error) {
	secret, ok := c.Secret()
	if !ok || len(secret) == 0 || c.IsPublic() {
		return nil, Refuse("invalid_request", "The client has no secret for its signing algorithm.")
	}
	return jose.NewClientSecret(string(secret))
}
