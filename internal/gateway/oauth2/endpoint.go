package oauth2

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/observe"
)

// maxAnswer bounds what is read of an answer of an authorization server.
const maxAnswer = 1 << 20

// where says at which endpoint an authorization server is asked: at a URL, or at the
// endpoint of an AM server's realm, which wins.
type where struct {
	AmService heap.Ref[*amservice.Service] `conf:"amService"`
	Endpoint  *conf.URL                    `conf:"endpoint"`
}

func (w *where) url(env *heap.Env, endpoint string) string {
	switch {
	case w.AmService.IsSet():
		return w.AmService.Get().OAuthURL(endpoint)
	case w.Endpoint != nil:
		return w.Endpoint.String()
	}
	env.Fail("amService", "expected \"amService\" or \"endpoint\"")
	return ""
}

// postForm sends a form and returns status and body. Errors name the URL without its
// query.
func postForm(x *chain.Exchange, h chain.Handler, to string, form url.Values) (int, []byte, error) {
	req, err := newRequest("POST", to)
	if err != nil {
		return 0, nil, err
	}
	setForm(req, form)
	return exchange(x, h, req)
}

func newRequest(method, to string) (*chain.Request, error) {
	uri, err := chain.ParseURI(to)
	if err != nil {
		return nil, err
	}
	req := chain.NewRequest()
	req.Method, req.URI = method, uri
	req.Header["Accept"] = []string{"application/json"}
	return req, nil
}

func setForm(req *chain.Request, form url.Values) {
	req.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	req.Entity.SetBytes([]byte(form.Encode()))
}

func exchange(x *chain.Exchange, h chain.Handler, req *chain.Request) (int, []byte, error) {
	name := place(req.URI)
	resp, err := h.Handle(x.With(req))
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: %w", name, err)
	}
	defer resp.Entity.Close()
	body, _ := resp.Entity.Open()
	if body == nil {
		return resp.Status.Code, nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: read answer: %w", name, err)
	}
	if len(b) > maxAnswer {
		return 0, nil, fmt.Errorf("ask %s: the answer is longer than %d bytes: %w", name, maxAnswer, observe.OverLimit("answer"))
	}
	return resp.Status.Code, b, nil
}

// placeOf is place for a URI that is a text.
func placeOf(uri string) string {
	u, err := chain.ParseURI(uri)
	if err != nil {
		return "the endpoint"
	}
	return place(u)
}

// place is a URI without user information and query, for messages.
func place(u *chain.URI) string {
	return u.Scheme + "://" + u.HostPort() + u.RawPath
}

// Error is an error answer of an authorization server (RFC 6749 §5.2).
type Error struct {
	Code, Description string
	// Status is that of the answer, 0 when there was none.
	Status int
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// requestToken sends a token request and returns the answer, which has an access token.
func requestToken(x *chain.Exchange, h chain.Handler, to string, form url.Values) (*token.Info, error) {
	status, body, err := postForm(x, h, to, form)
	if err != nil {
		return nil, &Error{Code: "server_error", Description: "the authorization server cannot be reached", Err: err}
	}
	info, err := token.ParseInfo(body)
	if status != 200 {
		e := &Error{Code: "server_error", Description: fmt.Sprintf("unable to exchange access token [status=%d]", status), Status: status}
		if code, ok := errorCode(status, info, err); ok {
			e.Code = code
			e.Description, _ = info.Text("error_description")
		}
		return nil, e
	}
	if err != nil {
		return nil, &Error{Code: "server_error", Description: "the authorization server's answer is no JSON object", Status: status}
	}
	if text, ok := info.Text("access_token"); !ok || text == "" || chain.CheckHeader("Authorization", text) != nil {
		return nil, &Error{Code: "server_error", Description: "the authorization server's answer has no usable access token", Status: status}
	}
	return info, nil
}

// errorCode is the code of an error answer (RFC 6749 §5.2). One that comes with another status says nothing about the
// request.
func errorCode(status int, info *token.Info, err error) (string, bool) {
	if err != nil || status != 400 && status != 401 {
		return "", false
	}
	return info.Text("error")
}
