package filters

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/textproto"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type csrfConfig struct {
	// CookieName is the session cookie that tokens are bound to.
	CookieName string `conf:"cookieName,required"`
	// HeaderName is the field that carries tokens both ways.
	HeaderName string `conf:"headerName,default=X-CSRF-Token"`
	// ExcludeSafeMethods lets GET, HEAD and OPTIONS pass without a token.
	ExcludeSafeMethods bool `conf:"excludeSafeMethods,default=true"`
	// FailureHandler answers requests without a good token; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

// csrf refuses requests that another site made a browser send: those know the session
// cookie's value no more than the token that is computed from it.
var csrf = heap.Define("CsrfFilter", func(c *csrfConfig, env *heap.Env) (chain.Filter, error) {
	if chain.CheckHeader(c.CookieName, "") != nil {
		env.Fail("cookieName", "%q cannot be the name of a cookie", c.CookieName)
	}
	if chain.CheckHeader(c.HeaderName, "") != nil {
		env.Fail("headerName", "%q cannot be the name of a header field", c.HeaderName)
	}
	return &csrfFilter{c.CookieName, textproto.CanonicalMIMEHeaderKey(c.HeaderName), c.ExcludeSafeMethods, refusalOf(c.FailureHandler, 403)}, nil
})

type csrfFilter struct {
	cookie, header string
	excludeSafe    bool
	refusal        refusal
}

var errCsrf = errors.New("the request has no token that fits its session")

func (f *csrfFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	// A request without session acts for nobody, so there is nothing to protect.
	session, ok := chain.CookieValue(x.Request.Header, f.cookie)
	if ok && !(f.excludeSafe && safe(x.Request.Method)) {
		token := csrfToken(session)
		given := x.Request.Header[f.header]
		if len(given) != 1 || subtle.ConstantTimeCompare([]byte(given[0]), []byte(token)) != 1 {
			resp, err := f.refusal.answer(x, errCsrf)
			if err == nil {
				resp.Header[f.header] = []string{token}
			}
			return resp, err
		}
	}
	resp, err := next.Handle(x)
	if err == nil {
		f.tell(resp.Header)
	}
	return resp, err
}

// tell sends the token of a session that the response begins or renews.
func (f *csrfFilter) tell(h http.Header) {
	for _, field := range h["Set-Cookie"] {
		if !strings.HasPrefix(strings.TrimLeft(field, " "), f.cookie) {
			continue
		}
		if c, ok := parseSetCookie(field); ok && c.name == f.cookie && c.value != "" {
			h[f.header] = []string{csrfToken(strings.Trim(c.value, `"`))}
		}
	}
}

func safe(method string) bool { return method == "GET" || method == "HEAD" || method == "OPTIONS" }

// csrfToken does not reveal the session: the hash cannot be turned back.
func csrfToken(session string) string {
	sum := sha256.Sum256([]byte(session))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
