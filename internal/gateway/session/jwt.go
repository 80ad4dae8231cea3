package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

type jwtConfig struct {
	// AuthenticatedEncryptionSecretID names the symmetric key; without it a random key
	// is made at start, and sessions end with the process.
	AuthenticatedEncryptionSecretID secrets.ID `conf:"authenticatedEncryptionSecretId,alias=encryptionSecretId"`
	// EncryptionMethod is the JWE content encryption.
	EncryptionMethod string `conf:"encryptionMethod,oneof=A128GCM|A192GCM|A256GCM|A128CBC-HS256|A192CBC-HS384|A256CBC-HS512,default=A256GCM"`
	// SecretsProvider has the key.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// Cookie is the session cookie.
	Cookie *Cookie `conf:"cookie"`
	// SessionTimeout is how long a session lives from its beginning.
	SessionTimeout conf.Duration `conf:"sessionTimeout,default=30 minutes"`
	// PersistentCookie lets the cookie outlive the browser.
	PersistentCookie bool `conf:"persistentCookie"`
	// SkewAllowance is how far clocks may be apart.
	SkewAllowance conf.Duration `conf:"skewAllowance"`
	// UseCompression makes cookies smaller; it may tell an attacker about their content.
	UseCompression bool `conf:"useCompression"`

	CookieName        string `conf:"cookieName"`
	CookieDomain      string `conf:"cookieDomain"`
	Keystore          any    `conf:"keystore,unused=sessions are encrypted with a symmetric key: use authenticatedEncryptionSecretId"`
	Alias             string `conf:"alias,unused=sessions are encrypted with a symmetric key: use authenticatedEncryptionSecretId"`
	Password          any    `conf:"password,unused=sessions are encrypted with a symmetric key: use authenticatedEncryptionSecretId"`
	SharedSecret      any    `conf:"sharedSecret,unused=sessions are encrypted with a symmetric key: use authenticatedEncryptionSecretId"`
	SignatureSecretID any    `conf:"signatureSecretId,unused=the encryption authenticates the session"`
}

// chunk is how much of a session one cookie holds: browsers take 4096 bytes for name,
// value and attributes together.
const (
	chunk     = 3800
	maxChunks = 8
	// maxContent bounds a session before it is compressed: what is larger could not be read again.
	maxContent = 4 * chunk * maxChunks
)

// longest is how long sessions in cookies may live.
const longest = conf.Duration(10 * 365 * 24 * time.Hour)

var jwt = heap.Define("JwtSessionManager", func(c *jwtConfig, env *heap.Env) (SessionManager, error) {
	c.Cookie = c.Cookie.OrDefaults(env, "cookie", cmp.Or(c.CookieName, "openig-jwt-session"))
	if c.Cookie.Domain == "" {
		c.Cookie.Domain = c.CookieDomain
	}
	switch {
	case c.SessionTimeout <= 0 || c.SessionTimeout.Unlimited():
		env.Fail("sessionTimeout", "the duration must be neither zero nor unlimited")
	case c.SessionTimeout > longest:
		env.Warn("sessionTimeout", "the duration is longer than 10 years; 10 years are used")
		c.SessionTimeout = longest
	}
	if c.SkewAllowance.Unlimited() {
		env.Fail("skewAllowance", "the duration must not be unlimited")
	}
	m := &sealed{config: c, encryption: jose.Encryption(c.EncryptionMethod), now: env.Now, log: env.Log}
	if c.AuthenticatedEncryptionSecretID == "" {
		key, err := jose.NewKey(randomBytes(jose.Encryption(c.EncryptionMethod).KeyBits() / 8))
		if err != nil {
			return nil, err
		}
		m.key = key
		env.Warn("authenticatedEncryptionSecretId", "sessions are encrypted with a random key and end with the process")
		return m, nil
	}
	c.SecretsProvider.OrEnvironment(env)
	return m, nil
}, "JwtSession", "JwtSessionFactory")

// sealed keeps sessions in cookies that only the gateway can read and make.
type sealed struct {
	config     *jwtConfig
	encryption jose.Encryption
	key        *jose.Key // nil: from the secrets provider
	now        func() time.Time
	log        *slog.Logger
}

// Start looks at the key, so that one of the wrong size shows when the configuration loads and not with the first
// session. A key that is missing may still come.
func (m *sealed) Start(ctx context.Context) error {
	if m.key != nil {
		return nil
	}
	key, err := m.config.SecretsProvider.Key(ctx, m.config.AuthenticatedEncryptionSecretID)
	if err != nil {
		m.log.Warn("sessions cannot be kept", "cause", err)
		return nil
	}
	_, err = m.encrypter(key)
	return err
}

func (m *sealed) encrypter(key *jose.Key) (*jose.Encrypter, error) {
	e, err := jose.NewEncrypter(key, jose.Dir, m.encryption, jose.EncrypterOptions{Compress: m.config.UseCompression})
	if err != nil {
		return nil, fmt.Errorf("encrypt sessions: %w", err)
	}
	return e, nil
}

func (m *sealed) Open(x *chain.Exchange) Scope { return &sealedScope{manager: m, x: x} }

