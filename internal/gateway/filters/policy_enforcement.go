package filters

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type policyEnforcementConfig struct {
	// AmService is the server that decides.
	AmService heap.Ref[*amservice.Service] `conf:"amService"`
	amservice.Older
	// PepRealm is the realm of the policies; the default is that of the service.
	PepRealm string `conf:"pepRealm,alias=realm"`
	// SsoTokenSubject, JwtSubject and ClaimsSubject say who the user is.
	SsoTokenSubject *expr.Template `conf:"ssoTokenSubject"`
	JwtSubject      *expr.Template `conf:"jwtSubject"`
	ClaimsSubject   *objectValue   `conf:"claimsSubject"`
	// Application is the policy set.
	Application string `conf:"application"`
	// Environment is what policies may look at besides: lists of strings by name.
	Environment *objectValue `conf:"environment"`
	// Cache keeps decisions.
	Cache *decisionCache `conf:"cache"`
	// FailureHandler answers what is not allowed; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
	// ResourceURIProvider says which resource a request is about.
	ResourceURIProvider heap.Ref[ResourceUriProvider] `conf:"resourceUriProvider"`
	// AuthenticateResponseRequestHeader is a field by which clients ask for advice in a
	// header field in place of a redirect.
	AuthenticateResponseRequestHeader string `conf:"authenticateResponseRequestHeader,default=x-authenticate-response"`

	Executor                any  `conf:"executor,unused=the filter needs no threads"`
	UseLegacyAdviceEncoding bool `conf:"useLegacyAdviceEncoding,unused=advice is encoded in the present way"`
}

type decisionCache struct {
	// Enabled switches the cache on.
	Enabled bool `conf:"enabled"`
	// DefaultTimeout is for decisions that do not say how long they hold.
	DefaultTimeout conf.Duration `conf:"defaultTimeout,default=1 minute"`
	// MaximumTimeToCache bounds how long any decision is kept.
	MaximumTimeToCache *conf.Duration `conf:"maximumTimeToCache"`
	// MaximumSize is how many decisions are kept.
	MaximumSize int `conf:"maximumSize,min=1"`
	// Executor is accepted from existing configurations.
	Executor any `conf:"executor,unused=the cache needs no threads"`
	// OnNotificationDisconnection is what happens to decisions while changes of policies cannot be followed.
	OnNotificationDisconnection string `conf:"onNotificationDisconnection,default=CLEAR_ON_DISCONNECT,oneof=NEVER_CLEAR|CLEAR_ON_DISCONNECT|CLEAR_ON_RECONNECT"`
}

// policyEnforcement lets requests pass that the policies of the server allow.
var policyEnforcement = heap.Define("PolicyEnforcementFilter", func(c *policyEnforcementConfig, env *heap.Env) (chain.Filter, error) {
	f := &enforcer{c: c, service: c.ServiceOr(c.AmService, c.PepRealm, env), resource: c.ResourceURIProvider.Get(), refusal: refusalOf(c.FailureHandler, 403),
		adviceHeader: textproto.CanonicalMIMEHeaderKey(c.AuthenticateResponseRequestHeader)}
	if c.AmService.IsSet() { // else it is the realm of the service that is made
		amservice.CheckRealm(env, "pepRealm", c.PepRealm)
	}
	if c.SsoTokenSubject == nil && c.JwtSubject == nil && c.ClaimsSubject == nil {
		env.Fail("ssoTokenSubject", "one of the fields \"ssoTokenSubject\", \"jwtSubject\" and \"claimsSubject\" is required")
	}
	if f.resource == nil {
		f.resource = requestResource{query: true}
	}
	if c.Cache != nil && c.Cache.Enabled {
		f.prepareCache(env)
	}
	return f, nil
})

type enforcer struct {
	c            *policyEnforcementConfig
	service      *amservice.Service
	resource     ResourceUriProvider
	refusal      refusal
	adviceHeader string
	cache        *amservice.Cache[*amservice.Decision] // nil: none
}

func (f *enforcer) prepareCache(env *heap.Env) {
	c, now := f.c.Cache, env.Now
	if c.DefaultTimeout.Unlimited() {
		env.Fail("cache.defaultTimeout", "the duration must not be unlimited")
	}
	if d := c.MaximumTimeToCache; d != nil && (*d <= 0 || d.Unlimited()) {
		env.Fail("cache.maximumTimeToCache", "the duration must be neither zero nor unlimited")
	}
	f.cache = amservice.NewCache(c.MaximumSize, now, func(d *amservice.Decision) time.Duration {
		ttl := c.DefaultTimeout.D()
		if end, ok := d.Ends(); ok {
			ttl = end.Sub(now())
		}
		if c.MaximumTimeToCache != nil {
			ttl = min(ttl, c.MaximumTimeToCache.D())
		}
		return ttl
	})
	f.cache.Measure(env, "policy_decision")
	amservice.FollowDecisions(f.service, f.cache, c.OnNotificationDisconnection)
}

var (
	errNoSubject = errors.New("there is nobody to decide about")
	errDenied    = errors.New("the policies do not allow the request")
)

func (f *enforcer) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	q, err := f.question(x)
	if errors.Is(err, errNoSubject) {
		return chain.Fail(401, err), nil
	}
	if err != nil {
		return nil, err
	}
	d, err := f.decide(x, q)
	if err != nil {
		return nil, err
	}
	y := x.Push(&policyDecision{decision: d})
	switch {
	case d.Actions[x.Request.Method]:
		return next.Handle(y)
	case len(d.Advices) > 0:
		if resp, err := f.advise(x, d); resp != nil || err != nil {
			return resp, err
		}
	}
	return f.refusal.answer(y, errDenied)
}

