package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
	"gatehouse/internal/ui"
)

// What remote consent adds to a request: the service's answer, and that this server's own page has handed it on.
const (
	consentResponse = "consent_response"
	consentAgain    = "consent_again"
)

// remoteConsent is a question that a remote consent service asks in the place of this server's page (PingAM: remote
// consent). The server keeps nothing of it: the csrf value of the request says what it was about, and the answer has to
// have it.
type remoteConsent struct {
	*authorization
	agent *realm.RemoteConsentAgent
	back  string // where the service posts its answer
	about string // what is asked for: an answer fits nothing else
}

// remoteConsent finds the service of the settings.
func (a *authorization) remoteConsent(back, about string) (*remoteConsent, error) {
	agent, err := a.Realm.RemoteConsentAgent(a.r.Context(), a.set.RemoteConsentID)
	if err == nil && !agent.IsActive() {
		err = errors.New("the agent is not active")
	}
	if err == nil {
		var u *url.URL
		if u, err = url.Parse(agent.RedirectURL); err == nil && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			err = errors.New("remoteConsentRedirectUrl is not an http or https URL")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("remote consent service %q: %w", a.set.RemoteConsentID, err)
	}
	return &remoteConsent{a, agent, back, about}, nil
}

// ofRequest is the remote consent to a request of /authorize.
func (a *authorization) ofRequest() (*remoteConsent, error) {
	return a.remoteConsent(a.again(), a.asked().sorted())
}

// again is the address of the request as it came.
func (a *authorization) again() string {
	return a.Issuer + "/authorize?" + a.unanswered().encode()
}

// question is the address of the service, with a consent request for it.
func (c *remoteConsent) question() (string, error) {
	ctx := c.r.Context()
	life := seconds(c.agent.RequestTimeLimit)
	if life <= 0 {
		life = seconds(realm.DefaultRemoteConsentAgent().RequestTimeLimit)
	}
	nonce := store.NewID()
	csrf, err := c.csrf(ctx, nonce)
	if err != nil {
		return "", err
	}
	raw, err := c.sign(ctx, c.claims(csrf, life))
	if err == nil && c.agent.EncryptRequest {
		raw, err = c.encrypt(ctx, raw)
	}
	if err != nil {
		return "", fmt.Errorf("request to remote consent service %q: %w", c.agent.ID, err)
	}
	return withQuery(c.agent.RedirectURL, "consent_request="+queryEscape(raw)), nil
}

// claims are those of a consent request, with the names of PingAM.
func (c *remoteConsent) claims(csrf string, life time.Duration) []byte {
	lang := ui.RequestLang(c.r).Code()
	o := newObject()
	o.text("clientId", c.client.ID)
	o.text("iss", c.Issuer)
	o.text("csrf", csrf)
	o.text("client_description", localised(c.client.Advanced.Descriptions, lang))
	o.text("aud", c.agent.ID)
	o.flag("save_consent_enabled", c.Settings.Consent.SavedConsentAttribute != "" && c.user != nil)
	if len(c.details) > 0 {
		o.raw("authorization_details", joinDetails(c.details))
	}
	claims := json.RawMessage(c.claimsParameter())
	if len(claims) == 0 {
		claims = json.RawMessage("{}")
	}
	o.raw("claims", claims)
	o.raw("scopes", c.describedScopes(lang))
	o.number("exp", c.Now().Add(life).Unix())
	o.number("iat", c.Now().Unix())
	o.text("client_name", clientName(c.client, lang))
	o.text("consentApprovalRedirectUri", c.back)
	o.text("username", c.session.Subject.Name)
	return o.end()
}

// describedScopes is an object of the scopes with their descriptions, null where there is none.
func (c *remoteConsent) describedScopes(lang string) json.RawMessage {
	o := newObject()
	for _, s := range c.scopes {
		text, ok := describeScope(lang, s, c.client.Core.Scopes)
		if !ok {
			text, ok = describeScope(lang, s, c.Settings.Advanced.SupportedScopes)
		}
		if ok {
			o.text(s, text)
		} else {
			o.raw(s, json.RawMessage("null"))
		}
	}
	return o.end()
}

