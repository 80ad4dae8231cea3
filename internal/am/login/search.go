package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// maxSearches bounds how many journeys look through the users of a realm at a time: who is not signed in can make them.
const maxSearches = 4

var errNoResources = errors.New("this server has no resources for journeys")

// Search looks at all users of a realm, page by page.
func (h host) Search(ctx context.Context, rl *realm.Realm, attribute, value string) (*realm.User, error) {
	if len(value) > 256 {
		return nil, store.ErrNotFound
	}
	got, err := h.searching(ctx, rl, &script.ResourceRequest{
		Method: http.MethodGet, Path: []string{"users"},
		Query: url.Values{"_queryFilter": {attribute + " eq " + strconv.Quote(value)}, "_pageSize": {"2"}, "_fields": {"username"}},
	})
	if err != nil {
		return nil, err
	}
	var page struct {
		Result []struct {
			Name string `json:"username"`
		} `json:"result"`
	}
	if got.Status >= http.StatusBadRequest {
		return nil, fmt.Errorf("search the user by %s: %s", attribute, got.Body)
	}
	if err := json.Unmarshal(got.Body, &page); err != nil {
		return nil, fmt.Errorf("search the user by %s: %w", attribute, err)
	}
	if len(page.Result) != 1 || IsAdmin(rl.Path, page.Result[0].Name) {
		return nil, store.ErrNotFound // of several nobody knows which
	}
	return rl.User(ctx, page.Result[0].Name)
}

// searching is Resource when there is room for another search.
func (h host) searching(ctx context.Context, rl *realm.Realm, r *script.ResourceRequest) (*script.ResourceAnswer, error) {
	select {
	case h.searches <- struct{}{}:
		defer func() { <-h.searches }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if h.Resources == nil {
		return nil, errNoResources
	}
	return h.Resources(ctx, rl, r)
}

// Resource answers a node. Questions that may look at all users wait for their turn.
func (h host) Resource(ctx context.Context, rl *realm.Realm, r *script.ResourceRequest) (*script.ResourceAnswer, error) {
	if r.Query.Has("_queryFilter") {
		return h.searching(ctx, rl, r)
	}
	if h.Resources == nil {
		return nil, errNoResources
	}
	return h.Resources(ctx, rl, r)
}
