package filters

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/jose"
)

type amSessionIdleTimeoutConfig struct {
	// AmService is the server that has the session.
	AmService heap.Ref[*amservice.Service] `conf:"amService,required"`
	// IdleTimeout is how long a session may go unused.
	IdleTimeout conf.Duration `conf:"idleTimeout,required"`
	// SessionToken yields the token; the default is the server's session cookie.
	SessionToken *expr.Template `conf:"sessionToken"`
	// RemoveAmSessionFilter takes the token of an ended session out of the request; the
	// default removes the cookie.
	RemoveAmSessionFilter heap.Ref[chain.Filter] `conf:"removeAmSessionFilter"`
	// IdleTimeoutUpdate says when IdleTimeout replaces the one that a session began with.
	IdleTimeoutUpdate string `conf:"idleTimeoutUpdate,oneof=ALWAYS|DECREASE_ONLY|INCREASE_ONLY|INCREASE_ONLY_THEN_ALWAYS|NEVER,default=ALWAYS"`
	// SecretsProvider finds the key.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// EncryptionSecretID names the key; without it a random one is used.
	EncryptionSecretID secrets.ID `conf:"encryptionSecretId"`
	// EncryptionMethod encrypts the cookie.
	EncryptionMethod string `conf:"encryptionMethod,default=A256GCM"`
	// Cookie keeps the time of the last request.
	Cookie *session.Cookie `conf:"cookie"`
}

// amSessionIdleTimeout ends sessions that go unused, also where the server would not.
var amSessionIdleTimeout = heap.Define("AmSessionIdleTimeoutFilter", func(c *amSessionIdleTimeoutConfig, env *heap.Env) (chain.Filter, error) {
	f := &idleWatch{c: c, cookie: c.Cookie.OrDefaults(env, "cookie", "x-ig-activity-tracker"), service: c.AmService.Get(), now: env.Now, log: env.Log}
	if c.IdleTimeout <= 0 || c.IdleTimeout.Unlimited() {
		env.Fail("idleTimeout", "the duration must be neither zero nor unlimited")
	}
	bits := jose.Encryption(c.EncryptionMethod).KeyBits()
	if bits == 0 {
		env.Fail("encryptionMethod", "%q is no content encryption%s", c.EncryptionMethod, conf.DidYouMean(c.EncryptionMethod, algorithmNames(jose.Encryptions())))
		return nil, nil
	}
	if c.EncryptionSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
		return f, nil
	}
	env.Warn("encryptionSecretId", "the cookie is encrypted with a random key: other processes cannot read it")
	b := make([]byte, bits/8)
	_, _ = rand.Read(b)
	var err error
	f.key, err = jose.NewKey(b)
	return f, err
})

type idleWatch struct {
	c       *amSessionIdleTimeoutConfig
	cookie  *session.Cookie
	service *amservice.Service
	key     *jose.Key // nil: from the secrets provider
	now     func() time.Time
	log     *slog.Logger
}

// activity is what the cookie holds.
type activity struct {
	// Token is the hash of the session's token, so that the cookie is of use with no other.
	Token string `json:"t"`
	// Last is the time of the last request, Idle the timeout in force, in seconds.
	Last int64 `json:"l"`
	Idle int64 `json:"i"`
	// Raised says that the timeout was raised once.
	Raised bool `json:"r,omitempty"`
}

func (f *idleWatch) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	token, err := sessionToken(x, f.service, f.c.SessionToken)
	if err != nil || token == "" {
		if err != nil {
			return nil, err
		}
		return next.Handle(x)
	}
	sum := sha256.Sum256([]byte(token))
	a := activity{Token: base64.RawURLEncoding.EncodeToString(sum[:]), Idle: int64(f.c.IdleTimeout.D() / time.Second)}
	now := f.now().Unix()
	if before := f.read(x); before != nil && before.Token == a.Token {
		if now-before.Last > before.Idle {
			return f.end(x, next, token)
		}
		a.Idle, a.Raised = f.update(before, a.Idle)
		a.Last = before.Last
	}
	resp, err := next.Handle(x)
	if err != nil || a.Last == now {
		return resp, err
	}
	a.Last = now
	if err := f.write(x, resp, a); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

// update is the timeout that holds from now on.
func (f *idleWatch) update(before *activity, configured int64) (idle int64, raised bool) {
	raises := configured > before.Idle
	raised = before.Raised || raises
	take := false
	switch f.c.IdleTimeoutUpdate {
	case "ALWAYS":
		take = true
	case "DECREASE_ONLY":
		take = configured < before.Idle
	case "INCREASE_ONLY":
		take = raises
	case "INCREASE_ONLY_THEN_ALWAYS":
		take = raises || before.Raised
	}
	if take {
		return configured, raised
	}
	return before.Idle, before.Raised
}

// end revokes the session; the request goes on without it.
func (f *idleWatch) end(x *chain.Exchange, next chain.Handler, token string) (*chain.Response, error) {
	if err := f.service.Logout(x, token); err != nil && !errors.Is(err, amservice.ErrNoSession) {
		return nil, err
	}
	var resp *chain.Response
	var err error
	if remove := f.c.RemoveAmSessionFilter.Get(); remove != nil {
		resp, err = remove.Filter(x, next)
	} else {
		var name string
		if name, err = f.service.CookieName(x); err != nil {
			return nil, err
		}
		dropCookie(x.Request.Header, name)
		resp, err = next.Handle(x)
	}
	if err == nil {
		f.cookie.Set(resp.Header, "", -1)
	}
	return resp, err
}

func (f *idleWatch) keys() jose.Finder {
	if f.key != nil {
		return jose.NewKeySet(f.key)
	}
	return f.c.SecretsProvider.Keys(f.c.EncryptionSecretID)
}

// read opens the cookie, nil when there is none that is good.
func (f *idleWatch) read(x *chain.Exchange) *activity {
	text := f.cookie.Get(x.Request.Header)
	if text == "" {
		return nil
	}
	t, err := jose.Decrypt(x.Ctx(), text, jose.DecryptOptions{
		Keys: f.keys(), Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: []jose.Encryption{jose.Encryption(f.c.EncryptionMethod)},
	})
	var a activity
	if err == nil {
		err = json.Unmarshal(t.Payload, &a)
	}
	if err != nil {
		f.log.WarnContext(x.Ctx(), "the cookie of the last activity is not used", "error", err)
		return nil
	}
	return &a
}

func (f *idleWatch) write(x *chain.Exchange, resp *chain.Response, a activity) error {
	key, err := f.active(x.Ctx())
	if err != nil {
		return err
	}
	e, err := jose.NewEncrypter(key, jose.Dir, jose.Encryption(f.c.EncryptionMethod), jose.EncrypterOptions{})
	if err != nil {
		return err
	}
	payload, err := json.Marshal(a)
	if err != nil {
		return err
	}
	text, err := e.Encrypt(payload)
	if err != nil {
		return err
	}
	f.cookie.Set(resp.Header, text, 0)
	return nil
}

func (f *idleWatch) active(ctx context.Context) (*jose.Key, error) {
	if f.key != nil {
		return f.key, nil
	}
	return f.c.SecretsProvider.Key(ctx, f.c.EncryptionSecretID)
}
