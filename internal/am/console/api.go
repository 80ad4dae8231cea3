package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
)

// object is a JSON object. Numbers are json.Number.
type object = map[string]any

// api sends requests to the administration interface, in this process, in the name of the person at the browser: it
// shows her session and nothing else, so that a page can do what she could do with curl.
type api struct {
	handler http.Handler
	browser *http.Request
	// context is the deployment context: "/openam". base is the address that the person would write before it.
	context, base string
	cookie, token string
	calls         []*call
}

// call is a request that was made, for "show as curl".
type call struct {
	Method, Path string
	Header       http.Header
	Body         any
	Status       int
}

// apiError is a refusal of the administration interface.
type apiError struct {
	Status  int
	Message string
	Detail  any
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.Status, e.Message) }

func statusOf(err error) int {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e.Status
	}
	return 0
}

func (a *api) get(path string) (object, error) { return a.do(http.MethodGet, path, nil) }

func (a *api) post(path string, body any) (object, error) {
	if body == nil {
		body = object{}
	}
	return a.do(http.MethodPost, path, body)
}

// put writes an object over the one of revision rev; "" over any, "new" only where there is none.
func (a *api) put(path string, body any, rev string) (object, error) {
	switch rev {
	case "":
		return a.do(http.MethodPut, path, body)
	case "new":
		return a.do(http.MethodPut, path, body, "If-None-Match", "*")
	}
	return a.do(http.MethodPut, path, body, "If-Match", `"`+rev+`"`)
}

func (a *api) delete(path string) error {
	_, err := a.do(http.MethodDelete, path, nil)
	return err
}

// all returns what a query finds.
func (a *api) all(path string, query url.Values) ([]object, error) {
	if query.Get("_queryFilter") == "" {
		query.Set("_queryFilter", "true")
	}
	o, err := a.get(path + "?" + query.Encode())
	return objects(o["result"]), err
}

// objects are those of a list.
func objects(v any) []object {
	list, _ := v.([]any)
	out := make([]object, 0, len(list))
	for _, e := range list {
		if o, ok := e.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

// do sends one request below /json; path may have a query. Pairs of header names and values follow the body.
func (a *api) do(method, path string, body any, headers ...string) (object, error) {
	return a.doAt(method, a.context+"/json/"+path, body, headers...)
}

// doAt sends one request to any address of the server.
func (a *api) doAt(method, path string, body any, headers ...string) (object, error) {
	c := &call{Method: method, Path: path, Header: http.Header{}, Body: body}
	c.Header.Set("Accept-API-Version", "protocol=2.1")
	for i := 0; i+1 < len(headers); i += 2 {
		c.Header.Set(headers[i], headers[i+1])
	}
	a.calls = append(a.calls, c)
	var raw []byte
	if body != nil {
		c.Header.Set("Content-Type", "application/json")
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	header := c.Header.Clone()
	if a.token != "" {
		header.Set(a.cookie, a.token)
	}
	answer, err := login.Inside(a.handler, a.browser, method, c.Path, header, raw)
	if err != nil {
		return nil, err
	}
	c.Status = answer.Status
	d := json.NewDecoder(&answer.Body)
	d.UseNumber()
	var out object
	if err := d.Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the answer of %s %s: %w", method, c.Path, err)
	}
	if answer.Status >= http.StatusBadRequest {
		message, _ := out["message"].(string)
		return nil, &apiError{Status: answer.Status, Message: message, Detail: out["detail"]}
	}
	return out, nil
}

// curl is the command that makes the same request. Secrets are not in it.
func (a *api) curl(c *call) string {
	words := []string{"curl"}
	if c.Method != http.MethodGet {
		words = append(words, "--request "+c.Method)
	}
	words = append(words, `--header "`+a.cookie+`: $TOKEN"`)
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		words = append(words, "--header "+quote(strings.Replace(name, "-Api-", "-API-", 1)+": "+c.Header.Get(name)))
	}
	if c.Body != nil {
		b, err := json.MarshalIndent(masked(c.Body), "", "  ")
		if err == nil {
			words = append(words, "--data "+quote(string(b)))
		}
	}
	return strings.Join(append(words, quote(a.base+c.Path)), " \\\n  ")
}

// quote writes a word for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isSecret tells whether a member is never shown, by its name: "userpassword", "clientSecret".
func isSecret(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "password") || strings.HasSuffix(name, "secret") || strings.HasSuffix(name, "privatekey")
}

// masked is a copy of v without secrets.
func masked(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for name, e := range v {
			out[name] = masked(e)
			if !isSecret(name) {
				continue
			}
			switch e := e.(type) {
			case string:
				if e != "" {
					out[name] = "…"
				}
			case object: // {"inherited":…,"value":…}
				out[name] = "…"
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = masked(e)
		}
		return out
	}
	return v
}
