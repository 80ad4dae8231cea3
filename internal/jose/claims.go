package jose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds nested objects and lists in claims.
const maxDepth = 64

// Claims are the members of a JWT payload. The registered ones (RFC 7519 §4.1) have fields; times that are not there
// are zero times.
type Claims struct {
	Issuer    string
	Subject   string
	ID        string
	Audience  []string // a single string became a list of one
	Expires   time.Time
	NotBefore time.Time
	IssuedAt  time.Time
	Values    map[string]any // all members: string, bool, nil, int64, float64, []any, map[string]any
}

// ParseClaims reads a JSON object. Repeated names at any depth, registered claims of the wrong type and nesting over 64
// levels are ErrMalformed.
func ParseClaims(payload []byte) (*Claims, error) {
	values, err := decodeObject(payload)
	if err != nil {
		return nil, err
	}
	c, err := RegisteredClaims(valueMap(values))
	if err != nil {
		return nil, err
	}
	c.Values = values
	return c, nil
}

// Members is a payload that is decoded already.
type Members interface {
	// Get returns a member as Claims.Values has it.
	Get(name string) (any, bool)
	// Text returns a member that is a string; it is there because most claims are, and an any costs an allocation.
	Text(name string) (string, bool)
}

type valueMap map[string]any

func (m valueMap) Get(name string) (any, bool) {
	v, ok := m[name]
	return v, ok
}

func (m valueMap) Text(name string) (string, bool) {
	s, ok := m[name].(string)
	return s, ok
}

// RegisteredClaims reads the claims that have fields. Values of the result is nil, so that Expect.Require can name these
// claims only.
func RegisteredClaims(m Members) (*Claims, error) {
	c := &Claims{}
	for _, t := range [...]struct {
		name string
		to   *string
	}{{"iss", &c.Issuer}, {"sub", &c.Subject}, {"jti", &c.ID}} {
		text, ok := m.Text(t.name)
		if !ok {
			if v, _ := m.Get(t.name); v != nil {
				return nil, fmt.Errorf("%w: claim %s is not a string", ErrMalformed, t.name)
			}
		}
		*t.to = text
	}
	for _, t := range [...]struct {
		name string
		to   *time.Time
	}{{"exp", &c.Expires}, {"nbf", &c.NotBefore}, {"iat", &c.IssuedAt}} {
		v, _ := m.Get(t.name)
		if err := timeClaim(v, t.name, t.to); err != nil {
			return nil, err
		}
	}
	if text, ok := m.Text("aud"); ok {
		c.Audience = []string{text}
		return c, nil
	}
	v, _ := m.Get("aud")
	var err error
	c.Audience, err = audienceClaim(v)
	return c, err
}

// has tells whether a claim is there and not null.
func (c *Claims) has(name string) bool {
	if c.Values != nil {
		return c.Values[name] != nil
	}
	switch name {
	case "iss":
		return c.Issuer != ""
	case "sub":
		return c.Subject != ""
	case "jti":
		return c.ID != ""
	case "aud":
		return c.Audience != nil
	case "exp":
		return !c.Expires.IsZero()
	case "nbf":
		return !c.NotBefore.IsZero()
	case "iat":
		return !c.IssuedAt.IsZero()
	}
	return false
}

// timeClaim reads a NumericDate: seconds, possibly with a fraction. Values outside the years 1 to 9999 are refused;
// they come from milliseconds mistaken for seconds or from an attempt to overflow the sum with the skew.
func timeClaim(v any, name string, to *time.Time) error {
	const first, last = -62135596800, 253402300799
	if v == nil {
		return nil
	}
	switch n := v.(type) {
	case int64:
		if n > first && n <= last {
			*to = time.Unix(n, 0).UTC()
			return nil
		}
	case float64:
		if n > first && n <= last {
			whole, fraction := math.Modf(n)
			*to = time.Unix(int64(whole), int64(fraction*1e9)).UTC()
			return nil
		}
	}
	return fmt.Errorf("%w: claim %s is not a date in seconds", ErrMalformed, name)
}

