package oauth2

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// dpop lets a resource server take tokens that are bound to a key of the client (RFC
// 9449 §7). It stands around an OAuth2ResourceServerFilter, which knows the scheme Bearer
// alone: it checks the proof before, and behind it that the token belongs to the proof.
// There the check holds also when the token came out of a cache.
type dpop struct {
	ResourceServerFilter heap.Ref[chain.Filter] `conf:"resourceServerFilter,required"`
	RequireDpop          bool                   `conf:"requireDpop"`
	Algorithms           []string               `conf:"algorithms"`
	MaxAge               conf.Duration          `conf:"maxAge,default=1 minute,min=1"`
	SkewAllowance        conf.Duration          `conf:"skewAllowance,default=10 seconds"`
	MaximumSize          int                    `conf:"maximumSize,min=1"`

	algorithms []jose.Algorithm
	used       *amservice.Cache[struct{}]
	now        func() time.Time
	log        *slog.Logger
}

var dpopType = heap.Define("DpopFilter", func(c *dpop, env *heap.Env) (chain.Filter, error) {
	c.now, c.log = env.Now, env.Log
	if c.MaxAge.Unlimited() || c.SkewAllowance.Unlimited() {
		env.Fail("maxAge", "the durations must not be unlimited")
	}
	c.algorithms = jose.SignatureAlgorithms()
	if c.Algorithms != nil {
		c.algorithms = nil
	}
	for _, name := range c.Algorithms {
		a := jose.Algorithm(name)
		if !a.Signs() || a.Symmetric() {
			env.Fail("algorithms", "%q is no signature algorithm with a public key", name)
		}
		c.algorithms = append(c.algorithms, a)
	}
	// A proof is remembered for as long as it could be used again.
	life := c.MaxAge.D() + 2*c.SkewAllowance.D()
	c.used = amservice.NewCache(c.MaximumSize, c.now, func(struct{}) time.Duration { return life })
	return c, nil
})

var (
	errProofCount  = errors.New("expected one DPoP field")
	errProofLong   = fmt.Errorf("the proof is too long: %w", observe.OverLimit("dpop_proof"))
	errProofKey    = errors.New("the proof has no usable public key")
	errProofClaims = errors.New("the proof is for another request")
	errProofAge    = errors.New("the proof is too old or of the future")
	errProofUsed   = errors.New("the proof was used before")
	errNoProof     = errors.New("the access token is bound to a key and the request proves none")
	errNotBound    = errors.New("the access token is not bound to the key of the proof")
	errDpopNeeded  = errors.New("the request has no token of the scheme DPoP")
)

func (c *dpop) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	fields := x.Request.Header["Authorization"]
	text, used := "", false
	if len(fields) == 1 {
		text, used = ofScheme(fields[0], "DPoP")
	}
	if !used && c.RequireDpop {
		return challenged(401, c.challenge("", ""), errDpopNeeded), nil
	}
	var p shown
	if used {
		var err error
		if p, err = c.proof(x, text); err != nil {
			return c.refuseProof(x, err), nil
		}
		x.Request.Header["Authorization"] = []string{"Bearer " + text}
	}
	resp, err := c.ResourceServerFilter.Get().Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		if used {
			x.Request.Header["Authorization"] = fields
		}
		if err := c.bound(x, p.key); err != nil {
			c.log.DebugContext(x.Ctx(), "access token is refused", "error", err)
			return challenged(401, c.challenge("invalid_token", invalidTokenText), err), nil
		}
		if used {
			if err := c.once(x, p); err != nil {
				return c.refuseProof(x, err), nil
			}
		}
		return next.Handle(x)
	}))
	if err != nil {
		return nil, err
	}
	c.translate(resp, used)
	return resp, nil
}

func (c *dpop) refuseProof(x *chain.Exchange, err error) *chain.Response {
	c.log.DebugContext(x.Ctx(), "proof is refused", "error", err)
	return challenged(401, c.challenge("invalid_dpop_proof", "The DPoP proof is missing or not valid."), err)
}

func (c *dpop) challenge(code, description string) string {
	text := "DPoP " + c.algs()
	if code != "" {
		text += `, error="` + code + `", error_description="` + description + `"`
	}
	return text
}

func (c *dpop) algs() string {
	names := make([]string, len(c.algorithms))
	for i, a := range c.algorithms {
		names[i] = string(a)
	}
	return `algs="` + strings.Join(names, " ") + `"`
}

// translate puts challenges of the resource server into the scheme of the request; who
// came without a proof learns that there is this scheme too.
func (c *dpop) translate(resp *chain.Response, used bool) {
	if resp.Status.Code != 401 {
		return
	}
	list := resp.Header["Www-Authenticate"]
	for i, v := range list {
		rest, ok := strings.CutPrefix(v, "Bearer")
		switch {
		case !ok:
		case used:
			list[i] = strings.TrimSuffix("DPoP "+c.algs()+","+rest, ",")
		default:
			resp.Header["Www-Authenticate"] = append(list[:len(list):len(list)], c.challenge("", ""))
		}
	}
}

