package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// condition is a rule about the circumstances.
type condition interface{ holds(q *Question) outcome }

// outcome says whether a condition holds, what would help if not, and until when it says so; the zero time is forever.
type outcome struct {
	ok     bool
	advice map[string][]string
	until  time.Time
}

// ConditionTypes are the types of conditions that are supported, with the members that they have.
func ConditionTypes() []Kind {
	addresses := []Member{{"startIp", "string"}, {"endIp", "string"}, {"dnsName", "texts"}}
	return []Kind{
		{"AMIdentityMembership", false, []Member{{"amIdentityName", "texts"}}},
		{"AND", true, []Member{{"conditions", "array"}}},
		{"AuthLevel", false, []Member{{"authLevel", "integer"}}},
		{"AuthScheme", false, []Member{{"authScheme", "texts"}, {"applicationIdleTimeout", "integer"}, {"applicationName", "string"}}},
		{"AuthenticateToRealm", false, []Member{{"authenticateToRealm", "string"}}},
		{"AuthenticateToService", false, []Member{{"authenticateToService", "string"}}},
		{"IPv4", false, addresses},
		{"IPv6", false, addresses},
		{"LEAuthLevel", false, []Member{{"authLevel", "integer"}}},
		{"NOT", true, []Member{{"condition", "object"}}},
		{"OAuth2Scope", false, []Member{{"requiredScopes", "texts"}}},
		{"OR", true, []Member{{"conditions", "array"}}},
		{"Session", false, []Member{{"maxSessionTime", "number"}, {"terminateSession", "boolean"}}},
		{"SessionProperty", false, []Member{{"ignoreValueCase", "boolean"}, {"properties", "object"}}},
		{"SimpleTime", false, []Member{
			{"startTime", "string"}, {"endTime", "string"}, {"startDay", "string"}, {"endDay", "string"},
			{"startDate", "string"}, {"endDate", "string"}, {"enforcementTimeZone", "string"},
		}},
		{"Transaction", false, []Member{{"authenticationStrategy", "string"}, {"strategySpecifier", "string"}}},
	}
}

func (r *reader) condition(v any, depth int) (condition, error) {
	o, kind, err := r.enter(v, depth)
	if err != nil {
		return nil, err
	}
	again := func(v any) (condition, error) { return r.condition(v, depth+1) }
	switch kind {
	case "AND":
		list, err := several(o, "conditions", again)
		return every(list), err
	case "OR":
		list, err := several(o, "conditions", again)
		return either(list), err
	case "NOT":
		inner, err := again(o["condition"])
		return opposite{inner}, err
	case "SimpleTime":
		return readTime(o)
	case "IPv4", "IPv6":
		return readAddresses(o)
	}
	read := map[string]func(map[string]any) (condition, error){
		"AuthLevel": readLevel, "LEAuthLevel": readLevel, "AuthScheme": readScheme, "AuthenticateToRealm": readRealm,
		"AuthenticateToService": readService, "Session": readAge, "SessionProperty": readProperties,
		"OAuth2Scope": readScopes, "AMIdentityMembership": readMembers, "Transaction": readTransaction,
	}[kind]
	if read == nil {
		return nil, fmt.Errorf("the type %q is %w", kind, ErrUnsupported)
	}
	c, err := read(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return c, nil
}

type (
	every    []condition
	either   []condition
	opposite struct{ condition }
)

func (list every) holds(q *Question) outcome {
	out := outcome{ok: true, advice: map[string][]string{}}
	for _, c := range list {
		one := c.holds(q)
		out.ok = out.ok && one.ok
		out.until = sooner(out.until, one.until)
		if !one.ok {
			merge(out.advice, one.advice)
		}
	}
	return out
}

func (list either) holds(q *Question) outcome {
	out := outcome{advice: map[string][]string{}}
	for _, c := range list {
		one := c.holds(q)
		out.until = sooner(out.until, one.until)
		if one.ok {
			out.ok, out.advice = true, nil
			return out
		}
		merge(out.advice, one.advice)
	}
	return out
}

func (c opposite) holds(q *Question) outcome {
	one := c.condition.holds(q)
	return outcome{ok: !one.ok, until: one.until}
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func advise(ok bool, name string, values ...string) outcome {
	if ok {
		return outcome{ok: true}
	}
	return outcome{advice: map[string][]string{name: values}}
}

// level asks for an authentication level, at least or at most.
type level struct {
	level  int
	atMost bool
}

func readLevel(o map[string]any) (condition, error) {
	n, ok := number(o["authLevel"])
	if !ok || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return nil, fmt.Errorf("authLevel: expected a whole number")
	}
	return level{int(n), o["type"] == "LEAuthLevel"}, nil
}

func (c level) holds(q *Question) outcome {
	s := q.Subject.Session
	ok := s != nil && (c.atMost && s.AuthLevel <= c.level || !c.atMost && s.AuthLevel >= c.level)
	return advise(ok, "AuthLevelConditionAdvice", strconv.Itoa(c.level))
}

// scheme asks for ways of authentication, which here are journeys: all of them.
type scheme []string

func readScheme(o map[string]any) (condition, error) {
	if n, ok := number(o["applicationIdleTimeout"]); ok && n > 0 {
		return nil, fmt.Errorf("applicationIdleTimeout is %w", ErrUnsupported)
	}
	list, err := texts(o, "authScheme")
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("authScheme: expected a list of at least one")
	}
	return scheme(list), err
}

