package groovy

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ToString is Text for messages: a value whose text cannot be had is told by its class.
func ToString(v Value) string {
	s, err := Text(v)
	if err != nil {
		if o, ok := v.(*Object); ok {
			return o.ClassName() + "@1"
		}
		return "Object@1"
	}
	return s
}

// Text gives a value's toString from Go. Objects of script classes answer with their
// own toString, whose exception is the error; so is a text of more than 16 MiB.
func Text(v Value) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case nil:
		return "null", nil
	}
	th := &thread{}
	if r := runOf(v); r != nil {
		t, err := r.enter(context.Background())
		if err == nil {
			defer r.leave(t)
			th = t
		}
	}
	var out string
	var err error
	func() {
		defer th.recoverErr(&err, th.mark())
		out = th.str(v)
	}()
	return out, err
}

// runOf finds the run which values with code belong to.
func runOf(v Value) *run {
	switch x := v.(type) {
	case *Object:
		return x.run
	case *GString:
		return x.run
	case *List:
		for _, y := range x.Items() {
			if o, ok := y.(*Object); ok {
				return o.run
			}
			if g, ok := y.(*GString); ok {
				return g.run
			}
		}
	case *Map:
		for _, y := range x.Values() {
			if o, ok := y.(*Object); ok {
				return o.run
			}
			if g, ok := y.(*GString); ok {
				return g.run
			}
		}
	}
	return nil
}

// str is Java's toString, with Groovy's form for collections. A thread without
// a run (from ToString) cannot call script code and uses class names instead.
func (th *thread) str(v Value) string {
	switch x := v.(type) {
	case string:
		return x
	case nil:
		return "null"
	case int32:
		return strconv.FormatInt(int64(x), 10)
	case int64:
		return strconv.FormatInt(x, 10)
	case bool:
		if x {
			return "true"
		}
		return "false"
	case int16:
		return strconv.Itoa(int(x))
	case int8:
		return strconv.Itoa(int(x))
	case float64:
		return javaDouble(x)
	case float32:
		return javaFloat(float64(x), 32)
	case Char:
		return string(rune(x))
	case *big.Int:
		return x.String()
	case *Decimal:
		return x.String()
	case *GString:
		return x.text(th)
	}
	th.nest()
	defer func() { th.nested-- }()
	return th.strSlow(v)
}

func (th *thread) strSlow(v Value) string {
	switch x := v.(type) {
	case *List:
		if x.kind == listArray && x.elem == "char" {
			return th.join(x.Items(), "")
		}
		return th.seq("[", x.Items(), "]", v)
	case []byte:
		return th.seq("[", th.items(x), "]", v)
	case *Set:
		return th.seq("[", x.Items(), "]", v)
	case *Range:
		if x.isInt && !x.empty {
			return th.str(x.first()) + ".." + th.str(x.last())
		}
		return th.seq("[", x.items(th), "]", v)
	case *Map:
		return th.mapText(x)
	case *Entry:
		text := th.str(x.key) + "=" + th.str(x.val)
		th.charge(len(text))
		return text
	case *Closure:
		return fmt.Sprintf("%s@%x", th.className(x), 1)
	case *Class:
		return x.typeText()
	case *Thrown:
		return x.text()
	case *Object:
		return th.objectText(x)
	case optional:
		if !x.ok {
			return x.String()
		}
		text := "Optional[" + th.str(x.v) + "]"
		th.charge(len(text))
		return text
	case *xmlNode:
		return x.describe(th)
	case *gpath:
		return x.text(th)
	case *nodeList:
		return th.seq("[", x.items, "]", v)
	case *atomicRef: // may hold itself
		return th.str(x.get())
	case fmt.Stringer:
		if h, ok := v.(Host); ok && th.eng != nil && th.eng.metaOf(h).h.String != nil {
			return th.eng.metaOf(h).h.String(h)
		}
		return x.String()
	case Host:
		for c := x.GroovyClass(); c != nil; c = c.Super {
			if c.String != nil {
				return c.String(x)
			}
		}
		if th.eng != nil {
			m := th.eng.metaOf(x)
			if m.h.String != nil {
				return m.h.String(x)
			}
			if f := m.methods["toString"]; f != nil && m.class.Methods["toString"] != nil {
				r, err := f(&Call{Ctx: th.ctx, This: x, Name: "toString", th: th})
				if err != nil {
					th.raise(err)
				}
				return th.str(r)
			}
			return m.class.Name + "@1"
		}
		return x.GroovyClass().Name + "@1"
	}
	return fmt.Sprintf("%T", v)
}

