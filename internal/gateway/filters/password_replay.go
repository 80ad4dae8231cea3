package filters

import (
	"fmt"
	"log/slog"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type passwordReplayConfig struct {
	// Request makes the login request; its fields are those of a StaticRequestFilter.
	Request *requestTemplate `conf:"request,required"`
	// LoginPage holds for requests to the login page.
	LoginPage heap.Condition `conf:"loginPage"`
	// LoginPageContentMarker is found in the body of the login page.
	LoginPageContentMarker *pattern `conf:"loginPageContentMarker"`
	// LoginPageExtractions are looked for in the login page.
	LoginPageExtractions []struct {
		// Name is the key in attributes.extracted.
		Name string `conf:"name,required"`
		// Pattern has one group, which is what is kept.
		Pattern pattern `conf:"pattern,required"`
	} `conf:"loginPageExtractions"`
	// Credentials is passed before the login request is made.
	Credentials heap.Ref[chain.Filter] `conf:"credentials"`
	// HeaderDecryption belongs to older releases.
	HeaderDecryption *conf.Node `conf:"headerDecryption"`
}

// passwordReplay logs in to an upstream in place of the client.
var passwordReplay = heap.Define("PasswordReplayFilter", func(c *passwordReplayConfig, env *heap.Env) (chain.Filter, error) {
	c.Request.check(env, "request.")
	if !c.LoginPage.IsSet() && c.LoginPageContentMarker == nil {
		env.Fail("loginPage", "one of the fields \"loginPage\" and \"loginPageContentMarker\" is required")
	}
	if c.HeaderDecryption != nil {
		env.Fail("headerDecryption", "encrypted header fields are not supported; use a CapturedUserPasswordFilter as credentials")
	}
	f := &replayer{login: c.Request, page: c.LoginPage, marker: c.LoginPageContentMarker, credentials: c.Credentials.Get(), log: env.Log}
	for i, e := range c.LoginPageExtractions {
		if e.Pattern.Regexp != nil && e.Pattern.Groups() == 0 {
			env.Warn(fmt.Sprintf("loginPageExtractions.%d.pattern", i), "the pattern has no group, so nothing is extracted")
		}
		f.extractions = append(f.extractions, extraction{e.Name, e.Pattern, "$1"})
	}
	return f, nil
})

type replayer struct {
	login       *requestTemplate
	page        heap.Condition
	marker      *pattern
	extractions []extraction
	credentials chain.Filter // nil: none
	log         *slog.Logger
}

func (f *replayer) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	switch {
	case !f.page.IsSet():
		return f.byMarker(x, next)
	case !f.page.Holds(x):
		return next.Handle(x)
	case f.marker == nil && len(f.extractions) == 0:
		return f.logIn(x, next)
	}
	resp, found, err := f.look(x, next)
	if err != nil || !found {
		return resp, err
	}
	return f.logIn(x, next)
}

// byMarker looks at every response; where one is the login page, the client's own
// request is sent again after the login.
func (f *replayer) byMarker(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	again, err := x.Request.Clone()
	if err != nil {
		return nil, err
	}
	resp, found, err := f.look(x, next)
	if err != nil || !found {
		again.Entity.Close()
		return resp, err
	}
	answer, err := f.logIn(x, next)
	if err != nil {
		return nil, err
	}
	answer.Entity.Close()
	return next.Handle(x.With(again))
}

// look sends the request and reads the answer. found says that it is the login page;
// there is no response then.
func (f *replayer) look(x *chain.Exchange, next chain.Handler) (resp *chain.Response, found bool, err error) {
	resp, err = next.Handle(x)
	if err != nil {
		return nil, false, err
	}
	page, err := resp.Entity.Text()
	if err != nil {
		resp.Entity.Close()
		return nil, false, err
	}
	if f.marker != nil && !f.marker.found(page) {
		return resp, false, nil
	}
	if len(f.extractions) > 0 {
		if a := chain.Find[*chain.AttributesContext](x.Context); a != nil {
			a.Map()["extracted"] = extractAll(x.Ctx(), f.extractions, page, f.log)
		}
	}
	resp.Entity.Close()
	return nil, true, nil
}

// logIn sends the login request, which is made after the filter for credentials.
func (f *replayer) logIn(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	login := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		req, err := f.login.build(x)
		if err != nil {
			return nil, err
		}
		return next.Handle(x.With(req))
	})
	if f.credentials == nil {
		return login(x)
	}
	return f.credentials.Filter(x, login)
}
