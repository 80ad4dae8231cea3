package groovy

import (
	"math/big"
	"strings"
)

// native is a stand-in's value: its class is found by name.
type native interface{ javaName() string }

// comparer orders values of one native type.
type comparer interface{ compareTo(o Value) (int, bool) }

// text gives strings, GStrings and characters as text.
func (th *thread) text(v Value) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case *GString:
		return x.text(th), true
	}
	return "", false
}

// asText also takes characters; nil for anything else.
func (th *thread) asText(v Value) *string {
	if c, ok := v.(Char); ok {
		s := string(rune(c))
		return &s
	}
	if s, ok := th.text(v); ok {
		return &s
	}
	return nil
}

// equal is Groovy's ==.
func (th *thread) equal(a, b Value) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		switch y := b.(type) {
		case string:
			return x == y
		case *GString:
			return x == y.text(th)
		case Char:
			return x == string(rune(y))
		}
		return false
	case int32:
		if y, ok := b.(int32); ok {
			return x == y
		}
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case *GString:
		if s := th.asText(b); s != nil {
			return x.text(th) == *s
		}
		return false
	}
	if b == nil {
		return false
	}
	if same(a, b) {
		return true
	}
	th.nest()
	defer func() { th.nested-- }()
	return th.equalSlow(a, b)
}

func (th *thread) equalSlow(a, b Value) bool {
	if isNumber(a) || isChar(a) {
		if isNumber(b) || isChar(b) {
			return th.numCompare(a, b) == 0 && !isNaN(a) && !isNaN(b)
		}
		if c, ok := a.(Char); ok {
			s := th.asText(b)
			return s != nil && *s == string(rune(c))
		}
		return false
	}
	switch x := a.(type) {
	case *List, *Range:
		switch b.(type) {
		case *List, *Range:
			return th.sameItems(th.items(x), th.items(b))
		}
		return false
	case []byte:
		switch b.(type) {
		case []byte, *List:
			return th.sameItems(th.items(x), th.items(b))
		}
		return false
	case *Set:
		y, ok := b.(*Set)
		return ok && th.sameSet(x, y)
	case *Map:
		y, ok := b.(*Map)
		return ok && th.sameMap(x, y)
	case *Entry:
		y, ok := b.(*Entry)
		return ok && th.equal(x.key, y.key) && th.equal(x.val, y.val)
	case *Object:
		return th.objectEqual(x, b)
	case *Class:
		y, ok := b.(*Class)
		return ok && x.Name == y.Name && x.script == y.script
	case *gpath: // its text counts
		return x.text(th) == th.str(b)
	case *nodeList:
		return th.sameItems(x.items, th.items(b))
	case keyed:
		if _, ok := b.(keyed); ok {
			return x.mapKey() == keyOf(b)
		}
		return false
	case Host:
		if m := th.eng.metaOf(x); m.h.Equals != nil {
			return m.h.Equals(x, b)
		}
		if y, ok := b.(Host); ok {
			return keyOf(x) == keyOf(y)
		}
		return false
	}
	if n, ok := th.tryCompare(a, b); ok {
		return n == 0
	}
	return keyOf(a) == keyOf(b)
}

func isChar(v Value) bool { _, ok := v.(Char); return ok }

func isNaN(v Value) bool {
	switch x := v.(type) {
	case float64:
		return x != x
	case float32:
		return x != x
	}
	return false
}

func (th *thread) objectEqual(x *Object, b Value) bool {
	if b == Value(x) {
		return true
	}
	if len(x.sc.all["equals"]) > 0 {
		return th.truth(th.callMethod(x, "equals", []Value{b}))
	}
	if y, ok := b.(*Object); ok {
		if len(x.sc.all["compareTo"]) > 0 && x.sc.meta.names["java.lang.Comparable"] {
			n, _ := toInt64(th.callMethod(x, "compareTo", []Value{b}))
			return n == 0
		}
		return x.sc.structural && x.sc == y.sc && x.hashKey() == y.hashKey()
	}
	return false
}

func (th *thread) sameItems(x, y []Value) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		th.step()
		if !th.equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

func (th *thread) sameSet(x, y *Set) bool {
	if x.Len() != y.Len() {
		return false
	}
	rest := y.Items()
	for _, v := range x.Items() {
		if !y.Has(v) && th.indexOf(rest, v) < 0 {
			return false
		}
	}
	return true
}

func (th *thread) sameMap(x, y *Map) bool {
	if x.Len() != y.Len() {
		return false
	}
	for _, e := range x.entries() {
		th.step()
		v, ok := y.Get(e.key)
		if !ok || !th.equal(e.val, v) {
			return false
		}
	}
	return true
}

// numCompare orders two numbers or characters.
func (th *thread) numCompare(a, b Value) int {
	la, lb := level(a), level(b)
	switch lv := max(la, lb); {
	case lv <= 2:
		x, _ := toInt64(a)
		y, _ := toInt64(b)
		return cmpInt(x, y)
	case lv == 3:
		return toBig(a).Cmp(toBig(b))
	case lv == 4:
		return th.toDecimal(a).cmp(th.toDecimal(b))
	}
	x, y := toFloat(a), toFloat(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case x != x && y != y:
		return 0
	case x != x:
		return 1 // NaN is the largest
	}
	return -1
}