// ofScheme returns the credentials when the field has the scheme.
func ofScheme(field, scheme string) (string, bool) {
	field = strings.Trim(field, " \t")
	i := strings.IndexByte(field, ' ')
	if i < 0 || !strings.EqualFold(field[:i], scheme) {
		return "", false
	}
	return strings.TrimLeft(field[i+1:], " "), true
}

// maxProof bounds proofs: those of RSA keys have some hundred bytes more than those of others.
const maxProof = 8 << 10

// shown is a proof that is in order.
type shown struct{ key, id string } // the thumbprint of its key, and its jti

// proof checks the proof of a request (RFC 9449 §4.3), but not whether it was used before.
func (c *dpop) proof(x *chain.Exchange, access string) (shown, error) {
	fields := x.Request.Header["Dpop"]
	if len(fields) != 1 {
		return shown{}, errProofCount
	}
	if len(fields[0]) > maxProof {
		return shown{}, errProofLong
	}
	raw, err := jose.Unverified(fields[0])
	if err != nil {
		return shown{}, err
	}
	key, err := proofKey(raw.Header)
	if err != nil {
		return shown{}, err
	}
	t, err := jose.Verify(x.Ctx(), fields[0], jose.VerifyOptions{
		Keys: jose.NewKeySet(key), Algorithms: c.algorithms, Types: []string{"dpop+jwt"}, MaxBytes: maxProof,
	})
	if err != nil {
		return shown{}, err
	}
	claims, err := jose.ParseClaims(t.Payload)
	if err != nil {
		return shown{}, err
	}
	return shown{key.Thumbprint(), claims.ID}, c.checkProof(x, claims, access)
}

// once remembers a proof and refuses it the second time. Only proofs for tokens that are
// good and bound to their key come here: who has none cannot push others out.
func (c *dpop) once(x *chain.Exchange, p shown) error {
	first := false
	_, err := c.used.Load(x, p.key+" "+p.id, func() (struct{}, error) {
		first = true
		return struct{}{}, nil
	})
	if err == nil && !first {
		err = errProofUsed
	}
	return err
}

// proofKey is the key in the header; a private or symmetric one proves nothing.
func proofKey(h *jose.Header) (*jose.Key, error) {
	var head struct {
		JWK json.RawMessage `json:"jwk"`
	}
	if err := json.Unmarshal(h.Raw, &head); err != nil || head.JWK == nil {
		return nil, errProofKey
	}
	key, err := jose.ParseKey(head.JWK)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProofKey, err)
	}
	if key.IsPrivate() || key.IsSymmetric() {
		return nil, errProofKey
	}
	return key.With("", "", ""), nil
}

func (c *dpop) checkProof(x *chain.Exchange, claims *jose.Claims, access string) error {
	method, _ := claims.Values["htm"].(string)
	target, _ := claims.Values["htu"].(string)
	hash, _ := claims.Values["ath"].(string)
	switch now := c.now(); {
	case claims.ID == "" || len(claims.ID) > 1024 || claims.IssuedAt.IsZero():
		return errProofClaims
	case method != x.Request.Method, !sameTarget(target, chain.OriginalURI(x)):
		return errProofClaims
	case subtle.ConstantTimeCompare([]byte(hash), []byte(tokenHash(access))) != 1:
		return errProofClaims
	case claims.IssuedAt.After(now.Add(c.SkewAllowance.D())), now.After(claims.IssuedAt.Add(c.MaxAge.D() + c.SkewAllowance.D())):
		return errProofAge
	}
	return nil
}

// sameTarget compares htu with the request without query and fragment; case of scheme
// and host, and default ports, make no difference (RFC 3986 §6.2).
func sameTarget(htu string, at *chain.URI) bool {
	want, err := url.Parse(at.String())
	if err != nil {
		return false
	}
	got, err := url.Parse(htu)
	return err == nil && got.User == nil && strings.EqualFold(got.Scheme, want.Scheme) && strings.EqualFold(got.Hostname(), want.Hostname()) &&
		portOf(got) == portOf(want) && orSlash(got.EscapedPath()) == orSlash(want.EscapedPath())
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// bound compares the key that the token is bound to with that of the proof.
func (c *dpop) bound(x *chain.Exchange, thumb string) error {
	want := ""
	if o := chain.Find[*Context](x.Context); o != nil {
		if v, _ := o.AccessToken.Info.Get("cnf"); v != nil {
			methods, _ := v.(*token.Info)
			if methods == nil {
				return errMethod
			}
			want, _ = methods.Text("jkt")
		}
	}
	switch {
	case want == "" && thumb == "":
		return nil
	case thumb == "":
		return errNoProof
	case subtle.ConstantTimeCompare([]byte(want), []byte(thumb)) != 1:
		return errNotBound
	}
	return nil
}
