package rest

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/observe"
)

// maxPage bounds a page that names its size.
const maxPage = 10000

// query answers a collection: filtered, ordered, one page of it.
func (c *Call) query(res *Resource) error {
	if err := c.allow(res, VerbQuery); err != nil {
		return err
	}
	if res.Query == nil {
		return unsupported("Querying")
	}
	selects, err := c.selection(res)
	if err != nil {
		return err
	}
	policy := strings.ToUpper(c.Query.Get("_totalPagedResultsPolicy"))
	if !slices.Contains([]string{"", "NONE", "ESTIMATE", "EXACT"}, policy) {
		return badRequest("_totalPagedResultsPolicy: expected NONE, ESTIMATE or EXACT, found \"%s\"", policy)
	}
	counts := res.Counted || policy == "EXACT"
	var page page
	if res.Walk != nil && c.Query.Get("_sortKeys") == "" {
		page, err = c.walk(res, selects, counts)
	} else {
		page, err = c.cut(res, selects)
	}
	if err != nil {
		return err
	}
	fields := c.Query.Get("_fields")
	items := make([]Object, 0, len(page.items))
	for _, o := range page.items {
		if !res.Unversioned {
			o = maps.Clone(o)
			o["_rev"] = cmp.Or(res.ItemRev, c.rev(res, o))
		}
		items = append(items, project(o, fields))
	}
	answer := envelope(items, page.cookie)
	if res.Complete {
		answer["remainingPagedResults"] = 0
	}
	if counts {
		answer["totalPagedResultsPolicy"] = "EXACT"
		answer["totalPagedResults"] = page.total
	}
	return c.write(http.StatusOK, answer)
}

// envelope is the answer of a query; a nil cookie: there is no other page.
func envelope(items []Object, cookie any) Object {
	return Object{
		"result": items, "resultCount": len(items), "pagedResultsCookie": cookie,
		"totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1,
	}
}

// cut queries all objects, and selects, orders and pages them.
func (c *Call) cut(res *Resource, selects func(Object) bool) (page, error) {
	found, err := res.Query(c)
	if err != nil {
		return page{}, err
	}
	chosen := make([]Object, 0, len(found))
	for _, o := range found {
		p, err := plainObject(o)
		if err != nil {
			return page{}, err
		}
		if selects(p) {
			chosen = append(chosen, p)
		}
	}
	c.order(chosen)
	return c.page(chosen)
}

// selection makes the test of _queryFilter or _queryId, which may have "*" in it.
func (c *Call) selection(res *Resource) (func(Object) bool, error) {
	switch {
	case c.Query.Has("_queryFilter"):
		f, err := ParseFilter(c.Query.Get("_queryFilter"))
		if err == nil && res.Patterns {
			f, err = patterned(f)
		}
		if err != nil {
			return nil, err
		}
		c.Filter = f
		return f.Matches, nil
	case c.Query.Has("_queryId"):
		id := c.Query.Get("_queryId")
		if id == "query-all" || id == "query-all-ids" {
			id = "*"
		}
		if _, err := path.Match(strings.ToLower(id), ""); err != nil {
			return nil, badRequest("Invalid query ID")
		}
		return func(o Object) bool {
			have, _ := o["_id"].(string)
			ok, _ := path.Match(strings.ToLower(id), strings.ToLower(have))
			return ok || id == "*"
		}, nil
	}
	return nil, unsupported("_queryExpression")
}

// order sorts by _sortKeys, "+a,-b". The plus may have arrived as a blank.
func (c *Call) order(list []Object) {
	keys := c.Query.Get("_sortKeys")
	if keys == "" {
		return
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		for key := range strings.SplitSeq(keys, ",") {
			down := strings.HasPrefix(key, "-")
			field := pointer(strings.TrimLeft(key, "+- "))
			x, _ := lookup(a, field)
			y, _ := lookup(b, field)
			if order, ok := compare(x, y); ok && order != 0 {
				if down {
					return -order
				}
				return order
			}
		}
		return 0
	})
}

type page struct {
	items  []Object
	cookie any // where the next page starts; nil: there is none
	total  int
}

// page cuts the list by _pageSize, _pagedResultsOffset and _pagedResultsCookie. A cookie is a position.
func (c *Call) page(list []Object) (page, error) {
	size, err := c.pageSize()
	if err != nil {
		return page{}, err
	}
	from, err := c.natural("_pagedResultsOffset")
	if err != nil {
		return page{}, err
	}
	if cookie := c.Query.Get("_pagedResultsCookie"); cookie != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cookie)
		if err != nil {
			return page{}, badRequest("Invalid paged results cookie")
		}
		at, err := strconv.ParseInt(string(raw), 10, 32)
		if err != nil || at < 0 {
			return page{}, badRequest("Invalid paged results cookie")
		}
		from += int(at)
	}
	total := len(list)
	list = list[min(from, len(list)):]
	if size == 0 || size >= len(list) {
		return page{items: list, total: total}, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(from + size)))
	return page{items: list[:size], cookie: next, total: total}, nil
}

// pageSize is how many objects a page may have; 0: all.
func (c *Call) pageSize() (int, error) {
	size, err := c.natural("_pageSize")
	if size > maxPage {
		observe.CountLimit(c.Context(), observe.OverLimit("page"))
	}
	return min(size, maxPage), err
}

func (c *Call) natural(name string) (int, error) {
	text := c.Query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, badRequest("The value '%s' for parameter '%s' could not be parsed as a valid integer", text, name)
	}
	return int(n), nil
}
