package am

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// maxBody bounds every request; the parts of the server have smaller limits.
const maxBody = 4 << 20

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &audited{recent: s.recent, began: s.options.Now(), given: transactionID(r), number: s.recent.request.Add(1)}
	a.Request = observe.Request{Context: r.Context(), Owner: a, Tracing: s.options.Tracing, Limits: s.limits}
	a.rec.ResponseWriter = w
	if a.given != "" {
		w.Header()[transactionHeader] = []string{a.given}
	}
	if !s.options.TrustTransactionHeader {
		a.given = ""
	}
	r = r.WithContext(a)
	if r.Body != http.NoBody {
		a.body = timedBody{r.Body, s.limits}
		r.Body = &a.body
	}
	if s.options.Tracing != nil {
		var span observe.Span
		r, span = serveTraced(r)
		defer func() { span.Served(cmp.Or(a.rec.status, http.StatusOK)) }()
	}
	defer s.answered(r, a)
	defer s.recover(&a.rec, r, &a.rec)
	s.serve(&a.rec, r)
}

// answered counts and notes a request that was answered.
func (s *Server) answered(r *http.Request, a *audited) {
	now := s.options.Now()
	took := now.Sub(a.began)
	status := a.rec.status
	if a.rec.panicked {
		status = http.StatusInternalServerError
	}
	s.meter.CountAt(now, endpointOf(r.URL.Path), status, took)
	if status >= http.StatusRequestEntityTooLarge {
		s.refusedWith(status)
	}
	s.audit(r, a, now)
	if s.options.AccessLog != nil {
		s.options.AccessLog.InfoContext(r.Context(), "request", "method", r.Method, "path", safePath(r.URL.Path), "status", a.rec.status,
			"bytes", a.rec.bytes, "ms", took.Milliseconds(), "remote", r.RemoteAddr)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !validHost(r.Host) {
		refuse(w, http.StatusBadRequest, "The Host header is not valid")
		return
	}
	if largeHeader(r) {
		s.limits.Add("headers")
		refuse(w, http.StatusRequestHeaderFieldsTooLarge, "The header of the request is too large")
		return
	}
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	protect(w.Header(), r.TLS != nil)
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	if s.crossOrigin(w, r) {
		return
	}
	path := issuerFirst(r.URL.EscapedPath())
	for _, context := range s.contexts {
		if after, ok := strings.CutPrefix(path, context); ok && (after == "" || after[0] == '/') {
			s.inContext(w, r, context, strings.TrimPrefix(after, "/"))
			return
		}
	}
	switch first, _, _ := strings.Cut(path[min(1, len(path)):], "/"); first {
	case "openidm", "environment", "feature": // PingOne Advanced Identity Cloud has them beside its contexts
		if root, ok := s.realms.Find("/"); ok {
			s.rest.ServeHTTP(w, r, s.place(r, root, s.contexts[0]), path[1:])
			return
		}
	}
	switch path {
	case "/":
		http.Redirect(w, r, s.contexts[0]+"/XUI/", http.StatusFound)
	case "/.well-known/webfinger":
		s.webFinger(w, r, s.contexts[0])
	default:
		refuse(w, http.StatusNotFound, "Not Found")
	}
}

// issuerFirst turns the address of metadata, which has the well-known name before the issuer's path (RFC 8414 §3.1),
// into the one of OpenID Connect, which has it behind.
func issuerFirst(path string) string {
	for _, name := range [...]string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		if issuer, ok := strings.CutPrefix(path, name); ok && strings.HasPrefix(issuer, "/") {
			return issuer + name
		}
	}
	return path
}

