package gateway

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2"
	"gatehouse/internal/javaregexp"
)

type captureConfig struct {
	// CaptureEntity prints bodies.
	CaptureEntity bool `conf:"captureEntity"`
	// CaptureContext prints the contexts as JSON.
	CaptureContext bool `conf:"captureContext"`
	// MaxEntityLength is how many bytes of a body are printed.
	MaxEntityLength int64 `conf:"maxEntityLength,min=0,max=2147483647,default=524288"`
	// Masks hide what must not be printed.
	Masks struct {
		Headers    []string `conf:"headers"`
		Trailers   []string `conf:"trailers"`
		Attributes []string `conf:"attributes"`
		Mask       string   `conf:"mask,default=*****"`
	} `conf:"masks"`
}

var capture = heap.Define("CaptureDecorator", func(c *captureConfig, env *heap.Env) (heap.Decorator, error) {
	if c.Masks.Mask == "" {
		c.Masks.Mask = "*****"
	}
	return &captureDecorator{
		captureConfig: *c,
		headers:       masks(env, "masks.headers", c.Masks.Headers),
		trailers:      masks(env, "masks.trailers", c.Masks.Trailers),
		attributes:    masks(env, "masks.attributes", c.Masks.Attributes),
	}, nil
})

func masks(env *heap.Env, field string, patterns []string) []*javaregexp.Regexp {
	var list []*javaregexp.Regexp
	for _, p := range patterns {
		re, err := javaregexp.Compile("(?i)(?:" + p + ")")
		if err != nil {
			env.Fail(field, "%q is no regular expression: %s", p, err)
			continue
		}
		list = append(list, re)
	}
	return list
}

// captureDecorator logs messages as they pass the decorated object. Credentials are
// masked whatever the configuration says.
type captureDecorator struct {
	captureConfig
	headers, trailers, attributes []*javaregexp.Regexp
}

// points are the places where messages are captured.
type points struct{ request, filteredRequest, response, filteredResponse bool }

var pointNames = []string{"all", "none", "request", "response", "filtered_request", "filtered_response"}

func (c *captureDecorator) Decorate(target any, value *conf.Node, env *heap.Env) (any, error) {
	p, ok := readPoints(value, env)
	if !ok || p == (points{}) {
		return target, nil
	}
	switch t := target.(type) {
	case chain.Handler:
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			c.request(p.request, "request", x, env)
			resp, err := t.Handle(x)
			c.response(p.response, "response", x, resp, err, env)
			return resp, err
		}), nil
	case chain.Filter:
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			c.request(p.request, "request", x, env)
			resp, err := t.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				c.request(p.filteredRequest, "filtered-request", x, env)
				resp, err := next.Handle(x)
				c.response(p.response, "response", x, resp, err, env)
				return resp, err
			}))
			c.response(p.filteredResponse, "filtered-response", x, resp, err, env)
			return resp, err
		}), nil
	case oauth2.AccessTokenResolver:
		return resolverFunc(func(x *chain.Exchange, text string) (*oauth2.AccessToken, error) {
			c.request(p.request, "request", x, env)
			found, err := t.Resolve(x, text)
			c.resolved(p.response, x, found, err, env)
			return found, err
		}), nil
	}
	return target, nil
}

