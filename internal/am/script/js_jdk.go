package script

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/google/uuid"

	"gatehouse/internal/groovy"
)

// jdkClasses are the classes of Java itself that JavaScript can name. Groovy has its own.
func jdkClasses() []*groovy.Class {
	list := []*groovy.Class{
		{Name: "java.util.ArrayList", New: newSequence(false)}, {Name: "java.util.LinkedList", New: newSequence(false)},
		{Name: "java.util.HashSet", New: newSequence(true)}, {Name: "java.util.LinkedHashSet", New: newSequence(true)},
		{Name: "java.util.TreeSet", New: newSequence(true)},
		{Name: "java.util.HashMap", New: newMap}, {Name: "java.util.LinkedHashMap", New: newMap},
		{Name: "java.util.Arrays", Static: map[string]groovy.Method{"asList": listFrom}},
		{Name: "java.util.List", Static: map[string]groovy.Method{"of": listFrom, "copyOf": listFrom}},
		{Name: "java.util.Set", Static: map[string]groovy.Method{"of": setFrom, "copyOf": setFrom}},
		{Name: "java.util.Map", Static: map[string]groovy.Method{"of": mapFrom}},
		{Name: "java.util.Collections", Static: map[string]groovy.Method{
			"emptyList": listFrom, "singletonList": listFrom, "emptySet": setFrom, "singleton": setFrom, "emptyMap": mapFrom,
			"singletonMap": mapFrom, "unmodifiableList": first, "unmodifiableSet": first, "unmodifiableMap": first,
		}},
		{Name: "java.lang.System", Static: map[string]groovy.Method{
			"currentTimeMillis": func(*groovy.Call) (groovy.Value, error) { return time.Now().UnixMilli(), nil },
		}},
		{Name: "java.util.UUID", Static: map[string]groovy.Method{
			"randomUUID": withArgs(0, func(*groovy.Call) (groovy.Value, error) { return uuid.NewString(), nil }),
		}},
		{Name: "java.lang.String", New: asText, Static: map[string]groovy.Method{
			"valueOf": asText,
			"join": func(c *groovy.Call) (groovy.Value, error) {
				if len(c.Args) < 2 {
					return nil, wrong(c)
				}
				var parts []string
				for _, v := range spread(c.Args[1:]) {
					parts = append(parts, text(v))
				}
				return strings.Join(parts, text(c.Arg(0))), nil
			},
		}},
		{Name: "java.lang.Boolean", New: asBoolean, StaticFields: map[string]func() groovy.Value{"TRUE": always(true), "FALSE": always(false)}, Static: map[string]groovy.Method{
			"valueOf": asBoolean, "parseBoolean": asBoolean,
		}},
	}
	list = append(list, base64Class, base64CodingClass)
	for _, name := range []string{"Integer", "Long", "Short", "Byte"} {
		list = append(list, &groovy.Class{Name: "java.lang." + name, New: asWhole, Static: map[string]groovy.Method{
			"valueOf": asWhole, "parseInt": asWhole, "parse" + name: asWhole,
		}})
	}
	for _, name := range []string{"Double", "Float"} {
		list = append(list, &groovy.Class{Name: "java.lang." + name, New: asFloat, Static: map[string]groovy.Method{
			"valueOf": asFloat, "parse" + name: asFloat,
		}})
	}
	for name, extends := range map[string]string{
		"Exception": "java.lang.Throwable", "RuntimeException": "java.lang.Exception",
		"IllegalArgumentException":      "java.lang.RuntimeException",
		"IllegalStateException":         "java.lang.RuntimeException",
		"NullPointerException":          "java.lang.RuntimeException",
		"UnsupportedOperationException": "java.lang.RuntimeException",
		"IndexOutOfBoundsException":     "java.lang.RuntimeException",
		"NumberFormatException":         "java.lang.IllegalArgumentException",
	} {
		list = append(list, groovy.NewException("java.lang."+name, extends))
	}
	return append(list, throwableClass)
}

// base64Class is Java's, for JavaScript.
var base64Class = &groovy.Class{Name: "java.util.Base64", Static: map[string]groovy.Method{
	"getEncoder": gives(&javaCoding{base64.StdEncoding}), "getDecoder": gives(&javaCoding{base64.StdEncoding}),
	"getUrlEncoder": gives(&javaCoding{base64.URLEncoding}), "getUrlDecoder": gives(&javaCoding{base64.URLEncoding}),
}}

// javaCoding is an encoder or a decoder.
type javaCoding struct{ *base64.Encoding }

// GroovyClass is Base64.Encoder, which decodes too.
func (*javaCoding) GroovyClass() *groovy.Class { return base64CodingClass }

var base64CodingClass = &groovy.Class{Name: "java.util.Base64$Encoder", Methods: map[string]groovy.Method{
	"encodeToString": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
		b, err := bytesOf(c.Arg(0))
		return c.This.(*javaCoding).EncodeToString(b), err
	}),
	"withoutPadding": withArgs(0, func(c *groovy.Call) (groovy.Value, error) {
		return &javaCoding{c.This.(*javaCoding).WithPadding(base64.NoPadding)}, nil
	}),
	"decode": withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return (&coding{c.This.(*javaCoding).Encoding}).decode(c) }),
}}

