package nodes

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// persistentCookie are the settings that the node which makes the cookie and the one which takes it have in common.
type persistentCookie struct {
	Idle     int    `json:"idleTimeout"` // hours
	Secure   bool   `json:"useSecureCookie"`
	HTTPOnly bool   `json:"useHttpOnlyCookie"`
	Key      string `json:"hmacSigningKey,omitempty"` // base64, sealed
	Label    string `json:"hmacSigningKeySecretLabelIdentifier,omitempty"`
	Name     string `json:"persistentCookieName"`
	SameSite string `json:"sameSite"`
}

func newPersistentCookie() persistentCookie {
	return persistentCookie{Idle: 5, Secure: true, HTTPOnly: true, Name: "session-jwt", SameSite: "LAX"}
}

// remembered is what a cookie says, sealed with the server's key.
type remembered struct {
	User  string `json:"u"`
	Realm string `json:"r"`
	IP    string `json:"i"`
	Until int64  `json:"m"` // the end of its life
	Idle  int64  `json:"d"` // the end of its idle time
	// Password is a digest of the stored hash: a new password ends what was remembered before.
	Password string `json:"p,omitempty"`
	MAC      []byte `json:"h,omitempty"`
}

var errCookieLabel = errors.New("hmacSigningKeySecretLabelIdentifier: labels of persistent cookies are not supported by this server: the key has to be in hmacSigningKey")

// Check finds what is wrong with the settings.
func (n *persistentCookie) Check() error {
	if n.Label != "" {
		return errCookieLabel
	}
	return nil
}

// mac proves that a node with the same key made the cookie.
func (n *persistentCookie) mac(s *journey.Step, r remembered) ([]byte, error) {
	if n.Label != "" {
		return nil, errCookieLabel
	}
	text, err := s.Host.OpenSecret(n.Key)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("hmacSigningKey: expected base64: %w", err)
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%q %q %q %d %d %q %q", r.User, r.Realm, r.IP, r.Until, r.Idle, r.Password, n.Name)
	return m.Sum(nil), nil
}

// remember sets the cookie once the journey has succeeded, for whoever was authenticated then.
func (n *persistentCookie) remember(s *journey.Step, u *realm.User, until int64) error {
	r := remembered{
		User: u.Name, Realm: s.Realm.Path, IP: s.ClientIP, Until: until, Idle: min(until, s.Now+int64(max(1, n.Idle))*3600), Password: store.DigestOf(u.Password),
	}
	mac, err := n.mac(s, r)
	if err != nil {
		return err
	}
	r.MAC = mac
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.State.SetCookie(journey.Cookie{
		Name: n.Name, Value: base64.RawURLEncoding.EncodeToString([]byte(s.Host.SealSecret(string(raw)))), MaxAge: int(r.Idle - s.Now),
		Secure: n.Secure || n.SameSite == "NONE", HTTPOnly: n.HTTPOnly, SameSite: n.SameSite, User: r.User,
	})
	return nil
}

// recall reads the cookie of the request; store.ErrNotFound for none that is good.
func (n *persistentCookie) recall(s *journey.Step, sameIP bool) (remembered, error) {
	none := func(err error) (remembered, error) {
		return remembered{}, fmt.Errorf("persistent cookie: %w: %w", store.ErrNotFound, err)
	}
	c, err := s.Request.Cookie(n.Name)
	if err != nil {
		return none(err)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return none(err)
	}
	plain, err := s.Host.OpenSecret(string(sealed))
	if err != nil {
		return none(err)
	}
	var r remembered
	if err := json.Unmarshal([]byte(plain), &r); err != nil {
		return none(err)
	}
	mac, err := n.mac(s, r)
	switch {
	case err != nil:
		return r, err
	case !hmac.Equal(mac, r.MAC), r.Realm != s.Realm.Path, s.Now >= r.Until, s.Now >= r.Idle, sameIP && r.IP != s.ClientIP:
		return none(errors.New("it is not of this node, or over"))
	}
	return r, nil
}

// setPersistentCookie makes a cookie by which the user is signed in again later.
type setPersistentCookie struct {
	persistentCookie
	Life int `json:"maxLife"` // hours
}

func (*setPersistentCookie) Outcomes() []string { return next }

func (n *setPersistentCookie) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if err == nil {
		err = n.remember(s, u, s.Now+int64(max(1, n.Life))*3600)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return journey.Result{}, err
	}
	return journey.To("outcome")
}

// persistentCookieDecision signs in whoever has the cookie, whose idle time begins anew.
type persistentCookieDecision struct {
	persistentCookie
	SameIP bool `json:"enforceClientIp"`
}

func (*persistentCookieDecision) Outcomes() []string { return yesNo }

func (n *persistentCookieDecision) Process(s *journey.Step) (journey.Result, error) {
	r, err := n.recall(s, n.SameIP)
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	u, err := s.Host.Find(s.Context(), s.Realm, r.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!u.IsActive() || store.DigestOf(u.Password) != r.Password) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	s.State.SetUsername(u.Name)
	s.State.User = u.Name
	if err := n.remember(s, u, r.Until); err != nil {
		return journey.Result{}, err
	}
	return journey.To("true")
}
