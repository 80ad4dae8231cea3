package oauth2

import (
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// scopesField is a list of runtime expressions, or an object that computes scopes.
type scopesField struct {
	list   []string // when all are known at load
	exprs  []*expr.Template
	access ResourceAccess
}

// UnmarshalConf reads the field.
func (f *scopesField) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n = d.Whole(n); n.Kind != conf.List {
		if n.Kind == conf.String && !strings.Contains(n.Text, "${") && heap.From(d).Place(n.Text) == nil {
			d.Errs.Add(n, "expected a list of scopes such as [\"mail\"], or the name of a ScriptableResourceAccess, found %q", n.Text)
			return
		}
		var ref heap.Ref[ResourceAccess]
		ref.UnmarshalConf(d, n)
		f.access = ref.Get()
		return
	}
	if !d.Decode(n, &f.exprs) {
		return
	}
	list := make([]string, 0, len(f.exprs))
	for i, e := range f.exprs {
		if _, fixed := e.Const(); !fixed {
			return
		}
		scope, ok := e.Text(nil)
		if !ok || !isScope(scope) {
			d.Errs.Add(n.List[i], "expected a scope, which is a word without blanks and quotes, found %q", n.List[i].Text)
			return
		}
		list = append(list, scope)
	}
	f.list, f.exprs = list, nil
}

// DescribeConf names the kind of value.
func (*scopesField) DescribeConf() string { return "a list of scopes or a resource access" }

// fixed says whether the scopes are the same for all requests.
func (f *scopesField) fixed() bool { return f.access == nil && f.exprs == nil }

var errNoScope = errors.New("an expression for a scope yields no text")

// of returns the scopes for a request.
func (f *scopesField) of(x *chain.Exchange) ([]string, error) {
	if f.access != nil {
		return f.access.RequiredScopes(x)
	}
	if f.exprs == nil {
		return f.list, nil
	}
	list := make([]string, len(f.exprs))
	for i, e := range f.exprs {
		s, ok := e.Text(x)
		if !ok {
			return nil, fmt.Errorf("%w: %s", errNoScope, e.Source())
		}
		if !isScope(s) {
			return nil, fmt.Errorf("an expression yields something else than a scope: %s", e.Source())
		}
		list[i] = s
	}
	return list, nil
}

// isScope checks the characters of a scope (RFC 6749 §3.3).
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }
