package script

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/groovy"
)

// httpClient is the binding of that name. The older dialect sends requests that it made as Java has them, the newer one
// an address and a map of options. Deviation: a request is sent at once, also where the script does not wait for it.
type httpClient struct{ run *run }

// GroovyClass is the client's class.
func (*httpClient) GroovyClass() *groovy.Class { return httpClientClass }

var httpClientClass = &groovy.Class{
	Name: "org.forgerock.http.client.ChfHttpClient",
	Methods: map[string]groovy.Method{
		"send": func(c *groovy.Call) (groovy.Value, error) {
			h := c.This.(*httpClient)
			if h.run.nextGen {
				return h.fetch(c)
			}
			return h.send(c)
		},
	},
}

// httpException is what a request fails with in the newer dialect.
const httpException = "org.forgerock.openam.scripting.api.http.HttpClientScriptException"

// send takes a Request. What comes back is always a response: 502 stands for a server that did not answer (commons:
// NeverThrowsException). A request that this server does not send is an exception all the same.
func (h *httpClient) send(c *groovy.Call) (groovy.Value, error) {
	r, ok := c.Arg(0).(*message)
	if !ok || len(c.Args) != 1 || r.status != nil {
		return nil, wrong(c)
	}
	if r.url == nil {
		return nil, illegal("httpClient.send: the request has no URI")
	}
	got, err := h.run.call(c, &request{r.method, r.url, r.header, r.body})
	if errors.Is(err, errNoAnswer) {
		h.run.eng.options.Log.WarnContext(h.run.ctx, "script: a request had no answer", "script", h.run.script.Name, "realm", h.run.realmPath(), "error", err)
		return kept(h.run, newMessage(&response{status: http.StatusBadGateway, header: http.Header{}})), nil
	}
	if err != nil {
		return nil, illegalState(err)
	}
	return kept(h.run, newMessage(got)), nil
}

// fetch takes an address and, if there are any, options.
func (h *httpClient) fetch(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) < 1 || len(c.Args) > 2 {
		return nil, wrong(c)
	}
	options := groovy.NewMap()
	if v := c.Arg(1); v != nil {
		m, ok := v.(*groovy.Map)
		if !ok {
			return nil, wrong(c)
		}
		options = m
	}
	address, err := addressOf(text(c.Arg(0)))
	if err != nil {
		return nil, err
	}
	out := &request{http.MethodGet, address, http.Header{}, nil}
	if err := h.fill(out, options); err != nil {
		return nil, err
	}
	got, err := h.run.call(c, out)
	if err != nil {
		return failed(h.run, groovy.Throw(httpException, "%v", err)), nil
	}
	return kept(h.run, &fetched{got}), nil
}

// fill reads the options of the newer dialect.
func (h *httpClient) fill(out *request, options *groovy.Map) error {
	var form, body groovy.Value
	for _, k := range options.Keys() {
		v, _ := options.Get(k)
		if v == nil {
			continue
		}
		switch name := text(k); name {
		case "method":
			out.method = strings.ToUpper(text(v))
		case "headers":
			m, ok := v.(*groovy.Map)
			if !ok {
				return illegal("httpClient.send: headers: expected an object, found %s", kindOf(v))
			}
			for _, n := range m.Keys() {
				value, _ := m.Get(n)
				addHeader(out.header, text(n), value)
			}
		case "token":
			// The guides give it with the scheme and without.
			token := revealed(v)
			if !strings.Contains(token, " ") {
				token = "Bearer " + token
			}
			out.header.Set("Authorization", token)
		case "form":
			form = v
		case "body":
			body = v
		case "clientName":
			return unsupported("httpClient.send: clientName: this server has no Http Client service")
		default:
			h.run.eng.options.Log.WarnContext(h.run.ctx, "script: httpClient.send knows no such option", "script", h.run.script.Name, "option", clip(name, 100))
		}
	}
	if form == nil && body == nil {
		return nil
	}
	switch out.method {
	case http.MethodGet, http.MethodHead, http.MethodTrace:
		return illegal("httpClient.send: a %s request has no body", out.method)
	}
	if form != nil {
		m, ok := form.(*groovy.Map)
		if !ok {
			return illegal("httpClient.send: form: expected an object, found %s", kindOf(form))
		}
		out.body = []byte(formOf(m).Encode())
		out.header.Set("Content-Type", "application/x-www-form-urlencoded")
		return nil
	}
	return setBody(&out.body, out.header, body)
}

// formOf gives the fields of a form; lists are many values.
func formOf(m *groovy.Map) url.Values {
	out := url.Values{}
	for _, k := range m.Keys() {
		v, _ := m.Get(k)
		xs, ok := items(v)
		if !ok {
			xs = []groovy.Value{v}
		}
		for _, x := range xs {
			if x != nil {
				out.Add(text(k), revealed(x))
			}
		}
	}
	return out
}

func addHeader(h http.Header, name string, v groovy.Value) {
	xs, ok := items(v)
	if !ok {
		xs = []groovy.Value{v}
	}
	for _, x := range xs {
		if x != nil {
			h.Add(name, revealed(x))
		}
	}
}

// setBody takes text as it is, bytes, and all else as JSON.
func setBody(body *[]byte, h http.Header, v groovy.Value) error {
	switch x := v.(type) {
	case nil:
		*body = nil
		return nil
	case []byte:
		*body = x
		return nil
	case *secret:
		*body = x.value
		return nil
	}
	if s, ok := textOf(v); ok {
		*body = []byte(s)
		return nil
	}
	raw, err := encode(v)
	if err != nil {
		return err
	}
	*body = raw
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json; charset=UTF-8")
	}
	return nil
}

// fetched is an answer in the newer dialect.
type fetched struct{ response *response }

// GroovyClass is ResponseScriptWrapper.
func (*fetched) GroovyClass() *groovy.Class { return fetchedClass }

var fetchedClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.http.ResponseScriptWrapper",
	Methods: map[string]groovy.Method{
		"getStatus":     ofFetched(func(r *response) (groovy.Value, error) { return int64(r.status), nil }),
		"getStatusText": ofFetched(func(r *response) (groovy.Value, error) { return http.StatusText(r.status), nil }),
		"isOk":          ofFetched(func(r *response) (groovy.Value, error) { return r.status >= 200 && r.status < 300, nil }),
		"getHeaders":    ofFetched(func(r *response) (groovy.Value, error) { return lists(r.header), nil }),
		"text":          ofFetched(func(r *response) (groovy.Value, error) { return string(r.body), nil }),
		"json":          ofFetched(func(r *response) (groovy.Value, error) { return r.json() }),
		"formData":      ofFetched(func(r *response) (groovy.Value, error) { return r.form() }),
	},
}

func ofFetched(what func(*response) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != 0 {
			return nil, wrong(c)
		}
		return what(c.This.(*fetched).response)
	}
}
