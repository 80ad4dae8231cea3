package rest

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"gatehouse/internal/observe"
)

// Limits of a _queryFilter: longer or deeper ones cost more to evaluate than an answer is worth.
const (
	maxFilter = 8 << 10
	maxDepth  = 64
)

// Filter is a parsed _queryFilter.
type Filter interface {
	// Matches tells whether the object is selected. A list matches when one of its elements does.
	Matches(o Object) bool
}

type (
	constant bool
	negation struct{ Filter }
	all      []Filter
	some     []Filter
	// comparison is "field op literal"; op "pr" has no literal.
	comparison struct {
		field []string
		op    string
		value any
	}
)

func (c constant) Matches(Object) bool   { return bool(c) }
func (n negation) Matches(o Object) bool { return !n.Filter.Matches(o) }

func (list all) Matches(o Object) bool {
	for _, f := range list {
		if !f.Matches(o) {
			return false
		}
	}
	return true
}

func (list some) Matches(o Object) bool {
	for _, f := range list {
		if f.Matches(o) {
			return true
		}
	}
	return false
}

func (c comparison) Matches(o Object) bool {
	v, ok := lookup(o, c.field)
	if !ok || v == nil {
		return false
	}
	list, ok := v.([]any)
	if !ok {
		return c.holds(v)
	}
	for _, v := range list {
		if c.holds(v) {
			return true
		}
	}
	return c.op == "pr" && len(list) > 0
}

func (c comparison) holds(v any) bool {
	if c.op == "pr" {
		return true
	}
	if c.op == "co" || c.op == "sw" {
		have, ok1 := v.(string)
		want, ok2 := c.value.(string)
		have, want = strings.ToLower(have), strings.ToLower(want)
		return ok1 && ok2 && (c.op == "co" && strings.Contains(have, want) || c.op == "sw" && strings.HasPrefix(have, want))
	}
	order, ok := compare(v, c.value)
	if !ok {
		return false
	}
	switch c.op {
	case "eq":
		return order == 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	default:
		return order <= 0
	}
}

// compare orders two values of the same kind, texts without regard to case as PingAM's own filters do.
func compare(a, b any) (int, bool) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(strings.ToLower(a), strings.ToLower(b)), true
		}
	case bool:
		if b, ok := b.(bool); ok {
			return cmp.Compare(rank(a), rank(b)), true
		}
	default:
		x, ok1 := number(a)
		y, ok2 := number(b)
		return cmp.Compare(x, y), ok1 && ok2
	}
	return 0, false
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// number reads any numeric JSON value.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// ParseFilter reads a _queryFilter:
//
//	filter = and *( "or" and ) ; and = not *( "and" not ) ; not = [ "!" ] primary
//	primary = "(" filter ")" / "true" / "false" / field "pr" / field op literal
//	op = "eq" / "co" / "sw" / "gt" / "ge" / "lt" / "le"
//	literal = "text" / 'text' / number / true / false
func ParseFilter(text string) (Filter, error) {
	if len(text) > maxFilter {
		return nil, badRequest("The query filter is too long").because(observe.OverLimit("query_filter"))
	}
	p := &filterParser{text: text}
	f, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.pos < len(p.text) {
		return nil, p.fail("unexpected text")
	}
	return f, nil
}

type filterParser struct {
	text string
	pos  int
}

func (p *filterParser) fail(what string) *Error {
	return badRequest("Invalid query filter: %s at offset %d", what, p.pos)
}

func (p *filterParser) or(depth int) (Filter, error) {
	list, err := p.list(depth, "or", p.and)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	return some(list), nil
}

func (p *filterParser) and(depth int) (Filter, error) {
	list, err := p.list(depth, "and", p.not)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	return all(list), nil
}

func first(list []Filter) Filter {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (p *filterParser) list(depth int, join string, part func(int) (Filter, error)) ([]Filter, error) {
	var list []Filter
	for {
		f, err := part(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		at := p.pos
		if !strings.EqualFold(p.word(), join) {
			p.pos = at
			return list, nil
		}
	}
}

func (p *filterParser) not(depth int) (Filter, error) {
	if depth > maxDepth {
		return nil, p.fail("nested too deeply").because(observe.OverLimit("query_filter"))
	}
	if p.take('!') {
		f, err := p.not(depth + 1)
		return negation{f}, err
	}
	if !p.take('(') {
		return p.comparison()
	}
	f, err := p.or(depth + 1)
	if err == nil && !p.take(')') {
		err = p.fail("missing )")
	}
	return f, err
}

func (p *filterParser) comparison() (Filter, error) {
	field := p.word()
	switch strings.ToLower(field) {
	case "":
		return nil, p.fail("expected a field name")
	case "true":
		return constant(true), nil
	case "false":
		return constant(false), nil
	}
	c := comparison{field: pointer(field), op: strings.ToLower(p.word())}
	switch c.op {
	case "pr":
		return c, nil
	case "eq", "co", "sw", "gt", "ge", "lt", "le":
	default:
		return nil, p.fail("expected an operator")
	}
	var err error
	c.value, err = p.literal()
	return c, err
}

func (p *filterParser) literal() (any, error) {
	if p.skip(); p.pos == len(p.text) {
		return nil, p.fail("expected a value")
	}
	if q := p.text[p.pos]; q == '"' || q == '\'' {
		return p.quoted(q)
	}
	word := p.word()
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	n, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, p.fail("expected a quoted text, a number, true or false")
	}
	return n, nil
}

func (p *filterParser) quoted(quote byte) (string, error) {
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch ch := p.text[p.pos]; {
		case ch == quote:
			p.pos++
			return b.String(), nil
		case ch == '\\' && p.pos+1 < len(p.text):
			p.pos++
			b.WriteByte(p.text[p.pos])
		default:
			b.WriteByte(ch)
		}
	}
	return "", p.fail("missing closing quote")
}

func (p *filterParser) skip() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *filterParser) take(ch byte) bool {
	p.skip()
	if p.pos < len(p.text) && p.text[p.pos] == ch {
		p.pos++
		return true
	}
	return false
}

// word reads up to a blank or a sign of the grammar.
func (p *filterParser) word() string {
	p.skip()
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n()!\"'", p.text[p.pos]) < 0 {
		p.pos++
	}
	return p.text[start:p.pos]
}
