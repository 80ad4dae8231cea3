package oauth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// decided are policies that grant and deny scopes, and say nothing of others.
type decided map[string]bool

func (d decided) into(o *oauth.Options) { o.Policies = d }

func (d decided) DecideScopes(_ context.Context, _ *realm.Realm, _ string, sess *store.Session, scopes []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, s := range scopes {
		if yes, ok := d[s]; ok && sess != nil {
			out[s] = yes
		}
	}
	return out, nil
}

const byPolicy = `{"coreOAuth2Config":{"usePolicyEngineForScope":true}}`

// Where policies decide on scopes, devices and requests of the back channel get what the user who decides may give.
func TestPoliciesForDevices(t *testing.T) {
	policies := decided{"write": false, "read": true}
	w, l := withLogin(t, policies.into)
	w.provider("/", byPolicy)
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, "", ""))
	token := l.signIn("/", "demo", "")
	flow := func(scope string) (page, bought answer) {
		started := w.post("/", "device/code", form("client_id", "tv", "scope", scope))
		if started.status != 200 {
			t.Fatal(started.body)
		}
		page = w.get("/", "device/user", form("user_code", started.text("user_code")), cookie(token))
		w.post("/", "device/user", form("user_code", started.text("user_code"), "decision", "allow", "csrf", token), cookie(token))
		w.pass(6 * time.Second)
		return page, w.post("/", "access_token", form("grant_type", grantDevice, "device_code", started.text("device_code"), "client_id", "tv"))
	}
	page, bought := flow("read write profile")
	if strings.Contains(page.body, "write") || !strings.Contains(page.body, "Read your things") {
		t.Errorf("the page asks for what is denied: %s", page.body)
	}
	if bought.status != 200 || bought.text("scope") != "read profile" {
		t.Errorf("bought %d %s", bought.status, bought.body)
	}
	if _, bought := flow("write"); bought.text("error") != "authorization_pending" {
		t.Errorf("all denied: %d %s", bought.status, bought.body)
	}
}

func TestPoliciesForBackchannel(t *testing.T) {
	policies := decided{"pay": false}
	w, l := withLogin(t, policies.into)
	w.provider("/", byPolicy)
	p := bank(w)
	token := l.signIn("/", "demo", "")
	flow := func() answer {
		started := w.post("/", "bc-authorize", form("request", p.sought(nil)), basic("bank", "s"))
		if started.status != 200 {
			t.Fatal(started.body)
		}
		list, _ := w.get("/", "bc-authorize/user", nil, cookie(token), header("Accept", "application/json")).json["requests"].([]any)
		id, _ := list[0].(map[string]any)["id"].(string)
		w.post("/", "bc-authorize/user", form("id", id, "decision", "allow", "csrf", token), cookie(token))
		w.pass(3 * time.Second)
		return w.post("/", "access_token", form("grant_type", grantBackchannel, "auth_req_id", started.text("auth_req_id")), basic("bank", "s"))
	}
	if a := flow(); a.status != 200 || a.text("scope") != "openid" {
		t.Errorf("bought %d %s", a.status, a.body)
	}
	policies["openid"] = false
	if a := flow(); a.status == 200 {
		t.Errorf("without openid: %d %s", a.status, a.body)
	}
}
