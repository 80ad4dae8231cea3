package script

import (
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// status is org.forgerock.http.protocol.Status; two are equal when their codes are.
type status struct{ chain.Status }

// statusNames are the constants with their codes.
var statusNames = map[string]int{
	"CONTINUE": 100, "SWITCHING_PROTOCOLS": 101, "OK": 200, "CREATED": 201, "ACCEPTED": 202,
	"NON_AUTHORITATIVE_INFO": 203, "NO_CONTENT": 204, "RESET_CONTENT": 205, "PARTIAL_CONTENT": 206,
	"MULTIPLE_CHOICES": 300, "MOVED_PERMANENTLY": 301, "FOUND": 302, "SEE_OTHER": 303, "NOT_MODIFIED": 304,
	"USE_PROXY": 305, "UNUSED": 306, "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308, "BAD_REQUEST": 400,
	"UNAUTHORIZED": 401, "PAYMENT_REQUIRED": 402, "FORBIDDEN": 403, "NOT_FOUND": 404, "METHOD_NOT_ALLOWED": 405,
	"NOT_ACCEPTABLE": 406, "PROXY_AUTHENTICATION_REQUIRED": 407, "REQUEST_TIMEOUT": 408, "CONFLICT": 409, "GONE": 410,
	"LENGTH_REQUIRED": 411, "PRECONDITION_FAILED": 412, "PAYLOAD_TOO_LARGE": 413, "URI_TOO_LONG": 414,
	"UNSUPPORTED_MEDIA_TYPE": 415, "RANGE_NOT_SATISFIABLE": 416, "EXPECTATION_FAILED": 417, "TEAPOT": 418,
	"UNPROCESSABLE_ENTITY": 422, "UPGRADE_REQUIRED": 426, "TOO_MANY_REQUESTS": 429, "INTERNAL_SERVER_ERROR": 500,
	"NOT_IMPLEMENTED": 501, "BAD_GATEWAY": 502, "SERVICE_UNAVAILABLE": 503, "GATEWAY_TIMEOUT": 504,
	"HTTP_VERSION_NOT_SUPPORTED": 505,
}

var families = []string{"INFORMATIONAL", "SUCCESSFUL", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR", "UNKNOWN"}

func statusOf(code int) status {
	s := chain.StatusOf(code)
	if s.Reason == "" {
		s.Reason = "Unknown"
	}
	return status{s}
}

var statusClass = &groovy.Class{
	Name:         "org.forgerock.http.protocol.Status",
	Static:       methods{"valueOf": statusValueOf},
	StaticFields: statusConstants(),
	Inner:        map[string]*groovy.Class{"Family": familyClass},
	Get: getters{
		"code":          getter(func(s status) groovy.Value { return s.Code }),
		"reasonPhrase":  getter(func(s status) groovy.Value { return s.Reason }),
		"family":        getter(func(s status) groovy.Value { return family(s.Family()) }),
		"informational": getter(func(s status) groovy.Value { return s.Code/100 == 1 }),
		"successful":    getter(func(s status) groovy.Value { return s.Code/100 == 2 }),
		"redirection":   getter(func(s status) groovy.Value { return s.Code/100 == 3 }),
		"clientError":   getter(func(s status) groovy.Value { return s.Code/100 == 4 }),
		"serverError":   getter(func(s status) groovy.Value { return s.Code/100 == 5 }),
	},
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(status)
		return ok && o.Code == this.(status).Code
	},
	HashKey: func(this groovy.Value) any { return chain.Status{Code: this.(status).Code} },
}

func (status) GroovyClass() *groovy.Class { return statusClass }

func statusConstants() map[string]func() groovy.Value {
	m := map[string]func() groovy.Value{}
	for name, code := range statusNames {
		m[name] = constant(statusOf(code))
	}
	return m
}

func statusValueOf(c *groovy.Call) (groovy.Value, error) {
	code, ok := c.Int(0)
	if !ok || c.Len() > 2 {
		return nil, c.NoSuchMethod()
	}
	if code < 100 || code > 999 {
		return nil, badArgument("%d is no status code", code)
	}
	s := statusOf(int(code))
	if c.Len() == 2 {
		s.Reason = c.Str(1)
		if strings.ContainsAny(s.Reason, "\r\n\x00") {
			return nil, badArgument("a reason phrase must not contain line breaks")
		}
	}
	return s, nil
}

// asStatus takes what scripts assign to response.status.
func asStatus(v groovy.Value) (chain.Status, error) {
	if s, ok := v.(status); ok {
		return s.Status, nil
	}
	if n, ok := whole(v); ok && n >= 100 && n <= 999 {
		return chain.StatusOf(int(n)), nil
	}
	if isText(v) {
		if code, ok := statusNames[text(v)]; ok {
			return chain.StatusOf(code), nil
		}
	}
	return chain.Status{}, badArgument("%s is no status", groovy.ToString(v))
}

// family is the enum Status.Family.
type family string

var familyClass = &groovy.Class{
	Name:         "org.forgerock.http.protocol.Status.Family",
	StaticFields: familyConstants(),
	Methods:      methods{"name": method(func(f family, _ *groovy.Call) (groovy.Value, error) { return string(f), nil })},
	Equals:       func(this, other groovy.Value) bool { return this == other },
}

func familyConstants() map[string]func() groovy.Value {
	m := map[string]func() groovy.Value{}
	for _, f := range families {
		m[f] = constant(family(f))
	}
	return m
}

func (family) GroovyClass() *groovy.Class { return familyClass }

func (f family) String() string { return string(f) }
