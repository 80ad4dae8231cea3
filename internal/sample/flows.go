package sample

import (
	"errors"
	"net/http"
	"net/url"
)

// Addresses as the documents write them.
const (
	amURL      = "http://am.example.com:8088/openam/oauth2"
	alphaURL   = "http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha"
	gatewayURL = "https://ig.example.com:8443"
)

// flow is a button of the start page.
type flow struct {
	ID string
	// Icon is a picture of ui.
	Icon string
	run  func(*run) error // nil: the browser takes part, see login.go
}

// Title and Lead are keys of texts.
func (f flow) Title() string { return "sample.flow." + f.ID + ".title" }

// Lead is what the flow is about.
func (f flow) Lead() string { return "sample.flow." + f.ID + ".lead" }

// Here tells whether the flow runs without the browser's part.
func (f flow) Here() bool { return f.run != nil }

// flows are those of the documents.
func flows() []flow {
	return []flow{
		{"client", "key", clientCredentials},
		{"basic", "lock", clientBasic},
		{"gateway", "gate", gatewayClient},
		{"resource", "shield", resourceServer},
		{"introspect", "search", introspection},
		{"owner", "person", resourceOwner},
		{"exchange", "route", tokenExchange},
		{"login", "external", nil},
	}
}

// clientCredentials: RFC 6749 §4.4 with the secret in the form (§2.3.1).
func clientCredentials(x *run) error {
	a, err := x.say("sample.say.client").post(alphaURL+"/access_token", "", "", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"myClient"}, "client_secret": {"forgerock"}, "scope": {"write"},
	})
	if err != nil {
		return err
	}
	_, err = a.token()
	return err
}

// clientBasic: RFC 6749 §4.4 with HTTP Basic authentication.
func clientBasic(x *run) error {
	a, err := x.say("sample.say.basic").post(alphaURL+"/access_token", "myClient", "forgerock", url.Values{
		"grant_type": {"client_credentials"}, "scope": {"write"},
	})
	if err != nil {
		return err
	}
	_, err = a.token()
	return err
}

// gatewayClient calls a route whose ClientCredentialsOAuth2ClientFilter gets the token.
func gatewayClient(x *run) error {
	a, err := x.say("sample.say.gateway").get(gatewayURL+"/client-credentials", "")
	if err == nil && a.status != http.StatusOK {
		err = errors.New("the gateway did not let the request through: see the last answer")
	}
	return err
}

// serviceToken is what a client gets for itself, to show it to others.
func serviceToken(x *run) (string, error) {
	a, err := x.say("sample.say.fortoken").post(amURL+"/access_token", "client-service", "password", url.Values{
		"grant_type": {"client_credentials"}, "scope": {"client-scope"},
	})
	if err != nil {
		return "", err
	}
	return a.token()
}

// resourceServer shows a protected resource a request without and one with a token (RFC 6750).
func resourceServer(x *run) error {
	if _, err := x.say("sample.say.refused").get(gatewayURL+"/oauth2-protected-resource", ""); err != nil {
		return err
	}
	token, err := serviceToken(x)
	if err != nil {
		return err
	}
	a, err := x.say("sample.say.granted").get(gatewayURL+"/oauth2-protected-resource", token)
	if err == nil && a.status != http.StatusOK {
		err = errors.New("the gateway did not let the request through: see the last answer")
	}
	return err
}

// introspection: RFC 7662, before and after the token is revoked (RFC 7009).
func introspection(x *run) error {
	token, err := serviceToken(x)
	if err != nil {
		return err
	}
	if _, err := introspect(x.say("sample.say.active"), token, "client-service"); err != nil {
		return err
	}
	_, err = x.say("sample.say.revoke").post(amURL+"/token/revoke", "client-service", "password", url.Values{"token": {token}})
	if err != nil {
		return err
	}
	a, err := introspect(x.say("sample.say.inactive"), token, "client-service")
	if err == nil && a.body["active"] != false {
		err = errors.New("the token is active after it was revoked")
	}
	return err
}

func introspect(x *run, token, client string) (answer, error) {
	return x.post(amURL+"/realms/root/introspect", "", "", url.Values{"token": {token}, "client_id": {client}, "client_secret": {"password"}})
}

// resourceOwner: RFC 6749 §4.3.
func resourceOwner(x *run) error {
	_, err := subjectToken(x)
	return err
}

func subjectToken(x *run) (string, error) {
	a, err := x.say("sample.say.owner").post(amURL+"/access_token", "client-application", "password", url.Values{
		"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"mail employeenumber"},
	})
	if err != nil {
		return "", err
	}
	token, err := a.token()
	if err != nil {
		return "", err
	}
	_, err = introspect(x.say("sample.say.mayact"), token, "client-application")
	return token, err
}

// tokenExchange: RFC 8693, done by the gateway, for a client that the subject token lets act.
func tokenExchange(x *run) error {
	subject, err := subjectToken(x)
	if err != nil {
		return err
	}
	a, err := x.say("sample.say.exchange").post(gatewayURL+"/token-exchange", "", "", url.Values{"subject_token": {subject}})
	if err != nil {
		return err
	}
	issued, err := a.token()
	if err != nil {
		return err
	}
	a, err = introspect(x.say("sample.say.issued"), issued, "serviceConfidentialClient")
	if err == nil && a.text("scope") != "mail" {
		err = errors.New("the issued token has another scope than mail")
	}
	return err
}
