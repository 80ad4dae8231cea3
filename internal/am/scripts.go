package am

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// scripts lets the endpoints run scripts and the administration interface check them: it
// stands between the engine, which knows no protocol, and the protocol's errors.
type scripts struct {
	engine    *script.Engine
	resources script.Resources
}

var (
	_ oauth.Scripts      = scripts{}
	_ rest.ScriptChecker = scripts{}
)

func newScripts(o Options, limits *observe.Limits, resources script.Resources, setProperty script.SetProperty, mail script.SendMail) scripts {
	s := surroundings(o.Log)
	s.Mail = mail
	s.Held, s.SaveUser, s.FetchHosts, s.Secret = limits, saveUser, fetchHosts, readSecret
	s.Now = o.Now
	s.Resources, s.SetProperty, s.Cache = resources, setProperty, findCache
	return scripts{script.New(s), resources}
}

// surroundings are what every script finds, one that is on trial too.
func surroundings(log *slog.Logger) script.Options {
	return script.Options{Log: log, Library: findLibrary, Env: os.LookupEnv, Cookie: login.DefaultCookie}
}

// fetchHosts are the hosts with internal addresses that scripts of a realm may call: those of the provider's settings.
func fetchHosts(rl *realm.Realm) []string {
	if p, ok := rl.Provider(); ok {
		return p.Own.FetchHosts
	}
	return nil
}

func readSecret(ctx context.Context, rl *realm.Realm, label string) ([]byte, error) {
	return rl.ScriptSecret(ctx, label)
}

// Validate finds mistakes in a script without running it.
func (s scripts) Validate(language, version, source string) []rest.ScriptError {
	var out []rest.ScriptError
	for _, p := range s.engine.Validate(language, version, source) {
		out = append(out, rest.ScriptError(p))
	}
	return out
}

// saveUser stores users that scripts changed.
func saveUser(ctx context.Context, rl *realm.Realm, u *realm.User) error { return rl.SaveUser(ctx, u) }

func findLibrary(ctx context.Context, rl *realm.Realm, name string) (*realm.Script, error) {
	return rl.Library(ctx, name)
}

// findCache finds a cache that the realm's cache manager has.
func findCache(ctx context.Context, rl *realm.Realm, name string) (*script.Cache, error) {
	var manager rest.CacheManagerSettings
	d, err := rl.Service(ctx, rest.ServiceCacheManager)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(d.Body, &manager); err != nil {
		return nil, err
	}
	if d, err = rl.Service(ctx, rest.ServicePartID(rest.ServiceCacheManager, rest.KindCache, name)); err != nil {
		return nil, err
	}
	set, err := rest.ParseCache(d.Body)
	if err != nil {
		return nil, err
	}
	c := &script.Cache{Off: !manager.Enabled}
	if c.Eviction, c.Period, err = set.Evicts(); err != nil {
		return nil, err
	}
	if c.Loader, err = rl.Script(ctx, set.Script); err != nil {
		return nil, fmt.Errorf("cache %s: %v", name, err) //nolint:errorlint // the cache is there, its loader is not
	}
	if c.Loader.Context != realm.ContextCacheLoader {
		return nil, fmt.Errorf("cache %s: its script is of the context %s", name, c.Loader.Context)
	}
	return c, nil
}

// ClearCaches forgets what scripts of the realm have cached, under a name or "" for all.
func (s scripts) ClearCaches(rl *realm.Realm, name string) { s.engine.ClearCaches(rl, name) }

func (s scripts) MayAct(ctx context.Context, sc *realm.Script, in *oauth.ScriptInput, t *store.Token) error {
	return asRefusal("may_act", s.engine.MayAct(ctx, sc, (*script.Input)(in), t))
}

func (s scripts) ModifyAccessToken(ctx context.Context, sc *realm.Script, in *oauth.ScriptInput, t *store.Token) (map[string]json.RawMessage, error) {
	more, err := s.engine.ModifyAccessToken(ctx, sc, (*script.Input)(in), t)
	return more, asRefusal("access token modification", err)
}

func (s scripts) Claims(ctx context.Context, sc *realm.Script, in *oauth.ClaimsInput) (*oauth.Claims, error) {
	out, err := s.engine.Claims(ctx, sc, &script.ClaimsInput{
		Input: script.Input(in.ScriptInput), Claims: in.Claims, Requested: in.Requested, Locales: in.Locales,
	})
	return (*oauth.Claims)(out), asRefusal("OIDC claims", err)
}

func (s scripts) ValidateScope(ctx context.Context, sc *realm.Script, in *oauth.ScopeInput) ([]string, error) {
	out, err := s.engine.ValidateScope(ctx, sc, &script.ScopeInput{
		Input: script.Input(in.ScriptInput), Function: string(in.Use), Requested: in.Requested, Defaults: in.Defaults, Allowed: in.Allowed,
		Inherits: in.Inherits,
	})
	if refused, ok := errors.AsType[*script.InvalidScope](err); ok {
		return nil, oauth.Refuse("invalid_scope", refused.Description)
	}
	return out, asRefusal("scope validation", err)
}

func (s scripts) EvaluateScope(ctx context.Context, sc *realm.Script, in *oauth.ScriptInput, t *store.Token) (map[string]any, error) {
	out, err := s.engine.EvaluateScope(ctx, sc, (*script.Input)(in), t)
	return out, asRefusal("scope evaluation", err)
}

func (s scripts) AuthorizeData(ctx context.Context, sc *realm.Script, in *oauth.ScriptInput) (map[string]string, error) {
	out, err := s.engine.AuthorizeData(ctx, sc, (*script.Input)(in))
	return out, asRefusal("authorize endpoint data", err)
}

func (s scripts) JWTIssuer(ctx context.Context, sc *realm.Script, rl *realm.Realm, issuer string) (*realm.TrustedIssuer, error) {
	out, err := s.engine.JWTIssuer(ctx, sc, rl, issuer)
	return out, asRefusal("JWT issuer", err)
}

func (s scripts) Register(ctx context.Context, sc *realm.Script, in *oauth.RegistrationInput) (*realm.Client, error) {
	out, err := s.engine.Register(ctx, sc, &script.Registration{
		Input: script.Input(in.ScriptInput), Operation: in.Operation, Profile: in.Profile, Statement: in.Statement,
		Agent: in.Profile.AIAgent,
	})
	return out, asRefusal("dynamic client registration", err)
}

// asRefusal is what the client is told of a script that failed (PingAM: "Error running
// may_act script"): what kind of script, and nothing of why, which is for the log.
func asRefusal(kind string, err error) error {
	if err == nil {
		return nil
	}
	return &oauth.Error{
		Status: http.StatusInternalServerError, Code: "server_error", Description: "Error running " + kind + " script", Cause: err,
	}
}
