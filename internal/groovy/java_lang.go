package groovy

import (
	"strings"
	"time"
)

// table is a short form for the method tables below.
type table = map[string]Method

// give makes a method of a function that cannot fail.
func give(f func(c *Call) Value) Method {
	return func(c *Call) (Value, error) { return f(c), nil }
}

func constant(v Value) func() Value { return func() Value { return v } }

// outStream is System.out and System.err; both go to Env.Out.
type outStream struct{}

func (outStream) javaName() string { return "java.io.PrintStream" }
func (outStream) mapKey() any      { return "java.io.PrintStream" }
func (outStream) String() string   { return "java.io.PrintStream@1" }

func langClasses() []*Class {
	return []*Class{
		{Name: "java.lang.System", StaticFields: map[string]func() Value{"out": constant(outStream{}), "err": constant(outStream{})}, Static: table{
			"currentTimeMillis": give(func(c *Call) Value { return c.th.eng.env.Now().UnixMilli() }),
			"nanoTime":          give(func(c *Call) Value { return c.th.eng.env.Now().UnixNano() }),
			"lineSeparator":     give(func(*Call) Value { return "\n" }),
			"identityHashCode":  give(func(c *Call) Value { return c.th.hashCode(c.Arg(0)) }),
			"arraycopy":         arrayCopy,
			"getenv":            getenv, "getEnv": getenv, // by the second Groovy knows System.env
			"getProperty": getProperty,
			"exit":        refuse("System.exit is not available to scripts"),
			"gc":          give(func(*Call) Value { return nil }),
			"load":        refuse("native libraries are not available to scripts"),
			"setProperty": refuse("system properties cannot be changed by scripts"),
		}},
		{Name: "java.io.PrintStream", Methods: table{
			"println": objPrintln, "printf": objPrintf, "format": objPrintf, "flush": give(func(*Call) Value { return nil }),
			"print": give(func(c *Call) Value { c.th.print(c.Str(0)); return nil }),
		}},
		{Name: "java.lang.Thread", Static: table{
			"sleep":         objSleep,
			"currentThread": refuse("threads are not available to scripts"),
		}},
		{Name: "java.lang.Void"}, environmentClass(),
		enumClass("java.util.concurrent.TimeUnit", "NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS"),
	}
}

func refuse(why string) Method {
	return func(*Call) (Value, error) { return nil, Throw("java.lang.SecurityException", "%s", why) }
}

func getenv(c *Call) (Value, error) {
	if len(c.Args) == 0 {
		return &environment{c.th.eng.env.Getenv}, nil
	}
	return (&environment{c.th.eng.env.Getenv}).at(c.Str(0)), nil
}

// environment is the map of all environment variables. It answers for names that
// a script knows and does not list the others: they may hold secrets.
type environment struct {
	lookup func(name string) (string, bool)
}

func (*environment) javaName() string { return "java.lang.ProcessEnvironment" }
func (*environment) String() string   { return "java.lang.ProcessEnvironment@1" }

func (*environment) elements(th *thread) []Value {
	_, err := refuse(noEnvironment)(nil)
	th.raise(err)
	return nil
}

const noEnvironment = "the whole environment is not available to scripts; ask for one variable"

func (e *environment) at(name string) Value {
	if e.lookup != nil {
		if v, ok := e.lookup(name); ok {
			return v
		}
	}
	return nil
}

func environmentClass() *Class {
	get := give(func(c *Call) Value {
		if v := c.This.(*environment).at(c.Str(0)); v != nil {
			return v
		}
		return c.Arg(1)
	})
	m := table{
		"get": get, "getOrDefault": get,
		"containsKey": give(func(c *Call) Value { return c.This.(*environment).at(c.Str(0)) != nil }),
	}
	for _, n := range []string{"each", "eachWithIndex", "forEach", "collect", "collectEntries", "find", "findAll", "any", "every", "entrySet",
		"keySet", "values", "size", "iterator", "inject", "sort", "put", "putAll", "remove", "clear", "isEmpty", "inspect", "dump"} {
		m[n] = refuse(noEnvironment)
	}
	return &Class{Name: "java.lang.ProcessEnvironment", Implements: []string{"java.util.Map"}, Methods: m,
		PropertyMissing: func(this Value, name string) (Value, bool) { return this.(*environment).at(name), true },
		Index:           func(this, key Value) (Value, error) { return this.(*environment).at(ToString(key)), nil },
		Truth:           func(Value) bool { return true }}
}

func getProperty(c *Call) (Value, error) {
	name := c.Str(0)
	switch name {
	case "line.separator":
		return "\n", nil
	case "file.separator":
		return "/", nil
	case "file.encoding":
		return "UTF-8", nil
	case "java.version":
		return "21", nil
	}
	if f := c.th.eng.env.Property; f != nil {
		if v, ok := f(name); ok {
			return v, nil
		}
	}
	if len(c.Args) > 1 {
		return c.Arg(1), nil
	}
	return nil, nil
}

