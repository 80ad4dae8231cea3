package script

import (
	"net/http"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Input is what every script may look at.
type Input struct {
	Realm  *realm.Realm
	Client *realm.Client
	// Subject is who the token is for; User is the user behind it, nil for clients.
	Subject store.Subject
	User    *realm.User
	// Session is the login session that the request rests on, nil when there is none.
	Session *store.Session
	Scopes  []string
	// RequestURI is the address of the endpoint that was called.
	RequestURI string
	// Params are the parameters posted, without password and client_secret.
	Params map[string][]string
	// Headers are those of the request; scripts see those that open no accounts.
	Headers http.Header
}

// ClaimsInput is what an OIDC claims script may look at besides.
type ClaimsInput struct {
	Input
	// Claims are those known already, sub for one.
	Claims map[string]any
	// Requested are the claims asked for one by one through the claims parameter (OIDC
	// Core §5.5): name to the values asked for, none meaning any.
	Requested map[string][]any
	Locales   []string
}

// Claims is what an OIDC claims script returns.
type Claims struct {
	Values map[string]any
	// Composite tells which claims each scope stands for, for the consent page.
	Composite map[string][]string
}

// ScopeInput is what a scope validation script may look at besides.
type ScopeInput struct {
	Input
	// Function is the function of the script that fits the request.
	Function                     string
	Requested, Defaults, Allowed []string
	// Inherits is set when validateRefreshTokenScope says that the new refresh token has the scopes of the access
	// token, and not those that it was granted at first; nil: nobody asks.
	Inherits *bool
}
