package script

import (
	"errors"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// Strings runs a script that gives a collection of strings, such as the scopes that a
// request needs. A ResponseException of the script comes as a *ResponseError.
func (s *Script) Strings(x *chain.Exchange, vars ...Var) ([]string, error) {
	v, err := s.Run(x, vars...)
	if err != nil {
		if e := responseOf(err); e != nil {
			return nil, e
		}
		return nil, err
	}
	items, many := elements(v)
	if !many {
		return nil, s.failed(wrongResult("a Set of strings", v))
	}
	out := make([]string, 0, len(items))
	for _, e := range items {
		if !isText(e) {
			return nil, s.failed(wrongResult("strings in the Set", e))
		}
		out = append(out, text(e))
	}
	return out, nil
}

// String runs a script that gives a text.
func (s *Script) String(x *chain.Exchange, vars ...Var) (string, error) {
	v, err := s.Run(x, vars...)
	if err != nil {
		return "", err
	}
	switch v.(type) {
	case string, *groovy.GString, uri:
		return text(v), nil
	}
	return "", s.failed(wrongResult("a string", v))
}

// Token is the AccessTokenInfo that a script gave.
type Token struct {
	Info   []byte // the JSON object of claims, in its order
	Token  string
	Scopes []string
	// ExpiresAt is in milliseconds since 1970, math.MaxInt64 for never.
	ExpiresAt int64
}

// AccessToken runs a script that resolves an access token; the variable token holds
// it.
func (s *Script) AccessToken(x *chain.Exchange, token string) (*Token, error) {
	v, err := s.Run(x, Var{"token", token})
	if err != nil {
		return nil, err
	}
	t, ok := v.(*accessToken)
	if !ok {
		return nil, s.failed(wrongResult("an AccessTokenInfo", v))
	}
	info, err := marshalJSON(t.info)
	if err != nil {
		return nil, s.failed(err)
	}
	if !isMap(t.info.v) {
		return nil, s.failed(wrongResult("an AccessTokenInfo of a map", t.info.v))
	}
	out := &Token{Info: info, Token: t.token, ExpiresAt: t.expires}
	for _, e := range t.scopes.Items() {
		out.Scopes = append(out.Scopes, text(e))
	}
	return out, nil
}

// Rate is the ThrottlingRate that a script gave.
type Rate struct {
	Requests int64
	Per      time.Duration
}

// ThrottlingRate runs a script that gives the rate for a request; nil means no limit.
func (s *Script) ThrottlingRate(x *chain.Exchange) (*Rate, error) {
	v, err := s.Run(x)
	if err != nil || v == nil {
		return nil, err
	}
	r, ok := v.(*rate)
	if !ok {
		return nil, s.failed(wrongResult("a ThrottlingRate", v))
	}
	return &Rate{r.requests, r.per}, nil
}

func wrongResult(want string, got groovy.Value) error {
	return errors.New("the script gave " + kindOf(got) + " where " + want + " is expected")
}
