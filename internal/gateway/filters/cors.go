package filters

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type corsConfig struct {
	// Policies are tried in this order; the first whose origins fit applies.
	Policies []corsPolicy `conf:"policies,required,min=1"`
	// FailureHandler answers what no policy allows; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

type corsPolicy struct {
	// AcceptedOrigins are the origins that may ask, or "*".
	AcceptedOrigins originSet `conf:"acceptedOrigins,required,alias=origins"`
	// AcceptedMethods are the methods that may be used, or "*".
	AcceptedMethods *nameSet `conf:"acceptedMethods"`
	// AcceptedHeaders are the fields that may be sent besides the simple ones, or "*".
	AcceptedHeaders *nameSet `conf:"acceptedHeaders"`
	// ExposedHeaders are the fields of responses that pages may read.
	ExposedHeaders nameSet `conf:"exposedHeaders"`
	// MaxAge is how long a browser may keep the answer to a preflight request.
	MaxAge conf.Duration `conf:"maxAge,default=5 seconds"`
	// AllowCredentials lets browsers send cookies along.
	AllowCredentials bool `conf:"allowCredentials"`

	methods, headers, exposed, age string // as they are written in responses
}

// nameSet is a list of names, or "*" for any.
type nameSet struct {
	any   bool
	names []string
}

// UnmarshalConf reads a list or "*"; a single name stands for a list of one.
func (s *nameSet) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n = d.Whole(n); n.Kind == conf.List {
		d.Decode(n, &s.names)
	} else {
		s.names = make([]string, 1)
		d.Decode(n, &s.names[0])
	}
	s.any = slices.Contains(s.names, "*")
	for _, name := range s.names {
		if name != "" && name != "*" && chain.CheckHeader(name, "") != nil {
			d.Errs.Add(n, "%q is neither a method nor the name of a header field", name)
		}
	}
}

// DescribeConf names the kind of value.
func (*nameSet) DescribeConf() string { return "a list of names" }

// originSet is a list of origins, or "*" for any.
type originSet struct {
	any     bool
	origins map[string]bool
}

// UnmarshalConf reads a list of URLs or "*".
func (s *originSet) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	n = d.Whole(n)
	list := []*conf.Node{n}
	if n.Kind == conf.List {
		list = n.List
	}
	s.origins = map[string]bool{}
	for _, e := range list {
		var text string
		if !d.Decode(e, &text) {
			continue
		}
		if text == "*" {
			s.any = true
			continue
		}
		origin, ok := normalOrigin(text)
		if !ok {
			d.Errs.Add(e, "expected an origin such as \"https://www.example.com\" or \"*\", found %q", text)
			continue
		}
		s.origins[origin] = true
	}
}

// DescribeConf names the kind of value.
func (*originSet) DescribeConf() string { return "a list of origins" }

func (s *originSet) has(origin string) bool {
	if s.any {
		return true
	}
	if s.origins[origin] {
		return true
	}
	normal, ok := normalOrigin(origin)
	return ok && s.origins[normal]
}

// normalOrigin is an origin in lower case and without a port that is the scheme's own.
func normalOrigin(text string) (string, bool) {
	u, err := chain.ParseURI(strings.TrimSuffix(text, "/"))
	if err != nil || u.Scheme == "" || u.Host == "" || u.UserInfo != "" || u.RawPath != "" || u.HasQuery || u.Fragment != "" {
		return "", false
	}
	if u.Port >= 0 && (u.Scheme == "https" && u.Port == 443 || u.Scheme == "http" && u.Port == 80) {
		u.Port = -1
	}
	return strings.ToLower(u.String()), true
}

// simpleHeaders may be sent without being listed (Fetch §2.2.2).
var simpleHeaders = []string{"Accept", "Accept-Language", "Content-Language", "Content-Type"}

// cors answers browsers that ask whether a page of another origin may use what is
// behind the gateway (Fetch §3.2).
var cors = heap.Define("CorsFilter", func(c *corsConfig, env *heap.Env) (chain.Filter, error) {
	for i := range c.Policies {
		p := &c.Policies[i]
		p.prepare()
		if p.AcceptedOrigins.any && p.AllowCredentials {
			env.Warn(fmt.Sprintf("policies.%d", i), "every page of the web may use what is behind the gateway in the name of its users")
		}
	}
	return &corsFilter{c.Policies, refusalOf(c.FailureHandler, 403)}, nil
})