func audienceClaim(v any) ([]string, error) {
	switch a := v.(type) {
	case nil:
		return nil, nil
	case []any:
		out := make([]string, 0, len(a))
		for _, e := range a {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%w: claim aud holds something else than strings", ErrMalformed)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: claim aud is neither a string nor a list", ErrMalformed)
}

// Expect says what claims must be. The zero value checks the times that are there against the current time.
type Expect struct {
	Now       time.Time     // zero means the current time
	Skew      time.Duration // how far clocks may differ, in both directions
	Issuers   []string      // one of them must be iss, compared byte by byte; empty accepts any
	Audiences []string      // one of them must be in aud; empty accepts any
	Require   []string      // claims that must be there and not null, such as "exp", "iat", "sub"
	MaxAge    time.Duration // refuses tokens whose iat is older; 0 does not look, else iat must be there
	MaxLife   time.Duration // refuses exp further than this in the future; 0 does not look, else exp must be there
}

// Check compares the claims with e. The first failure is returned: ErrClaim, ErrExpired, ErrNotYetValid, ErrIssuer or
// ErrAudience.
func (c *Claims) Check(e Expect) error {
	for _, name := range e.Require {
		if !c.has(name) {
			return fmt.Errorf("%w: %s is required", ErrClaim, name)
		}
	}
	if err := c.checkTimes(e); err != nil {
		return err
	}
	if len(e.Issuers) > 0 && !slices.Contains(e.Issuers, c.Issuer) {
		return ErrIssuer
	}
	wanted := func(a string) bool { return slices.Contains(e.Audiences, a) }
	if len(e.Audiences) > 0 && !slices.ContainsFunc(c.Audience, wanted) {
		return ErrAudience
	}
	return nil
}

func (c *Claims) checkTimes(e Expect) error {
	now := e.Now
	if now.IsZero() {
		now = time.Now()
	}
	early, late := now.Add(-e.Skew), now.Add(e.Skew)
	switch {
	// "on or after which the JWT MUST NOT be accepted" (RFC 7519 §4.1.4)
	case !c.Expires.IsZero() && !early.Before(c.Expires):
		return ErrExpired
	case !c.NotBefore.IsZero() && late.Before(c.NotBefore):
		return fmt.Errorf("%w: nbf", ErrNotYetValid)
	case !c.IssuedAt.IsZero() && late.Before(c.IssuedAt):
		return fmt.Errorf("%w: iat", ErrNotYetValid)
	case e.MaxAge > 0 && c.IssuedAt.IsZero(), e.MaxLife > 0 && c.Expires.IsZero():
		return fmt.Errorf("%w: iat or exp is required", ErrClaim)
	case e.MaxAge > 0 && early.After(c.IssuedAt.Add(e.MaxAge)):
		return fmt.Errorf("%w: issued too long ago", ErrExpired)
	case e.MaxLife > 0 && c.Expires.After(late.Add(e.MaxLife)):
		return fmt.Errorf("%w: exp is unreasonably far away", ErrClaim)
	}
	return nil
}

// DecodeObject reads a JSON object with the value types of Claims.Values and the strictness of ParseClaims.
func DecodeObject(data []byte) (map[string]any, error) { return decodeObject(data) }

func decodeObject(data []byte) (map[string]any, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(data)) // refuses repeated names and broken UTF-8
	if d.PeekKind() != '{' {
		return nil, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	v, err := decodeValue(d, maxDepth)
	if errors.Is(err, errDeep) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: not a JSON object, or a name is repeated", ErrMalformed)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: data after the JSON object", ErrMalformed)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	return object, nil
}

var errDeep = &tooLarge{"jwt_depth", "objects and lists nested too deeply"}

func decodeValue(d *jsontext.Decoder, depth int) (any, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return decodeMembers(d, depth-1)
	case '[':
		return decodeList(d, depth-1)
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String())
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

func decodeMembers(d *jsontext.Decoder, depth int) (any, error) {
	if depth <= 0 {
		return nil, errDeep
	}
	out := map[string]any{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String() // the token's text is overwritten by the next read
		if out[key], err = decodeValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return out, err
}

func decodeList(d *jsontext.Decoder, depth int) (any, error) {
	if depth <= 0 {
		return nil, errDeep
	}
	out := []any{}
	for d.PeekKind() != ']' {
		v, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.ReadToken()
	return out, err
}

// number keeps whole numbers exact; those that no int64 holds become float64, and those beyond float64 are refused.
func number(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	return strconv.ParseFloat(text, 64)
}
