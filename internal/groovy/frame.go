package groovy

// ctl is how a statement ends.
type ctl uint8

const (
	ctlNext ctl = iota
	ctlBreak
	ctlContinue
	ctlReturn
	ctlYield
)

type (
	code func(f *frame) Value
	exec func(f *frame) ctl
)

// frame is one active call.
type frame struct {
	th    *thread
	vars  []Value
	caps  []*cell
	this  Value // *Object, or *Class in static code
	clo   *Closure
	fn    *compiled
	pos   pos // of what is being evaluated
	up    *frame
	ret   Value
	label string // target of a labelled break or continue
	rec   *powerRecord
	few   [4]Value // room for vars
}

// cparam is a parameter ready for calls.
type cparam struct {
	name     string
	slot     int
	captured bool
	typ      *typeRef
	def      code
	field    *fieldInfo // record constructors store it
}

// compiled is a function ready to run.
type compiled struct {
	name     string
	label    string // for stack traces
	src      *source
	pos      pos
	params   []cparam
	implicit bool
	itCell   bool
	itSlot   int
	varargs  bool
	required int
	slots    int
	body     exec
	ret      *typeRef
	static   bool
	closure  bool
	chains   bool // a constructor that starts with this(…) or super(…)
}

// invoke calls the function.
func (c *compiled) invoke(th *thread, clo *Closure, this Value, caps []*cell, args []Value) Value {
	th.step()
	th.depth++
	f := th.free
	if f != nil {
		th.free = f.up
	} else {
		f = &frame{}
	}
	f.th, f.fn, f.this, f.clo, f.caps, f.up, f.pos = th, c, this, clo, caps, th.top, c.pos
	th.top = f
	if th.depth > th.eng.env.Limits.Depth {
		th.limit("depth", nil)
	}
	if c.slots <= len(f.few) {
		f.vars = f.few[:c.slots]
	} else {
		f.vars = make([]Value, c.slots)
	}
	c.bind(f, args)
	c.body(f)
	th.depth--
	ret := f.ret
	if c.ret != nil && c.ret.coerces() {
		ret = th.assign(ret, c.ret)
	}
	th.top = f.up
	// nothing keeps a frame after its call: closures hold cells, not frames
	*f = frame{up: th.free}
	th.free = f
	return ret
}

func (f *frame) store(p *cparam, v Value) {
	if p.typ != nil && p.typ.coerces() {
		v = f.th.assign(v, p.typ)
	}
	if p.captured {
		f.vars[p.slot] = &cell{v: v}
	} else {
		f.vars[p.slot] = v
	}
}

// bind gives the parameters their values.
func (c *compiled) bind(f *frame, args []Value) {
	if c.implicit {
		var it Value
		if len(args) > 0 {
			it = args[0]
		}
		if len(args) > 1 {
			c.badArgs(f, args)
		}
		if c.itCell {
			it = &cell{v: it}
		}
		f.vars[c.itSlot] = it
		return
	}
	n := len(c.params)
	if len(args) == n && !c.varargs {
		for i := range c.params {
			f.store(&c.params[i], args[i])
		}
		return
	}
	given := args
	if c.varargs {
		args = c.pack(f.th, args)
	}
	if c.closure && len(args) == 1 && n > 1 { // a list spreads over the parameters
		if l, ok := args[0].(*List); ok && l.Len() >= c.required && l.Len() <= n {
			args = l.Items()
		} else if e, ok := args[0].(*Entry); ok && n == 2 {
			args = []Value{e.key, e.val}
		}
	}
	if len(args) == 0 && n == 1 && c.required == 1 {
		args = []Value{nil}
	}
	required := c.required
	if c.varargs {
		required++ // the array
	}
	if len(args) > n || len(args) < required {
		c.badArgs(f, given)
	}
	spare := len(args) - required
	for i, k := 0, 0; i < n; i++ {
		p := &c.params[i]
		switch {
		case p.def == nil:
			f.store(p, args[k])
			k++
		case spare > 0:
			f.store(p, args[k])
			k++
			spare--
		default:
			f.store(p, p.def(f))
		}
	}
}

func (c *compiled) badArgs(f *frame, args []Value) {
	th := f.th
	th.top = f.up
	th.depth--
	name := "call"
	class := "groovy.lang.Closure"
	if !c.closure {
		name = c.name
		class = th.className(f.this)
	}
	th.raise(missingMethod(th, class, name, args))
}

// pack collects the arguments of a varargs parameter into an array.
func (c *compiled) pack(th *thread, args []Value) []Value {
	last := len(c.params) - 1
	if len(args) == last+1 {
		switch x := args[last].(type) {
		case *List:
			if x.kind == listArray {
				return args
			}
		case nil, []byte:
			return args
		}
	}
	t := c.params[last].typ
	elem := "java.lang.Object"
	if t != nil && t.class != nil {
		elem = t.class.Name
	}
	fixed := min(last, len(args)) // of those that are missing the defaults apply
	rest := append([]Value(nil), args[fixed:]...)
	return append(append([]Value(nil), args[:fixed]...), newArray(elem, rest))
}

