package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Scripts runs the scripts that realms plug in. A shipped script that nobody changed is not run: the server does
// itself what it says. A script that fails ends the request; an *Error that it causes (a refused scope) is
// answered as it is.
type Scripts interface {
	// MayAct runs an OAUTH2_MAY_ACT script, which may set t.MayAct (and t.Act). t is an access, refresh or ID
	// token that is about to be issued.
	MayAct(ctx context.Context, s *realm.Script, in *ScriptInput, t *store.Token) error
	// ModifyAccessToken runs an OAUTH2_ACCESS_TOKEN_MODIFICATION script on t: fields go to t.Extra and
	// t.Removed, or to the field of t that holds the claim. What it returns is added to the token response.
	ModifyAccessToken(ctx context.Context, s *realm.Script, in *ScriptInput, t *store.Token) (map[string]json.RawMessage, error)
	// Claims runs an OIDC_CLAIMS script.
	Claims(ctx context.Context, s *realm.Script, in *ClaimsInput) (*Claims, error)
	// ValidateScope runs the function of an OAUTH2_VALIDATE_SCOPE script that fits in.Use.
	ValidateScope(ctx context.Context, s *realm.Script, in *ScopeInput) ([]string, error)
	// EvaluateScope runs an OAUTH2_EVALUATE_SCOPE script: what /tokeninfo adds for t.
	EvaluateScope(ctx context.Context, s *realm.Script, in *ScriptInput, t *store.Token) (map[string]any, error)
	// AuthorizeData runs an OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER script: parameters added to the answer of
	// /authorize.
	AuthorizeData(ctx context.Context, s *realm.Script, in *ScriptInput) (map[string]string, error)
	// Register runs an OAUTH2_DYNAMIC_CLIENT_REGISTRATION script: the profile as the script stored it, nil when it
	// stored nothing.
	Register(ctx context.Context, s *realm.Script, in *RegistrationInput) (*realm.Client, error)
	// JWTIssuer runs an OAUTH2_SCRIPTED_JWT_ISSUER script: how JWTs of the issuer are checked, nil when it is not trusted.
	JWTIssuer(ctx context.Context, s *realm.Script, rl *realm.Realm, issuer string) (*realm.TrustedIssuer, error)
}

// ScriptInput is what every script may look at.
type ScriptInput struct {
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
	// Headers are those of the request.
	Headers http.Header
}

// RegistrationInput is what a registration script may look at besides, and change.
type RegistrationInput struct {
	ScriptInput
	Operation string // "CREATE", "UPDATE" or "DELETE"
	Profile   *realm.Client
	Statement map[string]any // claims of the software statement, nil without one
}

// ClaimsInput is what an OIDC claims script may look at besides.
type ClaimsInput struct {
	ScriptInput
	// Claims are those known already, sub for one.
	Claims map[string]any
	// Requested are the claims asked for one by one through the claims parameter (OIDC Core §5.5): name to
	// the values asked for, none meaning any.
	Requested map[string][]any
	Locales   []string
}

// Claims is what such a script returns.
type Claims struct {
	Values map[string]any
	// Composite tells which claims each scope stands for, for the consent page.
	Composite map[string][]string
}

// ScopeUse is where scopes are about to be given.
type ScopeUse string

// Uses of scopes, named as the functions of a scope validation script.
const (
	ScopeAuthorize   ScopeUse = "validateAuthorizationScope"
	ScopeAccessToken ScopeUse = "validateAccessTokenScope"
	ScopeRefresh     ScopeUse = "validateRefreshTokenScope"
	ScopeBackChannel ScopeUse = "validateBackChannelAuthorizationScope"
)

// ScopeInput is what a scope validation script may look at.
type ScopeInput struct {
	ScriptInput
	Use                          ScopeUse
	Requested, Defaults, Allowed []string
	// Inherits is where the script notes that a new refresh token has the scopes of the access token.
	Inherits *bool
}

var errNoScripts = errors.New("a script is configured, but this server was built without scripts")

// script finds a script that has to be run; nil when there is none, or it is as shipped.
func (p *Provider) script(ctx context.Context, id string) (*realm.Script, error) {
	if id == "" {
		return nil, nil
	}
	s, err := p.Realm.Script(ctx, id)
	if err != nil {
		return nil, errServer.Because(fmt.Errorf("script %s: %w", id, err))
	}
	if s.Untouched {
		return nil, nil
	}
	if p.Scripts == nil {
		return nil, errServer.Because(errNoScripts)
	}
	return s, nil
}

// TrustedIssuer finds whose JWTs are taken as grants: an agent of the realm or, where there is none and the settings name
// a script, what that says. Nobody is store.ErrNotFound.
func (p *Provider) TrustedIssuer(ctx context.Context, issuer string) (*realm.TrustedIssuer, error) {
	t, err := p.Realm.TrustedIssuer(ctx, issuer)
	if !errors.Is(err, store.ErrNotFound) || issuer == "" {
		return t, err
	}
	s, serr := p.script(ctx, p.Settings.Own.JWTIssuerScript.ID())
	if s == nil {
		if serr != nil {
			err = serr
		}
		return nil, err
	}
	if t, serr = p.Scripts.JWTIssuer(ctx, s, p.Realm, issuer); serr != nil {
		return nil, serr
	}
	if t == nil || t.Issuer != issuer {
		return nil, err
	}
	return t, nil
}

// builtIn begins the names of the product's own Java classes, which stand for what the server does itself.
const builtIn = "org.forgerock."

// builtInClass refuses a Java class that somebody wrote, which cannot run here.
func builtInClass(name string) error {
	if name == "" || strings.HasPrefix(name, builtIn) {
		return nil
	}
	return Unsupported("server_error", "A plug-in written in Java")
}

// plugin finds the script of a plug-in, as script does. A Java class that somebody wrote cannot run here.
func (p *Provider) plugin(ctx context.Context, g realm.Plugin) (*realm.Script, error) {
	if g.Script == "" {
		if err := builtInClass(g.Class); err != nil {
			return nil, err
		}
	}
	return p.script(ctx, g.Script)
}
