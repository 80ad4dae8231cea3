package filters

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/session"
)

type fragmentConfig struct {
	// FragmentCaptureEndpoint is a path of the route that takes fragments.
	FragmentCaptureEndpoint string `conf:"fragmentCaptureEndpoint,required"`
	// NoJavaScriptMessage is shown where JavaScript is off.
	NoJavaScriptMessage string `conf:"noJavaScriptMessage"`
	// Cookie keeps the fragment while the user logs in.
	Cookie *fragmentCookie `conf:"cookie"`
}

type fragmentCookie struct {
	session.Cookie
	// MaxAge is how long the cookie lives.
	MaxAge conf.Duration `conf:"maxAge,default=1 hour"`
}

// fragment keeps the part of a URI behind #, which browsers do not send, while the user
// is sent to log in.
var fragment = heap.Define("FragmentFilter", func(c *fragmentConfig, env *heap.Env) (chain.Filter, error) {
	if c.Cookie == nil {
		c.Cookie = &fragmentCookie{session.Cookie{HTTPOnly: true, Path: "/"}, conf.Duration(time.Hour)}
	}
	c.Cookie.OrDefaults(env, "cookie", "ig-fragment-cookie")
	endpoint, err := chain.ParseURI(c.FragmentCaptureEndpoint)
	if err != nil || !strings.HasPrefix(endpoint.RawPath, "/") || endpoint.HasQuery || endpoint.Fragment != "" {
		env.Fail("fragmentCaptureEndpoint", "expected a path such as \"/app/fragment\", found %q", c.FragmentCaptureEndpoint)
		return nil, nil
	}
	return &fragmentKeeper{path: endpoint.RawPath, message: c.NoJavaScriptMessage, cookie: &c.Cookie.Cookie, maxAge: int(min(c.Cookie.MaxAge.D(), 400*24*time.Hour) / time.Second)}, nil
})

type fragmentKeeper struct {
	path    string
	message string
	cookie  *session.Cookie
	maxAge  int // seconds
}

// capture is what the cookie holds: first where to log in, then the fragment.
type capture struct {
	// Nonce ties the form to the cookie.
	Nonce string `json:"n,omitempty"`
	Login string `json:"l,omitempty"`
	// Path is where the user comes back to.
	Path     string `json:"p"`
	Fragment string `json:"f,omitempty"`
}

const maxFragment = 2000

// maxFragmentCookie is what browsers keep for sure of a cookie's value, with room for its
// name and attributes in the 4096 bytes that they take (RFC 6265 §6.1).
const maxFragmentCookie = 3800

var errCapture = errors.New("the request brings a fragment that was not asked for")

func (f *fragmentKeeper) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	kept := f.read(x)
	path := chain.OriginalURI(x).RawPath
	switch {
	case path == f.path && x.Request.Method == "POST":
		return f.take(x, kept)
	case kept != nil && kept.Fragment != "" && kept.Path == path && x.Request.Method == "GET":
		return f.restore(x, kept), nil
	case x.Request.Method != "GET":
		return next.Handle(x)
	}
	c := &authRedirect{}
	resp, err := next.Handle(x.Push(c))
	if err != nil || !c.redirected || len(resp.Header["Location"]) == 0 {
		return resp, err
	}
	return f.ask(resp, path)
}

// ask answers with a page that sends the fragment, in place of the redirect. Where the
// cookie would be too large for browsers, the redirect has to do.
func (f *fragmentKeeper) ask(redirect *chain.Response, path string) (*chain.Response, error) {
	asked := capture{Nonce: rand.Text(), Login: redirect.Header["Location"][0], Path: path}
	text := asked.text()
	if text == "" {
		return redirect, nil
	}
	redirect.Entity.Close()
	resp, err := submission{
		Action: f.path, Fields: []submissionField{{"nonce", asked.Nonce}, {"fragment", ""}}, Message: f.message,
		Script: "document.getElementById('fragment').value=window.location.hash;document.getElementById('form').submit()",
	}.page()
	if err != nil {
		return nil, err
	}
	resp.Header["Set-Cookie"] = redirect.Header["Set-Cookie"]
	f.cookie.Set(resp.Header, text, f.maxAge)
	return resp, nil
}

// take keeps the fragment and sends the user to log in. Where to is in the cookie, and
// not in the form, so that nobody can make a redirect elsewhere of it.
func (f *fragmentKeeper) take(x *chain.Exchange, kept *capture) (*chain.Response, error) {
	form := x.Request.Entity.Form()
	given := func(name string) string {
		if v := form[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	if kept == nil || kept.Nonce == "" || kept.Login == "" || subtle.ConstantTimeCompare([]byte(kept.Nonce), []byte(given("nonce"))) != 1 {
		return chain.Fail(400, errCapture), nil
	}
	resp := redirectTo(kept.Login)
	text, age := "", -1
	hash := strings.TrimPrefix(given("fragment"), "#")
	if u, err := chain.ParseURI("/#" + hash); err == nil && hash != "" && len(hash) <= maxFragment && u.Fragment == hash {
		if text = (capture{Path: kept.Path, Fragment: hash}).text(); text != "" {
			age = f.maxAge
		}
	}
	f.cookie.Set(resp.Header, text, age)
	return resp, nil
}

// restore sends the user to the same URI with the fragment.
func (f *fragmentKeeper) restore(x *chain.Exchange, kept *capture) *chain.Response {
	u := chain.OriginalURI(x).Clone()
	u.Fragment = kept.Fragment
	resp := redirectTo(u.String())
	f.cookie.Set(resp.Header, "", -1)
	return resp
}

func (f *fragmentKeeper) read(x *chain.Exchange) *capture {
	b, err := base64.RawURLEncoding.DecodeString(f.cookie.Get(x.Request.Header))
	if err != nil || len(b) == 0 {
		return nil
	}
	var c capture
	if json.Unmarshal(b, &c) != nil || len(c.Fragment) > maxFragment {
		return nil
	}
	// The cookie may come from anywhere, so it is looked at as the form was.
	if _, err := chain.ParseURI("/#" + c.Fragment); err != nil || chain.CheckHeader("Location", c.Login) != nil {
		return nil
	}
	return &c
}

// text is the value of the cookie, "" when that would be too large.
func (c capture) text() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // "&" is in every login's address, and would take six bytes
	_ = e.Encode(c)        // texts alone
	text := base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(b.Bytes()))
	if len(text) > maxFragmentCookie {
		return ""
	}
	return text
}
