package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// ScriptTrial is a script with sample data: what it would see if the client asked for a token now.
type ScriptTrial struct {
	Script *realm.Script
	Realm  *realm.Realm
	Client *realm.Client
	User   *realm.User // nil: the client acts for itself
	Token  store.Token
	// Session is a sample too; nil when there is no user.
	Session *store.Session
	Params  map[string][]string
	// Requests: the script may send requests to servers, as it does when it runs for good.
	Requests bool
}

// ScriptOutcome is what a trial did. Nothing of it is stored.
type ScriptOutcome struct {
	// Before and After are the claims of the sample token; nil for scripts that get none.
	Before, After map[string]any
	// Result is what the script returned, of those that return something.
	Result any
	Log    []string
	// Error is why it failed; nil when it did not.
	Error *ScriptError
}

// ScriptTrier runs scripts on sample data. ErrNoTrial tells that there is no such data for the context of the script.
type ScriptTrier interface {
	Try(ctx context.Context, t ScriptTrial) (ScriptOutcome, error)
}

// ErrNoTrial is the error of ScriptTrier for scripts that it has no sample data for.
var ErrNoTrial = errors.New("scripts of this context cannot be tried")

// tryScript runs the text of a body on a sample token (no action of PingAM; the console's panel to try scripts).
func (s *Server) tryScript(c *Call) (any, error) {
	trier, ok := s.Scripts.(ScriptTrier)
	if !ok {
		return nil, unsupported("Trying scripts")
	}
	body := Object{"name": "trial", "context": "OAUTH2_MAY_ACT"}
	for name, v := range c.Body {
		body[name] = v
	}
	sc, err := readScript(body, nil)
	if err != nil {
		return nil, err
	}
	if found := s.Scripts.Validate(sc.Language, sc.Evaluator, sc.Source); len(found) > 0 {
		return Object{"success": false, "errors": found}, nil
	}
	sc.ID = "trial"
	t, err := s.trial(c, sc)
	if err != nil {
		return nil, err
	}
	out, err := trier.Try(c.Context(), t)
	if errors.Is(err, ErrNoTrial) {
		return nil, refuse(http.StatusNotImplemented, "Scripts of the context %s cannot be tried", sc.Context)
	}
	if err != nil {
		return nil, err
	}
	o := Object{"success": out.Error == nil, "before": out.Before, "after": out.After, "result": out.Result, "log": append([]string{}, out.Log...)}
	if out.Error != nil {
		o["errors"] = []ScriptError{*out.Error}
	}
	return o, nil
}

// trial makes the sample data: the client and the user that the body names, else samples of both.
func (s *Server) trial(c *Call, sc *realm.Script) (ScriptTrial, error) {
	now := s.Now().UTC().Truncate(time.Second)
	t := ScriptTrial{Script: sc, Realm: c.Realm, Params: map[string][]string{"grant_type": {"client_credentials"}}}
	t.Requests, _ = c.Body["sendRequests"].(bool)
	clientID, _ := c.Body["client"].(string)
	userName, _ := c.Body["user"].(string)
	if clientID == "" {
		sample := realm.DefaultClient()
		sample.ID = "sample-client"
		t.Client = sample
	} else {
		client, err := c.Realm.Client(c.Context(), clientID)
		if errors.Is(err, store.ErrNotFound) {
			return t, badRequest("client: there is no client %s", clientID)
		}
		if err != nil {
			return t, err
		}
		t.Client = client
	}
	sub := store.Subject{Type: login.TypeAgent, Name: t.Client.ID}
	if userName != "" {
		u, err := c.user(userName)
		if errors.Is(err, store.ErrNotFound) {
			return t, badRequest("user: there is no user %s", userName)
		}
		if err != nil {
			return t, err
		}
		t.User, sub = u, store.Subject{Type: login.TypeUser, Name: u.Name}
		t.Params["grant_type"] = []string{"authorization_code"}
		t.Session = &store.Session{
			Realm: c.realmPath(), Subject: sub, UniversalID: login.UniversalID(c.realmPath(), sub), Created: now, LastAccess: now,
			MaxIdle: 30 * time.Minute, MaxLife: 2 * time.Hour, Tree: login.TreeDefault, CtxID: "sample-session",
		}
	}
	scopes := textList(c.Body["scopes"])
	t.Token = store.Token{
		Kind: "access", Realm: c.realmPath(), Issuer: c.Base + "/oauth2", ClientID: t.Client.ID, Subject: sub, Scopes: scopes,
		GrantType: t.Params["grant_type"][0], GrantID: "sample-grant", AuditID: "sample-audit", IssuedAt: now, Expires: now.Add(time.Hour),
	}
	return t, nil
}
