package main

// day is what happens on a day, for one person or session each.
type day struct {
	Users             int
	Sessions          float64
	Passwords         float64 // part of the logins
	Refreshes         float64
	Calls             float64
	Introspections    float64 // for each call
	ClientCredentials float64
	Exchanges         float64
	Peak              float64
}

// kind is a kind of request.
type kind int

const (
	password kind = iota
	authorize
	code
	refresh
	clientCredentials
	exchange
	introspection
	firstCall // with an access token that the gateway has not seen yet
	proxied
	kinds
)

func (k kind) String() string {
	return [...]string{"password", "authorize", "authorization_code", "refresh_token", "client_credentials", "token exchange", "introspection", "first call with a token", "call"}[k]
}

// perDay is how often something happens on a day, over all people. Logins are what authorize counts.
func (d day) perDay(k kind) float64 {
	people := float64(d.Users)
	sessions := people * d.Sessions
	switch k {
	case password:
		return sessions * d.Passwords
	case authorize, code:
		return sessions
	case refresh:
		return sessions * d.Refreshes
	case clientCredentials:
		return people * d.ClientCredentials
	case exchange:
		return people * d.Exchanges
	case introspection:
		return sessions * d.Calls * d.Introspections
	case firstCall:
		return min(sessions*(1+d.Refreshes), sessions*d.Calls)
	default:
		return sessions*d.Calls - d.perDay(firstCall)
	}
}

// peak is how often it happens in a second of the busiest hour.
func (d day) peak(k kind) float64 { return d.perDay(k) / 86400 * d.Peak }

// writes is how many records a day adds: sessions, codes and tokens.
func (d day) writes() float64 {
	n := 0.0
	for _, k := range []kind{password, authorize, code, refresh, clientCredentials, exchange} {
		n += d.perDay(k)
	}
	return n
}
