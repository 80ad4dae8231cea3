package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Local calls a handler in this process; admin marks requests as the administrator's.
type Local struct {
	Handler http.Handler
	// Context is a deployment context of the handler: "/openam".
	Context string
	Admin   func(context.Context) context.Context
}

// Call calls the handler.
func (l Local) Call(ctx context.Context, method, realm, path string, body any) (Answer, error) {
	r, err := request(l.Admin(ctx), "http://localhost"+l.Context, method, realm, path, body)
	if err != nil {
		return Answer{}, err
	}
	w := &written{header: http.Header{}, status: http.StatusOK}
	l.Handler.ServeHTTP(w, r)
	return Answer{w.status, w.body.Bytes(), warnings(w.header)}, nil
}

type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }

// Remote calls a server over HTTP, signed in as an administrator.
type Remote struct {
	base, cookie, token string
	client              *http.Client
}

// SignIn signs in at a server whose URL ends with its deployment context: "https://am.example.com/am".
func SignIn(ctx context.Context, base, name, password string) (*Remote, error) {
	r := &Remote{base: strings.TrimSuffix(base, "/"), client: &http.Client{
		Timeout: time.Minute,
		// Wherever an answer led, the password and the session would go along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	var info struct {
		Cookie string `json:"cookieName"`
	}
	if err := r.fetch(ctx, http.MethodGet, "/json/serverinfo/*", nil, &info); err != nil {
		return nil, err
	}
	r.cookie = info.Cookie
	var session struct {
		Token   string `json:"tokenId"`
		Message string `json:"message"`
	}
	err := r.fetch(ctx, http.MethodPost, "/json/realms/root/authenticate", http.Header{"X-Openam-Username": {name}, "X-Openam-Password": {password}}, &session)
	if err == nil && session.Token == "" {
		err = fmt.Errorf("sign in at %s: %s", base, session.Message)
	}
	r.token = session.Token
	return r, err
}

func (r *Remote) fetch(ctx context.Context, method, path string, header http.Header, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return err
	}
	req.Header = http.Header{"Accept-Api-Version": {"protocol=1.0,resource=2.0"}}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s %s: status %d, no JSON: is this the URL of an authorization server with its context, https://host/am?", method, r.base+path, resp.StatusCode)
	}
	return nil
}

// Call calls the server.
func (r *Remote) Call(ctx context.Context, method, realm, path string, body any) (Answer, error) {
	req, err := request(ctx, r.base, method, realm, path, body)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set(r.cookie, r.token)
	resp, err := r.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxFile))
	return Answer{resp.StatusCode, raw, warnings(resp.Header)}, err
}

// warnings are the texts of an answer's warnings that are about what was sent.
func warnings(h http.Header) []string {
	var list []string
	for _, w := range h.Values("Warning") {
		if text, ok := strings.CutPrefix(w, `199 - "`); ok {
			list = append(list, strings.TrimSuffix(text, `"`))
		}
	}
	return list
}

func request(ctx context.Context, base, method, realm, path string, body any) (*http.Request, error) {
	at := base + "/json"
	if strings.HasPrefix(path, "managed/") {
		origin, err := url.Parse(base)
		if err != nil {
			return nil, err
		}
		at = origin.Scheme + "://" + origin.Host + "/openidm"
	} else if realm != "" {
		at += "/realms/root"
		for part := range strings.SplitSeq(strings.Trim(realm, "/"), "/") {
			if part != "" {
				at += "/realms/" + url.PathEscape(part)
			}
		}
	}
	var in io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, at+"/"+path, in)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}
