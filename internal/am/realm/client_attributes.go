package realm

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// attributePrefix is how PingAM's stores begin the names of a client's attributes; scripts may use it.
const attributePrefix = "com.forgerock.openam.oauth2provider."

// Attribute returns the values of an attribute of the profile by its JSON name, as texts; false when there is no such
// attribute. The secret is not among them.
func (c *Client) Attribute(name string) ([]string, bool) {
	if value, ok := c.fixed(name); ok {
		return slices.DeleteFunc([]string{value}, func(v string) bool { return v == "" }), true
	}
	v, ok := c.attribute(name)
	if !ok {
		return nil, false
	}
	switch v.Kind() {
	case reflect.Bool:
		return []string{strconv.FormatBool(v.Bool())}, true
	case reflect.Int:
		return []string{strconv.FormatInt(v.Int(), 10)}, true
	case reflect.Slice:
		return slices.Clone(v.Interface().([]string)), true
	}
	if v.String() == "" {
		return nil, true
	}
	return []string{v.String()}, true
}

// SetAttribute sets an attribute by its JSON name. The client must not be in use.
func (c *Client) SetAttribute(name string, values []string) error {
	if value, ok := c.fixed(name); ok {
		if strings.Join(values, "") != value {
			return fmt.Errorf("%s cannot be changed", name)
		}
		return nil
	}
	v, ok := c.attribute(name)
	if !ok {
		return fmt.Errorf("%s is no attribute of clients that can be set", name)
	}
	one := ""
	switch {
	case v.Kind() == reflect.Slice:
		v.Set(reflect.ValueOf(slices.Clone(values)))
		c.allowed, c.defaults = cutAll(c.Core.Scopes), cutAll(c.Core.DefaultScopes)
		return nil
	case len(values) > 1:
		return fmt.Errorf("%s has one value", name)
	case len(values) == 1:
		one = values[0]
	}
	var err error
	switch v.Kind() {
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(one)
		v.SetBool(b)
	case reflect.Int:
		var n int64
		n, err = strconv.ParseInt(one, 10, 32)
		v.SetInt(n)
	default:
		v.SetString(one)
	}
	if err != nil {
		return fmt.Errorf("%s: %q is no value of it", name, one)
	}
	return nil
}

// fixed is an attribute that scripts read and write back as it is. AI agents have no identity besides their profile.
func (c *Client) fixed(name string) (string, bool) {
	switch name {
	case "AgentType":
		return c.kind(), true
	case "aiAgentIdentityUid":
		return "", true
	}
	return "", false
}

func (c *Client) attribute(name string) (reflect.Value, bool) {
	name = strings.TrimPrefix(name, attributePrefix)
	if name == "userpassword" || name == "secretLabelIdentifier" {
		return reflect.Value{}, false
	}
	top := reflect.ValueOf(c).Elem()
	for i := range top.NumField() {
		group := top.Field(i)
		if group.Kind() != reflect.Struct || !top.Type().Field(i).IsExported() {
			continue
		}
		for _, f := range reflect.VisibleFields(group.Type()) {
			if own, _, _ := strings.Cut(f.Tag.Get("json"), ","); own == name {
				return group.FieldByIndex(f.Index), true
			}
		}
	}
	return reflect.Value{}, false
}
