package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// subject is a rule about who somebody is.
type subject interface{ is(q *Question) bool }

// SubjectTypes are the types of subjects that are supported, with the members that they have.
func SubjectTypes() []Kind {
	return []Kind{
		{"AND", true, []Member{{"subjects", "array"}}},
		{"AuthenticatedUsers", false, nil},
		{"Identity", false, []Member{{"subjectValues", "texts"}}},
		{"JwtClaim", false, []Member{{"claimName", "string"}, {"claimValue", "string"}}},
		{"NONE", false, nil},
		{"NOT", true, []Member{{"subject", "object"}}},
		{"OR", true, []Member{{"subjects", "array"}}},
	}
}

// Kind is a type of conditions or subjects. Logical ones are made of others.
type Kind struct {
	Name    string
	Logical bool
	Members []Member
}

// Member is a member of a condition or subject. Type is a type of JSON Schema, or "texts".
type Member struct{ Name, Type string }

type (
	none          struct{}
	authenticated struct{}
	identities    []identity
	claim         struct{ name, value string }
	allOf         []subject
	anyOf         []subject
	notThe        struct{ subject }
)

func (none) is(*Question) bool { return false }

// A JWT or claims authenticate nobody: nothing has verified them.
func (authenticated) is(q *Question) bool { return q.Subject.Session != nil }

func (list identities) is(q *Question) bool {
	if q.Subject.Session == nil {
		return false
	}
	who := parseIdentity(q.Subject.Session.UniversalID)
	for _, want := range list {
		if want == who && want.name != "" {
			return true
		}
	}
	return false
}

func (c claim) is(q *Question) bool {
	for _, claims := range q.Subject.Claims {
		if hasText(claims[c.name], c.value) {
			return true
		}
	}
	return false
}

// hasText looks for a text in a claim, whose value may be a list.
func hasText(v any, want string) bool {
	switch v := v.(type) {
	case string:
		return v == want
	case bool:
		return strconv.FormatBool(v) == want
	case []any:
		for _, e := range v {
			if _, nested := e.([]any); !nested && hasText(e, want) {
				return true
			}
		}
		return false
	case nil, map[string]any:
		return false
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64) == want
	}
	return fmt.Sprint(v) == want
}

func (list allOf) is(q *Question) bool {
	for _, s := range list {
		if !s.is(q) {
			return false
		}
	}
	return true
}

func (list anyOf) is(q *Question) bool {
	for _, s := range list {
		if s.is(q) {
			return true
		}
	}
	return false
}

func (n notThe) is(q *Question) bool { return !n.subject.is(q) }

// identity is a universal ID without the suffix of the directory, which differs between installations.
type identity struct{ name, kind, realm string }

// parseIdentity reads "id=demo,ou=user,o=alpha,ou=services,dc=…".
func parseIdentity(id string) identity {
	var out identity
	for part := range strings.SplitSeq(strings.ToLower(id), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case name == "id" && out.name == "":
			out.name = value
		case name == "ou" && out.kind == "":
			out.kind = value
		case name == "o":
			out.realm = "/" + value + out.realm
		}
	}
	return out
}

// reader reads the JSON of subjects and conditions, and counts.
type reader struct{ nodes int }

func (r *reader) enter(v any, depth int) (map[string]any, string, error) {
	o, ok := v.(map[string]any)
	kind, _ := o["type"].(string)
	if r.nodes++; !ok || kind == "" {
		return nil, "", errors.New("expected an object with a type")
	}
	if r.nodes > maxNodes || depth > maxNesting {
		return nil, "", errors.New("it is too large")
	}
	return o, kind, nil
}

func (r *reader) subject(v any, depth int) (subject, error) {
	o, kind, err := r.enter(v, depth)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "NONE":
		return none{}, nil
	case "AuthenticatedUsers":
		return authenticated{}, nil
	case "Identity":
		names, err := texts(o, "subjectValues")
		if err != nil {
			return nil, err
		}
		list := identities{}
		for _, name := range names {
			list = append(list, parseIdentity(name))
		}
		return list, nil
	case "JwtClaim":
		name, _ := o["claimName"].(string)
		value, _ := o["claimValue"].(string)
		if name == "" {
			return nil, errors.New("JwtClaim: expected claimName and claimValue")
		}
		return claim{name, value}, nil
	case "NOT":
		inner, err := r.subject(o["subject"], depth+1)
		return notThe{inner}, err
	case "AND", "OR":
		list, err := several(o, "subjects", func(v any) (subject, error) { return r.subject(v, depth+1) })
		if kind == "AND" {
			return allOf(list), err
		}
		return anyOf(list), err
	}
	return nil, fmt.Errorf("the type %q is %w", kind, ErrUnsupported)
}

// several reads a list, which must not be empty: all of nothing would be true.
func several[T any](o map[string]any, member string, read func(any) (T, error)) ([]T, error) {
	in, _ := o[member].([]any)
	if len(in) == 0 {
		return nil, fmt.Errorf("%s: expected a list of at least one", member)
	}
	var out []T
	for _, v := range in {
		one, err := read(v)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func texts(o map[string]any, member string) ([]string, error) {
	in, ok := o[member].([]any)
	if !ok && o[member] != nil {
		return nil, fmt.Errorf("%s: expected a list of texts", member)
	}
	var out []string
	for _, v := range in {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("%s: expected a list of texts", member)
		}
		out = append(out, s)
	}
	return out, nil
}