func (c *Class) typeText() string {
	if c.Interface {
		return "interface " + c.Name
	}
	if primitives[c.Name] {
		return c.Name
	}
	return "class " + c.Name
}

func (th *thread) seq(open string, items []Value, end string, self Value) string {
	var b strings.Builder
	told := 0
	b.WriteString(open)
	for i, x := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		if same(x, self) {
			b.WriteString("(this Collection)")
		} else {
			b.WriteString(th.str(x))
		}
		told = th.grown(&b, told)
	}
	b.WriteString(end)
	th.charge(b.Len() - told)
	return b.String()
}

// grown charges what a text has grown since it was told long.
func (th *thread) grown(b *strings.Builder, told int) int {
	if b.Len()-told < 1<<12 {
		return told
	}
	th.charge(b.Len() - told)
	return b.Len()
}

// charge bounds text as it grows: data sharing parts can unfold enormously.
func (th *thread) charge(n int) {
	if th.run != nil {
		th.alloc(int64(n))
		return
	}
	if th.mem += int64(n) + 32; th.mem > maxLooseText {
		panic(&LimitError{Limit: "memory"})
	}
}

// maxLooseText bounds the text of a value that is made outside of a run.
const maxLooseText = 16 << 20

func same(a, b Value) bool {
	switch x := a.(type) {
	case *List:
		return b == Value(x)
	case *Map:
		return b == Value(x)
	case *Set:
		return b == Value(x)
	}
	return false
}

func (th *thread) mapText(m *Map) string {
	es := m.entries()
	if len(es) == 0 {
		if m.kind == mapLinked {
			return "[:]"
		}
	}
	var b strings.Builder
	told := 0
	b.WriteString("[")
	for i, e := range es {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(th.str(e.key) + ":")
		if same(e.val, m) {
			b.WriteString("(this Map)")
		} else {
			b.WriteString(th.str(e.val))
		}
		told = th.grown(&b, told)
	}
	b.WriteString("]")
	th.charge(b.Len() - told)
	return b.String()
}

func (th *thread) objectText(o *Object) string {
	if th.run == nil {
		return o.ClassName() + "@1"
	}
	if len(o.sc.all["toString"]) > 0 {
		return th.str(th.callMethod(o, "toString", nil))
	}
	if o.proxy != nil {
		if f, ok := o.proxy.Get("toString"); ok {
			return th.str(th.call(f))
		}
	}
	if t, ok := o.base.(*Thrown); ok {
		if msg, ok := th.tryProp(o, "message"); ok && msg != nil {
			return t.Class + ": " + th.str(msg)
		}
		return t.Class
	}
	if o.sc.enum {
		return o.name
	}
	if o.sc.toStr || o.sc.rec {
		return o.sc.fieldText(th, o)
	}
	return fmt.Sprintf("%s@%x", o.ClassName(), th.identity(o))
}

func (th *thread) identity(o *Object) uint32 {
	var h uint32 = 17
	for _, c := range o.ClassName() {
		h = h*31 + uint32(c)
	}
	return h
}

// inspect spells a value as a Groovy literal.
func (th *thread) inspect(v Value) string {
	th.nest()
	defer func() { th.nested-- }()
	th.step()
	var parts []string
	switch x := v.(type) {
	case string, *GString:
		s := th.str(x)
		th.alloc(int64(len(s)))
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
	case *List, *Set, *Range:
		for _, y := range th.items(x) {
			parts = append(parts, th.inspect(y))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *Map:
		if x.Len() == 0 {
			return "[:]"
		}
		for _, e := range x.entries() {
			parts = append(parts, th.inspect(e.key)+":"+th.inspect(e.val))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return th.str(v)
}
