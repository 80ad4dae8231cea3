package groovy

// optional is java.util.Optional.
type optional struct {
	v  Value
	ok bool
}

func (optional) javaName() string { return "java.util.Optional" }
func (o optional) truth() bool    { return o.ok }
func (o optional) String() string {
	if !o.ok {
		return "Optional.empty"
	}
	return "Optional[" + ToString(o.v) + "]"
}
func (o optional) mapKey() any { return structKey{structText(o, 0)} }

// NewOptional makes a java.util.Optional; nil makes an empty one.
func NewOptional(v Value) Value { return optional{v, v != nil} }

func optionalClass() *Class {
	self := func(c *Call) optional { return c.This.(optional) }
	get := func(c *Call) (Value, error) {
		if !self(c).ok {
			return nil, Throw(excNoElement, "No value present")
		}
		return self(c).v, nil
	}
	return &Class{Name: "java.util.Optional", Static: table{
		"empty":      give(func(*Call) Value { return optional{} }),
		"ofNullable": give(func(c *Call) Value { return NewOptional(c.Arg(0)) }),
		"of": func(c *Call) (Value, error) {
			if c.Arg(0) == nil {
				return nil, Throw(excNull, "Optional.of(null)")
			}
			return NewOptional(c.Arg(0)), nil
		},
	}, Methods: table{
		"get": get, "getAsInt": get, "getAsLong": get, "getAsDouble": get,
		"isPresent": give(func(c *Call) Value { return self(c).ok }),
		"isEmpty":   give(func(c *Call) Value { return !self(c).ok }),
		"orElse": give(func(c *Call) Value {
			if self(c).ok {
				return self(c).v
			}
			return c.Arg(0)
		}),
		"orElseGet": give(func(c *Call) Value {
			if self(c).ok {
				return self(c).v
			}
			return c.fn(0)()
		}),
		"orElseThrow": func(c *Call) (Value, error) {
			if self(c).ok || len(c.Args) == 0 {
				return get(c)
			}
			panic(c.th.asThrown(c.fn(0)()))
		},
		"ifPresent": give(func(c *Call) Value {
			if self(c).ok {
				c.fn(0)(self(c).v)
			}
			return nil
		}),
		"ifPresentOrElse": give(func(c *Call) Value {
			if self(c).ok {
				c.fn(0)(self(c).v)
			} else {
				c.fn(1)()
			}
			return nil
		}),
		"map": give(func(c *Call) Value {
			if !self(c).ok {
				return self(c)
			}
			return NewOptional(c.fn(0)(self(c).v))
		}),
		"flatMap": give(func(c *Call) Value {
			if !self(c).ok {
				return self(c)
			}
			return c.fn(0)(self(c).v)
		}),
		"filter": give(func(c *Call) Value {
			if self(c).ok && c.th.truth(c.fn(0)(self(c).v)) {
				return self(c)
			}
			return optional{}
		}),
		"or": give(func(c *Call) Value {
			if self(c).ok {
				return self(c)
			}
			return c.fn(0)()
		}),
		"stream": give(func(c *Call) Value {
			if self(c).ok {
				return &stream{items: []Value{self(c).v}}
			}
			return &stream{}
		}),
		"toString": give(func(c *Call) Value {
			if !self(c).ok {
				return "Optional.empty"
			}
			return c.th.str(c.This)
		}),
	}}
}
