package realm_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
)

func TestParseClient(t *testing.T) {
	tests := []struct {
		name, body string
		check      func(*realm.Client) bool
	}{
		{"empty", ``, func(c *realm.Client) bool { return reflect.DeepEqual(c.Core, realm.DefaultClient().Core) }},
		{"null group", `{"coreOAuth2ClientConfig":null}`, func(c *realm.Client) bool { return c.IsActive() }},
		{"bare", `{"coreOAuth2ClientConfig":{"scopes":["a","b|B"],"clientType":"Public"}}`,
			func(c *realm.Client) bool { return len(c.Core.Scopes) == 2 && c.IsPublic() }},
		{"wrapped", `{"coreOAuth2ClientConfig":{"scopes":{"inherited":false,"value":["a"]},"status":{"inherited":false,"value":"Inactive"}}}`,
			func(c *realm.Client) bool { return slices.Equal(c.Core.Scopes, []string{"a"}) && !c.IsActive() }},
		{"wrapped without a value", `{"coreOAuth2ClientConfig":{"status":{"inherited":false}},"signEncOAuth2ClientConfig":{"idTokenSignedResponseAlg":{"inherited":false}}}`,
			func(c *realm.Client) bool { return c.IsActive() && c.Keys.IDTokenSigningAlg == "RS256" }},
		{"mixed", `{"coreOAuth2ClientConfig":{"agentgroup":null,"userpassword":"x","scopes":{"inherited":false,"value":["a"]}}}`,
			func(c *realm.Client) bool { return c.Core.Password == "x" && c.Core.AgentGroup == "" }},
		{"single value for a list", `{"coreOAuth2ClientConfig":{"redirectionUris":"https://a.example/cb"}}`,
			func(c *realm.Client) bool { return slices.Equal(c.Core.RedirectURIs, []string{"https://a.example/cb"}) }},
		{"list for a single value", `{"coreOAuth2ClientConfig":{"status":["Active"]}}`, (*realm.Client).IsActive},
		{"empty strings in lists", `{"advancedOAuth2ClientConfig":{"customProperties":[""],"grantTypes":[]}}`,
			func(c *realm.Client) bool {
				return len(c.Advanced.CustomProperties) == 0 && !c.HasGrant("authorization_code")
			}},
		{"text for numbers and booleans", `{"coreOAuth2ClientConfig":{"accessTokenLifetime":"60"},"advancedOAuth2ClientConfig":{"isConsentImplied":"true"}}`,
			func(c *realm.Client) bool { return c.Core.AccessTokenLifetime == 60 && c.Advanced.ConsentImplied }},
		{"number with a fraction of zero", `{"coreOAuth2ClientConfig":{"accessTokenLifetime":60.0}}`,
			func(c *realm.Client) bool { return c.Core.AccessTokenLifetime == 60 }},
		{"unknown members", `{"_id":"x","_rev":"1","_type":{},"coreOAuth2ClientConfig":{"future":{"a":1}}}`, (*realm.Client).IsActive},
		{"subject type in any case", `{"advancedOAuth2ClientConfig":{"subjectType":"Pairwise"}}`, (*realm.Client).IsPairwise},
		{"default subject type", `{}`, func(c *realm.Client) bool { return !c.IsPairwise() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := realm.ParseClient("web", json.RawMessage(tt.body))
			if err != nil || !tt.check(c) {
				t.Errorf("ParseClient(%s) = %+v, %v", tt.body, c, err)
			}
		})
	}
}

func TestParseClientErrors(t *testing.T) {
	_, err := realm.ParseClient("web", json.RawMessage(`{
		"coreOAuth2ClientConfig": {"accessTokenLifetime": [1], "scopes": {"a": 1}, "status": ["a","b"]},
		"advancedOAuth2ClientConfig": {"isConsentImplied": {"inherited": false, "value": 3}},
		"coreUmaClientConfig": []}`))
	for _, want := range []string{
		"coreOAuth2ClientConfig.accessTokenLifetime: expected a whole number, found a list",
		"coreOAuth2ClientConfig.scopes: expected a list of strings, found an object",
		"coreOAuth2ClientConfig.status: expected a string, found a list",
		"advancedOAuth2ClientConfig.isConsentImplied: expected true or false, found a number",
		"coreUmaClientConfig: expected an object, found a list",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"coreOAuth2ClientConfig":{"scopes":{"inherited":true}}}`,
		`{"coreOAuth2ClientConfig":{"accessTokenLifetime":1e999,"scopes":[[]],"status":{"value":1}}}`,
		`{"advancedOIDCConfig":{"amrMappings":{"a":"b"},"loaMapping":["[a]=b","c"]}}`, `{"userpassword":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		// What is read and written again is read the same.
		c, err := realm.ParseClient("x", body)
		if err == nil {
			again, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if c2, err := realm.ParseClient("x", again); err != nil || !reflect.DeepEqual(c, c2) {
				t.Errorf("%s\nread: %+v\nwritten and read: %+v, %v", body, c, c2, err)
			}
		}
		p, err := realm.ParseProvider(body)
		if err == nil {
			again, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if p2, err := realm.ParseProvider(again); err != nil || !reflect.DeepEqual(p, p2) {
				t.Errorf("%s\nread: %+v\nwritten and read: %+v, %v", body, p, p2, err)
			}
		}
		_, _ = realm.ParseAgent("x", body)
		_, _ = realm.ParseTrustedIssuer("x", body)
		_, _ = realm.ParseScript("x", body)
	})
}

