package groovy

import (
	"crypto/rand"
	"encoding/base64"
	mrand "math/rand"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// uuid is java.util.UUID.
type uuid struct{ b [16]byte }

func (uuid) javaName() string { return "java.util.UUID" }
func (u uuid) mapKey() any    { return u }
func (u uuid) compareTo(o Value) (int, bool) {
	x, ok := o.(uuid)
	return strings.Compare(string(u.b[:]), string(x.b[:])), ok
}
func (u uuid) String() string {
	h := hexText(u.b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func parseUUID(s string) (uuid, bool) {
	var u uuid
	if !uuidForm.MatchString(s) {
		return u, false
	}
	h := strings.ReplaceAll(s, "-", "")
	for i := range u.b {
		n, _ := strconv.ParseUint(h[2*i:2*i+2], 16, 8)
		u.b[i] = byte(n)
	}
	return u, true
}

// codec is a Base64 encoder or decoder.
type codec struct {
	enc    *base64.Encoding
	decode bool
	mime   bool
}

func (c *codec) javaName() string {
	if c.decode {
		return "java.util.Base64.Decoder"
	}
	return "java.util.Base64.Encoder"
}

// atomicNum is AtomicInteger or AtomicLong.
type atomicNum struct {
	n    atomic.Int64
	long bool
}

func (a *atomicNum) javaName() string {
	if a.long {
		return "java.util.concurrent.atomic.AtomicLong"
	}
	return "java.util.concurrent.atomic.AtomicInteger"
}
func (a *atomicNum) String() string { return strconv.FormatInt(a.n.Load(), 10) }
func (a *atomicNum) wrap(n int64) Value {
	if a.long {
		return n
	}
	return int32(n)
}

// atomicRef is AtomicReference or AtomicBoolean.
type atomicRef struct {
	mu   sync.Mutex
	v    Value
	bool bool
}

func (a *atomicRef) javaName() string {
	if a.bool {
		return "java.util.concurrent.atomic.AtomicBoolean"
	}
	return "java.util.concurrent.atomic.AtomicReference"
}
func (a *atomicRef) String() string { return ToString(a.get()) }
func (a *atomicRef) get() Value     { a.mu.Lock(); defer a.mu.Unlock(); return a.v }
func (a *atomicRef) swap(v Value) Value {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.v
	a.v = v
	return old
}

// locale only exists to be passed around; text is always English.
type locale struct{ tag string }

func (locale) javaName() string { return "java.util.Locale" }
func (l locale) mapKey() any    { return l }
func (l locale) String() string { return l.tag }

// random is java.util.Random; SecureRandom has secure set.
type random struct {
	mu     sync.Mutex
	r      *mrand.Rand
	secure bool
}

func (r *random) javaName() string {
	if r.secure {
		return "java.security.SecureRandom"
	}
	return "java.util.Random"
}

// secureSource feeds math/rand from crypto/rand.
type secureSource struct{}

func (secureSource) Seed(int64) {}
func (s secureSource) Int63() int64 {
	return int64(s.Uint64() >> 1)
}
func (secureSource) Uint64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	var n uint64
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	return n
}

func utilClasses() []*Class {
	tu := langClasses()
	for _, k := range tu {
		if k.Name == "java.util.concurrent.TimeUnit" {
			timeUnit(k)
		}
	}
	enc := func(e *base64.Encoding, dec, mime bool) Method {
		return give(func(*Call) Value { return &codec{e, dec, mime} })
	}
	return append(tu,
		&Class{Name: "java.util.UUID", Static: table{
			"randomUUID": give(func(*Call) Value {
				var u uuid
				_, _ = rand.Read(u.b[:])
				u.b[6], u.b[8] = u.b[6]&0x0f|0x40, u.b[8]&0x3f|0x80
				return u
			}),
			"fromString": func(c *Call) (Value, error) {
				u, ok := parseUUID(c.Str(0))
				if !ok {
					return nil, Throw(excIllegalArg, "Invalid UUID string: %s", clip(c.Str(0)))
				}
				return u, nil
			},
			"nameUUIDFromBytes": func(c *Call) (Value, error) {
				b, ok := c.Arg(0).([]byte)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				h := hashNamed("MD5")()
				h.Write(b)
				var u uuid
				copy(u.b[:], h.Sum(nil))
				u.b[6], u.b[8] = u.b[6]&0x0f|0x30, u.b[8]&0x3f|0x80
				return u, nil
			}}},
		&Class{Name: "java.util.Base64", Static: table{
			"getEncoder": enc(base64.StdEncoding, false, false), "getUrlEncoder": enc(base64.URLEncoding, false, false), "getMimeEncoder": enc(base64.StdEncoding, false, true),
			"getDecoder": enc(base64.StdEncoding, true, false), "getUrlDecoder": enc(base64.URLEncoding, true, false), "getMimeDecoder": enc(base64.StdEncoding, true, true),
		}, Inner: map[string]*Class{"Encoder": {Name: "java.util.Base64.Encoder", Methods: encoderMethods()}, "Decoder": {Name: "java.util.Base64.Decoder", Methods: decoderMethods()}}},
		optionalClass(), objectsClass(), collectionsClass(), arraysClass(),
		&Class{Name: "java.util.Locale", StaticFields: map[string]func() Value{"ENGLISH": constant(locale{"en"}), "US": constant(locale{"en_US"}), "UK": constant(locale{"en_GB"}), "ROOT": constant(locale{""}), "GERMANY": constant(locale{"de_DE"}), "FRANCE": constant(locale{"fr_FR"})},
			Static: table{"getDefault": give(func(*Call) Value { return locale{"en_US"} }), "forLanguageTag": give(func(c *Call) Value { return locale{c.Str(0)} }), "of": give(func(c *Call) Value { return locale{c.Str(0)} })},
			New:    give(func(c *Call) Value { return locale{c.Str(0)} }),
			Methods: table{"getLanguage": give(func(c *Call) Value { l, _, _ := strings.Cut(c.This.(locale).tag, "_"); return l }),
				"toLanguageTag": give(func(c *Call) Value { return strings.ReplaceAll(c.This.(locale).tag, "_", "-") })}},
		&Class{Name: "java.util.Random", New: newRandom(false), Methods: randomMethods()},
		&Class{Name: "java.security.SecureRandom", Extends: "java.util.Random", New: newRandom(true), Static: table{"getInstanceStrong": newRandom(true), "getInstance": newRandom(true)}},
		&Class{Name: "java.util.concurrent.ThreadLocalRandom", Static: table{"current": give(func(c *Call) Value { return &random{r: mrand.New(secureSource{})} })}},
		&Class{Name: "java.util.concurrent.atomic.AtomicInteger", Extends: "java.lang.Number", New: newAtomic(false), Methods: atomicMethods()},
		&Class{Name: "java.util.concurrent.atomic.AtomicLong", Extends: "java.lang.Number", New: newAtomic(true), Methods: atomicMethods()},
		&Class{Name: "java.util.concurrent.atomic.AtomicReference", New: newRef(false), Methods: refMethods()},
		&Class{Name: "java.util.concurrent.atomic.AtomicBoolean", New: newRef(true), Methods: refMethods()},
		joinerClass(), tokenizerClass(),
	)
}

func encoderMethods() table {
	self := func(c *Call) *codec { return c.This.(*codec) }
	run := func(c *Call) (string, error) {
		b, ok := c.Arg(0).([]byte)
		if !ok {
			return "", c.NoSuchMethod()
		}
		c.th.alloc(int64(len(b)) * 2)
		s := self(c).enc.EncodeToString(b)
		if self(c).mime {
			var lines []string
			for len(s) > 76 {
				lines, s = append(lines, s[:76]), s[76:]
			}
			s = strings.Join(append(lines, s), "\r\n")
		}
		return s, nil
	}
	return table{
		"encodeToString": func(c *Call) (Value, error) { return run(c) },
		"encode":         func(c *Call) (Value, error) { s, err := run(c); return []byte(s), err },
		"withoutPadding": give(func(c *Call) Value { return &codec{enc: self(c).enc.WithPadding(base64.NoPadding)} }),
	}
}

func decoderMethods() table {
	return table{"decode": func(c *Call) (Value, error) {
		d := c.This.(*codec)
		var s string
		switch x := c.Arg(0).(type) {
		case []byte:
			s = string(x)
		case string:
			s = x
		default:
			return nil, Throw(excNull, "nothing to decode")
		}
		if d.mime {
			b, err := unbase64(s)
			if err != nil {
				return nil, Throw(excIllegalArg, "Input byte array has incorrect ending byte")
			}
			return b, nil
		}
		c.th.alloc(int64(len(s)))
		b, err := d.enc.WithPadding(base64.NoPadding).DecodeString(strings.TrimRight(s, "="))
		if err != nil || strings.ContainsAny(s, "\r\n") {
			return nil, Throw(excIllegalArg, "Illegal base64 character or ending")
		}
		return b, nil
	}}
}

func objectsClass() *Class {
	return &Class{Name: "java.util.Objects", Static: table{
		"equals":   give(func(c *Call) Value { return c.th.equal(c.Arg(0), c.Arg(1)) }),
		"isNull":   give(func(c *Call) Value { return c.Arg(0) == nil }),
		"nonNull":  give(func(c *Call) Value { return c.Arg(0) != nil }),
		"hash":     give(func(c *Call) Value { return c.th.hashCode(NewList(c.Args...)) }),
		"hashCode": give(func(c *Call) Value { return c.th.hashCode(c.Arg(0)) }),
		"toString": give(func(c *Call) Value {
			if c.Arg(0) == nil && len(c.Args) > 1 {
				return c.Arg(1)
			}
			return c.Text(c.Arg(0))
		}),
		"requireNonNull": func(c *Call) (Value, error) {
			if c.Arg(0) != nil {
				return c.Arg(0), nil
			}
			msg := c.Arg(1)
			if f, ok := msg.(*Closure); ok {
				msg = c.th.call(f)
			}
			if msg == nil {
				return nil, &Thrown{Class: excNull, NoMsg: true}
			}
			return nil, Throw(excNull, "%s", c.Text(msg))
		},
		"requireNonNullElse": give(func(c *Call) Value {
			if c.Arg(0) != nil {
				return c.Arg(0)
			}
			return c.Arg(1)
		}),
	}}
}

func collectionsClass() *Class {
	same := give(func(c *Call) Value { return c.Arg(0) })
	frozen := func(c *Call) (Value, error) { c.This = c.Arg(0); return asImmutable(c) }
	on := func(method string) Method {
		return func(c *Call) (Value, error) {
			if len(c.Args) == 0 {
				return nil, c.NoSuchMethod()
			}
			return c.th.callMethod(c.Arg(0), method, c.Args[1:]), nil
		}
	}
	empty := func(v func() Value) Method { return give(func(*Call) Value { return v() }) }
	elist := func() Value { return &List{kind: listImmutable} }
	emap := func() Value { return &Map{kind: mapImmutable} }
	eset := func() Value { s := NewSet(); s.m.kind = mapImmutable; return s }
	return &Class{Name: "java.util.Collections",
		StaticFields: map[string]func() Value{"EMPTY_LIST": elist, "EMPTY_MAP": emap, "EMPTY_SET": eset},
		Static: table{
			"emptyList": empty(elist), "emptyMap": empty(emap), "emptySet": empty(eset),
			"singletonList": immutableOne, "singleton": give(func(c *Call) Value { s := NewSet(c.Arg(0)); s.m.kind = mapImmutable; return s }),
			"singletonMap":     give(func(c *Call) Value { m := NewMap(); m.Put(c.Arg(0), c.Arg(1)); m.kind = mapImmutable; return m }),
			"unmodifiableList": frozen, "unmodifiableMap": frozen, "unmodifiableSet": frozen, "unmodifiableCollection": frozen,
			"synchronizedList": same, "synchronizedMap": same, "synchronizedSet": same,
			"sort": on("sort"), "reverse": give(func(c *Call) Value { c.th.callMethod(c.Arg(0), "reverse", []Value{true}); return nil }),
			"shuffle": on("shuffle"), "max": on("max"), "min": on("min"), "swap": on("swap"), "frequency": on("count"), "disjoint": on("disjoint"),
			"list": same, "enumeration": on("iterator"),
			"addAll": give(func(c *Call) Value {
				changed := false
				for _, v := range c.Args[min(1, len(c.Args)):] {
					changed = c.th.truth(c.th.callMethod(c.Arg(0), "add", []Value{v})) || changed
				}
				return changed
			}),
			"nCopies": give(func(c *Call) Value {
				n, _ := c.Int(0)
				c.th.alloc(mulSize(max(n, 0), 16))
				out := make([]Value, max(n, 0))
				for i := range out {
					out[i] = c.Arg(1)
				}
				return &List{items: out, kind: listImmutable}
			}),
			"newSetFromMap": give(func(c *Call) Value { return NewSet() }),
			"reverseOrder":  give(func(c *Call) Value { return reversedOrder(c.th, c.Arg(0)) }),
		}}
}

func immutableOne(c *Call) (Value, error) {
	return &List{items: []Value{c.Arg(0)}, kind: listImmutable}, c.Want(1, 1)
}

func arraysClass() *Class {
	return &Class{Name: "java.util.Arrays", Static: table{
		"asList": give(func(c *Call) Value {
			if l, ok := c.Arg(0).(*List); ok && len(c.Args) == 1 && l.kind == listArray {
				return NewList(l.Items()...)
			}
			return NewList(append([]Value(nil), c.Args...)...)
		}),
		"toString":     give(func(c *Call) Value { return c.Text(c.Arg(0)) }),
		"deepToString": give(func(c *Call) Value { return c.Text(c.Arg(0)) }),
		"equals":       give(func(c *Call) Value { return c.th.equal(c.Arg(0), c.Arg(1)) }),
		"hashCode":     give(func(c *Call) Value { return c.th.hashCode(c.Arg(0)) }),
		"stream":       give(func(c *Call) Value { return &stream{items: c.th.items(c.Arg(0))} }),
		"sort": func(c *Call) (Value, error) {
			if len(c.Args) == 0 {
				return nil, c.NoSuchMethod()
			}
			return c.th.callMethod(c.Arg(0), "sort", c.Args[1:]), nil
		},
		"fill": give(func(c *Call) Value {
			if b, ok := c.Arg(0).([]byte); ok {
				n, _ := c.Int(1)
				for i := range b {
					b[i] = byte(n)
				}
				return nil
			}
			c.th.callMethod(c.Arg(0), "fill", []Value{c.Arg(1)})
			return nil
		}),
		"copyOf": func(c *Call) (Value, error) {
			n, _ := c.Int(1)
			return copyRange(c, 0, n)
		},
		"copyOfRange": func(c *Call) (Value, error) {
			a, _ := c.Int(1)
			b, _ := c.Int(2)
			return copyRange(c, a, b)
		},
	}}
}

func copyRange(c *Call, from, to int64) (Value, error) {
	if from < 0 || to < from {
		return nil, Throw(excIllegalArg, "%d > %d", from, to)
	}
	c.th.alloc(mulSize(to-from, 16))
	if b, ok := c.Arg(0).([]byte); ok {
		out := make([]byte, to-from)
		if from <= int64(len(b)) {
			copy(out, b[from:])
		}
		return out, nil
	}
	l, ok := c.Arg(0).(*List)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	out := make([]Value, to-from)
	if xs := l.Items(); from <= int64(len(xs)) {
		copy(out, xs[from:])
	}
	return newArray(l.elem, out), nil
}

func newRandom(secure bool) Method {
	return give(func(c *Call) Value {
		r := &random{secure: secure, r: mrand.New(secureSource{})}
		if seed, ok := c.Int(0); ok && !secure {
			r.r = mrand.New(mrand.NewSource(seed)) //nolint:gosec // the script asked for a reproducible sequence
		}
		return r
	})
}

func randomMethods() table {
	draw := func(f func(c *Call, r *mrand.Rand) (Value, error)) Method {
		return func(c *Call) (Value, error) {
			r := c.This.(*random)
			r.mu.Lock()
			defer r.mu.Unlock()
			return f(c, r.r)
		}
	}
	return table{
		"nextInt": draw(func(c *Call, r *mrand.Rand) (Value, error) {
			switch n, ok := c.Int(len(c.Args) - 1); {
			case !ok:
				return int32(r.Uint32()), nil
			case len(c.Args) == 2:
				low, _ := c.Int(0)
				if n <= low {
					return nil, Throw(excIllegalArg, "bound must be greater than origin")
				}
				return int32(low + r.Int63n(n-low)), nil
			case n <= 0:
				return nil, Throw(excIllegalArg, "bound must be positive")
			default:
				return int32(r.Int63n(n)), nil
			}
		}),
		"nextLong":    draw(func(_ *Call, r *mrand.Rand) (Value, error) { return int64(r.Uint64()), nil }),
		"nextDouble":  draw(func(_ *Call, r *mrand.Rand) (Value, error) { return r.Float64(), nil }),
		"nextFloat":   draw(func(_ *Call, r *mrand.Rand) (Value, error) { return r.Float32(), nil }),
		"nextBoolean": draw(func(_ *Call, r *mrand.Rand) (Value, error) { return r.Intn(2) == 1, nil }),
		"nextBytes": draw(func(c *Call, r *mrand.Rand) (Value, error) {
			b, ok := c.Arg(0).([]byte)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return nil, nil
		}),
		"setSeed": give(func(*Call) Value { return nil }),
	}
}

func newAtomic(long bool) Method {
	return give(func(c *Call) Value {
		a := &atomicNum{long: long}
		n, _ := c.Int(0)
		a.n.Store(n)
		return a
	})
}

func atomicMethods() table {
	add := func(delta int64, arg, before bool) Method {
		return give(func(c *Call) Value {
			a, d := c.This.(*atomicNum), delta
			if arg {
				d, _ = c.Int(0)
			}
			n := a.n.Add(d)
			if before {
				n -= d
			}
			return a.wrap(n)
		})
	}
	update := func(before bool) Method {
		return give(func(c *Call) Value {
			a := c.This.(*atomicNum)
			for {
				old := a.n.Load()
				n, _ := toInt64(c.fn(0)(a.wrap(old)))
				if a.n.CompareAndSwap(old, n) {
					if before {
						return a.wrap(old)
					}
					return a.wrap(n)
				}
			}
		})
	}
	get := give(func(c *Call) Value { a := c.This.(*atomicNum); return a.wrap(a.n.Load()) })
	return table{
		"get": get, "intValue": get, "longValue": give(func(c *Call) Value { return c.This.(*atomicNum).n.Load() }),
		"set":             give(func(c *Call) Value { n, _ := c.Int(0); c.This.(*atomicNum).n.Store(n); return nil }),
		"incrementAndGet": add(1, false, false), "decrementAndGet": add(-1, false, false), "addAndGet": add(0, true, false),
		"getAndIncrement": add(1, false, true), "getAndDecrement": add(-1, false, true), "getAndAdd": add(0, true, true),
		"updateAndGet": update(false), "getAndUpdate": update(true),
		"getAndSet": give(func(c *Call) Value { n, _ := c.Int(0); a := c.This.(*atomicNum); return a.wrap(a.n.Swap(n)) }),
		"compareAndSet": give(func(c *Call) Value {
			a, _ := c.Int(0)
			b, _ := c.Int(1)
			return c.This.(*atomicNum).n.CompareAndSwap(a, b)
		}),
		"toString": give(func(c *Call) Value { return c.This.(*atomicNum).String() }),
	}
}

func newRef(b bool) Method {
	return give(func(c *Call) Value {
		a := &atomicRef{bool: b, v: c.Arg(0)}
		if b {
			a.v = c.th.truth(a.v)
		}
		return a
	})
}

func refMethods() table {
	self := func(c *Call) *atomicRef { return c.This.(*atomicRef) }
	return table{
		"get":       give(func(c *Call) Value { return self(c).get() }),
		"set":       give(func(c *Call) Value { self(c).swap(c.Arg(0)); return nil }),
		"getAndSet": give(func(c *Call) Value { return self(c).swap(c.Arg(0)) }),
		"compareAndSet": give(func(c *Call) Value {
			a := self(c)
			a.mu.Lock()
			defer a.mu.Unlock()
			if !identical(a.v, c.Arg(0)) {
				return false
			}
			a.v = c.Arg(1)
			return true
		}),
		"updateAndGet": give(func(c *Call) Value { v := c.fn(0)(self(c).get()); self(c).swap(v); return v }),
	}
}

// joiner is java.util.StringJoiner.
type joiner struct {
	sep, pre, post string
	parts          []string
	size           int // of their text
}

func (*joiner) javaName() string { return "java.util.StringJoiner" }
func (j *joiner) String() string { return j.pre + strings.Join(j.parts, j.sep) + j.post }

func joinerClass() *Class {
	return &Class{Name: "java.util.StringJoiner",
		New: give(func(c *Call) Value { return &joiner{sep: c.Str(0), pre: c.Str(1), post: c.Str(2)} }),
		Methods: table{
			"add": give(func(c *Call) Value {
				j, text := c.This.(*joiner), c.Text(c.Arg(0))
				c.th.alloc(32)
				j.parts = append(j.parts, text)
				j.size += len(text) + len(j.sep)
				return j
			}),
			"toString": give(func(c *Call) Value {
				j := c.This.(*joiner)
				c.th.alloc(int64(j.size))
				return j.String()
			}),
			"length": give(func(c *Call) Value { return int32(jlen(c.This.(*joiner).String())) }),
		}}
}

func tokenizerClass() *Class {
	return &Class{Name: "java.util.StringTokenizer", New: func(c *Call) (Value, error) {
		seps := " \t\n\r\f"
		if len(c.Args) > 1 {
			seps = c.Str(1)
		}
		it := &iterator{}
		for _, p := range strings.FieldsFunc(c.Str(0), func(r rune) bool { return strings.ContainsRune(seps, r) }) {
			c.th.alloc(32)
			it.items = append(it.items, p)
		}
		return &tokens{it}, nil
	}, Methods: table{
		"hasMoreTokens":   give(func(c *Call) Value { t := c.This.(*tokens); return t.i < len(t.items) }),
		"hasMoreElements": give(func(c *Call) Value { t := c.This.(*tokens); return t.i < len(t.items) }),
		"nextToken":       nextToken, "nextElement": nextToken,
		"countTokens": give(func(c *Call) Value { t := c.This.(*tokens); return int32(len(t.items) - t.i) }),
	}}
}

type tokens struct{ *iterator }

func (*tokens) javaName() string { return "java.util.StringTokenizer" }

func nextToken(c *Call) (Value, error) {
	t := c.This.(*tokens)
	if t.i >= len(t.items) {
		return nil, Throw(excNoElement, "no more tokens")
	}
	t.i++
	return t.items[t.i-1], nil
}