// resolved prints what a token stands for, without the token.
func (c *captureDecorator) resolved(on bool, x *chain.Exchange, found *oauth2.AccessToken, err error, env *heap.Env) {
	if !on {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<--- (response) id:%s ---\n\n", exchangeID(x))
	if err != nil {
		fmt.Fprintf(&b, "failed: %s\n", err)
	} else {
		fmt.Fprintf(&b, "scopes: %s\nexpires: %d\n", strings.Join(found.Scopes, " "), found.ExpiresAt)
		if found.Info != nil {
			text, err := json.Marshal(c.maskMap(found.Info.Plain()))
			if err == nil {
				b.WriteString(maskBody(string(text)))
				b.WriteByte('\n')
			}
		}
	}
	c.contexts(&b, x)
	env.Log.InfoContext(x.Ctx(), b.String())
}

func readPoints(value *conf.Node, env *heap.Env) (points, bool) {
	list := []*conf.Node{value}
	if value.Kind == conf.List {
		list = value.List
	}
	var p points
	for _, n := range list {
		var name string
		d := env.Heap.Decoder()
		d.Errs = env.Errs
		if !d.Decode(n, &name) {
			return p, false
		}
		switch strings.ToLower(name) {
		case "none":
			return points{}, true
		case "all":
			p = points{true, true, true, true}
		case "request":
			p.request = true
		case "response":
			p.response = true
		case "filtered_request":
			p.filteredRequest = true
		case "filtered_response":
			p.filteredResponse = true
		default:
			env.Errs.Add(n, "expected one of %s, found %q%s", strings.Join(pointNames, ", "), name, conf.DidYouMean(name, pointNames))
			return p, false
		}
	}
	return p, true
}

func exchangeID(x *chain.Exchange) string {
	if r := chain.Find[*chain.RootContext](x.Context); r != nil {
		return r.ID
	}
	return ""
}

func (c *captureDecorator) request(on bool, point string, x *chain.Exchange, env *heap.Env) {
	if !on {
		return
	}
	r := x.Request
	var b strings.Builder
	fmt.Fprintf(&b, "--- (%s) id:%s --->\n\n%s %s %s\n", point, exchangeID(x), r.Method, maskQuery(r.URI), r.Proto)
	c.headerLines(&b, r.Header, c.headers)
	c.entity(&b, &r.Entity, r.Header)
	c.trailerLines(&b, r.Trailer)
	c.contexts(&b, x)
	env.Log.InfoContext(x.Ctx(), b.String())
}

func (c *captureDecorator) response(on bool, point string, x *chain.Exchange, resp *chain.Response, err error, env *heap.Env) {
	if !on {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<--- (%s) id:%s ---\n\n", point, exchangeID(x))
	switch {
	case err != nil:
		fmt.Fprintf(&b, "failed: %s\n", err)
	case resp == nil:
		b.WriteString("no response\n")
	default:
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", resp.Status.Code, resp.Status.Reason)
		c.headerLines(&b, resp.Header, c.headers)
		c.entity(&b, &resp.Entity, resp.Header)
		c.trailerLines(&b, resp.Trailer)
	}
	c.contexts(&b, x)
	env.Log.InfoContext(x.Ctx(), b.String())
}

func (c *captureDecorator) headerLines(b *strings.Builder, h http.Header, hidden []*javaregexp.Regexp) {
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		for _, v := range h[n] {
			if hides(hidden, n) {
				v = c.Masks.Mask
			}
			fmt.Fprintf(b, "%s: %s\n", n, maskHeader(n, v))
		}
	}
	b.WriteByte('\n')
}

// trailerLines prints the fields behind a body, as far as they have come.
func (c *captureDecorator) trailerLines(b *strings.Builder, h http.Header) {
	if len(h) > 0 {
		c.headerLines(b, h, c.trailers)
	}
}

// hides says whether one of the patterns is the name. A pattern that takes too long
// counts as one that is.
func hides(patterns []*javaregexp.Regexp, name string) bool {
	return slices.ContainsFunc(patterns, func(re *javaregexp.Regexp) bool {
		is, err := re.Match(name)
		return is || err != nil
	})
}

func (c *captureDecorator) entity(b *strings.Builder, e *chain.Entity, h http.Header) {
	ct := h.Get("Content-Type")
	switch {
	case e.Empty():
		return
	case !c.CaptureEntity:
		b.WriteString("[entity]\n")
		return
	case ct == "":
		b.WriteString("[content-type not set: entity cannot be displayed]\n")
		return
	case !textual(ct):
		b.WriteString("[binary entity]\n")
		return
	case strings.HasPrefix(ct, "text/event-stream") && !e.Buffered():
		b.WriteString("[a stream of events]\n")
		return
	}
	text, err := e.Text()
	if err != nil {
		fmt.Fprintf(b, "[the entity cannot be read: %s]\n", err)
		return
	}
	text = maskBody(text) // before the cut: a value that is cut in two could not be recognised
	cut := int64(len(text)) > c.MaxEntityLength
	if cut {
		text = strings.ToValidUTF8(text[:c.MaxEntityLength], "")
	}
	b.WriteString(text)
	b.WriteByte('\n')
	if cut {
		b.WriteString("[entity truncated]\n")
	}
}

var textualTypes = []string{"atom+xml", "javascript", "json", "rss+xml", "xhtml+xml", "xml", "xml-dtd", "x-www-form-urlencoded", "soap+xml"}

func textual(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	sub, isApp := strings.CutPrefix(kind, "application/")
	return params["charset"] != "" || strings.HasPrefix(kind, "text/") || isApp && slices.Contains(textualTypes, sub)
}

func (c *captureDecorator) contexts(b *strings.Builder, x *chain.Exchange) {
	if !c.CaptureContext {
		return
	}
	all := map[string]any{}
	for l := x.Context; l != nil; l = l.Parent() {
		if _, seen := all[l.ContextName()]; !seen {
			all[l.ContextName()] = c.describe(l)
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		fmt.Fprintf(b, "[the contexts cannot be displayed: %s]\n", err)
		return
	}
	b.WriteString(maskBody(string(text)))
	b.WriteByte('\n')
}

// contextProperties are what captures print of contexts; a context's own list of
// keys comes first.
var contextProperties = []string{"id", "remoteAddress", "remotePort", "userAgent", "isSecure", "originalUri", "transactionId", "attributes", "scopes", "info", "expiresAt"}

func (c *captureDecorator) describe(ctx chain.Context) map[string]any {
	out := map[string]any{}
	for _, name := range contextProperties {
		v, ok := ctx.Get(name)
		if !ok || v == nil {
			continue
		}
		switch v := v.(type) {
		case fmt.Stringer:
			out[name] = v.String()
		case map[string]any:
			out[name] = c.maskMap(v)
		default:
			out[name] = v
		}
	}
	return out
}

func (c *captureDecorator) maskMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if hides(c.attributes, k) {
			v = c.Masks.Mask
		}
		out[k] = v
	}
	return out
}
