package script

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/internal/groovy"
)

// systemEnv reads variables of the server's environment that are meant for scripts: script.my.variable is
// SCRIPT_MY_VARIABLE there, and esv.my.variable ESV_MY_VARIABLE.
type systemEnv struct{ run *run }

// GroovyClass is ScriptPropertyResolver.
func (*systemEnv) GroovyClass() *groovy.Class { return systemEnvClass }

var systemEnvClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.ScriptPropertyResolver",
	Methods: map[string]groovy.Method{
		"getProperty": func(c *groovy.Call) (groovy.Value, error) {
			if len(c.Args) < 1 || len(c.Args) > 3 {
				return nil, wrong(c)
			}
			s, ok := c.This.(*systemEnv).run.variable(text(c.Arg(0)))
			if len(c.Args) == 1 {
				if !ok {
					return nil, nil
				}
				return s, nil
			}
			if c.Arg(1) == nil {
				return nil, illegal("getProperty: the default must not be null")
			}
			if !ok {
				s = text(c.Arg(1))
			}
			if len(c.Args) == 2 {
				return s, nil
			}
			return typed(s, c.Arg(2))
		},
	},
}

// variable finds a variable; only names with a prefix for scripts are looked up.
func (r *run) variable(name string) (string, bool) {
	env := r.eng.options.Env
	if env == nil || !strings.HasPrefix(name, "script.") && !strings.HasPrefix(name, "esv.") {
		return "", false
	}
	return env(strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name)))
}

// typed converts a variable to a type, by its name or by a class of Java (PingAM: returnType).
func typed(s string, kind groovy.Value) (groovy.Value, error) {
	name := text(kind)
	if c, ok := kind.(*groovy.Class); ok {
		name = c.Name
	}
	switch name {
	case "string", "String", "java.lang.String":
		return s, nil
	case "boolean", "java.lang.Boolean":
		return strings.EqualFold(s, "true"), nil
	case "number":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		return resolved(strconv.ParseFloat(s, 64))
	case "java.lang.Double":
		return resolved(strconv.ParseFloat(s, 64))
	case "integer", "java.lang.Integer":
		return resolved(strconv.ParseInt(s, 10, 32))
	case "array", "list", "java.util.List":
		return listOf(strings.Split(s, ",")), nil
	case "object", "map", "java.util.Map":
		if m, ok := decode(json.RawMessage(s)).(*groovy.Map); ok {
			return m, nil
		}
		return nil, errUnresolved
	}
	return nil, illegal("Unsupported return type: %s", clip(name, 100))
}

var errUnresolved = illegal("Property resolution failed")

func resolved[T int64 | float64](v T, err error) (groovy.Value, error) {
	if err != nil {
		return nil, errUnresolved
	}
	return v, nil
}
