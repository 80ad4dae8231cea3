package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store/postgres/pgtest"
)

// The database is slow, silent, away, read-only, ends connections or moves to another address. Each time answers come
// within bounds, are clear, and are right again without a restart; what was acknowledged is there.
func TestFaultDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t, "fsync=off")
	first, second := newFaultyWay(t, db.Addr), newFaultyWay(t, db.Addr)
	address := strings.Replace(db.URL(url.Values{"target_session_attrs": {"read-write"}}), db.Addr, first.addr+","+second.addr, 1)
	a := &am{t: t, process: start(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword, instanceKey, "GATEHOUSE_STORE=" + address},
		"am", "--data", t.TempDir(), "--listen", "127.0.0.1:0")}
	a.base = "http://" + a.addr(0) + "/openam"
	a.login()
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")

	var acknowledged []string
	// issue gets a token, or says why not.
	issue := func() int {
		t.Helper()
		began := time.Now()
		status, body, h := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", "first", "client_secret", "secret", "scope", "read"))
		switch token, _ := body["access_token"].(string); {
		case status == 200 && token != "":
			acknowledged = append(acknowledged, token)
		case status != http.StatusServiceUnavailable || body["error"] != "temporarily_unavailable" || h.Get("Retry-After") == "":
			t.Errorf("a token meanwhile: %d %v, Retry-After %q; want it, or 503", status, body, h.Get("Retry-After"))
		}
		if text := strings.ToLower(fmt.Sprint(body)); strings.Contains(text, "postgres") || strings.Contains(text, "sql") {
			t.Errorf("the answer tells of the database: %v", body)
		}
		t.Logf("%d after %s", status, time.Since(began).Round(10*time.Millisecond))
		return status
	}
	ready := func() int {
		resp, err := http.Get(a.base + "/json/health/ready")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	both := func(mode int32, delay time.Duration) func() {
		return func() {
			for _, w := range []*faultyWay{first, second} {
				w.delay.Store(int64(delay))
				w.set(mode)
			}
		}
	}
	admin := func(statements ...string) func() {
		return func() {
			t.Helper()
			c, err := pgx.Connect(t.Context(), db.URL(nil))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(t.Context())
			for _, s := range statements {
				if _, err := c.Exec(t.Context(), s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
		}
	}
	const endAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse'"
	tests := []struct {
		name          string
		fault, repair func()
		// during is the status of a token request; 0: 200 or 503, and soon 200 while the fault lasts.
		during int
		log    bool // it says that the database cannot be read, and that it can be again
	}{
		{"slow", both(waySlow, 150*time.Millisecond), both(wayOpen, 0), 200, false},
		{"slower than the bound", both(waySlow, 7*time.Second), func() { both(wayOpen, 0)(); first.cut(); second.cut() }, 503, true},
		{"silent", both(waySilent, 0), func() { both(wayGone, 0)(); both(wayOpen, 0)() }, 503, true},
		{"gone", both(wayGone, 0), both(wayOpen, 0), 503, true},
		{"at another address", func() { first.set(wayGone) }, func() { first.set(wayOpen) }, 0, false},
		{"back at the first address", func() { second.set(wayGone) }, func() { second.set(wayOpen) }, 0, false},
		{"connections are ended", admin(endAll), func() {}, 0, false},
		{"read-only, as a standby is", admin("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()", endAll),
			admin("BEGIN READ WRITE", "COMMIT", "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"), 503, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if issue() != 200 {
				t.Error("no token before the fault")
			}
			from := len(a.output())
			tt.fault()
			if tt.during != 0 {
				if got := issue(); got != tt.during {
					t.Errorf("a token request: %d, want %d", got, tt.during)
				}
				if want := tt.during; ready() != want {
					t.Errorf("health/ready does not say %d", want)
				}
			} else {
				eventually(t, "tokens are issued although the fault lasts", func() bool { return issue() == 200 })
			}
			if tt.log {
				a.wantLine(t, from, "ERROR", "the database cannot be read")
			}
			tt.repair()
			eventually(t, "tokens are issued again", func() bool { return issue() == 200 })
			eventually(t, "the server is ready again", func() bool { return ready() == 200 })
			if tt.log {
				a.wantLine(t, from, "the database can be read again")
			}
			for i, token := range acknowledged {
				if !active(a, "first", token) {
					t.Fatalf("token %d of %d was acknowledged and is lost", i, len(acknowledged))
				}
			}
		})
	}
}