// content is what the cookie holds.
type content struct {
	// Expires is in milliseconds since 1970.
	Expires int64          `json:"_ig_exp"`
	Values  map[string]any `json:"session"`
}

type sealedScope struct {
	manager *sealed
	x       *chain.Exchange

	mu      sync.Mutex // a script's calls run beside one another
	looked  bool
	chunks  int // cookies that came
	broken  bool
	expires time.Time
	values  map[string]any
	before  []byte
}

func (s *sealedScope) load() {
	if s.looked {
		return
	}
	s.looked = true
	s.values = map[string]any{}
	var token bytes.Buffer
	for ; s.chunks < maxChunks; s.chunks++ {
		part := s.manager.cookie(s.chunks).Get(s.x.Request.Header)
		if part == "" {
			break
		}
		token.WriteString(part)
		if len(part) < chunk {
			s.chunks++
			break // the last part: a cookie with the next name is somebody else's
		}
	}
	if token.Len() == 0 {
		return
	}
	c, err := s.manager.open(s.x.Ctx(), token.String())
	if err != nil {
		s.broken = true
		s.manager.log.WarnContext(s.x.Ctx(), "the session cookie is not used", "cause", err)
		return
	}
	s.values, s.expires = c.Values, time.UnixMilli(c.Expires)
	s.before, _ = json.Marshal(s.values)
}

// cookie is that of the n-th part.
func (m *sealed) cookie(n int) *Cookie {
	c := *m.config.Cookie
	if n > 0 {
		c.Name += strconv.Itoa(n)
	}
	return &c
}

var errSessionOver = errors.New("the session has expired")

func (m *sealed) open(ctx context.Context, token string) (*content, error) {
	var keys jose.Finder = m.config.SecretsProvider.Keys(m.config.AuthenticatedEncryptionSecretID)
	if m.key != nil {
		keys = jose.NewKeySet(m.key)
	}
	t, err := jose.Decrypt(ctx, token, jose.DecryptOptions{
		Keys: keys, Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: []jose.Encryption{m.encryption},
		MaxBytes: maxContent, Inflate: true, // also of the time before compression was switched off
	})
	if err != nil {
		return nil, err
	}
	v, err := chain.ParseJSON(t.Payload)
	if err != nil {
		return nil, err
	}
	claims, _ := v.(map[string]any)
	c := &content{}
	c.Expires, _ = claims["_ig_exp"].(int64)
	c.Values, _ = claims["session"].(map[string]any)
	if c.Values == nil {
		return nil, errors.New("the cookie holds no session")
	}
	if m.now().After(time.UnixMilli(c.Expires).Add(m.config.SkewAllowance.D())) {
		return nil, errSessionOver
	}
	return c, nil
}

func (s *sealedScope) Get(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	v, ok := s.values[key]
	return v, ok
}

// Set stores what JSON can express; anything else is an error.
func (s *sealedScope) Set(key string, v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	if v == nil {
		delete(s.values, key)
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("session.%s: a session in a cookie holds JSON values only", key)
	}
	plain, err := chain.ParseJSON(b)
	if err != nil {
		return err
	}
	s.values[key] = plain
	return nil
}

func (s *sealedScope) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	return slices.Sorted(maps.Keys(s.values))
}

func (s *sealedScope) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	clear(s.values)
}

// Save writes the cookies when the content changed, and removes those that are
// emptied or could not be used.
func (s *sealedScope) Save(resp *chain.Response) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.looked {
		return nil
	}
	after, err := json.Marshal(s.values)
	if err != nil {
		return err
	}
	if len(s.values) == 0 {
		for n := range s.chunks {
			s.manager.cookie(n).Set(resp.Header, "", -1)
		}
		return nil
	}
	if bytes.Equal(s.before, after) && !s.broken {
		return nil
	}
	return s.write(resp.Header)
}

func (s *sealedScope) write(h http.Header) error {
	m := s.manager
	if s.expires.IsZero() {
		s.expires = m.now().Add(m.config.SessionTimeout.D())
	}
	body, err := json.Marshal(content{Expires: s.expires.UnixMilli(), Values: s.values})
	if err != nil {
		return err
	}
	if len(body) > maxContent {
		return fmt.Errorf("the session has %d bytes, more than the %d that cookies can hold", len(body), maxContent)
	}
	key := m.key
	if key == nil {
		if key, err = m.config.SecretsProvider.Key(s.x.Ctx(), m.config.AuthenticatedEncryptionSecretID); err != nil {
			return err
		}
	}
	e, err := m.encrypter(key)
	if err != nil {
		return err
	}
	token, err := e.Encrypt(body)
	if err != nil {
		return fmt.Errorf("encrypt session: %w", err)
	}
	maxAge := 0
	if m.config.PersistentCookie {
		maxAge = max(int(s.expires.Sub(m.now()).Seconds()), 1)
	}
	n := 0
	for ; token != ""; n++ {
		if n == maxChunks {
			return fmt.Errorf("the session is larger than %d cookies can hold", maxChunks)
		}
		part := token[:min(chunk, len(token))]
		token = token[len(part):]
		m.cookie(n).Set(h, part, maxAge)
	}
	for ; n < s.chunks; n++ {
		m.cookie(n).Set(h, "", -1)
	}
	return nil
}
