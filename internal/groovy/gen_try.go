package groovy

func (g *gen) tryStmt(x *tryStmt) exec {
	body := g.block(x.body.list)
	if len(x.res) > 0 {
		body = g.resources(x.res, body)
	}
	if len(x.catches) > 0 {
		body = g.catches(x.catches, body)
	}
	if x.finally == nil {
		return body
	}
	fin := g.block(x.finally.list)
	return func(f *frame) ctl {
		c, t := f.attempt(body)
		ret, label := f.ret, f.label
		if fc := fin(f); fc != ctlNext {
			return fc // a jump out of finally wins over everything
		}
		if t != nil {
			panic(t)
		}
		f.ret, f.label = ret, label
		return c
	}
}

// attempt runs code and catches exceptions of scripts, not limits.
func (f *frame) attempt(body exec) (c ctl, t *Thrown) {
	th, at := f.th, f.th.mark()
	at.top = f
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		x, ok := r.(*Thrown)
		if !ok {
			panic(r)
		}
		th.back(at)
		t = x
	}()
	return body(f), nil
}

type catcher struct {
	types []*Class
	l     *local
	body  exec
}

func (g *gen) catches(list []*catchClause, body exec) exec {
	var cs []catcher
	for _, c := range list {
		k := catcher{l: c.v.local, body: g.block(c.body.list)}
		for _, t := range c.types {
			if t.untyped() {
				t.class = g.u.c.eng.byName["java.lang.Exception"]
			}
			if t.class != nil {
				k.types = append(k.types, t.class)
			}
		}
		if c.types == nil {
			k.types = []*Class{g.u.c.eng.byName["java.lang.Exception"]}
		}
		cs = append(cs, k)
	}
	return func(f *frame) ctl {
		c, t := f.attempt(body)
		if t == nil {
			return c
		}
		f.th.step()
		v := t.Exception()
		for i := range cs {
			for _, cls := range cs[i].types {
				if f.th.isInstance(v, cls) {
					f.declare(cs[i].l, v)
					return cs[i].body(f)
				}
			}
		}
		panic(t)
	}
}

// resources closes what a try(…) opened, last first.
func (g *gen) resources(vars []*varDecl, body exec) exec {
	for i := len(vars) - 1; i >= 0; i-- {
		body = g.resource(vars[i], body)
	}
	return body
}

func (g *gen) resource(v *varDecl, body exec) exec {
	init, p := g.varDecl(v), v.pos
	slot := v.local
	return func(f *frame) ctl {
		init(f)
		res := f.vars[slot.slot]
		if c, ok := res.(*cell); ok {
			res = c.get()
		}
		c, t := f.attempt(body)
		ret := f.ret
		if res != nil {
			f.pos = p
			_, closing := f.attempt(func(f *frame) ctl { f.th.callMethod(res, "close", nil); return ctlNext })
			switch {
			case closing != nil && t != nil:
				t.Suppressed = append(t.Suppressed, closing.Exception())
			case closing != nil:
				t = closing
			}
		}
		if t != nil {
			panic(t)
		}
		f.ret = ret
		return c
	}
}

type caseCode struct {
	match []code
	pos   pos
	body  exec
	arrow bool
	dflt  bool
}

func (g *gen) switchStmt(x *switchStmt) exec {
	subject, label, value := g.expr(x.x), x.label, x.value
	cases := make([]caseCode, len(x.cases))
	dflt := -1
	for i, c := range x.cases {
		k := caseCode{pos: c.pos, arrow: c.arrow, dflt: c.match == nil}
		for _, m := range c.match {
			k.match = append(k.match, g.expr(m))
		}
		if k.dflt {
			dflt = i
		}
		body := c.body
		if value && c.arrow && len(body) == 1 {
			if e, ok := body[0].(*exprStmt); ok {
				body = []stmt{&yieldStmt{e.pos, e.x}}
			}
		}
		k.body = g.block(body)
		cases[i] = k
	}
	return func(f *frame) ctl {
		v := subject(f)
		at := -1
	search:
		for i := range cases {
			for _, m := range cases[i].match {
				l := m(f)
				f.pos = cases[i].pos
				if f.th.isCase(l, v) {
					at = i
					break search
				}
			}
		}
		if at < 0 {
			at = dflt
		}
		if at < 0 {
			return ctlNext
		}
		for ; at < len(cases); at++ {
			c := cases[at].body(f)
			if c == ctlBreak && (f.label == "" || f.label == label) {
				f.label = ""
				return ctlNext
			}
			if c != ctlNext || cases[at].arrow {
				return c
			}
		}
		return ctlNext
	}
}

// switchExpr is a switch used as a value.
func (g *gen) switchExpr(x *switchExpr) code {
	body, p := g.switchStmt(x.sw), x.pos
	return func(f *frame) Value {
		ret := f.ret
		f.ret = nil
		c := body(f)
		v := f.ret
		f.ret = ret
		switch c {
		case ctlYield, ctlReturn:
			return v
		case ctlNext:
			return nil
		}
		f.pos = p
		f.th.throw(excIllegalState, "a switch expression cannot be left with break or continue")
		return nil
	}
}
