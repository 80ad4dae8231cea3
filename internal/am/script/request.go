package script

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/groovy"
)

// requestProperties is the map of that name: requestUri, realm, requestParams (name to
// list of values), requestHeaders.
func requestProperties(r *run, in *Input) groovy.Value {
	out := groovy.NewMap()
	out.Put("requestUri", in.RequestURI)
	out.Put("realm", r.realmPath())
	out.Put("requestParams", lists(in.Params))
	headers := groovy.NewMap()
	for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
		if !OpensAccounts(name) {
			headers.Put(name, listOf(in.Headers[name]))
		}
	}
	out.Put("requestHeaders", headerMap{headers})
	return out
}

// OpensAccounts tells whether a header holds what somebody signs in with, which is not for scripts.
func OpensAccounts(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Cookie", "Authorization", "Proxy-Authorization", "X-Openam-Password", "Dpop":
		return true
	}
	return false
}

// lists is a map of lists, in the order of their names.
func lists(m map[string][]string) *groovy.Map {
	out := groovy.NewMap()
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out.Put(name, listOf(m[name]))
	}
	return out
}

// clientProperties is the map of that name, null without a client.
func clientProperties(c *realm.Client) groovy.Value {
	if c == nil {
		return nil
	}
	out := groovy.NewMap()
	out.Put("clientId", c.ID)
	out.Put("allowedGrantTypes", listOf(c.Advanced.GrantTypes))
	out.Put("allowedResponseTypes", listOf(c.Advanced.ResponseTypes))
	out.Put("allowedScopes", listOf(c.AllowedScopes()))
	out.Put("redirectUris", listOf(c.Core.RedirectURIs))
	out.Put("customProperties", customProperties(c.Advanced.CustomProperties))
	return out
}

// customProperties reads "key=value", and "key[inner]=value", which makes a map inside.
func customProperties(list []string) *groovy.Map {
	out := groovy.NewMap()
	for _, p := range list {
		key, value, _ := strings.Cut(p, "=")
		outer, inner, nested := strings.Cut(strings.TrimSuffix(key, "]"), "[")
		if !nested || !strings.HasSuffix(key, "]") {
			out.Put(key, value)
			continue
		}
		old, _ := out.Get(outer)
		m, ok := old.(*groovy.Map)
		if !ok {
			m = groovy.NewMap()
			out.Put(outer, m)
		}
		m.Put(inner, value)
	}
	return out
}
