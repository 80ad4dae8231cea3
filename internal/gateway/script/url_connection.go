package script

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// urlConnection is java.net.HttpURLConnection. It sends through the client handler of
// the script, whose settings for TLS and proxies apply.
type urlConnection struct {
	in         *run
	uri        *chain.URI
	method     string
	header     http.Header
	body       bytes.Buffer
	output     bool // the script writes a body
	follow     bool
	wait, read time.Duration

	resp *chain.Response
	got  []byte
	err  error
}

func (k *urlConnection) GroovyClass() *groovy.Class {
	if k.uri.Scheme == "https" {
		return httpsConnectionClass
	}
	return httpConnectionClass
}
func (k *urlConnection) String() string { return k.GroovyClass().Name + ":" + k.uri.String() }

// openURL is URL.openConnection.
func openURL(c *groovy.Call, text string) (groovy.Value, error) {
	r, err := runOf(c)
	if err != nil {
		return nil, err
	}
	u, err := chain.ParseURI(text)
	if err != nil {
		return nil, groovy.Throw("java.net.MalformedURLException", "%s", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, groovy.Throw("java.lang.SecurityException", "scripts open only http and https URLs, not %s", u.Scheme)
	}
	return &urlConnection{in: r, uri: u, header: http.Header{}, follow: true}, nil
}

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 20

// send sends once; later calls find what came.
func (k *urlConnection) send(c *groovy.Call) error {
	if k.resp != nil || k.err != nil {
		return k.err
	}
	if err := k.in.over(); err != nil {
		return err
	}
	method := k.method
	if method == "" {
		method = http.MethodGet
		if k.output {
			method = http.MethodPost
		}
	}
	ctx := c.Ctx
	if d := k.wait + k.read; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	for range maxRedirects {
		if k.err = k.exchange(c, ctx, method); k.err != nil {
			return k.err
		}
		to := k.target(method)
		if to == nil {
			return nil
		}
		if method == http.MethodPost {
			method = http.MethodGet
			k.body.Reset()
		}
		k.uri = to
	}
	k.err = groovy.Throw("java.net.ProtocolException", "Server redirected too many times (%d)", maxRedirects)
	return k.err
}

func (k *urlConnection) exchange(c *groovy.Call, ctx context.Context, method string) error {
	req := chain.NewRequest()
	req.Method, req.URI = method, k.uri.Clone()
	for name, values := range k.header {
		req.Header[name] = append([]string(nil), values...)
	}
	if k.output && k.body.Len() > 0 {
		if req.Header.Get("Content-Type") == "" {
			req.Header.Set("Content-Type", formType)
		}
		req.Entity.SetBytes(k.body.Bytes())
	}
	var o outcome
	c.Wait(func() { o = answered(k.in.script.client.Handle(chain.New(ctx, req, k.in.x.Context))) })
	if o.kind != result {
		return groovy.Throw(ioError, "%s", o.err)
	}
	resp := o.value.(response).r
	defer resp.Entity.Close()
	if ctx.Err() != nil && c.Ctx.Err() == nil {
		return groovy.Throw("java.net.SocketTimeoutException", "Read timed out")
	}
	if resp.Cause != nil {
		return groovy.Throw("java.net.ConnectException", "%s", resp.Cause)
	}
	b, err := readBody(c, &resp.Entity)
	if err != nil {
		return err
	}
	k.resp, k.got = resp, append([]byte(nil), b...)
	return nil
}

// target is where to go from a redirect. As in the original the scheme stays.
func (k *urlConnection) target(method string) *chain.URI {
	location := k.resp.Header.Get("Location")
	code := k.resp.Status.Code
	if !k.follow || location == "" || code != 301 && code != 302 && code != 303 ||
		method != http.MethodGet && method != http.MethodHead && method != http.MethodPost {
		return nil
	}
	base, err := url.Parse(k.uri.String())
	if err != nil {
		return nil
	}
	ref, err := base.Parse(location)
	if err != nil {
		return nil
	}
	to, err := chain.ParseURI(ref.String())
	if err != nil || to.Scheme != k.uri.Scheme {
		return nil
	}
	if !strings.EqualFold(to.DialAddr(), k.uri.DialAddr()) { // credentials are for the server that the script named
		k.header.Del("Authorization")
		k.header.Del("Cookie")
	}
	return to
}

func connection(f func(*urlConnection, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return method(f)
}

// answer makes a method that needs the response.
func answer(f func(*urlConnection, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return method(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
		if err := k.send(c); err != nil {
			return nil, err
		}
		return f(k, c)
	})
}

// quiet makes a method that needs the response and is null without.
func quiet(f func(*urlConnection, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return method(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
		if k.send(c) != nil {
			return nil, nil
		}
		return f(k, c)
	})
}

func (k *urlConnection) bytes() groovy.Value {
	return groovy.NewInputStream(bytes.NewReader(k.got), nil)
}

// early refuses changes after the request has gone.
func (k *urlConnection) early() error {
	if k.resp != nil || k.err != nil {
		return groovy.Throw(illegalState, "Already connected")
	}
	return nil
}

var urlConnectionClass = &groovy.Class{Name: "java.net.URLConnection", Methods: connectionMethods()}

var httpConnectionClass = &groovy.Class{Name: "java.net.HttpURLConnection", Super: urlConnectionClass, StaticFields: httpCodes()}

var httpsConnectionClass = &groovy.Class{Name: "javax.net.ssl.HttpsURLConnection", Super: httpConnectionClass}

func connectionMethods() methods {
	property := func(add bool) groovy.Method {
		return connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(2, 2); err != nil {
				return nil, err
			}
			name, value := c.Str(0), c.Str(1)
			if err := k.early(); err != nil {
				return nil, err
			}
			var h http.Header = k.header
			if !add {
				h.Del(name)
			}
			return nil, (headers{&h}).add(name, value)
		})
	}
	flag := func(set func(*urlConnection, bool)) groovy.Method {
		return connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			set(k, c.Truth(c.Arg(0)))
			return nil, c.Want(1, 1)
		})
	}
	millis := func(set func(*urlConnection, time.Duration)) groovy.Method {
		return connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			n, ok := c.Int(0)
			if !ok || n < 0 {
				return nil, badArgument("timeout can't be negative")
			}
			set(k, time.Duration(n)*time.Millisecond)
			return nil, nil
		})
	}
	fixed := func(v groovy.Value) groovy.Method {
		return func(*groovy.Call) (groovy.Value, error) { return v, nil }
	}
	nothing := connection(func(*urlConnection, *groovy.Call) (groovy.Value, error) { return nil, nil })
	refused := connection(func(*urlConnection, *groovy.Call) (groovy.Value, error) {
		return nil, groovy.Throw(unsupported, "TLS settings of a script's connections are those of its clientHandler")
	})
	field := func(name string) groovy.Method {
		return quiet(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
			return orNull(k.resp.Header.Get(name)), nil
		})
	}
	input := answer(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
		switch code := k.resp.Status.Code; {
		case code == 404 || code == 410:
			return nil, groovy.Throw("java.io.FileNotFoundException", "%s", k.uri)
		case code >= 400:
			return nil, groovy.Throw(ioError, "Server returned HTTP response code: %d for URL: %s", code, k.uri)
		}
		return k.bytes(), nil
	})
	return methods{
		"setRequestMethod": connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			switch m := c.Str(0); m {
			case "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
				k.method = m
				return nil, k.early()
			}
			return nil, groovy.Throw("java.net.ProtocolException", "Invalid HTTP method: %s", c.Str(0))
		}),
		"getRequestMethod": connection(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
			if k.method == "" {
				return "GET", nil
			}
			return k.method, nil
		}),
		"setRequestProperty": property(false), "addRequestProperty": property(true),
		"getRequestProperty": connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			return orNull(k.header.Get(c.Str(0))), nil
		}),
		"setDoOutput": flag(func(k *urlConnection, on bool) { k.output = on }),
		"getDoOutput": connection(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) { return k.output, nil }),
		"setDoInput":  nothing, "setUseCaches": nothing, "setDefaultUseCaches": nothing, "setAllowUserInteraction": nothing,
		"setFixedLengthStreamingMode": nothing, "setChunkedStreamingMode": nothing,
		"setInstanceFollowRedirects": flag(func(k *urlConnection, on bool) { k.follow = on }),
		"getInstanceFollowRedirects": connection(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) { return k.follow, nil }),
		"setConnectTimeout":          millis(func(k *urlConnection, d time.Duration) { k.wait = d }),
		"setReadTimeout":             millis(func(k *urlConnection, d time.Duration) { k.read = d }),
		"setHostnameVerifier":        refused, "setSSLSocketFactory": refused,
		"connect": nothing, "disconnect": nothing, "usingProxy": fixed(false),
		"getURL": connection(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			return construct(c, "java.net.URL", k.uri.String())
		}),
		"getOutputStream": connection(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
			if err := k.early(); err != nil {
				return nil, err
			}
			if !k.output {
				return nil, groovy.Throw("java.net.ProtocolException", "cannot write to a URLConnection if doOutput=false - call setDoOutput(true)")
			}
			return groovy.NewOutputStream(limited{&k.body}, nil), nil
		}),
		"getInputStream": input, "getContent": input,
		"getErrorStream": quiet(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
			if k.resp.Status.Code < 400 {
				return nil, nil
			}
			return k.bytes(), nil
		}),
		"getResponseCode":    answer(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) { return k.resp.Status.Code, nil }),
		"getResponseMessage": answer(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) { return k.resp.Status.Reason, nil }),
		"getContentType":     field("Content-Type"), "getContentEncoding": field("Content-Encoding"),
		"getContentLength": quiet(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) { return len(k.got), nil }),
		"getHeaderField": quiet(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			if n, ok := c.Int(0); ok {
				_, v := k.field(int(n))
				return v, nil
			}
			values := k.resp.Header.Values(c.Str(0)) // the last one of several
			if len(values) == 0 {
				return nil, nil
			}
			return values[len(values)-1], nil
		}),
		"getHeaderFieldKey": quiet(func(k *urlConnection, c *groovy.Call) (groovy.Value, error) {
			n, _ := c.Int(0)
			name, _ := k.field(int(n))
			return name, nil
		}),
		"getHeaderFields": quiet(func(k *urlConnection, _ *groovy.Call) (groovy.Value, error) {
			m := groovy.NewMap()
			m.Put(nil, listOf([]string{k.statusLine()}))
			for _, name := range fieldNames(k.resp.Header) {
				m.Put(name, listOf(k.resp.Header[name]))
			}
			return m, nil
		}),
	}
}