func (c scheme) holds(q *Question) outcome {
	var missing []string
	for _, name := range c {
		if !authenticatedWith(q, name) {
			missing = append(missing, name)
		}
	}
	return advise(len(missing) == 0, "AuthSchemeConditionAdvice", missing...)
}

// authenticatedWith compares with "Tree" or "/realm:Tree".
func authenticatedWith(q *Question, name string) bool {
	s := q.Subject.Session
	if s == nil {
		return false
	}
	realm, tree, ok := strings.Cut(name, ":")
	if !ok {
		return s.Tree == name
	}
	return s.Tree == tree && sameRealm(s.Realm, realm)
}

func sameRealm(a, b string) bool {
	return strings.EqualFold(strings.Trim(a, "/"), strings.Trim(b, "/"))
}

type service string

func readService(o map[string]any) (condition, error) {
	name, _ := o["authenticateToService"].(string)
	if name == "" {
		return nil, fmt.Errorf("authenticateToService: expected the name of a journey")
	}
	return service(name), nil
}

func (c service) holds(q *Question) outcome {
	return advise(authenticatedWith(q, string(c)), "AuthenticateToServiceConditionAdvice", string(c))
}

type inRealm string

func readRealm(o map[string]any) (condition, error) {
	name, ok := o["authenticateToRealm"].(string)
	if !ok || name == "" {
		return nil, fmt.Errorf("authenticateToRealm: expected a realm")
	}
	return inRealm("/" + strings.Trim(name, "/")), nil
}

func (c inRealm) holds(q *Question) outcome {
	s := q.Subject.Session
	return advise(s != nil && sameRealm(s.Realm, string(c)), "AuthenticateToRealmConditionAdvice", string(c))
}

// maxAge bounds the age of the session.
type maxAge time.Duration

func readAge(o map[string]any) (condition, error) {
	n, ok := number(o["maxSessionTime"])
	if !ok || n <= 0 || n > 1e7 {
		return nil, fmt.Errorf("maxSessionTime: expected a number of minutes")
	}
	if end, _ := o["terminateSession"].(bool); end {
		return nil, fmt.Errorf("terminateSession is %w", ErrUnsupported)
	}
	return maxAge(n * float64(time.Minute)), nil
}

func (c maxAge) holds(q *Question) outcome {
	s := q.Subject.Session
	if s == nil {
		return outcome{}
	}
	end := s.Created.Add(time.Duration(c))
	if !q.Now.Before(end) {
		return advise(false, "SessionConditionAdvice", "deny")
	}
	return outcome{ok: true, until: end}
}

// properties asks for values of session properties, one of each.
type properties struct {
	want   map[string][]string
	folded bool
}

func readProperties(o map[string]any) (condition, error) {
	in, _ := o["properties"].(map[string]any)
	c := properties{want: map[string][]string{}}
	c.folded, _ = o["ignoreValueCase"].(bool)
	for name := range in {
		values, err := texts(in, name)
		if err != nil || len(values) == 0 {
			return nil, fmt.Errorf("properties: expected lists of texts")
		}
		c.want[name] = values
	}
	if len(c.want) == 0 {
		return nil, fmt.Errorf("properties: expected at least one")
	}
	return c, nil
}

func (c properties) holds(q *Question) outcome {
	s := q.Subject.Session
	if s == nil {
		return outcome{}
	}
	for name, values := range c.want {
		have, ok := s.Properties[name]
		if !ok && name == "AuthLevel" {
			have, ok = strconv.Itoa(s.AuthLevel), true
		}
		if !ok || !slices.ContainsFunc(values, func(v string) bool { return v == have || c.folded && strings.EqualFold(v, have) }) {
			return outcome{}
		}
	}
	return outcome{ok: true}
}

// scopes asks for scopes, which the one who asks tells in the environment.
type scopes []string

func readScopes(o map[string]any) (condition, error) {
	list, err := texts(o, "requiredScopes")
	return scopes(list), err
}

func (c scopes) holds(q *Question) outcome {
	have := strings.Fields(strings.Join(q.Environment["scope"], " "))
	for _, want := range c {
		if !slices.Contains(have, want) {
			return outcome{}
		}
	}
	return outcome{ok: true}
}

// members asks who the invoking identity is, which is told in the environment.
type members identities

func readMembers(o map[string]any) (condition, error) {
	names, err := texts(o, "amIdentityName")
	var list members
	for _, name := range names {
		list = append(list, parseIdentity(name))
	}
	return list, err
}

func (c members) holds(q *Question) outcome {
	for _, id := range q.Environment["invocatorPrincipalUuid"] {
		if who := parseIdentity(id); who.name != "" && slices.Contains(c, who) {
			return outcome{ok: true}
		}
	}
	return outcome{}
}

// number reads a number, which some clients write as a text.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f)
	}
	return 0, false
}
