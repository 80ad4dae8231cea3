package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// maxBody bounds what a request may bring: a client's profile has some kilobytes, a script rarely a hundred.
const maxBody = 2 << 20

// Options are what a Server works with. Realms and Login are needed.
type Options struct {
	Realms *realm.Manager
	Login  *login.Service
	// Scripts checks the text of scripts; nil: texts are stored unchecked, and validate says so.
	Scripts ScriptChecker
	// Bearer tells who an OAuth 2.0 access token stands for; nil: none is accepted.
	Bearer Bearer
	// Notify tells those who follow a topic of a change in a realm; it never waits. Nil: nobody does.
	Notify func(topic, realm string, body any)
	// APIs are the settings of the service ServiceREST; nil: DefaultAPISettings.
	APIs func(ctx context.Context) APISettings
	// Figures tell how busy the server was; nil: nobody counts.
	Figures func() []Figures
	// Audited are the audit events in memory, the newest first; nil: none are kept.
	Audited func() ([]Object, error)
	// Identified is told who calls, and of which realm; Changed of every change. Either may be nil.
	Identified func(ctx context.Context, c Caller, realm string)
	Changed    func(ctx context.Context, c Change)
	// Version is what serverinfo/version tells.
	Version Version
	Log     *slog.Logger
	Now     func() time.Time
}

// Server answers the administration interface of all realms.
type Server struct {
	Options
	docs      store.Docs
	sessions  store.Sessions
	tokens    store.Tokens
	parsed    parsedPolicies
	resources []route
}

// New returns a server with all resources.
func New(o Options) *Server {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		Options:  o,
		docs:     o.Realms.Docs(),
		sessions: store.Sessions{Engine: o.Realms.Engine(), Now: o.Now},
		tokens:   store.Tokens{Engine: o.Realms.Engine(), Now: o.Now},
	}
	for _, res := range s.all() {
		s.resources = append(s.resources, route{strings.Split(res.Path, "/"), res})
	}
	return s
}

// ServeHTTP answers a request on the resource at path: what follows the realm in the address, still escaped,
// without a slash at the start.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request, place login.Place, path string) {
	c := &Call{Place: place, Request: r, Query: r.URL.Query(), server: s, writer: w}
	c.Action = c.Query.Get("_action")
	if err := c.serve(path); err != nil {
		c.refused(err)
	}
}

func (c *Call) serve(path string) error {
	whole := c.describes() && strings.Trim(path, "/") == ""
	res, item, err := &Resource{}, false, error(nil)
	if !whole {
		res, item, err = c.server.route(c, path)
	}
	if err != nil {
		return err
	}
	if err := c.negotiate(res); err != nil {
		return err
	}
	if err := c.identify(res); err != nil {
		return err
	}
	if c.server.Identified != nil {
		c.server.Identified(c.Context(), c.Caller, c.realmPath())
	}
	switch {
	case whole:
		return c.describe("Administration", path, c.server.addressable(c))
	case c.describes():
		return c.describe(res.Path, path, []*Resource{res})
	}
	if err := c.readBody(); err != nil {
		return err
	}
	if res.Check != nil {
		if err := res.Check(c); err != nil {
			return err
		}
	}
	return c.perform(res, item)
}

func (c *Call) refused(err error) {
	observe.CountLimit(c.Context(), err)
	e := asError(err)
	if e.Status >= 500 && !errors.Is(err, context.Canceled) && e.Status != http.StatusNotImplemented {
		c.server.Log.ErrorContext(c.Request.Context(), "administration request", "method", c.Request.Method, "path", c.Request.URL.Path,
			"realm", c.Realm.Path, "error", err)
	}
	c.writer.Header().Del("ETag")
	c.writer.Header().Del("Location")
	if err := c.write(e.Status, e.body()); err != nil {
		c.server.Log.ErrorContext(c.Request.Context(), "write refusal", "error", err)
	}
}

// write sends JSON.
func (c *Call) write(status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if c.Query.Get("_prettyPrint") == "true" {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return err
	}
	h := c.writer.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	c.writer.WriteHeader(status)
	if c.Request.Method != http.MethodHead {
		_, _ = c.writer.Write(b.Bytes()) // the caller is gone; nobody is left to tell
	}
	return nil
}

// readBody reads the JSON of a request that writes.
func (c *Call) readBody() error {
	c.Body = Object{}
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
		return nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.writer, c.Request.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "The request is too large")
	}
	if err != nil {
		return badRequest("The request could not be read").because(err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "The request must have the content type application/json")
	}
	v, err := decodeJSON(raw)
	if err != nil {
		return badRequest("The request could not be processed because the provided content is not valid JSON").with(err.Error())
	}
	if deeper(v, maxJSONDepth) {
		return badRequest("The request has objects and lists nested too deeply").because(observe.OverLimit("json_depth"))
	}
	switch v := v.(type) {
	case Object:
		c.Body = v
		return nil
	case []any:
		if c.Request.Method == http.MethodPatch {
			c.Operations = append([]any{}, v...) // nil would be none that came
			return nil
		}
	}
	return badRequest("The request could not be processed because the provided content is not a JSON object")
}

// route is a resource with its path in parts.
type route struct {
	parts []string
	res   *Resource
}

// route finds the resource that path leads to, exactly or as one of its objects.
func (s *Server) route(c *Call, path string) (res *Resource, item bool, err error) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, p := range parts {
		if parts[i], err = url.PathUnescape(p); err != nil || strings.ContainsRune(parts[i], 0) {
			return nil, false, noRoute(path)
		}
	}
	for _, r := range s.resources {
		if vars, ok := match(r.parts, parts); ok {
			c.Vars = vars
			return r.res, false, c.mayAddress(r.res, path)
		}
	}
	last := len(parts) - 1
	for _, r := range s.resources {
		// Singletons have no objects below them.
		if vars, ok := match(r.parts, parts[:last]); ok && (r.res.Query != nil || r.res.ItemActions != nil || r.res.Check != nil) {
			c.Vars, c.ID = vars, parts[last]
			return r.res, true, c.mayAddress(r.res, path)
		}
	}
	return nil, false, noRoute(strings.Join(parts, "/"))
}

// addressable are the resources that can be addressed in the realm.
func (s *Server) addressable(c *Call) []*Resource {
	var list []*Resource
	for _, r := range s.resources {
		if c.mayAddress(r.res, r.res.Path) == nil {
			list = append(list, r.res)
		}
	}
	return list
}

// mayAddress refuses global resources in the name of a realm below the root.
func (c *Call) mayAddress(res *Resource, path string) error {
	if res.Global && c.realmPath() != "/" {
		return noRoute(path)
	}
	return nil
}

// match compares a path with a pattern. {name} stands for any part, {name:number} for digits with dots.
func match(pattern, parts []string) (map[string]string, bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	var vars map[string]string
	for i, p := range pattern {
		if name, ok := strings.CutPrefix(p, "{"); ok && parts[i] != "" {
			if vars == nil {
				vars = map[string]string{}
			}
			name, kind, _ := strings.Cut(strings.TrimSuffix(name, "}"), ":")
			if kind == "number" && (strings.Trim(parts[i], "0123456789.") != "" || parts[i][0] == '.') {
				return nil, false
			}
			vars[name] = parts[i]
		} else if p != parts[i] {
			return nil, false
		}
	}
	return vars, true
}

func escapeSegment(s string) string { return url.PathEscape(s) }

// cutContext splits a base URL before its deployment context.
func cutContext(base, context string) (origin, after string, ok bool) {
	origin, ok = strings.CutSuffix(base, context)
	return origin, context, ok
}
