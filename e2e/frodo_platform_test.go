package e2e

import (
	"maps"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// platformHost is where servers of these tests stand for those who go through their proxy: frodo writes a port twice into
// the JWTs of service accounts when the address has one.
const platformHost = "am.example.com"

// startPlatform starts an authorization server of a deployment. frodo signs in there through the proxy that is returned.
func startPlatform(t *testing.T, deployment string) (*am, string) {
	t.Helper()
	a := startAM(t, t.TempDir(), "--deployment", deployment)
	target, err := url.Parse("http://" + a.addr(0))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	return a, proxy.URL
}

func platformFrodo(t *testing.T, proxy, realm string, env ...string) frodo {
	t.Helper()
	f := frodoAt(t, "http://"+platformHost+"/am", realm)
	f.env = append(f.env, "http_proxy="+proxy, "HTTP_PROXY="+proxy, "no_proxy=", "NO_PROXY=")
	f.env = append(f.env, env...)
	return f
}

func asAdmin() []string {
	return []string{"FRODO_USERNAME=amadmin", "FRODO_PASSWORD=" + adminPassword}
}

// application makes a managed application.
func (a *am) application(object, name string) {
	a.t.Helper()
	status, body := a.tryAt("POST", "http://"+a.addr(0)+"/openidm/managed/"+object+"?_action=create", map[string]any{
		"name": name, "description": "Sells things", "templateName": "custom", "templateVersion": "1.0", "authoritative": false,
		"ssoEntities": map[string]any{"oidcId": "shop"}, "mappingNames": []string{}, "icon": "", "uiConfig": map[string]any{},
	})
	if status != 201 {
		a.t.Fatalf("make application: %d %v", status, body)
	}
}

// frodo signs in at servers of both deployments with a user, recognises them by itself, and does what it does there: lists, full
// exports that other servers of the kind import, managed applications with their clients.
func TestFrodoPlatform(t *testing.T) {
	for deployment, application := range map[string]string{"cloud": "alpha_application", "forgeops": "application"} {
		t.Run(deployment, func(t *testing.T) {
			from, proxy := startPlatform(t, deployment)
			furnish(from)
			from.application(application, "Shop")
			f := platformFrodo(t, proxy, "alpha", asAdmin()...)
			if out := f.run("info"); !strings.Contains(out, deployment) {
				t.Errorf("frodo takes the server for something else:\n%s", out)
			}
			lists := map[string]string{"app list": "Shop", "role list": "", "idm list": ""}
			if deployment == "cloud" {
				maps.Copy(lists, map[string]string{
					"realm list": "/alpha", "oauth client list": "shop", "journey list": "Mine", "script list": "Decide", "service list": "oauth-oidc",
					"mapping list": "", "theme list": "", "email template list": "", "admin list-static-user-mappings": "",
				})
			}
			for command, want := range lists {
				if out := f.run(append(strings.Fields(command), "-m", deployment)...); !strings.Contains(out, want) {
					t.Errorf("frodo %s has no %s:\n%s", command, want, out)
				}
			}
			f.run("config", "export", "--all", "--read-only", "--default", "--file", "full.json", "-m", deployment)
			want := f.read("full.json")
			for _, part := range []string{"agent", "application", "trustedJwtIssuer", "trees", "script", "service", "policy", "managedApplication"} {
				if by, _ := within(want, "realm", "root-alpha", part).(map[string]any); len(by) == 0 {
					t.Errorf("nothing of the kind %s is exported", part)
				}
			}

			to, proxy := startPlatform(t, deployment)
			// On these deployments realms are not frodo's to make.
			to.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "parentPath": "/", "active": true})
			g := platformFrodo(t, proxy, "alpha", asAdmin()...)
			if err := os.Rename(filepath.Join(f.dir, "full.json"), filepath.Join(g.dir, "full.json")); err != nil {
				t.Fatal(err)
			}
			g.run("config", "import", "--all", "--default", "--file", "full.json", "-m", deployment)
			g.run("config", "export", "--all", "--read-only", "--default", "--file", "again.json", "-m", deployment)
			if diff := cmp.Diff(want, g.read("again.json")); diff != "" {
				t.Errorf("(-exported +imported and exported)\n%s", diff)
			}

			// One thing at a time.
			commands := []string{"app export -i Shop", "app delete -i Shop", "app import -i Shop -f Shop.application.json"}
			if deployment == "cloud" {
				commands = append(commands, "oauth client export -i shop", "oauth client import -i shop -f shop.oauth2.app.json",
					"journey export -i Mine", "journey import -i Mine -f Mine.journey.json", "script export -n Decide", "script import -n Decide -f Decide.script.json",
					"service export -i validation", "service import -r -i validation -f validation.service.json")
			}
			for _, command := range commands {
				g.run(append(strings.Fields(command), "-m", deployment)...)
			}
			if out := g.run("app", "list", "-m", deployment); !strings.Contains(out, "Shop") {
				t.Errorf("the application did not come back:\n%s", out)
			}

			// What it exported, gatehouse imports, applications too.
			last := startAM(t, t.TempDir(), "--import", filepath.Join(g.dir, "full.json"))
			if _, body := last.tryAt("GET", "http://"+last.addr(0)+"/openidm/managed/"+application+"?_queryFilter=true", nil); body["resultCount"] != 1.0 {
				t.Errorf("imported applications = %v", body)
			}
		})
	}
}

// A connection profile has a service account of its own, with which frodo does the same without a user.
func TestFrodoServiceAccount(t *testing.T) {
	from, proxy := startPlatform(t, "cloud")
	furnish(from)
	from.application("alpha_application", "Shop")
	f := platformFrodo(t, proxy, "alpha")
	if out := f.run("conn", "save", "--no-log-api", "http://"+platformHost+"/am", "amadmin", adminPassword, "-m", "cloud"); !strings.Contains(out, "Created and added service account Frodo-SA-") {
		t.Fatalf("no service account:\n%s", out)
	}
	for command, want := range map[string]string{
		"conn list": platformHost, "info": "(Service Account)", "oauth client list": "shop", "app list": "Shop", "esv variable list": "0 variables", "esv secret list": "0 secrets",
	} {
		if out := f.run(strings.Fields(command)...); !strings.Contains(out, want) {
			t.Errorf("frodo %s has no %s:\n%s", command, want, out)
		}
	}
	f.run("config", "export", "--all", "--read-only", "--default", "--file", "full.json")
	if by, _ := within(f.read("full.json"), "realm", "root-alpha", "managedApplication").(map[string]any); len(by) != 1 {
		t.Errorf("applications = %v", by)
	}
	f.run("config", "import", "--all", "--default", "--file", "full.json")
}
