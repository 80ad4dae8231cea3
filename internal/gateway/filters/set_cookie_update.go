package filters

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type setCookieUpdateConfig struct {
	// Cookies maps names of cookies, as regular expressions, to attributes to set.
	Cookies cookieRules `conf:"cookies,required"`
}

// cookieRules are tried in this order; later ones overwrite.
type cookieRules []cookieRule

type cookieRule struct {
	name pattern
	set  []cookieEdit
}

type cookieEdit struct {
	attribute string // as it is written in the field; "" is the value itself
	value     *expr.Template
}

// cookieAttributes are the names that configurations use, in lower case.
var cookieAttributes = map[string]string{
	"value": "", "expires": "Expires", "max-age": "Max-Age", "domain": "Domain", "path": "Path",
	"secure": "Secure", "http-only": "HttpOnly", "httponly": "HttpOnly", "samesite": "SameSite",
}

// UnmarshalConf reads the rules.
func (r *cookieRules) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n = d.Whole(n); n.Kind != conf.Object {
		d.Errs.Add(n, "expected an object of cookie names and attributes, found %s", n.Kind)
		return
	}
	for _, f := range n.Fields {
		rule := cookieRule{}
		d.Decode(f.NameNode(n).Named(f.Name), &rule.name)
		if f.Value.Kind != conf.Object {
			d.Errs.Add(f.Value, "expected an object of attributes, found %s", f.Value.Kind)
			continue
		}
		rule.readAttributes(d, f.Value)
		*r = append(*r, rule)
	}
}

func (r *cookieRule) readAttributes(d *conf.Decoder, n *conf.Node) {
	sameSite, secure := "", false
	for _, f := range n.Fields {
		attribute, ok := cookieAttributes[strings.ToLower(f.Name)]
		if !ok {
			d.Errs.Add(f.NameNode(n), "%q is no attribute of a cookie: expected value, expires, max-age, domain, path, secure, http-only or SameSite", f.Name)
			continue
		}
		e := cookieEdit{attribute: attribute}
		if f.Value.Kind != conf.Null {
			d.Decode(f.Value, &e.value)
		}
		r.set = append(r.set, e)
		secure = secure || attribute == "Secure"
		if v, fixed := e.value.Const(); fixed && attribute == "SameSite" {
			sameSite, _ = v.(string)
		}
	}
	if strings.EqualFold(sameSite, "none") && !secure {
		d.Errs.Warn(n, "browsers take a cookie with SameSite none only when it is secure")
	}
}

// DescribeConf names the kind of value.
func (*cookieRules) DescribeConf() string { return "an object of cookie names and attributes" }

// setCookieUpdate changes the cookies that responses set.
var setCookieUpdate = heap.Define("SetCookieUpdateFilter", func(c *setCookieUpdateConfig, _ *heap.Env) (chain.Filter, error) {
	return cookieUpdater(c.Cookies), nil
})

type cookieUpdater []cookieRule

func (f cookieUpdater) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	fields := resp.Header["Set-Cookie"]
	if len(fields) == 0 {
		return resp, nil
	}
	scope := chain.ResponseScope{Exchange: x, Response: resp}
	for i, field := range fields {
		c, ok := parseSetCookie(field)
		if !ok {
			continue
		}
		changed := false
		for _, rule := range f {
			if fits, err := rule.name.Match(c.name); err != nil || !fits {
				continue
			}
			changed = true
			if err := rule.apply(&c, scope); err != nil {
				resp.Entity.Close()
				return nil, err
			}
		}
		if changed {
			fields[i] = c.String()
		}
	}
	return resp, nil
}

// on is the value of a switch. Tokens and fixed values are texts, so "true" counts, too.
func on(t *expr.Template, s expr.Scope) bool {
	text, _ := t.Text(s)
	return strings.EqualFold(text, "true")
}

// apply sets the attributes. A null removes an attribute and leaves the value as it is.
func (r *cookieRule) apply(c *setCookie, s expr.Scope) error {
	for _, e := range r.set {
		text, ok := "", false
		switch e.attribute {
		case "Secure", "HttpOnly":
			if on(e.value, s) {
				c.set(cookieAttribute{name: e.attribute, flag: true})
			} else {
				c.drop(e.attribute)
			}
			continue
		case "Max-Age":
			var n int64
			if n, ok = e.value.Int(s); ok {
				text = strconv.FormatInt(n, 10)
			}
		default:
			text, ok = e.value.Text(s)
		}
		if strings.ContainsRune(text, ';') || chain.CheckHeader("Set-Cookie", text) != nil {
			return fmt.Errorf("the cookie %s cannot be changed: %s has a character that would end it", c.name, e.value.Source())
		}
		switch {
		case e.attribute == "" && ok:
			c.value = text
		case e.attribute == "":
		case !ok:
			c.drop(e.attribute)
		default:
			c.set(cookieAttribute{name: e.attribute, value: text})
		}
	}
	return nil
}
