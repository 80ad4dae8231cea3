package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// world is what the people of the simulation know: addresses, their sessions and tokens.
type world struct {
	node     *node
	am, call string // addresses; call is "" when nothing is called
	http     *http.Client
	accounts int

	sessions, refreshes bag
	fresh, tokens       bag // access tokens that nothing was called with yet, and the others
}

var (
	errBehind = errors.New("too many requests wait for answers")
	errNoMore = errors.New("there is no new token")
)

// bag holds some of what was issued; a new one takes the place of any when it is full.
type bag struct {
	mu   sync.Mutex
	list []string
}

const bagSize = 20_000

func (b *bag) add(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) < bagSize {
		b.list = append(b.list, s)
	} else {
		b.list[rand.IntN(len(b.list))] = s
	}
}

// any is one of them, "" when there is none.
func (b *bag) any() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) == 0 {
		return ""
	}
	return b.list[rand.IntN(len(b.list))]
}

// take is any, and takes it out.
func (b *bag) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := len(b.list) - 1
	if last < 0 {
		return ""
	}
	n := rand.IntN(last + 1)
	s := b.list[n]
	b.list[n] = b.list[last]
	b.list = b.list[:last]
	return s
}

func newWorld(n *node, am, call string, accounts int) *world {
	return &world{node: n, am: am, call: call, accounts: accounts, http: &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Names of what is made in the realm. Passwords only protect what the simulation itself makes.
const (
	appClient, serviceClient, exchangeClient = "sim-app", "sim-service", "sim-exchange"
	agent                                    = "sim-agent"
	clientSecret                             = "sim-secret"
	userPassword                             = "Sim-12345-pass"
	callback                                 = "https://sim.example.com/callback"
	// RFC 7636 appendix B.
	verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func user(n int) string { return fmt.Sprintf("sim-user-%d", n) }

// do sends a request and reads the answer.
func (w *world) do(req *http.Request, want int) (map[string]any, *http.Response, error) {
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, resp, err
	}
	if resp.StatusCode != want {
		return nil, resp, fmt.Errorf("%s %s: %d %.200s", req.Method, req.URL.Path, resp.StatusCode, body)
	}
	var m map[string]any
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		err = json.Unmarshal(body, &m)
	}
	return m, resp, err
}

// signIn types a password and keeps the session.
func (w *world) signIn(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", w.am+"/json/realms/root/authenticate", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("X-OpenAM-Username", user(rand.IntN(w.accounts)))
	req.Header.Set("X-OpenAM-Password", userPassword)
	req.Header.Set("Accept-API-Version", "resource=2.0, protocol=1.0")
	m, _, err := w.do(req, 200)
	if err != nil {
		return "", err
	}
	id, _ := m["tokenId"].(string)
	w.sessions.add(id)
	return id, nil
}

// authorize asks for a code in a session.
func (w *world) authorize(ctx context.Context, session string) (string, error) {
	q := url.Values{"client_id": {appClient}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid sim-call"},
		"state": {"sim"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	req, err := http.NewRequestWithContext(ctx, "GET", w.am+"/oauth2/authorize?"+q.Encode(), nil)
	if err != nil {
		return "", err
	}
	req.AddCookie(&http.Cookie{Name: "iPlanetDirectoryPro", Value: session})
	_, resp, err := w.do(req, 302)
	if err != nil {
		return "", err
	}
	to, err := resp.Location()
	if err != nil {
		return "", err
	}
	c := to.Query().Get("code")
	if c == "" {
		return "", fmt.Errorf("no code at %s", to.Redacted())
	}
	return c, nil
}

func (w *world) redeem(ctx context.Context, code string) error {
	_, err := w.token(ctx, appClient, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}})
	return err
}

// token asks for tokens, keeps what comes for a person, and says whether there was a refresh token.
func (w *world) token(ctx context.Context, client string, form url.Values) (refreshable bool, err error) {
	m, err := w.form(ctx, "/oauth2/access_token", client, form)
	if err != nil {
		return false, err
	}
	access, _ := m["access_token"].(string)
	if access == "" {
		return false, errors.New("the answer has no access token")
	}
	if client == appClient {
		if w.call == "" {
			w.tokens.add(access)
		} else {
			w.fresh.add(access)
		}
	}
	r, _ := m["refresh_token"].(string)
	if r != "" {
		w.refreshes.add(r)
	}
	return r != "", nil
}

func (w *world) form(ctx context.Context, path, client string, form url.Values) (map[string]any, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", w.am+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(client, clientSecret)
	m, _, err := w.do(req, 200)
	return m, err
}

// send sends a request that is not part of a login.
func (w *world) send(ctx context.Context, k kind) error {
	switch k {
	case refresh:
		r := w.refreshes.take()
		if r == "" {
			return errors.New("there is no refresh token left")
		}
		replaced, err := w.token(ctx, appClient, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r}})
		if err == nil && !replaced {
			w.refreshes.add(r)
		}
		return err
	case clientCredentials:
		_, err := w.token(ctx, serviceClient, url.Values{"grant_type": {"client_credentials"}, "scope": {"sim-call"}})
		return err
	case exchange:
		_, err := w.token(ctx, exchangeClient, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {w.tokens.any()},
			"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "scope": {"sim-call"}})
		return err
	case introspection:
		m, err := w.form(ctx, "/oauth2/introspect", agent, url.Values{"token": {w.tokens.any()}})
		if err == nil && m["active"] != true {
			err = errors.New("a token is not active")
		}
		return err
	case firstCall:
		token := w.fresh.take()
		if token == "" {
			return errNoMore
		}
		defer w.tokens.add(token)
		return w.callWith(ctx, token)
	default:
		return w.callWith(ctx, w.tokens.any())
	}
}

func (w *world) callWith(ctx context.Context, token string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", w.call, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	_, _, err = w.do(req, 200)
	return err
}
