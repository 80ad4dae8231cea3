package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

const (
	schemeDPoP = "DPoP"
	headerDPoP = "Dpop" // as net/http spells DPoP
)

// A proof is good for a short while after it was made, and clocks may differ a little (RFC 9449 §11.1).
const (
	maxProofAge  = 2 * time.Minute
	maxProofLead = 30 * time.Second
	maxProof     = 8 << 10
)

// errProof refuses a token request whose proof is missing or cannot be used (RFC 9449 §5).
var errProof = Refuse("invalid_dpop_proof", "The DPoP proof is missing or not valid.")

// proofAlgorithms are those that proofs may be signed with: asymmetric ones (RFC 9449 §11.6).
func (p *Provider) proofAlgorithms() []jose.Algorithm {
	if p.Settings.Own.FAPI2 {
		return fapiAlgorithms()
	}
	return jose.SignatureAlgorithms()
}

func names(list []jose.Algorithm) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, string(a))
	}
	return out
}

// proofKey gives the thumbprint of the key that the request proves to have, "" without a proof. token is the access
// token that the request shows, "" for none. Where the realm takes no proofs the header means nothing.
func (q *request) proofKey(token string) (string, error) {
	proofs := q.r.Header.Values(headerDPoP)
	if len(proofs) == 0 || !q.Settings.TakesDPoP() && token == "" {
		return "", nil
	}
	if len(proofs) > 1 {
		return "", errProof.Because(errors.New("several proofs"))
	}
	proof, key, err := q.openProof(q.r.Context(), proofs[0])
	if err == nil {
		err = q.checkProofClaims(proof, token)
	}
	if err != nil {
		return "", errProof.Because(err)
	}
	if err := q.checkNonce(proof); err != nil {
		return "", err
	}
	// The key's name is part of what is remembered, so that nobody can use up the proofs of others.
	err = q.Once(q.r.Context(), "dpop", key, proof.ID, proof.IssuedAt.Add(maxProofAge+maxProofLead))
	if errors.Is(err, store.ErrUsed) {
		return "", errProof.Because(err)
	}
	return key, err
}

// tokenProof is proofKey at the token endpoint, where the settings may demand a proof, and the client's profile may (RFC
// 9449 §5.2).
func (q *request) tokenProof(c *realm.Client) (string, error) {
	key, err := q.proofKey("")
	if err == nil && key == "" && (q.Settings.Own.DPoPRequired || c.BindsToDPoP()) {
		err = errProof
	}
	return key, err
}

// openProof verifies a proof with the key in its own header (RFC 9449 §4.3), the one place where that is right: the
// proof says nothing but that its sender has this key.
func (p *Provider) openProof(ctx context.Context, raw string) (*jose.Claims, string, error) {
	if len(raw) > maxProof {
		return nil, "", observe.OverLimit("dpop_proof")
	}
	head, err := jose.Unverified(raw)
	if err != nil {
		return nil, "", err
	}
	var own struct {
		Key json.RawMessage `json:"jwk"`
	}
	if err := json.Unmarshal(head.Header.Raw, &own); err != nil || len(own.Key) == 0 {
		return nil, "", errors.New("the proof has no jwk")
	}
	key, err := jose.ParseKey(own.Key)
	if err != nil {
		return nil, "", err
	}
	if key.IsPrivate() || key.IsSymmetric() {
		return nil, "", errors.New("the proof's jwk is not a public key")
	}
	tok, err := jose.Verify(ctx, raw, jose.VerifyOptions{
		Keys: jose.NewKeySet(key.With("", "", "")), Algorithms: p.proofAlgorithms(), Types: []string{"dpop+jwt"}, MaxBytes: maxProof,
	})
	if err != nil {
		return nil, "", err
	}
	claims, err := jose.ParseClaims(tok.Payload)
	return claims, key.Thumbprint(), err
}

func (q *request) checkProofClaims(c *jose.Claims, token string) error {
	now := q.Now()
	method, _ := c.Values["htm"].(string)
	address, _ := c.Values["htu"].(string)
	hash, _ := c.Values["ath"].(string)
	switch {
	case c.ID == "" || len(c.ID) > 512:
		return errors.New("the proof has no jti")
	case c.IssuedAt.IsZero() || now.Sub(c.IssuedAt) > maxProofAge || c.IssuedAt.Sub(now) > maxProofLead:
		return errors.New("the proof was not made just now")
	case method != q.r.Method:
		return fmt.Errorf("htm is %.20q", method)
	case !q.isHere(address):
		bare, _, _ := strings.Cut(address, "?")
		return fmt.Errorf("htu is %.200q", bare)
	case token != "" && hash != tokenHash(token):
		return errors.New("ath is of another token")
	}
	return nil
}

