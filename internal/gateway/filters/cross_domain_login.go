package filters

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/jose"
)

// loginState is what the gateway must know again when the token comes. It travels
// through the server, encrypted with a key that all gateways of one agent share, so no
// gateway has to remember it.
type loginState struct {
	// Back is where the user comes back to.
	Back string `json:"b"`
	// Nonce is the hash of the secret in the login's cookie.
	Nonce string `json:"n"`
	// Until is when the login must be over, in seconds since 1970.
	Until int64 `json:"u"`
}

// send sends the user to log in.
func (f *crossDomain) send(x *chain.Exchange) (*chain.Response, error) {
	back := f.back(x)
	announceRedirect(x, back)
	return f.start(x, back)
}

func (f *crossDomain) start(x *chain.Exchange, back *chain.URI, more ...string) (*chain.Response, error) {
	secret := rand.Text()
	location, err := f.authorize(x, back, secret, more...)
	if err != nil {
		return nil, err
	}
	resp := redirectTo(location)
	c := f.loginCookie(x, nonceOf(secret))
	c.Set(resp.Header, secret, int(f.lifetime.Seconds()))
	return resp, nil
}

// loginCookie ties a login to the browser that began it. The token comes with a POST of
// another site, which carries only cookies that allow that.
func (f *crossDomain) loginCookie(x *chain.Exchange, nonce string) *session.Cookie {
	c := &session.Cookie{Name: "ig-login-" + nonce[:12], HTTPOnly: true, Path: f.path, Secure: strings.HasPrefix(f.landing(x), "https:")}
	if c.Secure {
		c.SameSite = "NONE"
	}
	return c
}

func nonceOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// login is where a user would log in; such a link has no login's cookie, so that it
// shows where the page is but begins no login.
func (f *crossDomain) login(x *chain.Exchange, back *chain.URI, more ...string) (string, error) {
	return f.authorize(x, back, rand.Text(), more...)
}

func (f *crossDomain) authorize(x *chain.Exchange, back *chain.URI, secret string, more ...string) (string, error) {
	u, err := chain.ParseURI(f.service.OAuthURL("authorize"))
	if err != nil {
		return "", err
	}
	nonce := nonceOf(secret)
	state, err := f.seal(x, loginState{Back: back.String(), Nonce: nonce, Until: f.now().Add(f.lifetime).Unix()})
	if err != nil {
		return "", err
	}
	for _, p := range [][2]string{
		{"response_type", "id_token"}, {"response_mode", "form_post"}, {"client_id", f.service.Agent()}, {"redirect_uri", f.landing(x)},
		{"scope", "openid"}, {"agent_provider", "true"}, {"agent_realm", f.service.Realm()}, {"nonce", nonce}, {"state", state},
	} {
		addParameter(u, p[0], p[1])
	}
	if f.journey != "" {
		addParameter(u, "service", f.journey)
	}
	for i := 0; i+1 < len(more); i += 2 {
		addParameter(u, more[i], more[i+1])
	}
	return u.String(), nil
}

// stateKey is derived from the agent's password.
func (f *crossDomain) stateKey(x *chain.Exchange) (*jose.Key, error) {
	password, err := f.service.AgentPassword(x.Ctx())
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write([]byte("state of cross-domain logins"))
	return jose.NewKey(mac.Sum(nil))
}

func (f *crossDomain) seal(x *chain.Exchange, s loginState) (string, error) {
	key, err := f.stateKey(x)
	if err != nil {
		return "", err
	}
	e, err := jose.NewEncrypter(key, jose.Dir, jose.A256GCM, jose.EncrypterOptions{})
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	return e.Encrypt(b)
}

var errState = errors.New("the state is not one of this gateway, or too old")

func (f *crossDomain) open(x *chain.Exchange, text string) (s loginState, err error) {
	key, err := f.stateKey(x)
	if err != nil {
		return s, err
	}
	t, err := jose.Decrypt(x.Ctx(), text, jose.DecryptOptions{
		Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: []jose.Encryption{jose.A256GCM},
	})
	if err != nil || json.Unmarshal(t.Payload, &s) != nil || f.now().Unix() > s.Until || len(s.Nonce) < 12 {
		return s, errState
	}
	return s, nil
}

// land takes the token that the server sends through the browser.
func (f *crossDomain) land(x *chain.Exchange) (*chain.Response, error) {
	form := x.Request.Entity.Form()
	given := func(name string) string {
		if v := form[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	state, err := f.open(x, given("state"))
	if err != nil {
		return f.failed(x, "invalid_request", err)
	}
	if code := given("error"); code != "" {
		return f.failed(x, code, fmt.Errorf("%w: %q", errServerError, given("error_description")))
	}
	token := given("id_token")
	claims, err := f.verify(x, token)
	if err != nil {
		return f.failed(x, "invalid_token", err)
	}
	cookie := f.loginCookie(x, state.Nonce)
	nonce, _ := claims.Values["nonce"].(string)
	if nonceOf(cookie.Get(x.Request.Header)) != state.Nonce || subtle.ConstantTimeCompare([]byte(nonce), []byte(state.Nonce)) != 1 {
		return f.failed(x, "invalid_token", errUnfitNonce)
	}
	resp := redirectTo(state.Back)
	f.cookie.Set(resp.Header, token, 0)
	cookie.Set(resp.Header, "", -1)
	return resp, nil
}

func (f *crossDomain) failed(x *chain.Exchange, code string, why error) (*chain.Response, error) {
	f.log.WarnContext(x.Ctx(), "the login failed", "code", code, "error", why)
	return f.refusal.answer(x.Push(&chain.MapContext{Name: "cdssoFailure", Values: map[string]any{
		"error": code, "description": why.Error(), "throwable": nil,
	}}), why)
}