// question is what to ask about a request.
func (f *enforcer) question(x *chain.Exchange) (q amservice.Question, err error) {
	q = amservice.Question{Realm: f.c.PepRealm, Application: f.c.Application}
	q.SSOToken, _ = f.c.SsoTokenSubject.Text(x)
	q.JWT, _ = f.c.JwtSubject.Text(x)
	if f.c.ClaimsSubject != nil {
		if v := f.c.ClaimsSubject.eval(x); v != nil {
			if q.Claims, err = jsonObject(v); err != nil {
				return q, fmt.Errorf("claimsSubject: %w", err)
			}
		}
		// Claims of nobody stand for nobody.
		if q.Claims["sub"] == nil {
			q.Claims = nil
		}
	}
	if q.SSOToken == "" && q.JWT == "" && q.Claims == nil {
		return q, errNoSubject
	}
	if f.c.Environment != nil {
		if v := f.c.Environment.eval(x); v != nil {
			if q.Environment, err = jsonObject(v); err != nil {
				return q, fmt.Errorf("environment: %w", err)
			}
		}
		for name, v := range q.Environment {
			if s, ok := v.(string); ok {
				q.Environment[name] = []string{s}
			}
		}
	}
	// Who has authorized a transaction comes back with its ID, which is for the policies alone.
	if id, ok := takeParameter(x.Request.URI, transactionParameter); ok {
		if q.Environment == nil {
			q.Environment = map[string]any{}
		}
		q.Environment[transactionIDs] = []string{id}
	}
	q.Resource, err = f.resource.ResourceURI(x)
	return q, err
}

// Transactional authorization: the parameter that brings the ID of a transaction back, the member of the environment by
// which policies are shown it, and the advice that has it.
const (
	transactionParameter = "_txid"
	transactionIDs       = "TxId"
	transactionAdvice    = "TransactionConditionAdvice"
)

func (f *enforcer) decide(x *chain.Exchange, q amservice.Question) (*amservice.Decision, error) {
	if f.cache == nil {
		return f.service.Decide(x, q)
	}
	key, err := json.Marshal(q) //nolint:gosec // for its hash alone
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(key)
	return f.cache.Load(x, string(sum[:]), func() (*amservice.Decision, error) { return f.service.Decide(x, q) })
}

// advise tells the user what to do to be allowed: log in again as the advice says, where
// a login filter is before this one. There is no response when it is not.
func (f *enforcer) advise(x *chain.Exchange, d *amservice.Decision) (*chain.Response, error) {
	if v := x.Request.Header[f.adviceHeader]; len(v) > 0 && strings.EqualFold(v[0], "HEADER") {
		return f.adviceField(d)
	}
	sso := chain.Find[*ssoToken](x.Context)
	if sso == nil {
		return nil, nil
	}
	back := sso.back(x)
	takeParameter(back, transactionParameter)
	if ids := d.Advices[transactionAdvice]; len(ids) > 0 {
		addParameter(back, transactionParameter, ids[0])
	}
	announceRedirect(x, back)
	return sso.start(x, back, "authIndexType", "composite_advice", "authIndexValue", compositeAdvice(d.Advices))
}

func (f *enforcer) adviceField(d *amservice.Decision) (*chain.Response, error) {
	advice, err := json.Marshal(d.Advices)
	if err != nil {
		return nil, err
	}
	realm := f.c.PepRealm
	if realm == "" {
		realm = f.service.Realm()
	}
	resp := chain.Fail(401, errDenied)
	resp.Header["Www-Authenticate"] = []string{fmt.Sprintf("SSOADVICE realm=%q, advices=%q, am_uri=%q",
		realm, base64.StdEncoding.EncodeToString(advice), f.service.URL())}
	return resp, nil
}

// compositeAdvice is the XML by which the server's login page takes advice.
func compositeAdvice(advices map[string][]string) string {
	var b strings.Builder
	b.WriteString("<Advices>")
	for _, name := range slices.Sorted(maps.Keys(advices)) {
		b.WriteString(`<AttributeValuePair><Attribute name="`)
		_ = xml.EscapeText(&b, []byte(name)) // a strings.Builder takes everything
		b.WriteString(`"/>`)
		for _, v := range advices[name] {
			b.WriteString("<Value>")
			_ = xml.EscapeText(&b, []byte(v))
			b.WriteString("</Value>")
		}
		b.WriteString("</AttributeValuePair>")
	}
	b.WriteString("</Advices>")
	return b.String()
}

// policyDecision is contexts.policyDecision.
type policyDecision struct {
	chain.Link
	decision *amservice.Decision
}

// ContextName is "policyDecision".
func (*policyDecision) ContextName() string { return "policyDecision" }

// Get returns a property as expressions see it; the maps are copies.
func (c *policyDecision) Get(name string) (any, bool) {
	switch name {
	case "attributes", "jsonAttributes":
		return listsOf(c.decision.Attributes), true
	case "advices", "jsonAdvices":
		return listsOf(c.decision.Advices), true
	case "actions", "jsonActions":
		m := make(map[string]any, len(c.decision.Actions))
		for k, v := range c.decision.Actions {
			m[k] = v
		}
		return m, true
	case "resource":
		return c.decision.Resource, true
	}
	return chain.Common(c, name)
}

func listsOf(m map[string][]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, list := range m {
		values := make([]any, len(list))
		for i, v := range list {
			values[i] = v
		}
		out[k] = values
	}
	return out
}
