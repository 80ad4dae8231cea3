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

// typeNames are the only Java names of the newer dialect: what getProperty takes as its third argument.
func typeNames() map[string]map[string]string {
	lang, util := map[string]string{}, map[string]string{}
	for _, name := range [...]string{"Boolean", "Double", "Integer", "String"} {
		lang[name] = "java.lang." + name
	}
	for _, name := range [...]string{"List", "Map"} {
		util[name] = "java.util." + name
	}
	return map[string]map[string]string{"lang": lang, "util": util}
}

// typed converts a variable to one of the types that there are, by a class or its name.
func typed(s string, kind groovy.Value) (groovy.Value, error) {
	name := text(kind)
	if c, ok := kind.(*groovy.Class); ok {
		name = c.Name
	}
	var out groovy.Value
	var err error
	switch name {
	case "java.lang.String":
		return s, nil
	case "java.lang.Boolean":
		return strings.EqualFold(s, "true"), nil
	case "java.lang.Integer":
		out, err = strconv.ParseInt(s, 10, 32)
	case "java.lang.Double":
		out, err = strconv.ParseFloat(s, 64)
	case "java.util.List":
		list := groovy.NewList()
		for _, part := range strings.Split(s, ",") {
			list.Add(strings.TrimSpace(part))
		}
		return list, nil
	case "java.util.Map":
		m, ok := decode(json.RawMessage(s)).(*groovy.Map)
		if !ok {
			return nil, illegal("getProperty: the value is no JSON object")
		}
		return m, nil
	default:
		return nil, illegal("getProperty: expected Boolean, Double, Integer, String, List or Map, found %s", clip(name, 100))
	}
	if err != nil {
		return nil, illegal("getProperty: the value is no %s", name)
	}
	return out, nil
}
