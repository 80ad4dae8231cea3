package groovy

import (
	"sort"
	"strings"
)

// powerRecord notes the values of an assertion's parts with their columns.
type powerRecord struct {
	vals []partValue
}

type partValue struct {
	col int
	v   Value
}

// recordable parts are those whose value is not already in the text.
func recordable(e expr) bool {
	switch x := e.(type) {
	case *varExpr:
		return x.class == nil
	case *propExpr:
		return x.class == nil
	case *callExpr, *binaryExpr, *indexExpr, *instanceExpr:
		return true
	case *unaryExpr:
		return x.op == "!"
	}
	return false
}

func (g *gen) recorded(e expr, c code) code {
	col := e.at().col()
	return func(f *frame) Value {
		v := c(f)
		if f.rec != nil {
			f.rec.vals = append(f.rec.vals, partValue{col, v})
		}
		return v
	}
}

func (g *gen) assert(x *assertStmt) exec {
	g.record = true
	c := g.expr(x.x)
	g.record = false
	p, text := x.pos, x.text
	var msg code
	if x.msg != nil {
		msg = g.expr(x.msg)
	}
	return func(f *frame) ctl {
		outer := f.rec
		rec := &powerRecord{}
		f.rec = rec
		v := c(f)
		f.rec = outer
		f.pos = p
		if f.th.truth(v) {
			return ctlNext
		}
		t := &Thrown{Class: "org.codehaus.groovy.runtime.powerassert.PowerAssertionError"}
		if msg != nil {
			t.Class = "java.lang.AssertionError"
			t.Message = f.th.str(msg(f)) + ". Expression: (" + text + ")"
		} else {
			t.Message = rec.render(f.th, "assert "+text, p)
		}
		panic(f.th.stamp(t))
	}
}

// render draws the values below the expression, as Groovy does.
func (r *powerRecord) render(th *thread, text string, at pos) string {
	vals := append([]partValue(nil), r.vals...)
	sort.SliceStable(vals, func(i, j int) bool { return vals[i].col > vals[j].col })
	lines := []string{text, ""}
	starts := []int{0, 0}
next:
	for i, v := range vals {
		col := v.col - at.col() + 1
		if col < 1 || i+1 < len(vals) && vals[i+1].col == v.col {
			continue
		}
		s := clip(th.str(v.v))
		parts := strings.Split(s, "\n")
		end := col + len(s)
		if len(parts) > 1 {
			end = 1 << 30
		}
		for j := 1; j < len(lines); j++ {
			if end < starts[j] {
				lines[j] = place(lines[j], s, col)
				starts[j] = col
				continue next
			}
			lines[j] = place(lines[j], "|", col)
			if j > 1 {
				starts[j] = col + 1
			}
		}
		for _, p := range parts {
			lines = append(lines, place("", p, col))
			starts = append(starts, col)
		}
	}
	return strings.Join(lines, "\n")
}

func place(line, s string, col int) string {
	for len(line) < col-1 {
		line += " "
	}
	end := min(col-1+len(s), len(line))
	return line[:col-1] + s + line[end:]
}
