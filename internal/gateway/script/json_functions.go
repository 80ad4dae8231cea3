package script

import "gatehouse/internal/groovy"

// jsonFunction is a function of ours for JsonValue.as: what it makes of a value that is
// there. It gives null for others.
type jsonFunction struct{ apply jsonCall }

func (*jsonFunction) GroovyClass() *groovy.Class { return jsonFunctionClass }

var jsonFunctionClass = &groovy.Class{
	Name: "org.forgerock.json.JsonValueFunctions.Function", SAM: "apply", Implements: []string{"org.forgerock.util.Function"},
	Methods: methods{"apply": method(func(f *jsonFunction, c *groovy.Call) (groovy.Value, error) {
		j, ok := c.Arg(0).(*jsonValue)
		switch {
		case !ok || c.Len() != 1:
			return nil, c.NoSuchMethod()
		case j.v == nil:
			return nil, nil
		}
		return f.apply(j, c)
	})},
}

// jsonFunctions are the static methods of org.forgerock.json.JsonValueFunctions, which
// are also found under the name of the gateway's own helpers.
var jsonFunctions = methods{
	"listOf": func(c *groovy.Call) (groovy.Value, error) {
		each := c.Arg(0)
		return &jsonFunction{func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
			items, err := j.each(c, each)
			return groovy.NewList(items...), err
		}}, c.Want(1, 1)
	},
	"setOf": func(c *groovy.Call) (groovy.Value, error) {
		each := c.Arg(0)
		return &jsonFunction{func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
			items, err := j.each(c, each)
			return groovy.NewSet(items...), err
		}}, c.Want(1, 1)
	},
	"enumConstant": func(c *groovy.Call) (groovy.Value, error) {
		class := c.Arg(0)
		return &jsonFunction{func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
			return c.InvokeMethod(class, "valueOf", text(j.v))
		}}, c.Want(1, 1)
	},
	"uri":     converting("URI"),
	"url":     converting("URL"),
	"pointer": converting("Pointer"),
	"duration": func(c *groovy.Call) (groovy.Value, error) {
		return &jsonFunction{func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
			d, err := durationOf(j.v)
			if err != nil {
				return nil, j.fail("%s", err)
			}
			return duration(d), nil
		}}, c.Want(0, 0)
	},
}

// converting gives the function that does what the method asKind does.
func converting(kind string) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return &jsonFunction{jsonConversions[kind]}, c.Want(0, 0) }
}

// each gives what a function makes of the elements.
func (j *jsonValue) each(c *groovy.Call, f groovy.Value) ([]groovy.Value, error) {
	if _, many := elements(j.v); !many {
		return nil, j.fail("Expecting a java.util.List")
	}
	var out []groovy.Value
	for _, child := range j.children().Items() {
		v, err := c.Invoke(f, child)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// purposeOf gives the function that makes a Purpose of a secret id.
func purposeOf(c *groovy.Call) (groovy.Value, error) {
	kind := c.Arg(0)
	return &jsonFunction{func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		if !isText(j.v) {
			return nil, j.fail("Expecting a java.lang.String")
		}
		return newPurpose(text(j.v), kind)
	}}, c.Want(1, 1)
}
