package oauth2

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"maps"
	"math/big"
	"time"

	"gatehouse/internal/gateway/chain"
)

// login is what the session knows of a user agent: the tokens once it is logged in, and
// the logins under way. It is stored as a map of plain values under short names, since a
// session in a cookie holds nothing else and has little room, and since scripts read it.
type login struct {
	registration string // crn, the client id
	issuer       string // isn, the name of the Issuer
	endpoint     string // ce, the client endpoint
	scopes       []string
	tokens       map[string]any // atr, the token response; nil: not logged in
	expires      int64          // ea, in seconds since 1970; 0: the server does not say
	pending      []pending
}

// pending is a login that was sent to the authorization server. There are several when
// several tabs log in at once.
type pending struct {
	state        string // arn, the part of the state before the colon
	nonce        string // n
	verifier     string // v, of PKCE
	registration string // crn
	issuer       string // isn
	target       string // g, a hash of where the login leads, or that itself when it is long
}

// maxCarried bounds the targets that the state carries. Servers bound their URLs, and
// put the state into further ones.
const maxCarried = 256

// carry decides what of the target the state has; the session keeps the rest.
func (p *pending) carry(target string) (state string) {
	switch {
	case target == "":
		return p.state
	case len(target) > maxCarried:
		p.target = target
		return p.state
	}
	p.target = hashed(target)
	return p.state + ":" + target
}

// carried returns the target of a login that came back with its state. What the browser
// carried may have been changed; the hash tells.
func (p *pending) carried(target string) (string, bool) {
	if len(p.target) > maxCarried {
		return p.target, target == ""
	}
	return target, target == "" && p.target == "" || target != "" && hashed(target) == p.target
}

// maxPending bounds the logins under way of one session; the oldest makes room.
//
// Deviation: PingGateway knows one, so that a second tab spoils the login of the first,
// and it ends the present login when another begins.
const maxPending = 5

const sessionPrefix = "oauth2:"

var (
	errNoSession  = errors.New("there is no session manager")
	errBadSession = errors.New("the session holds something else than a login")
)

func sessionOf(x *chain.Exchange) (chain.Session, error) {
	if c := chain.Find[*chain.SessionContext](x.Context); c != nil && c.Session != nil {
		return c.Session, nil
	}
	return nil, errNoSession
}

// readLogin returns an empty login when the session has none.
func readLogin(s chain.Session, key string) (*login, error) {
	v, ok := s.Get(key)
	if !ok || v == nil {
		return &login{}, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errBadSession
	}
	l := &login{}
	good := text(m, "crn", &l.registration) && text(m, "isn", &l.issuer) && text(m, "ce", &l.endpoint)
	if l.scopes, ok = words(m["s"]); !ok {
		good = false
	}
	if v, there := m["atr"]; there {
		l.tokens, ok = v.(map[string]any)
		access, _ := l.tokens["access_token"].(string)
		good = good && ok && access != ""
	}
	switch n := m["ea"].(type) {
	case nil:
	case int64:
		l.expires = n
	default:
		good = false
	}
	list, ok := m["p"].([]any)
	if _, there := m["p"]; there && !ok {
		good = false
	}
	for _, e := range list {
		em, _ := e.(map[string]any)
		p := pending{}
		good = good && text(em, "arn", &p.state) && text(em, "n", &p.nonce) && text(em, "v", &p.verifier) &&
			text(em, "crn", &p.registration) && text(em, "isn", &p.issuer) && text(em, "g", &p.target) && p.state != ""
		l.pending = append(l.pending, p)
	}
	if !good {
		return nil, errBadSession
	}
	return l, nil
}

func text(m map[string]any, name string, to *string) bool {
	v, there := m[name]
	if !there {
		return true
	}
	s, ok := v.(string)
	*to = s
	return ok
}

func words(v any) ([]string, bool) {
	if v == nil {
		return nil, true
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, e := range list {
		if out[i], ok = e.(string); !ok {
			return nil, false
		}
	}
	return out, true
}

// store keeps the login; an empty one is removed. The session gets a map of its own:
// other requests may be reading the one before.
func (l *login) store(s chain.Session, key string) error {
	m := map[string]any{}
	put := func(m map[string]any, name, value string) {
		if value != "" {
			m[name] = value
		}
	}
	if l.tokens != nil {
		m["atr"] = l.tokens
		put(m, "crn", l.registration)
		put(m, "isn", l.issuer)
		put(m, "ce", l.endpoint)
		if len(l.scopes) > 0 {
			list := make([]any, len(l.scopes))
			for i, w := range l.scopes {
				list[i] = w
			}
			m["s"] = list
		}
		if l.expires != 0 {
			m["ea"] = l.expires
		}
	}
	var list []any
	for _, p := range l.pending {
		e := map[string]any{"arn": p.state}
		put(e, "n", p.nonce)
		put(e, "v", p.verifier)
		put(e, "crn", p.registration)
		put(e, "isn", p.issuer)
		put(e, "g", p.target)
		list = append(list, e)
	}
	if list != nil {
		m["p"] = list
		m["arn"] = l.pending[len(l.pending)-1].state
		if l.tokens == nil {
			put(m, "crn", l.pending[len(l.pending)-1].registration)
		}
	}
	if len(m) == 0 {
		return s.Set(key, nil)
	}
	return s.Set(key, m)
}

// loggedIn says whether the login has tokens.
func (l *login) loggedIn() bool { return l.tokens != nil }

func (l *login) token(name string) string {
	s, _ := l.tokens[name].(string)
	return s
}

// add notes a login that begins, and tells whether the oldest made room for it.
func (l *login) add(p pending) (full bool) {
	l.pending = append(l.pending, p)
	if extra := len(l.pending) - maxPending; extra > 0 {
		l.pending = l.pending[extra:]
		return true
	}
	return false
}

// take removes the pending login with the state, so that none is used twice.
func (l *login) take(state string) (pending, bool) {
	for i, p := range l.pending {
		if subtle.ConstantTimeCompare([]byte(p.state), []byte(state)) == 1 {
			l.pending = append(append([]pending{}, l.pending[:i]...), l.pending[i+1:]...)
			return p, true
		}
	}
	return pending{}, false
}

// merged puts a token response over the present one: a refresh repeats only what changed.
func (l *login) merged(answer *tokenAnswer, now time.Time) *login {
	next := *l
	next.tokens = maps.Clone(l.tokens)
	if next.tokens == nil {
		next.tokens = map[string]any{}
	}
	maps.Copy(next.tokens, answer.members)
	next.expires = 0
	if answer.life > 0 {
		next.expires = now.Add(answer.life).Unix()
	}
	if answer.scopes != nil {
		next.scopes = answer.scopes
	}
	return &next
}

// newState is 160 random bits in base 36.
func newState() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails, it ends the process instead
	return new(big.Int).SetBytes(b[:]).Text(36)
}

// newSecret is 256 random bits: a nonce, or a verifier of PKCE (RFC 7636 §4.1).
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
