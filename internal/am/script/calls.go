package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/am/outgoing"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

const (
	// maxCalls bounds the requests of one run.
	maxCalls = 10
	// maxBody bounds what a request sends, and what an answer has.
	maxBody = 1 << 20
	// maxIdle bounds the connections to one host that are kept for the next run.
	maxIdle = 8
)

// calls sends the requests of scripts. Connections are kept: public ones apart from those that were allowed to lead
// inside.
type calls struct{ public, inside *http.Client }

func newCalls() *calls {
	client := func(public bool) *http.Client {
		t := outgoing.Transport(public)
		t.MaxIdleConnsPerHost, t.IdleConnTimeout, t.MaxResponseHeaderBytes = maxIdle, 30*time.Second, 64<<10
		return &http.Client{CheckRedirect: outgoing.Stay, Transport: observe.Transport{Transport: t}}
	}
	return &calls{public: client(true), inside: client(false)}
}

// request is what a script sends.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

// response is what comes back.
type response struct {
	status int
	header http.Header
	body   []byte
}

// errNoAnswer is why a request that was sent came to nothing.
var errNoAnswer = errors.New("no answer")

// addressOf reads the address of a request.
func addressOf(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, illegal("httpClient: %q is no http or https address", clip(text, 200))
	}
	if u.User != nil {
		return nil, illegal("httpClient: an address has no user and password: set the Authorization header")
	}
	u.Fragment = ""
	return u, nil
}

// call sends a request and reads the answer, while the script's clock stands still. The waiting has a limit of its own,
// which all requests of a run share.
func (r *run) call(c *groovy.Call, out *request) (*response, error) {
	o := r.eng.options
	if o.FetchHosts == nil {
		return nil, errors.New("httpClient: no requests are sent from here")
	}
	if r.sent++; r.sent > maxCalls {
		return nil, fmt.Errorf("httpClient: more than %d requests in one run", maxCalls)
	}
	if len(out.body) > maxBody {
		return nil, fmt.Errorf("httpClient: the request is over %d bytes", maxBody)
	}
	if r.waited >= o.Limits.Wait {
		return nil, fmt.Errorf("httpClient: the script has waited %v for answers, and may no longer", o.Limits.Wait)
	}
	client := r.eng.calls.public
	if outgoing.Listed(out.url, o.FetchHosts(r.realm)) {
		client = r.eng.calls.inside
	}
	var got *response
	var err error
	r.wait(c, func() {
		ctx, cancel := context.WithTimeout(r.ctx, o.Limits.Wait-r.waited)
		defer cancel()
		got, err = exchange(ctx, client, out)
	})
	return got, err
}

// wait runs something slow off the script's clock.
func (r *run) wait(c *groovy.Call, slow func()) {
	start := time.Now()
	if r.pause != nil {
		defer r.pause()()
	}
	c.Wait(slow)
	r.waited += time.Since(start)
}

func exchange(ctx context.Context, client *http.Client, out *request) (*response, error) {
	req, err := http.NewRequestWithContext(ctx, out.method, out.url.String(), bytes.NewReader(out.body))
	if err != nil {
		return nil, fmt.Errorf("httpClient: %q is no method", clip(out.method, 40))
	}
	if out.body == nil {
		req.Body, req.GetBody = nil, nil
	}
	req.Header = out.header.Clone()
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if in := observe.RequestOf(ctx); in != nil {
		req.Header.Set("X-ForgeRock-TransactionId", in.Transaction())
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, unanswered(out, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, unanswered(out, err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("httpClient: the answer of %s is over %d bytes", out.url.Host, maxBody)
	}
	return &response{resp.StatusCode, resp.Header, body}, nil
}

// unanswered says what happened, without the address's query, which may hold secrets.
func unanswered(out *request, err error) error {
	if errors.Is(err, outgoing.ErrInternal) {
		return fmt.Errorf("httpClient: %s: %w", out.url.Host, outgoing.ErrInternal)
	}
	if in, ok := errors.AsType[*url.Error](err); ok {
		err = in.Err
	}
	return fmt.Errorf("httpClient: %s %s://%s: %w: %w", out.method, out.url.Scheme, out.url.Host, errNoAnswer, err)
}

func (r *response) json() (groovy.Value, error) {
	if !json.Valid(r.body) {
		return nil, illegal("the answer is not JSON")
	}
	return decode(r.body), nil
}

func (r *response) form() (groovy.Value, error) {
	values, err := url.ParseQuery(strings.TrimSpace(string(r.body)))
	if err != nil {
		return nil, illegal("the answer is no form")
	}
	return lists(values), nil
}

func illegalState(err error) error { return groovy.Throw("java.lang.IllegalStateException", "%v", err) }
