package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// authorization is one request of /authorize (RFC 6749 §3.1, OIDC Core §3.1.2) on its way.
type authorization struct {
	*request
	form   *Form
	client *realm.Client
	set    *realm.Effective
	agent  *realm.Agent // the gateway that asks; its client is made up
	// agentRealm is the path of the agent's realm.
	agentRealm string

	redirect string // where the answer goes; "" until it is known to be the client's
	types    responseType
	mode     string // "query", "fragment" or "form_post"
	asJWT    bool   // the answer is signed (JARM)
	scopes   []string
	prompt   prompts
	pushed   string // the pushed request that was used, "" for none
	outer    *Form  // the parameters around the request object that was used, nil for none

	session store.Session
	token   string // the session's
	user    *realm.User
	acr     string
	details []detail // authorization_details
}

// authorize is GET and POST /authorize. Until the client and its redirection URI are known to be right, errors are
// shown here; from then on they go back to the client.
func (q *request) authorize() error {
	form, err := q.authorizeForm()
	if err != nil {
		return q.show(err)
	}
	a := &authorization{request: q, form: form}
	if err := a.begin(); err != nil {
		e := *asError(err)
		e.State = form.Get("state")
		return q.show(&e)
	}
	for _, step := range []func() (done bool, err error){a.check, a.signIn, a.checkAdministrator, a.consent} {
		done, err := step()
		if err != nil {
			return a.sendError(err)
		}
		if done {
			return nil
		}
	}
	if err := a.grantIt(); err != nil {
		return a.sendError(err)
	}
	return nil
}

// authorizeForm reads the query and, of a POST, the body. The decision of the consent page and of tools is posted to
// the address of the request, so a parameter may come in both if it is the same.
func (q *request) authorizeForm() (*Form, error) {
	form, err := ParseForm(q.r.URL.RawQuery)
	if err != nil || q.r.Method != http.MethodPost {
		return form, err
	}
	body, err := readForm(q.r)
	if err != nil {
		return nil, err
	}
	body.Each(func(name, value string) {
		if form.Has(name) && !repeatable(name) {
			if form.Get(name) != value {
				err = errDuplicate
			}
			return
		}
		if e := form.add(name, value); e != nil {
			err = e
		}
	})
	return form, err
}

// begin finds the client and where its answers go.
func (a *authorization) begin() error {
	ctx := a.r.Context()
	id := a.form.Get("client_id")
	if id == "" {
		return Refuse("invalid_request", "Missing parameter, client_id")
	}
	if a.Told != nil {
		a.Told.Names(ctx, id)
	}
	if err := a.findClient(ctx, id); err != nil {
		return err
	}
	if err := a.unpack(ctx); err != nil {
		return err
	}
	openid := contains(strings.Fields(a.form.Get("scope")), "openid")
	var err error
	a.redirect, err = pickRedirect(a.redirects(), a.form.Get("redirect_uri"), a.client.Core.LoopbackRedirection && !a.Settings.Own.FAPI2, openid)
	a.types = parseResponseType(a.form.Get("response_type"))
	a.mode = a.types.mode()
	return err
}

// findClient finds the client, or the gateway that acts as one.
func (a *authorization) findClient(ctx context.Context, id string) error {
	if a.form.Get("agent_provider") == "true" {
		return a.findAgent(ctx, id)
	}
	c, err := a.Principal(ctx, id, endpointAuthorize)
	if err != nil {
		return err
	}
	if c == nil || c.Client == nil {
		return ErrClientAuth
	}
	a.client = c.Client
	set := a.client.Effective(a.Settings)
	a.set = &set
	return nil
}

// prompts is the parameter prompt (OIDC Core §3.1.2.1).
type prompts struct{ none, login, consent bool }

func parsePrompt(text string) (prompts, error) {
	var p prompts
	for word := range strings.FieldsSeq(text) {
		switch word {
		case "none":
			p.none = true
		case "login":
			p.login = true
		case "consent":
			p.consent = true
		case "select_account": // there is one account a session: signing in again chooses
			p.login = true
		default:
			return p, Refuse("invalid_request", "Invalid prompt parameter")
		}
	}
	if p.none && (p.login || p.consent) {
		return p, Refuse("invalid_request", "Prompt parameter only allows one value when 'none' is used")
	}
	return p, nil
}