// inContext answers what is below a deployment context.
func (s *Server) inContext(w http.ResponseWriter, r *http.Request, context, path string) {
	tree, rest, _ := strings.Cut(path, "/")
	switch tree {
	case "oauth2":
		s.serveOAuth(w, r, context, rest)
	case "json":
		s.serveJSON(w, r, context, rest)
	case "XUI", "UI":
		s.servePages(w, r, context, tree, rest)
	case "":
		to := url.URL{Path: context + "/XUI/", RawQuery: r.URL.RawQuery} // as of a browser that is back from a provider
		http.Redirect(w, r, to.String(), http.StatusFound)
	case "console", "ui-admin":
		s.serveConsole(w, r, context, rest)
	case "account":
		s.serveAccount(w, r, context, rest)
	case "notifications":
		if rest != "" {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		s.hub.ServeHTTP(w, r)
	case "isAlive.jsp":
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		fmt.Fprintln(w, "<h1>Server is ALIVE: </h1>")
	case ".well-known":
		if rest == "webfinger" {
			s.webFinger(w, r, context)
			return
		}
		s.serveOAuth(w, r, context, path)
	default:
		if root, ok := s.realms.Find("/"); ok && strings.Contains(r.Header.Get("Accept"), "text/html") {
			s.login.NoPage(w, r, s.place(r, root, context))
			return
		}
		refuse(w, http.StatusNotFound, "Not Found")
	}
}

func (s *Server) serveOAuth(w http.ResponseWriter, r *http.Request, context, path string) {
	a := s.find(r, path)
	if a.realm == nil || !a.realm.Active {
		missing := a.missing
		if a.realm != nil {
			missing = a.realm.Path
		}
		writeJSON(w, http.StatusNotFound, map[string]any{
			"error": "Not Found", "error_description": fmt.Sprintf("Realm %q not found", missing),
		})
		return
	}
	base := oauth.BaseURL{URL: s.baseURL(r, a.realm, context), OldPath: a.oldPath}
	s.oauth.ServeHTTP(w, r, a.realm, base, strings.TrimSuffix(a.rest, "/"))
}

func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request, context, path string) {
	switch path {
	case "health/live": // says nothing of the store: to start the server again would not bring it back
		w.WriteHeader(http.StatusOK)
		return
	case "health/ready":
		s.ready(r.Context(), w)
		return
	}
	a, ok := s.ofServer(path)
	if !ok {
		a = s.find(r, path)
	}
	if a.realm == nil {
		refuse(w, http.StatusBadRequest, "Invalid realm, "+a.missing)
		return
	}
	place := s.place(r, a.realm, context)
	if strings.TrimSuffix(a.rest, "/") == "authenticate" {
		s.login.Authenticate(w, r, place)
		return
	}
	if action, ok := strings.CutPrefix(strings.TrimSuffix(a.rest, "/"), "authenticate/backchannel/"); ok {
		s.login.ServeBackchannel(w, r, place, action)
		return
	}
	s.rest.ServeHTTP(w, r, place, a.rest)
}

// noRealm answers for pages of a realm that there is not.
func (s *Server) noRealm(w http.ResponseWriter, r *http.Request, context string) {
	if root, ok := s.realms.Find("/"); ok {
		s.login.NoRealm(w, r, s.place(r, root, context))
		return
	}
	http.Error(w, "There is no such realm.", http.StatusBadRequest)
}

func (s *Server) servePages(w http.ResponseWriter, r *http.Request, context, tree, path string) {
	a := s.find(r, "")
	if a.realm == nil {
		s.noRealm(w, r, context)
		return
	}
	s.login.ServePage(w, r, s.place(r, a.realm, context), tree, path)
}

func (s *Server) serveAccount(w http.ResponseWriter, r *http.Request, context, path string) {
	a := s.find(r, "")
	if a.realm == nil {
		s.noRealm(w, r, context)
		return
	}
	s.account.ServeHTTP(w, r, s.place(r, a.realm, context), path)
}

func (s *Server) serveConsole(w http.ResponseWriter, r *http.Request, context, path string) {
	a := s.find(r, "")
	if a.realm == nil {
		s.noRealm(w, r, context)
		return
	}
	s.options.Console(w, r, s.place(r, a.realm, context), path)
}

