package journey

import (
	"encoding/json"
	"maps"
	"strings"
)

// keyObject is where nodes collect the attributes of an object of identity management (PingAM: objectAttributes).
const keyObject = "objectAttributes"

// Object is what was collected of an object: what is shared, and over it what is secret. Attributes of attributes are
// objects in it.
func (s *State) Object() map[string]any {
	out := map[string]any{}
	for _, half := range []map[string]any{s.Shared, s.Secure, s.Transient} {
		attributes, _ := half[keyObject].(map[string]any)
		maps.Copy(out, attributes)
	}
	return out
}

// SetObject sets an attribute, whose name may have a path: "preferences/updates".
func (s *State) SetObject(name string, v any) {
	attributes, _ := s.Shared[keyObject].(map[string]any)
	s.Share(keyObject, with(attributes, strings.Split(name, "/"), v))
}

// HideObject sets an attribute of the secret half.
func (s *State) HideObject(name string, v any) {
	attributes, ok := s.Transient[keyObject].(map[string]any)
	if !ok { // what was hidden before the client was asked stays
		attributes, _ = s.Secure[keyObject].(map[string]any)
	}
	s.Hide(keyObject, with(attributes, strings.Split(name, "/"), v))
}

func with(o map[string]any, path []string, v any) map[string]any {
	out := maps.Clone(o)
	if out == nil {
		out = map[string]any{}
	}
	if len(path) > 1 {
		inner, _ := out[path[0]].(map[string]any)
		v = with(inner, path[1:], v)
	}
	out[path[0]] = v
	return out
}

// Policy is a rule that a value does not keep, for the callbacks that validate (PingAM: failedPolicies).
type Policy struct {
	Requirement string         `json:"policyRequirement"`
	Params      map[string]any `json:"params,omitempty"`
}

// Types of callbacks that validate.
const (
	CreateUsernameCallback   = "ValidatedCreateUsernameCallback"
	CreatePasswordCallback   = "ValidatedCreatePasswordCallback"
	StringAttributeCallback  = "StringAttributeInputCallback"
	BooleanAttributeCallback = "BooleanAttributeInputCallback"
)

// Attribute asks for an attribute, or a name or password to be. value is what was answered before; failed are the rules
// that it does not keep, rules those there are.
func Attribute(kind, name, prompt string, value any, required bool, rules []string, failed []Policy) Callback {
	texts := make([]string, 0, len(failed))
	for _, f := range failed {
		raw, err := json.Marshal(f)
		if err == nil {
			texts = append(texts, string(raw))
		}
	}
	policies := map[string]any{"name": name, "policyRequirements": rules}
	validation := []Field{{"policies", policies}, {"failedPolicies", texts}, {"validateOnly", false}}
	var c Callback
	switch kind {
	case CreateUsernameCallback:
		c = Callback{Type: kind, Output: append(validation, Field{"prompt", prompt})}
	case CreatePasswordCallback:
		c = Callback{Type: kind, Output: append([]Field{{"echoOn", false}}, append(validation, Field{"prompt", prompt})...)}
		value = ""
	default:
		c = Callback{Type: kind, Output: append(append([]Field{{"name", name}, {"prompt", prompt}, {"required", required}}, validation...), Field{"value", value})}
	}
	c.Input = []Field{{"", value}, {"validateOnly", false}}
	return c
}

// ValidateOnly tells that the client wants to know what is wrong with the answer, and not to go on.
func (c *Callback) ValidateOnly() bool {
	for _, f := range c.Input[min(1, len(c.Input)):] {
		if strings.HasSuffix(f.Name, "validateOnly") {
			return f.Value == true
		}
	}
	return false
}
