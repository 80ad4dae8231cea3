package filters

import (
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type uriPathRewriteConfig struct {
	// Mappings are pairs of a path prefix and what takes its place.
	Mappings pathMappings `conf:"mappings,required"`
	// FailureHandler answers when a path cannot be rewritten; without it the answer is 500.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

// pathMappings are pairs of paths in the order of the text.
type pathMappings []pathMapping

type pathMapping struct{ from, to string } // without slashes at the end

// UnmarshalConf reads an object of paths; of one path given twice the last pair counts.
func (m *pathMappings) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n = d.Whole(n); n.Kind != conf.Object {
		d.Errs.Add(n, "expected an object of paths, found %s", n.Kind)
		return
	}
	for _, f := range n.Fields {
		key := f.NameNode(n).Named(f.Name)
		from, ok1 := pathOf(d, key)
		to, ok2 := pathOf(d, f.Value)
		if !ok1 || !ok2 {
			continue
		}
		*m = slices.DeleteFunc(*m, func(p pathMapping) bool { return p.from == from })
		*m = append(*m, pathMapping{from, to})
	}
}

func pathOf(d *conf.Decoder, n *conf.Node) (string, bool) {
	var text string
	if !d.Decode(n, &text) {
		return "", false
	}
	if !strings.HasPrefix(text, "/") || strings.ContainsAny(text, "?#") {
		d.Errs.Add(n, "expected a path such as \"/app\", without query and fragment, found %q", text)
		return "", false
	}
	u := chain.URI{Port: -1}
	if strings.Contains(text, "%") {
		if err := u.Set("rawPath", text); err != nil {
			d.Errs.Add(n, "%s", err)
			return "", false
		}
	} else {
		u.SetPath(text)
	}
	return strings.TrimRight(u.RawPath, "/"), true
}

// DescribeConf names the kind of value.
func (*pathMappings) DescribeConf() string { return "an object of paths" }

// uriPathRewrite replaces the beginning of paths, and puts it back in redirects.
var uriPathRewrite = heap.Define("UriPathRewriteFilter", func(c *uriPathRewriteConfig, _ *heap.Env) (chain.Filter, error) {
	f := &pathRewriter{refusal: refusalOf(c.FailureHandler, 500)}
	f.forward = slices.Clone(c.Mappings)
	slices.SortStableFunc(f.forward, func(a, b pathMapping) int { return len(b.from) - len(a.from) })
	for _, m := range c.Mappings {
		f.back = append(f.back, pathMapping{m.to, m.from})
	}
	slices.SortStableFunc(f.back, func(a, b pathMapping) int { return len(b.from) - len(a.from) })
	return f, nil
})

// pathRewriter has the mappings of requests and those of responses, longest first.
type pathRewriter struct {
	forward, back pathMappings
	refusal       refusal
}

var errPath = errors.New("the path cannot be rewritten")

func (f *pathRewriter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	u := x.Request.URI
	entered := chain.URI{Scheme: u.Scheme, Host: u.Host, Port: u.Port}
	if path, ok := f.forward.apply(u.RawPath); ok {
		if u.Host == "" && strings.HasPrefix(path, "//") {
			return f.refusal.answer(x, errPath)
		}
		u.RawPath = path
	}
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	for _, name := range [...]string{"Location", "Content-Location"} {
		if values := resp.Header[name]; len(values) > 0 {
			if text, ok := f.restore(values[0], &entered, x.Request.URI); ok {
				resp.Header[name] = []string{text}
			}
		}
	}
	return resp, nil
}

// restore maps a URI of a response back when it is relative, or belongs to the server
// that was asked: as the filter saw it, or as the request was sent in the end.
func (f *pathRewriter) restore(text string, entered, sent *chain.URI) (string, bool) {
	u, err := chain.ParseURI(text)
	if err != nil || u.Host == "" && u.Scheme != "" {
		return "", false
	}
	if u.Host != "" && !sameOrigin(u, entered) && !sameOrigin(u, sent) {
		return "", false
	}
	path, ok := f.back.apply(u.RawPath)
	// "//x/y" alone would lead to the host x.
	if !ok || u.Host == "" && strings.HasPrefix(path, "//") {
		return "", false
	}
	u.RawPath = path
	return u.String(), true
}

// apply replaces the longest prefix that ends where a segment ends.
func (m pathMappings) apply(path string) (string, bool) {
	if path == "" {
		path = "/"
	}
	if path[0] != '/' {
		return "", false
	}
	for i := range m {
		rest, ok := strings.CutPrefix(path, m[i].from)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		if out := m[i].to + rest; out != "" {
			return out, true
		}
		return "/", true
	}
	return "", false
}

// sameOrigin compares scheme, host and port; a port that is not written is the scheme's.
func sameOrigin(a, b *chain.URI) bool {
	return a.Scheme == b.Scheme && portOf(a) == portOf(b) && strings.EqualFold(a.Host, b.Host)
}

func portOf(u *chain.URI) int {
	switch {
	case u.Port >= 0:
		return u.Port
	case u.Scheme == "https", u.Scheme == "wss":
		return 443
	}
	return 80
}
