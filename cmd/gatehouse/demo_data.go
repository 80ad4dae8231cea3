package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// demoPassword is the administrator's; the demo listens on this machine only.
const demoPassword = "password"

// demoMayAct lets serviceConfidentialClient act for every user.
const demoMayAct = `import org.forgerock.json.JsonValue

token.setMayAct(JsonValue.json(JsonValue.object(
    JsonValue.field("client_id", "serviceConfidentialClient"))))
`

const mayActScript = "c735de08-f8f2-4e69-aa4a-2d8d3d438323"

// seeder sets the demo's realms up through the REST interface, as a person would.
type seeder struct {
	ctx        context.Context
	base, sso  string
	err        error
	httpClient http.Client
}

// seedDemo makes what is not there yet; what is there stays as it is.
func seedDemo(ctx context.Context, base string) error {
	s := &seeder{ctx: ctx, base: base}
	s.signIn()
	root, alpha := "/realms/root", "/realms/root/realms/alpha"
	s.service(root, "validation", map[string]any{
		"validGotoDestinations": []string{"https://ig.example.com:8443/*", "https://ig.example.com:8443/*?*"},
	})
	if s.service(root, "oauth-oidc", map[string]any{
		"coreOAuth2Config": map[string]any{"accessTokenMayActScript": mayActScript, "oidcMayActScript": mayActScript},
	}) {
		s.script()
	}
	s.agent(root, "IdentityGatewayAgent", "ig_agent", map[string]any{"userpassword": "password", "igTokenIntrospection": "Realm"})
	s.client(root, "client-service", "password", []string{"client-scope"}, "client_credentials")
	s.client(root, "client-application", "password", []string{"mail", "employeenumber"}, "password")
	s.client(root, "serviceConfidentialClient", "password", []string{"mail", "employeenumber"}, "urn:ietf:params:oauth:grant-type:token-exchange")
	s.agent(root, "OAuth2Client", "sample-application", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{
			"userpassword": demoPassword, "redirectionUris": []string{"http://" + demoApp + "/_demo/callback"}, "clientName": []string{"en|Sample application", "de|Beispielanwendung"},
			"scopes": []string{
				"openid|en|Know that it is you", "openid|de|Wissen, dass Sie es sind", "profile|en|See your name", "profile|de|Ihren Namen sehen",
				"email|en|See your mail address", "email|de|Ihre Mailadresse sehen",
			},
		},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code"}},
	})
	s.create(root+"/users/demo", root+"/users?_action=create", map[string]any{
		"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com", "givenName": "Demo", "sn": "User",
		"cn": "Demo User", "employeeNumber": "123",
	})
	s.create("/global-config/realms/L2FscGhh", "/global-config/realms?_action=create", map[string]any{
		"name": "alpha", "active": true, "parentPath": "/", "aliases": []string{},
	})
	s.service(alpha, "oauth-oidc", map[string]any{})
	s.client(alpha, "myClient", "forgerock", []string{"write"}, "client_credentials")
	return s.err
}

func (s *seeder) signIn() {
	req, err := http.NewRequestWithContext(s.ctx, "POST", s.base+"/json/realms/root/authenticate", nil)
	if err != nil {
		s.err = err
		return
	}
	req.Header.Set("X-OpenAM-Username", "amAdmin")
	req.Header.Set("X-OpenAM-Password", demoPassword)
	var answer struct {
		TokenID string `json:"tokenId"`
	}
	if status := s.send(req, &answer); s.err == nil && answer.TokenID == "" {
		s.err = fmt.Errorf("sign in as amAdmin: status %d; was the password of this data folder changed?", status)
	}
	s.sso = answer.TokenID
}

// call asks the REST interface and returns the status.
func (s *seeder) call(method, path string, body, answer any) int {
	if s.err != nil {
		return 0
	}
	b, err := json.Marshal(body)
	if err != nil {
		s.err = err
		return 0
	}
	req, err := http.NewRequestWithContext(s.ctx, method, s.base+"/json"+path, bytes.NewReader(b))
	if err != nil {
		s.err = err
		return 0
	}
	req.Header.Set("iPlanetDirectoryPro", s.sso)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	return s.send(req, answer)
}

func (s *seeder) send(req *http.Request, answer any) int {
	resp, err := s.httpClient.Do(req)
	if err != nil {
		s.err = err
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		s.err = err
		return 0
	}
	if answer != nil && resp.StatusCode < 300 {
		s.err = json.Unmarshal(b, answer)
	}
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusNotFound && s.err == nil {
		s.err = fmt.Errorf("%s %s: status %d: %s", req.Method, req.URL.Path, resp.StatusCode, b)
	}
	return resp.StatusCode
}

// create makes a resource unless it can be read. It says whether it did.
func (s *seeder) create(read, create string, body any) bool {
	if s.call("GET", read, nil, nil) != http.StatusNotFound || s.err != nil {
		return false
	}
	if status := s.call("POST", create, body, nil); s.err == nil && status == http.StatusNotFound {
		s.err = fmt.Errorf("POST %s: not found", create)
	}
	return true
}

func (s *seeder) service(realm, id string, body any) bool {
	path := realm + "/realm-config/services/" + id
	return s.create(path, path+"?_action=create", body)
}

func (s *seeder) agent(realm, kind, id string, body any) {
	path := realm + "/realm-config/agents/" + kind + "/" + id
	if s.call("GET", path, nil, nil) == http.StatusNotFound && s.err == nil {
		s.call("PUT", path, body, nil)
	}
}

func (s *seeder) client(realm, id, secret string, scopes []string, grants ...string) {
	s.agent(realm, "OAuth2Client", id, map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": secret, "scopes": scopes},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": grants},
	})
}

// script gives the may-act script a body; the shipped one does nothing.
func (s *seeder) script() {
	path := "/realms/root/scripts/" + mayActScript
	var script map[string]any
	s.call("GET", path, nil, &script)
	if s.err == nil && script != nil {
		script["script"] = base64.StdEncoding.EncodeToString([]byte(demoMayAct))
		s.call("PUT", path, script, nil)
	}
}

// demoCertificate makes a key and a self-signed certificate for the gateway's TLS
// listener, unless they are there. It returns the path of the certificate, for curl.
func demoCertificate(dir string) (string, error) {
	cert := filepath.Join(dir, "ig.example.com-certificate.pem")
	if _, err := os.Stat(cert); err == nil {
		return cert, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "ig.example.com", Organization: []string{"Gatehouse demo"}},
		DNSNames: []string{"ig.example.com", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "listener.pem"), append(keyPEM, certPEM...), 0o600); err != nil {
		return "", err
	}
	return cert, os.WriteFile(cert, certPEM, 0o600)
}