// grantIt gives what was asked for and agreed to.
func (a *authorization) grantIt() error {
	ctx := a.r.Context()
	auth := &Authorization{
		Subject: a.session.Subject, User: a.user, Scopes: a.scopes, SessionID: a.session.ID(), GrantID: store.NewID(),
		AuthTime: a.session.Created, AuthLevel: a.session.AuthLevel, Nonce: a.form.Get("nonce"), State: a.form.Get("state"),
		ACR: a.acr, AMR: a.methods(&a.session), Claims: a.claimsParameter(), GrantType: "authorization_code",
		Details: joinDetails(a.details),
	}
	if !a.types.code {
		auth.GrantType = "implicit"
	}
	if err := a.takePushed(ctx); err != nil {
		return err
	}
	out := &params{}
	now := a.Now()
	if a.types.code {
		auth.Code = store.NewRaw()
		if err := a.saveCode(auth, now); err != nil {
			return err
		}
		out.add("code", auth.Code)
	}
	if err := a.frontTokens(out, auth, now); err != nil {
		return err
	}
	out.add("iss", a.Issuer)
	out.some("state", auth.State)
	out.add("client_id", a.client.ID)
	if err := a.dataFromScript(out, auth); err != nil {
		return err
	}
	return a.send(out)
}

func (a *authorization) saveCode(auth *Authorization, now time.Time) error {
	return a.codes.Save(a.r.Context(), a.Realm.Path, auth.Code, store.Code{
		ClientID: a.client.ID, Realm: a.Realm.Path, RedirectURI: a.form.Get("redirect_uri"), Subject: auth.Subject,
		Scopes: auth.Scopes, Nonce: auth.Nonce, State: auth.State, Challenge: a.form.Get("code_challenge"),
		Method: challengeMethod(a.form), Claims: auth.Claims, ACR: auth.ACR, AMR: auth.AMR, AuthTime: auth.AuthTime,
		AuthLevel: auth.AuthLevel, SessionID: auth.SessionID, GrantID: auth.GrantID, Expires: now.Add(a.set.CodeLifetime),
		DPoPKey: a.dpopKey(), AuthorizeInfo: string(auth.Details),
	})
}

// frontTokens adds the tokens that the response type asks for (RFC 6749 §4.2, OIDC Core §3.2, §3.3).
func (a *authorization) frontTokens(out *params, auth *Authorization, now time.Time) error {
	if !a.types.token && !a.types.idToken {
		return nil
	}
	ctx := a.r.Context()
	req := &TokenRequest{Form: a.form.without("csrf"), Client: a.client, Set: a.set, URL: a.Issuer + "/authorize", Header: a.r.Header}
	i := &issuance{Provider: a.Provider, req: req, grant: &Grant{Name: auth.GrantType, NoRefresh: true}, Authorization: auth, now: now}
	if a.types.token {
		if err := i.issueAccess(ctx); err != nil {
			return err
		}
		if err := i.save(ctx); err != nil {
			return err
		}
		out.add("access_token", i.answer.access)
		out.add("token_type", "Bearer")
		out.number("expires_in", remaining(i.access.Expires.Sub(now)))
		out.add("scope", strings.Join(i.access.Scopes, " "))
	}
	if a.types.idToken {
		id := i.idToken()
		id.accessToken, id.code = i.answer.access, auth.Code
		id.userClaims = !a.types.token && !a.types.code && a.agent == nil
		a.tellAgent(id)
		raw, err := id.sign(ctx, i.input)
		if err != nil {
			return err
		}
		i.answer.id = raw
		out.add("id_token", raw)
	}
	return i.noteSession(ctx)
}

// dataFromScript adds what the realm's script wants to tell besides; it cannot replace what is there.
func (a *authorization) dataFromScript(out *params, auth *Authorization) error {
	ctx := a.r.Context()
	s, err := a.plugin(ctx, a.set.AuthorizeData)
	if s == nil || err != nil {
		return err
	}
	req := &TokenRequest{Form: a.form.without("csrf"), Client: a.client, Set: a.set, URL: a.Issuer + "/authorize", Header: a.r.Header}
	in := a.scriptInput(req, auth)
	in.Session = &a.session
	more, err := a.Scripts.AuthorizeData(ctx, s, in)
	if err != nil {
		return err
	}
	for name, value := range more {
		if !out.has(name) {
			out.add(name, value)
		}
	}
	return nil
}

// claimsParameter is the claims parameter where the provider supports it.
func (a *authorization) claimsParameter() string {
	if !a.Settings.AdvancedOIDC.ClaimsParameter {
		return ""
	}
	return a.form.Get("claims")
}

var errNoSession = errors.New("no session of this realm")
