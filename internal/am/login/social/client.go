package social

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/am/outgoing"
	"gatehouse/internal/jose"
)

// Bounds of what providers answer, and of how many of them are remembered.
const (
	maxAnswer = 256 << 10
	maxKept   = 200
	freshFor  = 10 * time.Minute
)

// Client calls providers. It remembers their metadata and keys for a while. All methods may be called concurrently.
type Client struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[string]*kept // by address and reach
}

type kept struct {
	until    time.Time
	metadata *metadata
	keys     *jose.Remote
}

// NewClient returns a client with that clock.
func NewClient(now func() time.Time) *Client { return &Client{now: now, kept: map[string]*kept{}} }

// metadata is what is used of a provider's metadata (OpenID Connect Discovery 1.0 §3).
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	JWKS          string `json:"jwks_uri"`
}

// ErrRefused is the error for what a provider says that cannot be trusted, or does not want to say.
var ErrRefused = errors.New("the provider's answer cannot be taken")

// Attempt is one sign-in at a provider, known to the browser and journey that began it, and to nobody else.
type Attempt struct {
	State, Nonce, Verifier string
}

// complete fills in the endpoints that the configuration leaves to the provider's metadata.
func (c *Client) complete(ctx context.Context, p *Provider) error {
	missing := p.Authorization == "" || p.Token == "" || p.OIDC() && (p.JWKS == "" || p.Issuer == "")
	if !missing {
		return nil
	}
	if p.WellKnown == "" {
		return fmt.Errorf("provider %s: endpoints are missing, and so is wellKnownEndpoint", p.Name)
	}
	m, err := c.discover(ctx, p)
	if err != nil {
		return fmt.Errorf("provider %s: wellKnownEndpoint: %w", p.Name, err)
	}
	if p.Issuer != "" && m.Issuer != p.Issuer {
		return fmt.Errorf("provider %s: wellKnownEndpoint: expected the issuer %q, found %q", p.Name, p.Issuer, m.Issuer)
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.Issuer, m.Issuer}, {&p.Authorization, m.Authorization}, {&p.Token, m.Token}, {&p.UserInfo, m.UserInfo}, {&p.JWKS, m.JWKS}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if p.Authorization == "" || p.Token == "" || p.OIDC() && (p.JWKS == "" || p.Issuer == "") {
		return fmt.Errorf("provider %s: its metadata lacks issuer, authorization_endpoint, token_endpoint or jwks_uri", p.Name)
	}
	return nil
}

func (c *Client) discover(ctx context.Context, p *Provider) (*metadata, error) {
	key := "metadata " + p.WellKnown + " " + strings.Join(p.Inside, " ")
	if k := c.find(key); k != nil {
		return k.metadata, nil
	}
	body, err := c.get(ctx, p, p.WellKnown, "")
	if err != nil {
		return nil, err
	}
	m := &metadata{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, err
	}
	c.keep(key, &kept{until: c.now().Add(freshFor), metadata: m})
	return m, nil
}

func (c *Client) find(key string) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.kept[key]; k != nil && (k.until.IsZero() || c.now().Before(k.until)) {
		return k
	}
	return nil
}

func (c *Client) keep(key string, k *kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.kept {
		if len(c.kept) < maxKept {
			break
		}
		delete(c.kept, other)
	}
	c.kept[key] = k
}

// keys are the provider's, which follow its key set.
func (c *Client) keys(p *Provider) (jose.Finder, error) {
	key := "keys " + p.JWKS + " " + strings.Join(p.Inside, " ")
	if k := c.find(key); k != nil {
		return k.keys, nil
	}
	of := *p
	set, err := jose.NewRemote(jose.RemoteOptions{
		URL: p.JWKS, Now: c.now, CacheTimeout: freshFor,
		Fetch: func(ctx context.Context, address string) ([]byte, error) { return c.get(ctx, &of, address, "") },
	})
	if err == nil {
		c.keep(key, &kept{keys: set})
	}
	return set, err
}