// score rates how well arguments fit; -1: not at all. Lower is better.
func (c *compiled) score(th *thread, args []Value) int {
	n := len(c.params)
	total := 0
	if len(args) > n && !c.varargs || len(args) < c.required {
		return -1
	}
	if c.varargs {
		if len(args) != n || !isArrayArg(args[n-1]) {
			total += 50
			if len(args) < n-1 {
				return c.scoreFixed(th, args, c.params[:n-1], total)
			}
			for i := 0; i < n-1; i++ {
				s := th.fit(args[i], c.params[i].typ)
				if s < 0 {
					return -1
				}
				total += s
			}
			elem := *c.params[n-1].typ
			elem.dims = 0
			if elem.class != nil {
				elem.settle(elem.class.Name)
			}
			for _, a := range args[n-1:] {
				s := th.fit(a, &elem)
				if s < 0 {
					return -1
				}
				total += s
			}
			return total
		}
	}
	return c.scoreFixed(th, args, c.params, total)
}

// scoreFixed rates arguments for params, of which some may take their defaults.
func (c *compiled) scoreFixed(th *thread, args []Value, params []cparam, total int) int {
	spare := len(args) - c.required
	k := 0
	for i := range params {
		p := &params[i]
		if p.def != nil {
			if spare == 0 {
				total++
				continue
			}
			spare--
		}
		s := th.fit(args[k], p.typ)
		if s < 0 {
			return -1
		}
		total += s
		k++
	}
	return total
}

func isArrayArg(v Value) bool {
	switch x := v.(type) {
	case *List:
		return x.kind == listArray
	case []byte:
		return true
	}
	return false
}

// fit rates one argument against a parameter's type.
func (th *thread) fit(v Value, t *typeRef) int {
	if t == nil || t.coerc == coNone {
		return 20
	}
	if v == nil {
		if primitives[t.name] && t.dims == 0 {
			return -1
		}
		if t.coerc == coObject {
			return 0
		}
		return 1
	}
	switch t.coerc {
	case coObject:
		return 20
	case coString:
		switch v.(type) {
		case string:
			return 0
		case *GString:
			return 1
		case *StringBuilder:
			if t.class.Name == "java.lang.CharSequence" {
				return 1
			}
		}
		return -1
	case coBool:
		if _, ok := v.(bool); ok {
			return 0
		}
		return -1
	case coArray:
		if t.dims == 1 && t.elemName() == "byte" {
			if _, ok := v.([]byte); ok {
				return 0
			}
			return -1
		}
		if isArrayArg(v) {
			return 1
		}
		return -1
	case coInt, coLong, coShort, coByte, coFloat, coDouble, coBigInt, coDecimal, coNumber:
		return numberFit(v, t.coerc)
	case coChar:
		if _, ok := v.(Char); ok {
			return 0
		}
		return -1
	}
	if t.class == nil {
		return 20
	}
	if th.isInstance(v, t.class) {
		return th.distance(v, t.class)
	}
	if _, ok := v.(*Closure); ok && (t.class.Interface || t.class.SAM != "") {
		return 15
	}
	return -1
}

// rank orders the types of numbers by what can be widened to what.
var rank = [coClass + 1]int{coByte: 1, coShort: 2, coInt: 3, coLong: 4, coBigInt: 5, coFloat: 6, coDouble: 7, coDecimal: 8}

// numberFit allows what Java widens.
func numberFit(v Value, co coercion) int {
	var own coercion
	switch v.(type) {
	case int32:
		own = coInt
	case int64:
		own = coLong
	case float64:
		own = coDouble
	case float32:
		own = coFloat
	case int16:
		own = coShort
	case int8:
		own = coByte
	case *Decimal:
		own = coDecimal
	case Char:
		if co == coInt || co == coLong {
			return 8
		}
		return -1
	default:
		if level(v) == 0 {
			return -1
		}
		own = coBigInt
	}
	if own == co {
		return 0
	}
	if co == coNumber {
		return 12
	}
	if rank[co] > rank[own] {
		return rank[co] - rank[own]
	}
	if own == coDecimal && (co == coDouble || co == coFloat) {
		return 3
	}
	return -1
}

// distance counts superclasses between a value's class and c.
func (th *thread) distance(v Value, c *Class) int {
	n := 1
	for m := th.eng.metaOf(v); m != nil; m = m.super {
		if m.class.Name == c.Name {
			return n
		}
		n++
	}
	return n + 3
}
