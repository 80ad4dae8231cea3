package rest

import (
	"encoding/base64"
	"slices"
	"strings"

	"gatehouse/internal/am/store"
)

// afterID begins the cookies of pages that are walked to; the ID that the page before ended with follows.
const afterID = "i:"

// walk reads a page of a collection that may be large: no more than it needs is read, or kept. Where the filter names the
// object, or how its ID begins, it goes there. The total, if it is asked for, has to be counted.
func (c *Call) walk(res *Resource, selects func(Object) bool, counts bool) (page, error) {
	size, err := c.pageSize()
	if err != nil {
		return page{}, err
	}
	skip, err := c.natural("_pagedResultsOffset")
	if err != nil {
		return page{}, err
	}
	after := ""
	if cookie := c.Query.Get("_pagedResultsCookie"); cookie != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cookie)
		id, ok := strings.CutPrefix(string(raw), afterID)
		if err != nil || !ok || len(id) > maxID {
			return page{}, badRequest("Invalid paged results cookie")
		}
		after = id
	}
	span := res.span(c.Filter)
	if size > 0 && !counts {
		span.Page = max(50, min(store.DefaultPage, skip+size+1))
	}
	if !counts {
		span.After = after
	}
	out := page{items: []Object{}}
	last, more := "", false
	visit := func(id string, o Object) (bool, error) {
		p, err := plainObject(o)
		if err != nil || !selects(p) {
			return true, err
		}
		out.total++
		switch {
		case id <= after:
		case skip > 0:
			skip--
		case size == 0 || len(out.items) < size:
			out.items, last = append(out.items, p), id
		default:
			more = true
		}
		return counts || !more, nil
	}
	walk := func() error { return res.Walk(c, span, visit) }
	if span.Prefix != "" && !res.FoldedIDs {
		walk = func() error { return c.walkSpellings(res, span, visit) }
	}
	if err := walk(); err != nil {
		return page{}, err
	}
	if span.ID != "" && !res.FoldedIDs && out.total == 0 { // it may be written in another case
		span.ID = ""
		if err := res.Walk(c, span, visit); err != nil {
			return page{}, err
		}
	}
	if more {
		out.cookie = base64.RawURLEncoding.EncodeToString([]byte(afterID + last))
	}
	return out, nil
}

// span is where the objects are that a filter can select.
func (res *Resource) span(f Filter) store.Span {
	switch f := f.(type) {
	case all:
		for _, part := range f {
			if span := res.span(part); span != (store.Span{}) {
				return span
			}
		}
	case comparison:
		text, ok := f.value.(string)
		if !ok || text == "" || len(f.field) != 1 || !slices.Contains(res.IDFields, f.field[0]) {
			return store.Span{}
		}
		if res.FoldedIDs {
			text = strings.ToLower(text)
		}
		switch {
		case f.op == "eq":
			return store.Span{ID: text}
		case f.op == "sw" && (res.FoldedIDs || isASCII(text)):
			return store.Span{Prefix: text}
		}
	}
	return store.Span{}
}

// collected is the query of a collection that is walked.
func collected(walk func(*Call, store.Span, func(string, Object) (bool, error)) error) func(*Call) ([]Object, error) {
	return func(c *Call) ([]Object, error) {
		list := []Object{}
		err := walk(c, store.Span{}, func(_ string, o Object) (bool, error) {
			list = append(list, o)
			return true, nil
		})
		return list, err
	}
}

// equal is the text that a filter wants of a field; false when it may select others too.
func equal(f Filter, field string) (string, bool) {
	switch f := f.(type) {
	case all:
		for _, part := range f {
			if text, ok := equal(part, field); ok {
				return text, true
			}
		}
	case comparison:
		text, ok := f.value.(string)
		return text, ok && f.op == "eq" && slices.Equal(f.field, []string{field})
	}
	return "", false
}
