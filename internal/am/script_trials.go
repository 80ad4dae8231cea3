package am

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

var _ rest.ScriptTrier = scripts{}

// Try runs a script on sample data with an engine of its own, which keeps what the script logs and stores nothing. Nothing
// leaves the server either, unless who tries it wants that.
func (s scripts) Try(ctx context.Context, t rest.ScriptTrial) (rest.ScriptOutcome, error) {
	var out rest.ScriptOutcome
	lines := &logLines{}
	o := surroundings(slog.New(lines))
	o.SaveUser = func(context.Context, *realm.Realm, *realm.User) error {
		lines.add("identity: not stored, this is a trial")
		return nil
	}
	o.SetProperty = func(_ context.Context, sess *store.Session, _, _ string) (store.Session, error) {
		lines.add("session: not changed, this is a trial")
		return *sess, nil
	}
	o.Resources = func(ctx context.Context, rl *realm.Realm, r *script.ResourceRequest) (*script.ResourceAnswer, error) {
		if r.Managed && r.Method != http.MethodGet {
			lines.add("openidm: not done, this is a trial")
			return refusedToScript(http.StatusForbidden, "This is a trial: nothing is changed"), nil
		}
		return s.resources(ctx, rl, r)
	}
	if t.Requests {
		o.FetchHosts = fetchHosts
	}
	engine := script.New(o)
	in := script.Input{
		Realm: t.Realm, Client: t.Client, Subject: t.Token.Subject, User: t.User, Session: t.Session, Scopes: t.Token.Scopes,
		RequestURI: t.Token.Issuer + "/access_token", Params: t.Params,
	}
	tok := t.Token
	var err error
	switch strings.TrimSuffix(t.Script.Context, "_NEXT_GEN") {
	case "OAUTH2_MAY_ACT":
		out.Before = claimsOf(tok)
		err = engine.MayAct(ctx, t.Script, &in, &tok)
		out.After = claimsOf(tok)
	case "OAUTH2_ACCESS_TOKEN_MODIFICATION":
		out.Before = claimsOf(tok)
		out.Result, err = engine.ModifyAccessToken(ctx, t.Script, &in, &tok)
		out.After = claimsOf(tok)
	case "OIDC_CLAIMS":
		var claims *script.Claims
		claims, err = engine.Claims(ctx, t.Script, &script.ClaimsInput{Input: in, Claims: map[string]any{"sub": "(" + in.Subject.Type + "!" + in.Subject.Name + ")"}})
		if claims != nil {
			out.Result = map[string]any{"values": claims.Values, "compositeScopes": claims.Composite}
		}
	case "OAUTH2_EVALUATE_SCOPE":
		out.Before = claimsOf(tok)
		out.Result, err = engine.EvaluateScope(ctx, t.Script, &in, &tok)
	case "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER":
		out.Result, err = engine.AuthorizeData(ctx, t.Script, &in)
	case "OAUTH2_VALIDATE_SCOPE":
		allowed := make([]string, 0, len(t.Client.Core.Scopes))
		for _, scope := range t.Client.Core.Scopes {
			name, _, _ := strings.Cut(scope, "|")
			allowed = append(allowed, name)
		}
		out.Result, err = engine.ValidateScope(ctx, t.Script, &script.ScopeInput{
			Input: in, Function: "validateAccessTokenScope", Requested: in.Scopes, Defaults: t.Client.Core.DefaultScopes, Allowed: allowed,
		})
	default:
		return out, rest.ErrNoTrial
	}
	out.Log = lines.all()
	var failed *script.Error
	var invalid *script.InvalidScope
	switch {
	case errors.As(err, &failed):
		out.Error = &rest.ScriptError{Line: failed.Line, Column: failed.Column, Message: failed.Message}
	case errors.As(err, &invalid):
		out.Error = &rest.ScriptError{Message: "invalid_scope: " + invalid.Error()}
	case err != nil:
		return out, err
	}
	return out, nil
}

// claimsOf are the claims of a sample token that scripts look at and change.
func claimsOf(t store.Token) map[string]any {
	out := map[string]any{
		"sub": "(" + t.Subject.Type + "!" + t.Subject.Name + ")", "subname": t.Subject.Name, "iss": t.Issuer, "tokenName": t.Kind + "_token",
		"client_id": t.ClientID, "scope": append([]string{}, t.Scopes...), "realm": t.Realm, "grant_type": t.GrantType,
		"authGrantId": t.GrantID, "auditTrackingId": t.AuditID, "iat": t.IssuedAt.Unix(), "exp": t.Expires.Unix(),
	}
	for name, raw := range map[string]json.RawMessage{"may_act": t.MayAct, "act": t.Act} {
		if raw != nil {
			out[name] = raw
		}
	}
	for name, raw := range t.Extra {
		out[name] = raw
	}
	for _, name := range t.Removed {
		delete(out, name)
	}
	return out
}

// logLines is a log that keeps its lines.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}

// Enabled lets all through: who tries a script wants to see what it says.
func (l *logLines) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps the message.
func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	l.add(r.Level.String() + " " + strings.TrimPrefix(r.Message, "script: "))
	return nil
}

// WithAttrs changes nothing: the lines are of one script.
func (l *logLines) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup changes nothing.
func (l *logLines) WithGroup(string) slog.Handler { return l }
