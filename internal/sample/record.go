package sample

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// message is one HTTP exchange as the page shows it: secrets are masked.
type message struct {
	Text string // what it is for
	From string // "app" or "gateway"
	To   string
	// Request and Response are messages as they are written on the wire, bodies in readable form.
	Request, Response string
	Status            int
}

// log collects the messages of one run, those that the gateway sends on its behalf too.
type log struct {
	mu   sync.Mutex
	list []message
	text string // of the next message of the application
}

func (l *log) add(m message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, m)
}

func (l *log) messages() []message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// maxShown bounds what is shown of a body.
const maxShown = 16 << 10

// recording is a transport that writes down what goes through it.
type recording struct {
	http.RoundTripper
	from string
	log  func() *log // nil while nothing is to be written down
	text func(*log, *http.Request) string
}

func (t recording) RoundTrip(r *http.Request) (*http.Response, error) {
	l := t.log()
	if l == nil {
		return t.RoundTripper.RoundTrip(r)
	}
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(io.LimitReader(r.Body, 1<<20)); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	// The place in the list is the order of the requests, not of the answers.
	m := message{Text: t.text(l, r), From: t.from, To: r.URL.Host, Request: requestText(r, sent)}
	l.mu.Lock()
	at := len(l.list)
	l.list = append(l.list, m)
	l.mu.Unlock()
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil
	}
	got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	l.mu.Lock()
	l.list[at].Response, l.list[at].Status = responseText(resp, got), resp.StatusCode
	l.mu.Unlock()
	return resp, nil
}

// requestText writes a request down.
func requestText(r *http.Request, body []byte) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + maskQuery(r.URL) + " HTTP/1.1\nHost: " + hostOf(r) + "\n")
	headers(&b, r.Header)
	return b.String() + bodyText(r.Header.Get("Content-Type"), body)
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

func responseText(r *http.Response, body []byte) string {
	var b strings.Builder
	b.WriteString(r.Proto + " " + r.Status + "\n")
	headers(&b, r.Header)
	return b.String() + bodyText(r.Header.Get("Content-Type"), body)
}

// dull are headers that say nothing about a flow.
var dull = []string{
	"Accept-Encoding", "User-Agent", "Date", "Content-Length", "Vary", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
	"Content-Security-Policy", "X-Forwarded-For", "Strict-Transport-Security", "Pragma", "Expires", "Connection", "Server", "Cross-Origin-Opener-Policy",
}

func headers(b *strings.Builder, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		if !slices.Contains(dull, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			b.WriteString(name + ": " + maskHeader(name, v) + "\n")
		}
	}
}

func bodyText(kind string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	text := string(body)
	switch {
	case strings.HasPrefix(kind, "application/json"), strings.HasPrefix(kind, "application/jwk-set+json"):
		text = maskJSON(body)
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		text = maskForm(text)
	}
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	return "\n" + text
}

// secrets are names of parameters and members that are shown by their first characters.
var secrets = []string{
	"access_token", "refresh_token", "id_token", "token", "subject_token", "actor_token", "code", "code_verifier", "client_secret", "password",
	"id_token_hint", "tokenId", "authId", "assertion", "client_assertion", "csrf",
}

// mask shortens a secret.
func mask(v string) string {
	if v == "" {
		return v
	}
	return v[:min(4, len(v)/2)] + "…"
}

func maskHeader(name, v string) string {
	switch name {
	case "Authorization":
		scheme, token, ok := strings.Cut(v, " ")
		if !ok {
			return mask(v)
		}
		return scheme + " " + mask(token)
	case "Iplanetdirectorypro", "X-Openam-Password":
		return mask(v)
	case "Cookie":
		parts := strings.Split(v, "; ")
		for i, p := range parts {
			key, value, _ := strings.Cut(p, "=")
			parts[i] = key + "=" + mask(value)
		}
		return strings.Join(parts, "; ")
	case "Set-Cookie":
		first, rest, more := strings.Cut(v, ";")
		key, value, _ := strings.Cut(first, "=")
		if more {
			rest = ";" + rest
		}
		return key + "=" + mask(value) + rest
	case "Location":
		if u, err := url.Parse(v); err == nil {
			prefix := ""
			if u.Host != "" {
				prefix = u.Scheme + "://" + u.Host
			}
			return prefix + maskQuery(u)
		}
	}
	return v
}

func maskQuery(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery == "" {
		return path
	}
	return path + "?" + strings.ReplaceAll(strings.ReplaceAll(maskForm(u.RawQuery), "\n", ""), " ", "+")
}

// maskForm writes a form with a line for each parameter, decoded.
func maskForm(text string) string {
	var lines []string
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			n, v = name, value
		}
		if slices.Contains(secrets, n) {
			v = mask(v)
		}
		lines = append(lines, n+"="+v)
	}
	return strings.Join(lines, "\n&")
}

// maskJSON writes JSON indented.
func maskJSON(body []byte) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(body)
	}
	maskValue(v)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil {
		return string(body)
	}
	return strings.TrimSpace(out.String())
}

func maskValue(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if s, ok := inner.(string); ok && slices.Contains(secrets, name) {
				v[name] = mask(s)
				continue
			}
			maskValue(inner)
		}
	case []any:
		for _, inner := range v {
			maskValue(inner)
		}
	}
}

// Proxy stands between the gateway and target, a host:port that it calls, so that those messages can be shown too. Its
// address is given to the gateway in place of the real one. The Host header stays as it came: it may name another host.
func (d *Demo) Proxy(target string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", target, r.In.Host
		},
		Transport: recording{RoundTripper: d.transport(), from: "gateway", log: d.current, text: func(_ *log, r *http.Request) string { return "sample.inner." + innerKind(r) }},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
}

func innerKind(r *http.Request) string {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/access_token"):
		return "token"
	case strings.HasSuffix(path, "/introspect"):
		return "introspect"
	case strings.HasSuffix(path, "/authenticate"):
		return "agent"
	case strings.HasPrefix(path, "/oauth2-protected-resource"):
		return "resource"
	}
	return "other"
}