func cmpInt(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// compare is <=>; values without an order throw.
func (th *thread) compare(a, b Value) int {
	n, ok := th.tryCompare(a, b)
	if !ok {
		th.throw(excIllegalArg, "Cannot compare %s with value '%s' and %s with value '%s'",
			th.className(a), th.str(a), th.className(b), th.str(b))
	}
	return n
}

// compareAny orders what has no order among itself by hash codes, as sort() does.
func (th *thread) compareAny(a, b Value) int {
	n, ok := th.tryCompare(a, b)
	if !ok {
		return cmpInt(int64(th.hashCode(a)), int64(th.hashCode(b)))
	}
	return n
}

func (th *thread) tryCompare(a, b Value) (int, bool) {
	switch {
	case a == nil && b == nil:
		return 0, true
	case a == nil:
		return -1, true
	case b == nil:
		return 1, true
	}
	if level(a) > 0 && level(b) > 0 {
		return th.numCompare(a, b), true
	}
	if s := th.asText(a); s != nil {
		if t := th.asText(b); t != nil {
			return jcompare(*s, *t), true
		}
		if c, ok := a.(string); ok && jlen(c) == 1 && isNumber(b) {
			return th.numCompare(jat(c, 0), b), true
		}
		return 0, false
	}
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok {
			return boolInt(x) - boolInt(y), true
		}
	case comparer:
		return x.compareTo(b)
	case *Object:
		return th.objectCompare(x, b)
	case Host:
		if m := th.eng.metaOf(x); m.h.Compare != nil {
			return m.h.Compare(x, b)
		} else if m.methods["compareTo"] != nil {
			n, ok := toInt64(th.callMethod(x, "compareTo", []Value{b}))
			return int(n), ok
		}
	}
	return 0, false
}

func (th *thread) objectCompare(x *Object, b Value) (int, bool) {
	if len(x.sc.all["compareTo"]) > 0 {
		n, _ := toInt64(th.callMethod(x, "compareTo", []Value{b}))
		return cmpInt(n, 0), true
	}
	y, ok := b.(*Object)
	if ok && x.sc.enum && x.sc.enumBase() == y.sc.enumBase() {
		return x.ordinal - y.ordinal, true
	}
	return 0, ok && x == y
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// jcompare is String.compareTo: by UTF-16 units, which for text beyond the basic
// plane differs from the order of bytes; the difference of lengths or units.
func jcompare(s, t string) int {
	if isASCII(s) && isASCII(t) {
		n := min(len(s), len(t))
		for i := range n {
			if s[i] != t[i] {
				return int(s[i]) - int(t[i])
			}
		}
		return len(s) - len(t)
	}
	return strings.Compare(s, t)
}

// truth is Groovy's truth.
func (th *thread) truth(v Value) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case int32:
		return x != 0
	case *GString:
		return x.text(th) != ""
	case *List:
		return x.Len() > 0
	case *Map:
		return x.Len() > 0
	case *Set:
		return x.Len() > 0
	case *Range:
		return x.size(th) > 0
	case int64:
		return x != 0
	case float64:
		return x != 0
	case float32:
		return x != 0
	case int8:
		return x != 0
	case int16:
		return x != 0
	case Char:
		return x != 0
	case *big.Int:
		return x.Sign() != 0
	case *Decimal:
		return x.n.Sign() != 0
	case []byte:
		return len(x) > 0
	case *Matcher:
		return x.find(th) // goes on, so that a group can be asked for
	case *Object:
		if len(x.sc.all["asBoolean"]) > 0 {
			th.nest() // what asBoolean returns may be the object
			defer func() { th.nested-- }()
			return th.truth(th.callMethod(x, "asBoolean", nil))
		}
		return true
	case interface{ truth() bool }:
		return x.truth()
	case Host:
		if m := th.eng.metaOf(x); m.h.Truth != nil {
			return m.h.Truth(x)
		}
	}
	return true
}

// declares says whether the class or one above it, short of Object, lists the method.
// Object's own isCase comes back to isCase and must not be called from there.
func (m *meta) declares(name string) bool {
	for ; m != nil && m.class.Name != "java.lang.Object"; m = m.super {
		if m.class.Methods[name] != nil {
			return true
		}
	}
	return false
}

// isCase is "in" and a switch label: label.isCase(v).
func (th *thread) isCase(label, v Value) bool {
	switch x := label.(type) {
	case nil:
		return v == nil
	case *Class:
		return v != nil && th.isInstance(v, x)
	case *Closure:
		return th.truth(th.call(x, v))
	case *Range:
		return x.contains(th, v)
	case *List:
		return th.indexOf(x.Items(), v) >= 0
	case *Set:
		return x.Has(v) || th.indexOf(x.Items(), v) >= 0
	case *Map:
		w, _ := x.Get(v)
		return th.truth(w)
	case *Pattern:
		return v != nil && th.matchAll(x, th.str(v))
	case *Object:
		if len(x.sc.all["isCase"]) > 0 {
			return th.truth(th.callMethod(x, "isCase", []Value{v}))
		}
	case Host:
		m := th.eng.metaOf(x)
		for _, name := range [...]string{"isCase", "contains"} {
			if m.declares(name) {
				return th.truth(th.callMethod(x, name, []Value{v}))
			}
		}
		if m.h.Iterate != nil {
			return th.indexOf(th.items(x), v) >= 0
		}
	}
	return th.equal(label, v)
}
