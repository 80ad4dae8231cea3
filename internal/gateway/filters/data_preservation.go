package filters

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type dataPreservationConfig struct {
	// NoJavaScriptMessage is shown where JavaScript is off.
	NoJavaScriptMessage string `conf:"noJavaScriptMessage,default=Please press the button to go on."`
	// MaxContentLength is how many bytes a body may have to be kept.
	MaxContentLength int64 `conf:"maxContentLength,min=0,max=2147483647,default=4096"`
	// Lifetime is how long a body is kept.
	Lifetime conf.Duration `conf:"lifetime,default=5 minutes"`
}

// dataPreservation keeps what a user posted while the user is sent to log in.
var dataPreservation = heap.Define("DataPreservationFilter", func(c *dataPreservationConfig, env *heap.Env) (chain.Filter, error) {
	if c.Lifetime <= 0 || c.Lifetime.Unlimited() {
		env.Fail("lifetime", "the duration must be neither zero nor unlimited")
	}
	f := &preserver{c: c, key: "data kept by " + env.Name, now: env.Now}
	return f, nil
})

type preserver struct {
	c   *dataPreservationConfig
	key string // in the session
	now func() time.Time
}

// preserved is the parameter that names kept data.
const preserved = "_ig_data"

var errPreservation = errors.New("a DataPreservationFilter needs a session")

func (f *preserver) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	s := chain.Find[*chain.SessionContext](x.Context)
	if s == nil || s.Session == nil {
		return nil, errPreservation
	}
	if id, marked := takeParameter(x.Request.URI, preserved); marked {
		return f.resume(x, next, s.Session, id)
	}
	if x.Request.Method != "POST" {
		return next.Handle(x)
	}
	return f.watch(x, next, s.Session)
}

// watch lets a POST pass, and keeps its body when the user is sent to log in.
func (f *preserver) watch(x *chain.Exchange, next chain.Handler, s chain.Session) (*chain.Response, error) {
	body, ok, err := f.body(x.Request)
	if err != nil {
		return nil, err
	}
	if !ok {
		return next.Handle(x)
	}
	kind := x.Request.Header["Content-Type"]
	c := &authRedirect{}
	id := ""
	c.extend = func(back *chain.URI) {
		if id == "" {
			id = rand.Text()
		}
		takeParameter(back, preserved)
		addParameter(back, preserved, id)
	}
	resp, err := next.Handle(x.Push(c))
	if err != nil || !c.redirected {
		return resp, err
	}
	kept := map[string]any{"id": id, "body": base64.StdEncoding.EncodeToString(body), "until": f.now().Add(f.c.Lifetime.D()).Unix()}
	if len(kind) > 0 {
		kept["type"] = kind[0]
	}
	if err := s.Set(f.key, kept); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

// body is the body of a request; ok is false when it is too long.
func (f *preserver) body(r *chain.Request) (body []byte, ok bool, err error) {
	if b, in := r.Entity.InMemory(); in {
		return b, int64(len(b)) <= f.c.MaxContentLength, nil
	}
	length := r.Header["Content-Length"]
	if len(length) == 0 {
		return nil, false, nil
	}
	if n, err := strconv.ParseInt(length[0], 10, 64); err != nil || n > f.c.MaxContentLength {
		return nil, false, nil
	}
	body, err = r.Entity.Bytes()
	return body, err == nil, err
}

// resume first lets the browser post again, since only a POST of its own has the
// headers that one needs, and then puts the kept body into that request.
func (f *preserver) resume(x *chain.Exchange, next chain.Handler, s chain.Session, id string) (*chain.Response, error) {
	v, _ := s.Get(f.key)
	kept, _ := v.(map[string]any)
	known, _ := kept["id"].(string)
	if known == "" || subtle.ConstantTimeCompare([]byte(known), []byte(id)) != 1 {
		return next.Handle(x)
	}
	until, _ := kept["until"].(int64)
	if f.now().Unix() > until {
		if err := s.Set(f.key, nil); err != nil {
			return nil, err
		}
		return next.Handle(x)
	}
	if x.Request.Method == "GET" {
		back := chain.URI{RawPath: chain.OriginalURI(x).RawPath, RawQuery: x.Request.URI.RawQuery, HasQuery: x.Request.URI.HasQuery}
		addParameter(&back, preserved, id)
		return submission{Action: back.String(), Message: f.c.NoJavaScriptMessage, Button: true, Script: "document.getElementById('form').submit()"}.page()
	}
	if x.Request.Method != "POST" {
		return next.Handle(x)
	}
	text, _ := kept["body"].(string)
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if err := s.Set(f.key, nil); err != nil {
		return nil, err
	}
	delete(x.Request.Header, "Content-Type")
	delete(x.Request.Header, "Content-Encoding")
	if kind, _ := kept["type"].(string); kind != "" {
		x.Request.Header["Content-Type"] = []string{kind}
	}
	x.Request.Entity.SetBytes(body)
	return next.Handle(x)
}