// Begin is the address at the provider that a sign-in begins with, and what to remember of it.
func (c *Client) Begin(ctx context.Context, p *Provider) (string, *Attempt, error) {
	if err := c.complete(ctx, p); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(p.Authorization)
	if err != nil || u.Host == "" {
		return "", nil, fmt.Errorf("provider %s: authorizationEndpoint: expected an address, found %q", p.Name, p.Authorization)
	}
	a := &Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text()} // RFC 7636 §4.1: 43 characters and more
	q := u.Query()
	q.Set("response_type", "code")
	q.Set("client_id", p.ClientID)
	q.Set("redirect_uri", p.RedirectURI)
	q.Set("state", a.State)
	if len(p.Scopes) > 0 {
		q.Set("scope", strings.Join(p.Scopes, p.Delimiter))
	}
	if p.OIDC() {
		q.Set("nonce", a.Nonce)
	}
	if len(p.ACR) > 0 {
		q.Set("acr_values", strings.Join(p.ACR, " "))
	}
	if p.ResponseMode == "FORM_POST" {
		q.Set("response_mode", "form_post")
	}
	switch p.PKCE {
	case "S256", "":
		sum := sha256.Sum256([]byte(a.Verifier))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	case "PLAIN":
		q.Set("code_challenge", a.Verifier)
		q.Set("code_challenge_method", "plain")
	}
	u.RawQuery = q.Encode()
	return u.String(), a, nil
}

// Mine tells whether what a browser brings back is of that attempt.
func (a *Attempt) Mine(brought url.Values) bool {
	return a.State != "" && len(brought["state"]) == 1 && subtle.ConstantTimeCompare([]byte(a.State), []byte(brought.Get("state"))) == 1
}

// Finish turns what the browser brought back into what the provider tells of the person. Errors that wrap ErrRefused are
// of the provider or the browser, others of the network or the configuration.
func (c *Client) Finish(ctx context.Context, p *Provider, a *Attempt, brought url.Values) (map[string]any, error) {
	if err := c.complete(ctx, p); err != nil {
		return nil, err
	}
	code := brought.Get("code")
	if !a.Mine(brought) || code == "" || len(brought["code"]) != 1 {
		return nil, fmt.Errorf("%w: no code of this attempt", ErrRefused)
	}
	if iss := brought.Get("iss"); iss != "" && p.Issuer != "" && iss != p.Issuer { // RFC 9207 §2.4
		return nil, fmt.Errorf("%w: the code is of the issuer %q", ErrRefused, iss)
	}
	access, idToken, err := c.exchange(ctx, p, a, code)
	if err != nil {
		return nil, err
	}
	profile := map[string]any{}
	if p.OIDC() {
		if profile, err = c.claims(ctx, p, a, idToken); err != nil {
			return nil, err
		}
	}
	if p.UserInfo == "" {
		return profile, nil
	}
	body, err := c.get(ctx, p, p.UserInfo, access)
	if err != nil {
		return nil, fmt.Errorf("provider %s: userInfoEndpoint: %w", p.Name, err)
	}
	more, err := jose.DecodeObject(body)
	if err != nil {
		return nil, fmt.Errorf("%w: userinfo: %w", ErrRefused, err)
	}
	if p.OIDC() && more["sub"] != profile["sub"] { // OpenID Connect Core 1.0 §5.3.2
		return nil, fmt.Errorf("%w: userinfo is of somebody else than the ID token", ErrRefused)
	}
	maps.Copy(profile, more)
	return profile, nil
}