var throwableClass = &groovy.Class{
	Name: "java.lang.Throwable",
	Methods: map[string]groovy.Method{
		"getMessage":          thrownMessage,
		"getLocalizedMessage": thrownMessage,
		"getCause":            func(*groovy.Call) (groovy.Value, error) { return nil, nil },
	},
}

func thrownMessage(c *groovy.Call) (groovy.Value, error) {
	t := c.This.(*groovy.Thrown)
	if t.NoMsg {
		return nil, nil
	}
	return t.Message, nil
}

func newSequence(unique bool) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		s := &sequence{unique: unique}
		xs, ok := items(c.Arg(0))
		if _, capacity := integer(c.Arg(0)); !ok && !capacity && len(c.Args) > 0 {
			return nil, wrong(c)
		}
		for _, x := range xs {
			s.add(x)
		}
		return s, nil
	}
}

func newMap(c *groovy.Call) (groovy.Value, error) {
	m := groovy.NewMap()
	if from, ok := c.Arg(0).(*groovy.Map); ok {
		for _, k := range from.Keys() {
			v, _ := from.Get(k)
			m.Put(k, v)
		}
		return m, nil
	}
	if _, capacity := integer(c.Arg(0)); !capacity && len(c.Args) > 0 {
		return nil, wrong(c)
	}
	return m, nil
}

func listFrom(c *groovy.Call) (groovy.Value, error) {
	return &sequence{list: append([]groovy.Value(nil), spread(c.Args)...)}, nil
}

func setFrom(c *groovy.Call) (groovy.Value, error) {
	s := &sequence{unique: true}
	for _, x := range spread(c.Args) {
		s.add(x)
	}
	return s, nil
}

func mapFrom(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args)%2 != 0 {
		return nil, wrong(c)
	}
	m := groovy.NewMap()
	for i := 0; i < len(c.Args); i += 2 {
		m.Put(c.Args[i], c.Args[i+1])
	}
	return m, nil
}

func always(v groovy.Value) func() groovy.Value { return func() groovy.Value { return v } }

func first(c *groovy.Call) (groovy.Value, error) { return c.Arg(0), nil }

func asText(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) == 0 {
		return "", nil
	}
	return text(c.Arg(0)), nil
}

func asBoolean(c *groovy.Call) (groovy.Value, error) {
	return strings.EqualFold(text(c.Arg(0)), "true"), nil
}

func asWhole(c *groovy.Call) (groovy.Value, error) {
	if n, ok := integer(c.Arg(0)); ok {
		return n, nil
	}
	n, err := strconv.ParseInt(text(c.Arg(0)), 10, 64)
	if err != nil {
		return nil, groovy.Throw("java.lang.NumberFormatException", "For input string: %q", clip(text(c.Arg(0)), 100))
	}
	return n, nil
}

func asFloat(c *groovy.Call) (groovy.Value, error) {
	if f, ok := number(c.Arg(0)); ok {
		return f, nil
	}
	f, err := strconv.ParseFloat(text(c.Arg(0)), 64)
	if err != nil {
		return nil, groovy.Throw("java.lang.NumberFormatException", "For input string: %q", clip(text(c.Arg(0)), 100))
	}
	return f, nil
}

// stringMethods are those of Java's strings that JavaScript's lack.
var stringMethods = map[string]func(s string, arg groovy.Value) groovy.Value{
	"equals": func(s string, arg groovy.Value) groovy.Value { t, ok := textOf(arg); return ok && s == t },
	"equalsIgnoreCase": func(s string, arg groovy.Value) groovy.Value {
		t, ok := textOf(arg)
		return ok && strings.EqualFold(s, t)
	},
	"contains":  func(s string, arg groovy.Value) groovy.Value { return strings.Contains(s, text(arg)) },
	"isEmpty":   func(s string, _ groovy.Value) groovy.Value { return s == "" },
	"isBlank":   func(s string, _ groovy.Value) groovy.Value { return strings.TrimSpace(s) == "" },
	"getBytes":  func(s string, _ groovy.Value) groovy.Value { return []byte(s) },
	"compareTo": func(s string, arg groovy.Value) groovy.Value { return int64(strings.Compare(s, text(arg))) },
}

// javaStrings gives strings the methods of Java's that the script names: what Java hands
// to JavaScript has them.
func (j *js) javaStrings() {
	var proto *goja.Object
	for name, method := range stringMethods {
		if !j.names.has(name) {
			continue
		}
		if proto == nil {
			proto = j.vm.Get("String").(*goja.Object).Get("prototype").(*goja.Object)
		}
		_ = proto.DefineDataProperty(name, j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			return j.to(method(call.This.String(), j.from(call.Argument(0))))
		}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
}