func arrayCopy(c *Call) (Value, error) {
	from, _ := c.Int(1)
	to, _ := c.Int(3)
	n, _ := c.Int(4)
	if a, ok := c.Arg(0).([]byte); ok {
		b, ok := c.Arg(2).([]byte)
		if !ok || from < 0 || to < 0 || n < 0 || from+n > int64(len(a)) || to+n > int64(len(b)) {
			return nil, Throw("java.lang.ArrayIndexOutOfBoundsException", "arraycopy: out of bounds")
		}
		copy(b[to:to+n], a[from:from+n])
		return nil, nil
	}
	src, ok1 := c.Arg(0).(*List)
	dst, ok2 := c.Arg(2).(*List)
	if !ok1 || !ok2 {
		return nil, c.NoSuchMethod()
	}
	xs := src.Items()
	if from < 0 || to < 0 || n < 0 || from+n > int64(len(xs)) || to+n > int64(dst.Len()) {
		return nil, Throw("java.lang.ArrayIndexOutOfBoundsException", "arraycopy: out of bounds")
	}
	for i := int64(0); i < n; i++ {
		dst.setAt(int(to+i), xs[from+i])
	}
	return nil, nil
}

var unitSizes = []time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour}

// timeUnit adds the conversions to the enum TimeUnit.
func timeUnit(k *Class) {
	self := func(c *Call) time.Duration { return unitSizes[c.This.(*enumValue).ordinal] }
	to := func(d time.Duration) Method {
		return give(func(c *Call) Value {
			n, _ := c.Int(0)
			u := self(c)
			if u >= d {
				return n * int64(u/d)
			}
			return n / int64(d/u)
		})
	}
	for i, n := range []string{"Nanos", "Micros", "Millis", "Seconds", "Minutes", "Hours", "Days"} {
		k.Methods["to"+n] = to(unitSizes[i])
	}
	k.Methods["convert"] = give(func(c *Call) Value {
		n, _ := c.Int(0)
		if o, ok := c.Arg(1).(*enumValue); ok {
			from, u := unitSizes[min(o.ordinal, 6)], self(c)
			if from >= u {
				return n * int64(from/u)
			}
			return n / int64(u/from)
		}
		if d, ok := c.Arg(0).(duration); ok {
			return int64(time.Duration(d) / self(c))
		}
		return n
	})
	k.Methods["sleep"] = func(c *Call) (Value, error) {
		n, _ := c.Int(0)
		d := self(c)
		c.Args = []Value{n * int64(d) / int64(time.Millisecond)}
		return objSleep(c)
	}
}

// interfaces are the functional interfaces of the JDK, with their method.
var interfaces = map[string]string{
	"Function": "apply", "BiFunction": "apply", "UnaryOperator": "apply", "BinaryOperator": "apply", "Supplier": "get",
	"Consumer": "accept", "BiConsumer": "accept", "Predicate": "test", "BiPredicate": "test", "IntFunction": "apply",
	"ToIntFunction": "applyAsInt", "ToLongFunction": "applyAsLong", "ToDoubleFunction": "applyAsDouble", "BooleanSupplier": "getAsBoolean",
	"IntPredicate": "test", "IntUnaryOperator": "applyAsInt", "IntSupplier": "getAsInt", "LongSupplier": "getAsLong", "IntConsumer": "accept",
}

func functionClasses() []*Class {
	var out []*Class
	for name, sam := range interfaces {
		k := &Class{Name: "java.util.function." + name, Interface: true, SAM: sam, Methods: table{}}
		compose := closureMethods()
		switch {
		case strings.HasSuffix(name, "Function"), strings.HasSuffix(name, "Operator"):
			k.Methods["andThen"], k.Methods["compose"] = compose["andThen"], compose["compose"]
			k.Static = table{"identity": give(func(c *Call) Value {
				return c.th.nativeClosure("identity", 1, func(_ *thread, a []Value) Value { return a[0] })
			})}
		case strings.HasSuffix(name, "Predicate"):
			k.Methods["negate"] = compose["negate"]
			k.Methods["and"], k.Methods["or"] = both(true), both(false)
			k.Static = table{
				"not": give(func(c *Call) Value {
					f := c.Arg(0)
					return c.th.nativeClosure("not", -1, func(th *thread, a []Value) Value { return !th.truth(th.call(f, a...)) })
				}),
				"isEqual": give(func(c *Call) Value {
					x := c.Arg(0)
					return c.th.nativeClosure("isEqual", 1, func(th *thread, a []Value) Value { return th.equal(x, a[0]) })
				}),
			}
		}
		out = append(out, k)
	}
	return out
}

func both(and bool) Method {
	return give(func(c *Call) Value {
		a, b := c.This, c.Arg(0)
		return c.th.nativeClosure("test", -1, func(th *thread, args []Value) Value {
			if th.truth(th.call(a, args...)) != and {
				return !and
			}
			return th.truth(th.call(b, args...))
		})
	})
}
