package rest_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Pages of users and clients read what they show, and not the whole realm.
func TestWalk(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const n = 300
	docs := s.realms.Docs()
	for i := range n {
		u := &realm.User{Name: fmt.Sprintf("User%04d", i), Attributes: map[string][]string{"mail": {fmt.Sprintf("u%d@example.com", i%10)}}}
		d, err := u.Doc()
		if err == nil {
			_, err = docs.Create(t.Context(), "/alpha", store.KindUser, d)
		}
		if err == nil {
			_, err = docs.Create(t.Context(), "/alpha", store.KindAgent, store.Doc{ID: fmt.Sprintf("Client%04d", i), Body: []byte(`{"_type":"OAuth2Client"}`)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const clients = "/alpha/realm-config/agents/OAuth2Client"
	get := func(path, filter string, more ...string) (ids []string, got map[string]any) {
		t.Helper()
		q := url.Values{"_queryFilter": {filter}}
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		got = admin("GET", path+"?"+q.Encode(), nil).want(t, 200)
		for _, o := range got["result"].([]any) {
			ids = append(ids, at(o, "_id").(string))
		}
		return ids, got
	}
	for _, tt := range []struct {
		path, filter string
		want         int
		most         int64 // records that may be read
	}{
		{"/alpha/users", `_id eq "user0007"`, 1, 0},
		{"/alpha/users", `username eq "USER0007" and mail co "u7"`, 1, 0},
		{"/alpha/users", `uid eq "nobody"`, 0, 0},
		{"/alpha/users", `username sw "user002"`, 10, n},
		{"/alpha/users", `_id sw "user" and mail eq "u7@example.com"`, n / 10, n + 10},
		{"/alpha/users", `mail eq "u7@example.com"`, n / 10, n + 10},
		{"/alpha/users", `_id eq "user0007" or mail eq "u7@example.com"`, n / 10, n + 10},
		{"/alpha/users", `!(_id eq "user0007") and _id sw "user000"`, 9, n},
		{"/alpha/users", `username sw ""`, n + 1, n + 10},
		{clients, `_id eq "Client0007"`, 1, 0},
		{clients, `_id eq "client0007"`, 1, n + 10},
		{clients, `_id sw "client002"`, 10, 200},
		{clients, `_id sw "CLIENT0299"`, 1, 200},
		{clients, `_id sw "d"`, 0, 100},
		{clients, `_id sw "c"`, n, n + 200},
	} {
		before := s.engine.listed.Load()
		if ids, _ := get(tt.path, tt.filter); len(ids) != tt.want {
			t.Errorf("%s %s: %v, want %d", tt.path, tt.filter, ids, tt.want)
		}
		if read := s.engine.listed.Load() - before; read > tt.most {
			t.Errorf("%s %s: %d records read, want %d at most", tt.path, tt.filter, read, tt.most)
		}
	}

	for _, tt := range []struct {
		path, filter string
		want         int
		policy       string
	}{
		{"/alpha/users", "true", n + 1, "NONE"}, {"/alpha/users", `mail co "@"`, n + 1, "EXACT"}, {clients, "true", n, "NONE"}, {"/alpha/users", `_id sw "user01"`, 100, "NONE"},
	} {
		var all []string
		before, cookie, pages := s.engine.listed.Load(), "", 0
		for {
			ids, got := get(tt.path, tt.filter, "_pageSize", "70", "_pagedResultsCookie", cookie, "_totalPagedResultsPolicy", tt.policy)
			all = append(all, ids...)
			pages++
			if counted := tt.policy == "EXACT" || tt.path == clients; counted && got["totalPagedResults"] != float64(tt.want) || !counted && got["totalPagedResults"] != -1.0 {
				t.Errorf("%s %s: total %v", tt.path, tt.filter, got["totalPagedResults"])
			}
			if cookie, _ = got["pagedResultsCookie"].(string); cookie == "" {
				break
			}
		}
		seen := map[string]bool{}
		for _, id := range all {
			seen[id] = true
		}
		if len(all) != tt.want || len(seen) != tt.want {
			t.Errorf("%s %s: %d objects, %d different ones, want %d", tt.path, tt.filter, len(all), len(seen), tt.want)
		}
		if read := s.engine.listed.Load() - before; tt.policy == "NONE" && tt.path != clients && read > int64(2*n) {
			t.Errorf("%s %s: %d records read for %d pages", tt.path, tt.filter, read, pages)
		}
	}
	if ids, _ := get("/alpha/users", `_id sw "user"`, "_pageSize", "2", "_pagedResultsOffset", "5"); strings.Join(ids, " ") != "User0005 User0006" {
		t.Errorf("offset: %v", ids)
	}
	if ids, _ := get("/alpha/users", `_id sw "user"`, "_pageSize", "2", "_sortKeys", "-_id"); strings.Join(ids, " ") != "User0299 User0298" {
		t.Errorf("order: %v", ids)
	}
	for _, cookie := range []string{"MTA", "%%%", "aTo" + strings.Repeat("eHh4", 200)} {
		admin("GET", "/alpha/users?_queryFilter=true&_pageSize=2&_pagedResultsCookie="+url.QueryEscape(cookie), nil).want(t, 400)
	}
}

// elsewhere is a directory with one user.
type elsewhere struct{}

func (elsewhere) Find(_ context.Context, path, name string) (*realm.User, error) {
	if path != "/" || !strings.EqualFold(name, "remote") {
		return nil, store.ErrNotFound
	}
	return &realm.User{Name: "Remote"}, nil
}

func (elsewhere) Check(context.Context, string, string, string) (*realm.User, error) {
	return nil, realm.ErrBadCredentials
}

func (elsewhere) ChangePassword(context.Context, string, *realm.User, string, string) error {
	return realm.ErrRefusedPassword
}

func (elsewhere) CheckAt(context.Context, *realm.Directory, string, string) (*realm.User, error) {
	return nil, realm.ErrBadCredentials
}

func (elsewhere) ChangePasswordAt(context.Context, *realm.Directory, string, string, string) error {
	return realm.ErrRefusedPassword
}

func (elsewhere) Save(context.Context, string, *realm.User) error { return nil }

// Users who are kept in a directory have what other users have beside their profiles.
func TestPartsOfUsersElsewhere(t *testing.T) {
	s := newSite(t)
	s.realms.SetIdentities(elsewhere{})
	admin := s.admin()
	admin("POST", "/groups?_action=create", map[string]any{"username": "Staff", "members": map[string]any{"uniqueMember": []string{"remote"}}}).want(t, 201)
	if got := admin("GET", "/users/remote/groups?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("groups = %v", got)
	}
	admin("POST", "/users/remote/groups?_action=updateMemberships", map[string]any{"groups": []string{}}).want(t, 200)
	if got := admin("GET", "/users/remote/groups?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 0.0 {
		t.Errorf("groups = %v", got)
	}
	for _, part := range []string{"oauth2/applications", "devices/2fa/webauthn", "services"} {
		admin("GET", "/users/remote/"+part+"?_queryFilter=true", nil).want(t, 200)
		admin("GET", "/users/nobody/"+part+"?_queryFilter=true", nil).want(t, 404)
	}
}