// storeAnswers reads a record that is always there.
func (s *Server) storeAnswers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
	defer cancel()
	_, err := s.realms.Docs().Get(ctx, "", store.KindRealm, "/")
	return err
}

// ready tells whether the store answers, and no stop is near.
func (s *Server) ready(ctx context.Context, w http.ResponseWriter) {
	if s.draining.Load() {
		refuse(w, http.StatusServiceUnavailable, "The server is draining")
		return
	}
	if err := s.storeAnswers(); err != nil {
		s.log.ErrorContext(ctx, "health", "error", err)
		refuse(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	}
	w.WriteHeader(http.StatusOK)
}

// protect sets the headers that answers have unless a page says otherwise.
func protect(h http.Header, tls bool) {
	h["X-Content-Type-Options"] = nosniff
	h["X-Frame-Options"] = sameOrigin
	h["Referrer-Policy"] = ownReferrer
	h["Content-Security-Policy"] = noContent
	if tls {
		h["Strict-Transport-Security"] = onlyTLS
	}
}

// Header values that never change; net/http only reads them.
var (
	nosniff    = []string{"nosniff"}
	sameOrigin = []string{"SAMEORIGIN"}
	// With "no-referrer" browsers send forms with "Origin: null", which looks like another site's.
	ownReferrer = []string{"same-origin"}
	noContent   = []string{"default-src 'none';frame-ancestors 'none';sandbox"}
	onlyTLS     = []string{"max-age=31536000"}
)

func refuse(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]any{"code": status, "reason": http.StatusText(status), "message": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"code":500,"reason":"Internal Server Error","message":"Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone; nobody is left to tell
}

const transactionHeader = "X-Forgerock-Transactionid" // in canonical form

// transactionID is the caller's name for the request, when it is fit for logs and headers.
func transactionID(r *http.Request) string {
	id := ""
	if values := r.Header[transactionHeader]; len(values) > 0 {
		id = values[0]
	}
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:", c))
	}) {
		return ""
	}
	return id
}

// safePath keeps session tokens, which older clients write in the address, out of the log.
func safePath(path string) string {
	before, after, ok := strings.Cut(path, "/sessions/")
	if ok && after != "" {
		return before + "/sessions/…"
	}
	return path
}

// refusedWith counts answers that tell of a limit.
func (s *Server) refusedWith(status int) {
	if name := strconv.Itoa(status); slices.Contains(refusedStatuses, name) {
		s.refused.Add(name)
	}
}

// serveTraced begins the span of a request, whose name is the endpoint's: addresses have names of realms and users.
func serveTraced(r *http.Request) (*http.Request, observe.Span) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	ctx, span := observe.RequestOf(r.Context()).Serve(r.Context(), observe.Incoming{
		Method: r.Method, Scheme: scheme, Host: r.Host, Path: safePath(r.URL.Path), Proto: r.Proto, Client: r.RemoteAddr,
		UserAgent: r.UserAgent(), Header: r.Header,
	})
	if n := endpointOf(r.URL.Path); n >= 0 {
		span.Rename(r.Method + " " + meteredEndpoints[n])
	}
	return r.WithContext(ctx), span
}

// recover turns a panic into an answer; the process goes on with the other requests.
func (s *Server) recover(w http.ResponseWriter, r *http.Request, rec *recorder) {
	v := recover()
	if v == nil {
		return
	}
	if rec != nil {
		rec.panicked = true
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "panic while answering", "method", r.Method, "path", safePath(r.URL.Path), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if rec == nil || rec.status == 0 {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

// timedBody counts a body that does not come in time.
type timedBody struct {
	io.ReadCloser
	limits *observe.Limits
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		b.limits.Add("body_time")
	}
	return n, err
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	// panicked tells that the answer may be half of one.
	panicked bool
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
