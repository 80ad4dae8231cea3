package oauth2

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// proofSender proves with each request that the gateway has a key (RFC 9449 §4). Before a token endpoint the token that
// comes back is bound to the key; before a resource the proof goes with the token.
type proofSender struct {
	SecretsProvider  secrets.Provider `conf:"secretsProvider"`
	SigningSecretID  secrets.ID       `conf:"signingSecretId,required"`
	SigningAlgorithm string           `conf:"signingAlgorithm,default=ES256"`

	signer    secrets.Signer
	nonces    *amservice.Cache[string] // by origin
	now       func() time.Time
	streaming bool
}

var dpopProofType = heap.Define("DpopProofFilter", func(c *proofSender, env *heap.Env) (chain.Filter, error) {
	c.SecretsProvider.OrEnvironment(env)
	if a := jose.Algorithm(c.SigningAlgorithm); !a.Signs() || a.Symmetric() {
		var names []string
		for _, a := range jose.SignatureAlgorithms() {
			names = append(names, string(a))
		}
		env.Fail("signingAlgorithm", "%q is no signature algorithm with a public key%s", c.SigningAlgorithm, conf.DidYouMean(c.SigningAlgorithm, names))
	}
	c.now, c.streaming = env.Now, env.Streaming
	c.signer.Provider, c.signer.ID, c.signer.Algorithm, c.signer.Options = c.SecretsProvider, c.SigningSecretID, jose.Algorithm(c.SigningAlgorithm), proofHeader
	c.nonces = amservice.NewCache(maxNonces, c.now, func(string) time.Duration { return nonceKept })
	return c, nil
})

const (
	// maxNonces bounds the origins whose nonces are remembered.
	maxNonces = 1000
	// nonceKept is how long a nonce is tried again. A server that no longer takes it sends another.
	nonceKept = time.Hour
	// maxNonce bounds what servers can put into our proofs.
	maxNonce = 1024
)

var errSymmetric = errors.New("the key of proofs must have a public part")

// proofHeader has the public key, which whoever gets the proof does not know.
func proofHeader(key *jose.Key) (jose.SignerOptions, error) {
	if key.IsSymmetric() {
		return jose.SignerOptions{}, errSymmetric
	}
	// Names and uses would tell more than the proof needs.
	public, err := key.Public().With("", "", "").MarshalPublic()
	return jose.SignerOptions{Type: "dpop+jwt", OmitKeyID: true, Extra: map[string]any{"jwk": json.RawMessage(public)}}, err
}

func (c *proofSender) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	again, err := copyOf(x.Request, c.streaming)
	if err != nil {
		return nil, err
	}
	origin := x.Request.URI.Scheme + "://" + x.Request.URI.HostPort()
	nonce, _ := c.nonces.Get(origin)
	resp, err := c.send(x, next, nonce)
	if err != nil {
		return nil, err
	}
	fresh := c.remember(origin, nonce, resp)
	if fresh == "" || again == nil || !wantsNonce(resp) {
		letGo(again)
		return resp, nil
	}
	resp.Entity.Close()
	if resp, err = c.send(x.With(again), next, fresh); err == nil {
		c.remember(origin, fresh, resp)
	}
	return resp, err
}

// send hands the request on with a proof.
func (c *proofSender) send(x *chain.Exchange, next chain.Handler, nonce string) (*chain.Response, error) {
	signer, err := c.signer.Active(x.Ctx())
	if err != nil {
		return nil, err
	}
	req := x.Request
	claims := map[string]any{"jti": rand.Text(), "htm": req.Method, "htu": place(req.URI), "iat": c.now().Unix()}
	if access, ok := ofScheme(req.Header.Get("Authorization"), "DPoP"); ok {
		claims["ath"] = tokenHash(access)
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	proof, err := signer.SignClaims(claims)
	if err != nil {
		return nil, err
	}
	req.Header["Dpop"] = []string{proof}
	return next.Handle(x)
}

// tokenHash is the claim ath (RFC 9449 §4.2).
func tokenHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// remember keeps the nonce that the server wants in later proofs (RFC 9449 §8.2) and returns it, "" when it is the one
// that was sent or there is none.
func (c *proofSender) remember(origin, sent string, resp *chain.Response) string {
	fields := resp.Header["Dpop-Nonce"]
	if len(fields) != 1 || fields[0] == "" || fields[0] == sent || len(fields[0]) > maxNonce {
		return ""
	}
	c.nonces.Put(origin, fields[0])
	return fields[0]
}

// wantsNonce says whether the request was refused for its nonce alone: by an authorization server (RFC 9449 §8) or by a
// resource (§9).
func wantsNonce(resp *chain.Response) bool {
	switch resp.Status.Code {
	case 401:
		if p, ok := challengeOf(resp.Header["Www-Authenticate"], "DPoP"); ok {
			return p["error"] == "use_dpop_nonce"
		}
	case 400:
	default:
		return false
	}
	if resp.Entity.Buffer() != nil {
		return false
	}
	body, ok := resp.Entity.InMemory()
	if !ok || len(body) > maxAnswer {
		return false
	}
	info, err := token.ParseInfo(body)
	if err != nil {
		return false
	}
	code, _ := info.Text("error")
	return code == "use_dpop_nonce"
}