// csrf is what the answer has to bring back: it says that this server asked this user, through this service, for just
// what the answer is used for. The nonce makes it good for once.
func (c *remoteConsent) csrf(ctx context.Context, nonce string) (string, error) {
	key, err := c.Realm.Keys().Active(ctx, realm.LabelAuthenticity)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key.Secret())
	mac.Write([]byte(strings.Join([]string{"remote consent", c.Realm.Path, c.agent.ID, csrfOf(c.token), nonce, c.about}, "\x00")))
	return nonce + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

func (c *remoteConsent) sign(ctx context.Context, payload []byte) (string, error) {
	alg, err := amongSupported(jose.Algorithm(c.agent.RequestSigningAlg), c.Settings.Consent.RemoteRequestSigning)
	if err != nil {
		return "", err
	}
	var signer *jose.Signer
	if alg.Symmetric() {
		var key *jose.Key
		if key, err = c.secretKey(); err == nil {
			signer, err = jose.NewSigner(key, alg, jose.SignerOptions{OmitKeyID: true})
		}
	} else {
		signer, err = c.Realm.Keys().ConsentSigner(ctx, string(alg))
	}
	if err != nil {
		return "", err
	}
	return signer.Sign(payload)
}

func (c *remoteConsent) encrypt(ctx context.Context, token string) (string, error) {
	alg, err := amongSupported(jose.Algorithm(c.agent.RequestEncryptionAlg), c.Settings.Consent.RemoteRequestEncryption)
	if err != nil {
		return "", err
	}
	enc, err := amongSupported(jose.Encryption(c.agent.RequestEncryptionEnc), c.Settings.Consent.RemoteRequestEncryptionEnc)
	if err != nil {
		return "", err
	}
	var key *jose.Key
	if alg.Symmetric() {
		key, err = c.sharedEncryption(alg, enc)
	} else {
		var keys jose.Finder
		if keys, err = c.keys(); err == nil {
			key, err = fittingKey(ctx, keys, alg)
		}
	}
	if err != nil {
		return "", err
	}
	e, err := jose.NewEncrypter(key, alg, enc, jose.EncrypterOptions{ContentType: "JWT"})
	if err != nil {
		return "", err
	}
	return e.Encrypt([]byte(token))
}

// amongSupported holds the algorithm of an agent's profile against the list of the realm's settings.
func amongSupported[T ~string](name T, list []string) (T, error) {
	if !slices.Contains(list, string(name)) {
		return "", fmt.Errorf("%w: the settings do not list %q", jose.ErrAlgorithm, string(name))
	}
	return name, nil
}

// keys are the public keys of the service.
func (c *remoteConsent) keys() (jose.Finder, error) {
	if c.agent.PublicKeyLocation == "jwks" {
		return publicSet(c.agent.JWKSet)
	}
	return c.remote.get(c.agent.JWKSURI, c.agent.JWKSCacheMillis, c.agent.JWKSCacheMissMillis, Reach{Anywhere: true})
}

var errNoAgentSecret = errors.New("the agent has no secret for its algorithm")

func (c *remoteConsent) secretKey() (*jose.Key, error) {
	secret, ok := c.agent.Secret()
	if !ok {
		return nil, errNoAgentSecret
	}
	return jose.NewClientSecret(string(secret))
}

func (c *remoteConsent) sharedEncryption(alg jose.Algorithm, enc jose.Encryption) (*jose.Key, error) {
	secret, ok := c.agent.Secret()
	if !ok {
		return nil, errNoAgentSecret
	}
	return jose.NewClientSecretEncryption(string(secret), alg, enc)
}

// remotelyAnswered tells that this is the answer of a remote consent service, brought by the user's browser.
func (a *authorization) remotelyAnswered() bool {
	return a.r.Method == http.MethodPost && a.form.Has(consentResponse)
}

// handOn answers the post of a remote consent service that came without a session. From another site browsers send no
// session cookie along (SameSite), so a page of this server posts it again, once.
func (a *authorization) handOn(to string, policy ui.Policy) (bool, error) {
	if !a.remotelyAnswered() || a.form.Has(consentAgain) {
		return false, nil
	}
	p := a.newPage("goon.title")
	p.Content = struct {
		To     template.URL
		Fields []field
	}{
		template.URL(to), //nolint:gosec // G203: an address of this server
		[]field{{consentResponse, a.form.Get(consentResponse)}, {consentAgain, "1"}},
	}
	return true, a.showPage(http.StatusOK, "formpost", p, policy)
}