func TestScopes(t *testing.T) {
	for name, c := range map[string]*realm.Client{
		"parsed": must(realm.ParseClient("web", json.RawMessage(`{"coreOAuth2ClientConfig":
			{"scopes":["read|Read it","write|en|Write it","read|de|Lies es","hidden|","plain","|odd"],"defaultScopes":["read|x"]}}`))),
		"built": {Core: realm.ClientCore{
			Scopes:        []string{"read|Read it", "write|en|Write it", "read|de|Lies es", "hidden|", "plain", "|odd"},
			DefaultScopes: []string{"read|x"},
		}},
	} {
		if got, want := c.AllowedScopes(), []string{"read", "write", "hidden", "plain"}; !slices.Equal(got, want) {
			t.Errorf("%s: AllowedScopes = %q, want %q", name, got, want)
		}
		if got, want := c.DefaultScopes(), []string{"read"}; !slices.Equal(got, want) {
			t.Errorf("%s: DefaultScopes = %q, want %q", name, got, want)
		}
	}
	p := realm.DefaultProvider()
	if got, want := p.ResponseTypes(), []string{"code", "id_token", "token"}; !slices.Equal(got, want) {
		t.Errorf("ResponseTypes = %q, want %q", got, want)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestEffective(t *testing.T) {
	const own = "11111111-0000-0000-0000-000000000000"
	shippedModification, shippedClaims := "d22f9a0c-426a-4466-b95e-d0f125b0d5fa", "36863ffb-40ec-48b9-94b1-9a99f71cc3b5"
	tests := []struct {
		name   string
		change func(*realm.Client, *realm.Provider)
		check  func(e realm.Effective) bool
	}{
		{"defaults", func(*realm.Client, *realm.Provider) {}, func(e realm.Effective) bool {
			return e.AccessTokenLifetime == time.Hour && e.RefreshTokenLifetime == 7*24*time.Hour && e.CodeLifetime == 2*time.Minute &&
				e.IDTokenLifetime == time.Hour && e.IssueRefreshToken && !e.ClientSideTokens && e.AccessTokenMayAct == "" &&
				e.AccessTokenModification.Script == shippedModification && e.OIDCClaims.Script == shippedClaims &&
				e.ValidateScope.Script == "" && strings.HasSuffix(e.ValidateScope.Class, ".DefaultScopeValidator")
		}},
		{"own lifetimes", func(c *realm.Client, _ *realm.Provider) {
			c.Core.AccessTokenLifetime, c.Core.RefreshTokenLifetime, c.OIDC.IDTokenLifetime = 60, -1, 30
		}, func(e realm.Effective) bool {
			return e.AccessTokenLifetime == time.Minute && e.RefreshTokenLifetime < 0 && e.IDTokenLifetime == 30*time.Second
		}},
		{"grace period is bounded", func(c *realm.Client, _ *realm.Provider) { c.Advanced.RefreshTokenGracePeriod = 1000 },
			func(e realm.Effective) bool { return e.RefreshTokenGracePeriod == 2*time.Minute }},
		{"grace period is inherited", func(_ *realm.Client, p *realm.Provider) { p.Advanced.RefreshTokenGracePeriod = 20 },
			func(e realm.Effective) bool { return e.RefreshTokenGracePeriod == 20*time.Second }},
		{"overrides that are off do nothing", func(c *realm.Client, p *realm.Provider) {
			c.Overrides.ClientSideTokens, c.Overrides.IssueRefreshToken = true, false
			c.Overrides.AccessTokenMayActScript = own
		}, func(e realm.Effective) bool {
			return !e.ClientSideTokens && e.IssueRefreshToken && e.AccessTokenMayAct == ""
		}},
		{"all overrides count, also untouched ones", func(c *realm.Client, p *realm.Provider) {
			p.Core.ClientSideTokens, p.Core.AccessTokenMayActScript = true, own
			c.Overrides.Enabled, c.Overrides.OIDCMayActScript = true, own
		}, func(e realm.Effective) bool {
			return !e.ClientSideTokens && e.AccessTokenMayAct == "" && e.OIDCMayAct == own
		}},
		{"plugins remain the provider's", func(c *realm.Client, p *realm.Provider) {
			p.Plugins.AccessTokenModificationScript = own
			c.Overrides.Enabled = true
		}, func(e realm.Effective) bool { return e.AccessTokenModification.Script == own }},
		{"plugins of its own", func(c *realm.Client, _ *realm.Provider) {
			c.Overrides.Enabled = true
			c.Overrides.ValidateScopeType, c.Overrides.ValidateScopeScript = "SCRIPTED", own
			c.Overrides.OIDCClaimsType, c.Overrides.OIDCClaimsClass = "JAVA", "com.example.Claims"
		}, func(e realm.Effective) bool {
			return e.ValidateScope.Script == own && e.OIDCClaims == realm.Plugin{Class: "com.example.Claims"}
		}},
		{"scripted without a script is the shipped one", func(_ *realm.Client, p *realm.Provider) {
			p.Plugins.OIDCClaimsScript, p.Plugins.AccessTokenModificationScript = realm.NoScript, ""
		}, func(e realm.Effective) bool {
			return e.OIDCClaims.Script == shippedClaims && e.AccessTokenModification.Script == shippedModification
		}},
		{"consent is skipped by both together", func(c *realm.Client, p *realm.Provider) {
			c.Advanced.ConsentImplied, p.Consent.ClientsCanSkip = true, true
		}, func(e realm.Effective) bool { return e.SkipConsent }},
		{"consent is not skipped by the client alone", func(c *realm.Client, _ *realm.Provider) { c.Advanced.ConsentImplied = true },
			func(e realm.Effective) bool { return !e.SkipConsent }},
		{"consent is not skipped by the provider alone", func(_ *realm.Client, p *realm.Provider) { p.Consent.ClientsCanSkip = true },
			func(e realm.Effective) bool { return !e.SkipConsent }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, p := realm.DefaultClient(), realm.DefaultProvider()
			tt.change(c, p)
			if e := c.Effective(p); !tt.check(e) {
				t.Errorf("Effective = %+v", e)
			}
		})
	}
}

func TestParseProvider(t *testing.T) {
	p, err := realm.ParseProvider(json.RawMessage(`{
		"coreOAuth2Config": {"accessTokenLifetime": 60},
		"advancedOIDCConfig": {"loaMapping": {"gold": "Login"}, "amrMappings": ["[pwd]=DataStore"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := realm.DefaultProvider()
	want.Core.AccessTokenLifetime = 60
	want.AdvancedOIDC.LoAMapping = map[string]string{"gold": "Login"}
	want.AdvancedOIDC.AMRMappings = map[string]string{"pwd": "DataStore"}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("ParseProvider = %+v, want %+v", p, want)
	}
	if len(p.Advanced.GrantTypes) != 11 || !p.HasGrant("client_credentials") || p.HasGrant("none") {
		t.Errorf("grant types = %q", p.Advanced.GrantTypes)
	}
}

// The documented registration script of AI agents writes back what it read.
func TestFixedAttributes(t *testing.T) {
	for kind, want := range map[string]string{realm.TypeClient: "OAuth2Client", realm.TypeAIAgent: "AIAgent"} {
		c, err := realm.ParseClient("x", []byte(`{"_type":"`+kind+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		values, ok := c.Attribute("AgentType")
		if !ok || len(values) != 1 || values[0] != want || c.SetAttribute("AgentType", values) != nil {
			t.Errorf("AgentType of %s is %v", kind, values)
		}
		if values, ok := c.Attribute("aiAgentIdentityUid"); !ok || len(values) != 0 || c.SetAttribute("aiAgentIdentityUid", values) != nil {
			t.Errorf("aiAgentIdentityUid of %s is %v", kind, values)
		}
		if c.SetAttribute("AgentType", []string{"SoftwarePublisher"}) == nil {
			t.Errorf("%s became something else", kind)
		}
	}
}