// tokenHash is the claim ath (RFC 9449 §4.2).
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// isHere tells whether the address, without query and fragment, is that of this request: as it came, or in any spelling
// of the issuer, because a proxy may have rewritten it.
func (q *request) isHere(address string) bool {
	got, ok := bareAddress(address)
	if !ok {
		return false
	}
	ours := []string{}
	for _, iss := range q.issuers() {
		ours = append(ours, iss+"/"+q.name)
	}
	if base, err := url.Parse(q.Base.URL); err == nil {
		ours = append(ours, base.Scheme+"://"+base.Host+q.r.URL.EscapedPath())
	}
	for _, o := range ours {
		if want, ok := bareAddress(o); ok && want == got {
			return true
		}
	}
	return false
}

// bareAddress normalises an address (RFC 3986 §6.2.2, §6.2.3): scheme and host in lower case, no default port, no query,
// no fragment.
func bareAddress(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	bare := url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Path: u.Path, RawPath: u.RawPath}
	return withoutDefaultPort(bare.String()), true
}

// checkProof looks at how an access token is shown: one that is bound to key with the scheme DPoP and a proof, any other
// with the scheme Bearer (RFC 9449 §7.1, §7.2). A bound token stays bound when the realm takes no more proofs.
func (q *request) checkProof(key, raw string) error {
	scheme, _, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	bound := strings.EqualFold(scheme, schemeDPoP)
	if key == "" && !bound {
		return nil
	}
	refusal := *ErrToken
	refusal.Challenge = `DPoP realm="` + quotable(q.Realm.Path) + `", error="invalid_token", algs="` + strings.Join(names(q.proofAlgorithms()), " ") + `"`
	if key == "" || !bound {
		return &refusal
	}
	shown, err := q.proofKey(raw)
	if e, ok := errors.AsType[*Error](err); ok {
		refused := *e
		refused.Status = http.StatusUnauthorized
		refused.Challenge = strings.Replace(refusal.Challenge, "invalid_token", e.Code, 1)
		return &refused
	}
	if err != nil {
		return err
	}
	if shown != key {
		return refusal.Because(errors.New("the proof is of another key, or missing"))
	}
	return nil
}

// dpopKey is the thumbprint that the authorization request announces, "" where the realm takes no proofs.
func (a *authorization) dpopKey() string {
	if !a.Settings.TakesDPoP() {
		return ""
	}
	return a.form.Get("dpop_jkt")
}

// checkDPoPKey checks the syntax of dpop_jkt (RFC 9449 §10): a SHA-256 thumbprint.
func (a *authorization) checkDPoPKey() error {
	key := a.dpopKey()
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(key); key != "" && (err != nil || len(raw) != sha256.Size) {
		return Refuse("invalid_request", "Invalid dpop_jkt parameter")
	}
	return nil
}

// pushKey binds a pushed request to the key that the push proves (RFC 9449 §10.1).
func (a *authorization) pushKey() error {
	key, err := a.proofKey("")
	if err != nil || key == "" {
		return err
	}
	if said := a.form.Get("dpop_jkt"); said != "" && said != key {
		return errProof.Because(errors.New("dpop_jkt is of another key"))
	}
	a.form.set("dpop_jkt", key)
	return nil
}

// checkConstrainable is bind ahead of a grant that binds its tokens to what the request shows: a mistake there should not
// cost a code.
func (q *request) checkConstrainable(req *TokenRequest, grant *Grant) error {
	if grant.KeepsBinding || !req.Has("cnf_key") && (!q.Settings.Own.FAPI2 || req.ProofKey != "") {
		return nil
	}
	cnf, err := q.confirmation(q.r, req)
	if err == nil && req.ProofKey != "" {
		cnf, err = withKey(cnf, req.ProofKey)
	}
	if err != nil {
		return err
	}
	return q.checkConstrained(cnf)
}

// checkConstrained refuses to issue tokens that anybody could use, where FAPI 2.0 holds (§5.3.2.1).
func (q *request) checkConstrained(cnf json.RawMessage) error {
	if c := parseConfirmation(cnf); q.Settings.Own.FAPI2 && c.Key == "" && c.Hash == "" {
		return Refuse("invalid_request", "Tokens are bound to the client here: a DPoP proof or a certificate is needed.")
	}
	return nil
}
