package oauth

import "context"

// token is POST /access_token (RFC 6749 §3.2).
func (q *request) token() error {
	ctx := q.r.Context()
	form, err := q.tokenForm()
	if err != nil {
		return err
	}
	grant, err := q.grant(form.Get("grant_type"))
	if err != nil {
		return err
	}
	client, err := q.authenticateClient(q.r, form, endpointToken)
	if err != nil {
		return err
	}
	if !client.HasGrant(grant.Name) {
		return Refuse("unauthorized_client", "The authenticated client is not authorized to use this authorization grant type.")
	}
	set := client.Effective(q.Settings)
	req := &TokenRequest{Form: form, Client: client, Set: &set, URL: q.Issuer + "/access_token", Header: q.r.Header}
	// Both before a code is used up: the client may have to ask again, with a nonce or with a proof.
	if req.ProofKey, err = q.tokenProof(client); err != nil {
		return err
	}
	if err := q.checkConstrainable(req, grant); err != nil {
		return err
	}
	a, err := grant.Authorize(ctx, q.Provider, req)
	if err != nil {
		return err
	}
	all := a.Details
	if a.Details, err = q.NarrowDetails(req, all); err != nil {
		return err
	}
	a.RefreshDetails = all // a refresh token keeps all of it
	if err := q.bind(req, a); err != nil {
		return err
	}
	answer, err := q.issue(ctx, req, grant, a)
	if err != nil {
		return err
	}
	writeJSON(q.w, 200, answer)
	return nil
}

// tokenForm reads the parameters. Besides the body, the query may name the realm and the journey, and the client
// where the provider allows that; a secret in a URL ends up in logs, so elsewhere it is refused.
func (q *request) tokenForm() (*Form, error) {
	form, err := readForm(q.r)
	if err != nil || q.r.URL.RawQuery == "" {
		return form, err
	}
	query, err := ParseForm(q.r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	allowed := q.Settings.Advanced.CredentialsInQuery && !q.Settings.BestPractice()
	if !allowed && query.Has("client_secret") {
		return nil, Refuse("invalid_request", "Client credentials must not be sent in the query.")
	}
	for _, name := range [...]string{"realm", "auth_chain", "client_id", "client_secret"} {
		credentials := name == "client_id" || name == "client_secret"
		if !query.Has(name) || credentials && !allowed {
			continue
		}
		if err := form.add(name, query.Get(name)); err != nil {
			return nil, err
		}
	}
	return form, nil
}

// grant finds the grant that the request names, if this realm has it.
func (q *request) grant(name string) (*Grant, error) {
	if name == "" {
		return nil, Refuse("invalid_request", "Grant type is not set")
	}
	if q.Settings.HasGrant(name) && !(q.Settings.BestPractice() && name == "password") {
		for i := range q.Grants {
			if q.Grants[i].Name == name {
				return &q.Grants[i], nil
			}
		}
	}
	return nil, Refuse("unsupported_grant_type", "Grant type is not supported")
}

// RequestedScopes are what a token request gets that asks for itself: SettleScopes of its parameter scope, by the client's
// profile.
func (p *Provider) RequestedScopes(ctx context.Context, req *TokenRequest) ([]string, error) {
	return p.SettleScopes(ctx, req, ScopeAccessToken, req.Get("scope"), req.Client.DefaultScopes(), req.Client.AllowedScopes())
}

// SettleScopes settles what a request for the scopes in text gets: defaults when it names none, else what it names, as
// far as that is allowed; by the built-in rules or by the realm's script, which may only narrow, and by policies.
func (p *Provider) SettleScopes(ctx context.Context, req *TokenRequest, use ScopeUse, text string, defaults, allowed []string) ([]string, error) {
	if req.Set.UsePolicyEngineForScope && p.Policies == nil {
		return nil, Unsupported("server_error", "The policy engine for scope decisions")
	}
	scopes, err := p.allowedScopes(ctx, req, use, text, defaults, allowed)
	if err != nil {
		return nil, err
	}
	return p.gate(ctx, req, use, scopes)
}

// allowedScopes are what is asked for, as far as that is allowed.
func (p *Provider) allowedScopes(ctx context.Context, req *TokenRequest, use ScopeUse, text string, defaults, allowed []string) ([]string, error) {
	requested, err := SplitScope(text)
	if err != nil {
		return nil, err
	}
	script, err := p.plugin(ctx, req.Set.ValidateScope)
	if err == nil {
		err = builtInClass(p.Settings.Advanced.ScopeImplementationClass)
	}
	if err != nil {
		return nil, err
	}
	if script == nil {
		return validScopes(requested, defaults, allowed)
	}
	in := ScopeInput{
		ScriptInput: *p.scriptInput(req, &Authorization{Scopes: requested}),
		Use:         use, Requested: requested, Defaults: defaults, Allowed: allowed,
		Inherits: &req.InheritsScopes,
	}
	scopes, err := p.Scripts.ValidateScope(ctx, script, &in)
	if err != nil {
		return nil, err
	}
	if len(requested) > 0 {
		scopes = intersect(scopes, requested)
	}
	if len(scopes) == 0 {
		return nil, Refuse("invalid_scope", "No scope requested and no default scope configured")
	}
	return scopes, nil
}

func (p *Provider) scriptInput(req *TokenRequest, a *Authorization) *ScriptInput {
	in := &ScriptInput{
		Realm: p.Realm, Client: req.Client, Subject: a.Subject, User: a.User, Scopes: a.Scopes, RequestURI: req.URL, Headers: req.Header,
		Params: map[string][]string{},
	}
	req.Each(func(name, value string) {
		if name != "password" && name != "client_secret" {
			in.Params[name] = append(in.Params[name], value)
		}
	})
	return in
}

func intersect(scopes, with []string) []string {
	out := make([]string, 0, len(scopes))
	for _, s := range scopes {
		for _, w := range with {
			if s == w {
				out = append(out, s)
				break
			}
		}
	}
	return out
}
