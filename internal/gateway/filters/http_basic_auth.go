package filters

import (
	"encoding/base64"
	"errors"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type httpBasicAuthConfig struct {
	// Username and Password are what the upstream is told.
	Username *expr.Template `conf:"username,required"`
	Password *expr.Template `conf:"password,required"`
	// FailureHandler answers when there are no credentials, or the upstream refuses them.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler,required"`
	// CacheHeader keeps the credentials in the session.
	CacheHeader bool `conf:"cacheHeader,default=true"`
}

// httpBasicAuth authenticates to an upstream in place of the client (RFC 7617).
var httpBasicAuth = heap.Define("HttpBasicAuthFilter", func(c *httpBasicAuthConfig, env *heap.Env) (chain.Filter, error) {
	return &basicAuth{c, c.FailureHandler.Get(), "credentials of " + env.Name + " for "}, nil
})

type basicAuth struct {
	config  *httpBasicAuthConfig
	failure chain.Handler
	key     string // of the credentials in the session, with the upstream after it
}

var errColon = errors.New("the username has a colon, which basic authentication cannot express")

func (f *basicAuth) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	delete(x.Request.Header, "Authorization")
	session, key := f.session(x)
	if session != nil {
		if kept, _ := session.Get(key); kept != nil {
			return f.withKept(x, next, session, key, kept)
		}
	}
	return f.withFresh(x, next, session, key, "")
}

// withKept tries the credentials of the session, and others when the upstream refuses them.
func (f *basicAuth) withKept(x *chain.Exchange, next chain.Handler, session chain.Session, key string, kept any) (*chain.Response, error) {
	credentials, _ := kept.(string)
	again, err := x.Request.Clone()
	if err != nil {
		return nil, err
	}
	resp, err := send(x, next, credentials)
	if err != nil || resp.Status.Code != 401 {
		again.Entity.Close()
		return resp, err
	}
	resp.Entity.Close()
	return f.withFresh(x.With(again), next, session, key, credentials)
}

// withFresh evaluates the credentials; they are not sent when they were refused before.
func (f *basicAuth) withFresh(x *chain.Exchange, next chain.Handler, session chain.Session, key, refused string) (*chain.Response, error) {
	user, ok1 := f.config.Username.Text(x)
	password, ok2 := f.config.Password.Text(x)
	if !ok1 || !ok2 {
		return f.failure.Handle(x)
	}
	if strings.Contains(user, ":") {
		return nil, errColon
	}
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	if credentials == refused {
		return f.failed(x, session, key)
	}
	if session != nil {
		if err := session.Set(key, credentials); err != nil {
			return nil, err
		}
	}
	resp, err := send(x, next, credentials)
	if err != nil || resp.Status.Code != 401 {
		return resp, err
	}
	resp.Entity.Close()
	return f.failed(x, session, key)
}

func (f *basicAuth) failed(x *chain.Exchange, session chain.Session, key string) (*chain.Response, error) {
	if session != nil {
		if err := session.Set(key, nil); err != nil {
			return nil, err
		}
	}
	delete(x.Request.Header, "Authorization")
	return f.failure.Handle(x)
}

// session is where credentials for the request's upstream are kept, nil for nowhere.
func (f *basicAuth) session(x *chain.Exchange) (chain.Session, string) {
	if !f.config.CacheHeader {
		return nil, ""
	}
	s := chain.Find[*chain.SessionContext](x.Context)
	if s == nil {
		return nil, ""
	}
	return s.Session, f.key + x.Request.URI.Scheme + "://" + x.Request.URI.DialAddr()
}

// send sends the credentials along. The browser must not be asked for others, so it
// never sees a challenge.
func send(x *chain.Exchange, next chain.Handler, credentials string) (*chain.Response, error) {
	x.Request.Header["Authorization"] = []string{credentials}
	resp, err := next.Handle(x)
	if err == nil && resp.Status.Code != 401 {
		delete(resp.Header, "Www-Authenticate")
	}
	return resp, err
}
