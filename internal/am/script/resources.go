package script

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/groovy"
)

// Resources answers what a script of a realm asks of the objects that identity management and policies are, as its
// server would: with the administrator's rights on objects of the realm, and of those below it.
type Resources func(ctx context.Context, rl *realm.Realm, r *ResourceRequest) (*ResourceAnswer, error)

// ResourceRequest is a request on a resource (commons: CREST).
type ResourceRequest struct {
	Method string // of HTTP
	// Managed requests are of identity management, whose objects have their realm in their name; others are the realm's.
	Managed bool
	// Path has the parts of the address: {"managed", "alpha_user", "demo"}, {"policies"}.
	Path  []string
	Query url.Values
	// IfMatch and IfNoneMatch are the conditions, "" for none.
	IfMatch, IfNoneMatch string
	Body                 json.RawMessage // nil: none
}

// ResourceAnswer is what came of it: an object, or, of a status of 400 and more, code, reason, message and detail.
type ResourceAnswer struct {
	Status int
	Body   json.RawMessage
}

// maxResources bounds the requests of one run.
const maxResources = 100

func (r *run) resource(ask *ResourceRequest) (groovy.Value, error) {
	if r.eng.options.Resources == nil {
		return nil, unsupported("there are no resources to ask for here")
	}
	if r.resources++; r.resources > maxResources {
		return nil, illegal("more than %d requests for resources in one run", maxResources)
	}
	got, err := r.eng.options.Resources(r.ctx, r.realm, ask)
	if err != nil {
		return nil, err
	}
	if got.Status >= http.StatusBadRequest {
		return nil, refusedResource(got)
	}
	return decode(got.Body), nil
}

// resourceError is behind the exception that a refused request is.
type resourceError struct {
	code   int
	reason string
	detail groovy.Value
}

func (e *resourceError) Error() string { return e.reason }

// resourceExceptions are the classes of commons, by what they stand for.
var resourceExceptions = map[int]string{
	400: "BadRequestException", 401: "PermanentException", 403: "ForbiddenException", 404: "NotFoundException", 409: "ConflictException",
	412: "PreconditionFailedException", 500: "InternalServerErrorException", 501: "NotSupportedException", 503: "ServiceUnavailableException",
}

func refusedResource(got *ResourceAnswer) error {
	var body struct {
		Reason, Message string
		Detail          json.RawMessage
	}
	if json.Unmarshal(got.Body, &body) != nil || body.Reason == "" {
		body.Reason = http.StatusText(got.Status)
	}
	if body.Message == "" {
		body.Message = body.Reason
	}
	class := resourceExceptions[got.Status]
	if class == "" {
		class = "ResourceException"
	}
	return &groovy.Thrown{
		Class: "org.forgerock.json.resource." + class, Message: body.Message,
		Cause: &resourceError{got.Status, body.Reason, decode(body.Detail)},
	}
}

// resourceExceptionClass has what scripts ask such an exception.
var resourceExceptionClass = &groovy.Class{
	Name:  "org.forgerock.json.resource.ResourceException",
	Super: throwableClass,
	Methods: map[string]groovy.Method{
		"getCode":       onResourceError(func(e *resourceError) groovy.Value { return int64(e.code) }),
		"getReason":     onResourceError(func(e *resourceError) groovy.Value { return e.reason }),
		"getDetail":     onResourceError(func(e *resourceError) groovy.Value { return e.detail }),
		"isServerError": onResourceError(func(e *resourceError) groovy.Value { return e.code >= 500 }),
	},
}

func onResourceError(what func(*resourceError) groovy.Value) groovy.Method {
	return withArgs(0, func(c *groovy.Call) (groovy.Value, error) {
		return what(c.This.(*groovy.Thrown).Cause.(*resourceError)), nil
	})
}

// openidm manages objects of identity management (PingIDM: scripting functions).
type openidm struct{ run *run }

// GroovyClass is the binding's.
func (*openidm) GroovyClass() *groovy.Class { return openidmClass }

var openidmClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.openidm.OpenIdm",
	Methods: map[string]groovy.Method{
		"create": withRange(3, 5, func(c *groovy.Call) (groovy.Value, error) {
			return onObject(c, 3, func(r *ResourceRequest) error {
				r.Method = http.MethodPost
				r.Query.Set("_action", "create")
				if id := c.Arg(1); id != nil {
					r.Method, r.IfNoneMatch = http.MethodPut, "*"
					r.Query.Del("_action")
					r.Path = append(r.Path, text(id))
				}
				return r.content(c.Arg(2))
			})
		}),
		// A missing object is null, and no exception.
		"read": withRange(1, 3, func(c *groovy.Call) (groovy.Value, error) {
			v, err := onObject(c, 1, func(r *ResourceRequest) error {
				r.Method = http.MethodGet
				return nil
			})
			if of := asResourceError(err); of != nil && of.code == http.StatusNotFound {
				return nil, nil
			}
			return v, err
		}),
		"update": withRange(3, 5, func(c *groovy.Call) (groovy.Value, error) {
			v, err := onObject(c, 3, func(r *ResourceRequest) error {
				r.Method, r.IfMatch = http.MethodPut, "*"
				r.revision(c.Arg(1))
				return r.content(c.Arg(2))
			})
			if of := asResourceError(err); of != nil && of.code == http.StatusPreconditionFailed && c.Arg(1) == nil {
				return nil, refusedResource(&ResourceAnswer{Status: http.StatusNotFound}) // nothing else fails that condition
			}
			return v, err
		}),
		"patch": withRange(3, 5, func(c *groovy.Call) (groovy.Value, error) {
			return onObject(c, 3, func(r *ResourceRequest) error {
				r.Method = http.MethodPatch
				r.revision(c.Arg(1))
				return r.content(c.Arg(2))
			})
		}),
		"delete": withRange(1, 4, func(c *groovy.Call) (groovy.Value, error) {
			return onObject(c, 2, func(r *ResourceRequest) error {
				r.Method = http.MethodDelete
				r.revision(c.Arg(1))
				return nil
			})
		}),
		"query": withRange(2, 3, func(c *groovy.Call) (groovy.Value, error) {
			return onObject(c, 1, func(r *ResourceRequest) error {
				r.Method = http.MethodGet
				if !r.Query.Has("_pageSize") {
					r.Query.Set("_pageSize", "1000")
				}
				return nil
			})
		}),
		"action": withRange(2, 5, func(c *groovy.Call) (groovy.Value, error) {
			return onObject(c, 3, func(r *ResourceRequest) error {
				r.Method = http.MethodPost
				r.Query.Set("_action", text(c.Arg(1)))
				if c.Arg(2) == nil {
					return nil
				}
				return r.content(c.Arg(2))
			})
		}),
	},
}

func withRange(low, high int, do groovy.Method) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) < low || len(c.Args) > high {
			return nil, wrong(c)
		}
		return do(c)
	}
}

// onObject sends a request on the resource that the first argument names; params and fields are the arguments from the
// given one on.
func onObject(c *groovy.Call, params int, fill func(*ResourceRequest) error) (groovy.Value, error) {
	r := &ResourceRequest{Managed: true, Path: strings.Split(strings.Trim(text(c.Arg(0)), "/"), "/"), Query: url.Values{}}
	if m, ok := c.Arg(params).(*groovy.Map); ok {
		for _, k := range m.Keys() {
			if v, _ := m.Get(k); v != nil {
				r.Query.Set(text(k), text(v))
			}
		}
	} else if c.Arg(params) != nil {
		return nil, illegal("openidm.%s: params: expected an object, found %s", c.Name, kindOf(c.Arg(params)))
	}
	fields, ok := texts(c.Arg(params + 1))
	if c.Arg(params+1) != nil && !ok {
		return nil, illegal("openidm.%s: fields: expected an array, found %s", c.Name, kindOf(c.Arg(params+1)))
	}
	if len(fields) > 0 {
		r.Query.Set("_fields", strings.Join(fields, ","))
	}
	if err := fill(r); err != nil {
		return nil, err
	}
	return c.This.(*openidm).run.resource(r)
}

func (r *ResourceRequest) revision(v groovy.Value) {
	if v != nil {
		r.IfMatch = text(v)
	}
}

func (r *ResourceRequest) content(v groovy.Value) (err error) {
	if v == nil {
		return illegal("the content is missing")
	}
	r.Body, err = encode(v)
	return err
}

func asResourceError(err error) *resourceError {
	t, ok := err.(*groovy.Thrown)
	if !ok {
		return nil
	}
	of, _ := t.Cause.(*resourceError)
	return of
}

// policies asks the policies of the realm.
type policies struct{ run *run }

// GroovyClass is the binding's.
func (*policies) GroovyClass() *groovy.Class { return policiesClass }

var policiesClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.policy.PolicyEngine",
	Methods: map[string]groovy.Method{
		"evaluate":     evaluatePolicies("evaluate", "resources"),
		"evaluateTree": evaluatePolicies("evaluateTree", "resource"),
	},
}

func evaluatePolicies(action, asked string) groovy.Method {
	return withArgs(4, func(c *groovy.Call) (groovy.Value, error) {
		q := groovy.NewMap()
		for i, name := range []string{"subject", "application", asked, "environment"} {
			if v := c.Arg(i); v != nil {
				q.Put(name, v)
			}
		}
		body, err := encode(q)
		if err != nil {
			return nil, err
		}
		return c.This.(*policies).run.resource(&ResourceRequest{
			Method: http.MethodPost, Path: []string{"policies"}, Query: url.Values{"_action": {action}}, Body: body,
		})
	})
}
