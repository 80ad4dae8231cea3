// Package console is the web console of the authorization server's administrators: pages below <context>/console.
//
// A page knows what the administration interface tells it and changes what the interface lets it change: it sends the
// same requests that curl would, with the session of the person at the browser, and shows them as curl commands.
// Whoever adds a page writes page_<name>.go and page_<name>.html and one line in pages.go.
package console

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// maxForm bounds what a form may bring: a script has some hundred kilobytes at most.
const maxForm = 2 << 20

// Options are what a Console works with. All but Log and Now are needed.
type Options struct {
	// API is the whole server: what answers <context>/json and <context>/oauth2.
	API http.Handler
	// Login finds the session of a browser.
	Login *login.Service
	Log   *slog.Logger
	Now   func() time.Time
}

// Console answers the pages.
type Console struct {
	Options
	pages  []page
	routes []route
	set    *ui.Set
	assets http.Handler
}

// route is one function of a page.
type route struct {
	method string
	parts  []string
	page   *page
	do     func(*visit) error
}

// New returns a console with all pages.
func New(o Options) *Console {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	files := ui.AssetHandler()
	c := &Console{Options: o, pages: pages(), set: ui.MustParse(pageFiles, "."), assets: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(r.URL.Path, "/console/"+assetFolder)
		http.StripPrefix(strings.TrimSuffix(r.URL.Path, name), files).ServeHTTP(w, r)
	})}
	for i := range c.pages {
		p := &c.pages[i]
		for pattern, do := range p.Handlers {
			method, path, _ := strings.Cut(pattern, " ")
			c.routes = append(c.routes, route{method, strings.Split(path, "/"), p, do})
		}
	}
	// What is spelled out goes before variables: applications/new is not an application.
	slices.SortStableFunc(c.routes, func(a, b route) int { return cmp.Compare(a.variables(), b.variables()) })
	return c
}

func (r route) variables() int {
	n := 0
	for _, p := range r.parts {
		if strings.HasPrefix(p, "{") {
			n++
		}
	}
	return n
}

// match gives the variables of a path that the route is for.
func (r route) match(method string, parts []string) (map[string]string, bool) {
	if r.method != method || len(parts) != len(r.parts) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range r.parts {
		if name, ok := strings.CutPrefix(p, "{"); ok && parts[i] != "" {
			vars[strings.TrimSuffix(name, "}")] = parts[i]
		} else if p != parts[i] {
			return nil, false
		}
	}
	return vars, true
}

var errNoPage = &apiError{Status: http.StatusNotFound, Message: "There is no such page."}

// find looks up what answers a path, which is still escaped.
func (c *Console) find(method, path string) (route, map[string]string, error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			return route{}, nil, errNoPage
		}
		parts[i] = plain
	}
	for _, r := range c.routes {
		if vars, ok := r.match(method, parts); ok {
			return r, vars, nil
		}
	}
	return route{}, nil, errNoPage
}

// ServeHTTP answers a request for <context>/console/<path>; path is still escaped.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request, place login.Place, path string) {
	v := &visit{w: w, r: r, place: place, console: c, lang: ui.RequestLang(r)}
	if !strings.HasPrefix(r.URL.Path, place.Context+"/console/") {
		// Older addresses of the console, and ours without its slash.
		to := url.URL{Path: place.Context + "/console/", RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusFound)
		return
	}
	if err := v.serve(path); err != nil {
		v.failed(err)
	}
}

func (v *visit) serve(path string) error {
	if strings.HasPrefix(path, assetFolder) {
		v.console.assets.ServeHTTP(v.w, v.r)
		return nil
	}
	found, err := v.console.Login.FromRequest(v.r)
	if errors.Is(err, store.ErrNotFound) {
		return v.signIn()
	}
	if err != nil {
		return err
	}
	v.token, v.handle, v.person, v.personRealm = found.Token, found.Handle, found.Subject.Name, found.Realm
	v.api = &api{
		handler: v.console.API, browser: v.r, context: v.place.Context, base: strings.TrimSuffix(v.place.Base, v.place.Context),
		cookie: v.console.Login.Cookie, token: found.Token,
	}
	at, vars, missing := v.console.find(v.r.Method, path)
	if missing != nil || !at.page.Passive {
		if err := v.lookAround(); err != nil {
			return err
		}
	}
	if missing != nil {
		return missing
	}
	v.page, v.vars = at.page, vars
	if v.r.Method == http.MethodPost {
		if err := v.checkForm(); err != nil {
			return err
		}
	}
	return at.do(v)
}
