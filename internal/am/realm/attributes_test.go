package realm_test

import (
	"reflect"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
)

// Every attribute of a client can be read and set by its name, whatever its type is, and none breaks the server.
func TestClientAttributes(t *testing.T) {
	top := reflect.TypeFor[realm.Client]()
	seen := 0
	for i := range top.NumField() {
		if top.Field(i).Type.Kind() != reflect.Struct || !top.Field(i).IsExported() {
			continue
		}
		for _, f := range reflect.VisibleFields(top.Field(i).Type) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				continue
			}
			seen++
			c := realm.DefaultClient()
			was, ok := c.Attribute(name)
			if hidden := name == "userpassword" || name == "secretLabelIdentifier"; ok == hidden {
				t.Errorf("%s can be read: %v", name, ok)
			}
			if !ok {
				continue
			}
			if err := c.SetAttribute(name, was); err != nil && len(was) > 0 {
				t.Errorf("%s: set to what it is: %v", name, err)
			}
			for _, values := range [][]string{nil, {"1"}, {"true"}, {"a", "b"}, {""}} {
				_ = c.SetAttribute(name, values) // may be refused
			}
		}
	}
	if seen < 90 {
		t.Errorf("only %d attributes", seen)
	}
}