// exchange buys tokens for a code.
func (c *Client) exchange(ctx context.Context, p *Provider, a *Attempt, code string) (access, idToken string, err error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.RedirectURI}}
	if p.PKCE != "NONE" {
		form.Set("code_verifier", a.Verifier)
	}
	basic := p.ClientAuth == "CLIENT_SECRET_BASIC"
	if !basic {
		form.Set("client_id", p.ClientID)
		if p.ClientAuth != "NONE" {
			form.Set("client_secret", p.Secret)
		}
	}
	body, err := c.call(ctx, p, http.MethodPost, p.Token, strings.NewReader(form.Encode()), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if basic { // RFC 6749 §2.3.1
			r.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.Secret))
		}
	})
	if err != nil {
		return "", "", fmt.Errorf("provider %s: tokenEndpoint: %w", p.Name, err)
	}
	var got struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
		Type   string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Access == "" || got.Type != "" && !strings.EqualFold(got.Type, "Bearer") {
		return "", "", fmt.Errorf("%w: no access token", ErrRefused)
	}
	return got.Access, got.ID, nil
}

// idTokenAlgorithms are those with which a provider may sign: none that both sides have a key of.
var idTokenAlgorithms = []jose.Algorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// claims checks an ID token (OpenID Connect Core 1.0 §3.1.3.7).
func (c *Client) claims(ctx context.Context, p *Provider, a *Attempt, raw string) (map[string]any, error) {
	keys, err := c.keys(p)
	if err != nil {
		return nil, err
	}
	token, err := jose.Verify(ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: idTokenAlgorithms})
	if err != nil {
		return nil, fmt.Errorf("%w: ID token: %w", ErrRefused, err)
	}
	claims, err := jose.ParseClaims(token.Payload)
	if err == nil {
		err = claims.Check(jose.Expect{
			Now: c.now(), Skew: time.Minute, Issuers: []string{p.Issuer}, Audiences: []string{p.ClientID}, Require: []string{"iss", "aud", "sub", "exp", "iat"},
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%w: ID token: %w", ErrRefused, err)
	}
	azp, has := claims.Values["azp"]
	nonce, _ := claims.Values["nonce"].(string)
	switch {
	case (has || len(claims.Audience) > 1) && azp != p.ClientID:
		return nil, fmt.Errorf("%w: ID token: it was issued for another client", ErrRefused)
	case a.Nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(a.Nonce)) != 1:
		return nil, fmt.Errorf("%w: ID token: the nonce is of another attempt", ErrRefused)
	}
	return maps.Clone(claims.Values), nil
}

func (c *Client) get(ctx context.Context, p *Provider, address, access string) ([]byte, error) {
	return c.call(ctx, p, http.MethodGet, address, http.NoBody, func(r *http.Request) {
		if access != "" {
			r.Header.Set("Authorization", "Bearer "+access)
		}
	})
}

// call makes one request, to public addresses over https, or to hosts that the realm lists.
func (c *Client) call(ctx context.Context, p *Provider, method, address string, body io.Reader, prepare func(*http.Request)) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	inside := outgoing.Listed(r.URL, p.Inside)
	if r.URL.User != nil || r.URL.Scheme != "https" && !(r.URL.Scheme == "http" && inside) {
		return nil, errors.New("expected an https address; http is for hosts in allowedFetchHosts")
	}
	r.Header.Set("Accept", "application/json")
	prepare(r)
	client := outgoing.Client(!inside)
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d%s", ErrRefused, resp.StatusCode, reason(raw))
	}
	if len(raw) > maxAnswer {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrRefused, maxAnswer)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil, fmt.Errorf("%w: expected application/json, found %q", ErrRefused, resp.Header.Get("Content-Type"))
	}
	return bytes.TrimSpace(raw), nil
}

// reason is the code of an error answer (RFC 6749 §5.2), for the log.
func reason(body []byte) string {
	var e struct {
		Code string `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Code == "" || len(e.Code) > 100 {
		return ""
	}
	return ", error " + strconv.Quote(e.Code)
}

// Subject is who the profile is of, "" for nobody. Numbers are as they are written.
func (p *Provider) Subject(profile map[string]any) string {
	switch v := profile[p.IDKey].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	}
	return ""
}