func (p *corsPolicy) prepare() {
	if p.AcceptedMethods == nil {
		p.AcceptedMethods = &nameSet{names: []string{"GET", "HEAD", "POST"}}
	}
	if p.AcceptedHeaders == nil {
		p.AcceptedHeaders = &nameSet{}
	}
	p.methods = strings.Join(p.AcceptedMethods.names, ", ")
	p.headers = strings.Join(p.AcceptedHeaders.names, ", ")
	p.exposed = strings.Join(p.ExposedHeaders.names, ", ")
	p.age = strconv.FormatInt(min(int64(p.MaxAge.D().Seconds()), 1<<31-1), 10)
}

type corsFilter struct {
	policies []corsPolicy
	refusal  refusal
}

var (
	errOrigin    = errors.New("no policy accepts the origin")
	errPreflight = errors.New("the policy does not accept the method or a header field")
)

func (f *corsFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	h := x.Request.Header
	if len(h["Origin"]) == 0 {
		resp, err := next.Handle(x)
		if err == nil {
			vary(resp.Header)
		}
		return resp, err
	}
	origin := h["Origin"][0]
	p := f.policy(origin)
	if p == nil || len(h["Origin"]) > 1 {
		return f.refusal.answer(x, errOrigin)
	}
	if x.Request.Method == "OPTIONS" && len(h["Access-Control-Request-Method"]) > 0 {
		return f.preflight(x, p, origin)
	}
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	p.allow(resp.Header, origin)
	delete(resp.Header, "Access-Control-Expose-Headers")
	if p.exposed != "" {
		resp.Header["Access-Control-Expose-Headers"] = []string{p.exposed}
	}
	return resp, nil
}

func (f *corsFilter) policy(origin string) *corsPolicy {
	for i := range f.policies {
		if f.policies[i].AcceptedOrigins.has(origin) {
			return &f.policies[i]
		}
	}
	return nil
}

// allow names the origin: "*" only where the answer is the same for all.
func (p *corsPolicy) allow(h http.Header, origin string) {
	delete(h, "Access-Control-Allow-Credentials")
	if p.AcceptedOrigins.any && !p.AllowCredentials {
		h["Access-Control-Allow-Origin"] = []string{"*"}
	} else {
		h["Access-Control-Allow-Origin"] = []string{origin}
	}
	if p.AllowCredentials {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	vary(h)
}

// vary tells caches that the response depends on the origin.
func vary(h http.Header) {
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.Trim(name, " \t"); name == "*" || strings.EqualFold(name, "Origin") {
				return
			}
		}
	}
	h["Vary"] = append(h["Vary"][:len(h["Vary"]):len(h["Vary"])], "Origin")
}

// preflight answers here, so that nothing behind the filter sees such requests.
func (f *corsFilter) preflight(x *chain.Exchange, p *corsPolicy, origin string) (*chain.Response, error) {
	h := x.Request.Header
	method := h["Access-Control-Request-Method"][0]
	asked := strings.Join(h["Access-Control-Request-Headers"], ", ")
	if !p.AcceptedMethods.any && !slices.Contains(p.AcceptedMethods.names, method) ||
		!p.acceptsHeaders(asked) || chain.CheckHeader(method, asked) != nil {
		return f.refusal.answer(x, errPreflight)
	}
	resp := chain.NewResponse(200)
	p.allow(resp.Header, origin)
	methods, headers := p.methods, p.headers
	if p.AcceptedMethods.any {
		methods = method
	}
	if p.AcceptedHeaders.any {
		headers = asked
	}
	resp.Header["Access-Control-Allow-Methods"] = []string{methods}
	if headers != "" {
		resp.Header["Access-Control-Allow-Headers"] = []string{headers}
	}
	resp.Header["Access-Control-Max-Age"] = []string{p.age}
	return resp, nil
}

func (p *corsPolicy) acceptsHeaders(asked string) bool {
	if p.AcceptedHeaders.any {
		return true
	}
	for name := range strings.SplitSeq(asked, ",") {
		name = strings.Trim(name, " \t")
		same := func(s string) bool { return strings.EqualFold(s, name) }
		if name != "" && !slices.ContainsFunc(simpleHeaders, same) && !slices.ContainsFunc(p.AcceptedHeaders.names, same) {
			return false
		}
	}
	return true
}