func (k *urlConnection) statusLine() string {
	return strings.TrimSpace(fmt.Sprintf("HTTP/1.1 %d %s", k.resp.Status.Code, k.resp.Status.Reason))
}

// field is header field n; 0 is the status line, which has no name.
func (k *urlConnection) field(n int) (name, value groovy.Value) {
	if n == 0 {
		return nil, k.statusLine()
	}
	for _, f := range fieldNames(k.resp.Header) {
		for _, v := range k.resp.Header[f] {
			if n--; n == 0 {
				return f, v
			}
		}
	}
	return nil, nil
}

func fieldNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// maxBody bounds what a script writes to a connection.
const maxBody = 16 << 20

type limited struct{ b *bytes.Buffer }

func (l limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > maxBody {
		return 0, fmt.Errorf("the body is larger than %d bytes", maxBody)
	}
	return l.b.Write(p)
}

func httpCodes() map[string]func() groovy.Value {
	out := map[string]func() groovy.Value{}
	for name, code := range map[string]int32{
		"OK": 200, "CREATED": 201, "ACCEPTED": 202, "NO_CONTENT": 204, "MOVED_PERM": 301, "MOVED_TEMP": 302, "SEE_OTHER": 303,
		"NOT_MODIFIED": 304, "BAD_REQUEST": 400, "UNAUTHORIZED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "BAD_METHOD": 405,
		"CONFLICT": 409, "GONE": 410, "INTERNAL_ERROR": 500, "BAD_GATEWAY": 502, "UNAVAILABLE": 503, "GATEWAY_TIMEOUT": 504,
	} {
		out["HTTP_"+name] = constant(code)
	}
	return out
}
