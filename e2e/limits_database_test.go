package e2e

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/store/postgres/pgtest"
)

// Limits of what a server asks of its database.
func TestLimitsOfDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t, "fsync=off")
	way := newFaultyWay(t, db.Addr)
	address := strings.Replace(db.URL(url.Values{"pool_max_conns": {"2"}}), db.Addr, way.addr, 1)
	a := &am{t: t, process: start(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword, instanceKey, "GATEHOUSE_STORE=" + address},
		"am", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--listen-metrics", "127.0.0.1:0")}
	a.base = "http://" + a.addr(0) + "/openam"
	a.login()
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	token := func() string {
		status, _ := clientToken(a, "first")
		return strconv.Itoa(status)
	}
	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"connections to PostgreSQL": {"200", func() string {
			way.delay.Store(int64(50 * time.Millisecond))
			way.set(waySlow)
			defer way.set(wayOpen)
			got := make([]string, 6)
			var all sync.WaitGroup
			for i := range got {
				all.Go(func() { got[i] = token() })
			}
			all.Wait()
			for _, g := range got {
				if g != "200" {
					return g
				}
			}
			return "200"
		}},
		"call of PostgreSQL, waiting included": {"503", func() string {
			way.set(waySilent)
			defer way.set(wayOpen)
			return token()
		}},
	})
}
