package oauth2

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/jose"
)

const (
	wellKnownPath = ".well-known/openid-configuration"
	// documentLife is how long a well-known document is used before it is read again.
	documentLife = time.Hour
	// attemptTimeout bounds reading it while nobody waits.
	attemptTimeout = 30 * time.Second
)

// metadata is what an issuer offers (OIDC Discovery §3, RFC 8414 §2). Endpoints that it
// does not have are "".
type metadata struct {
	issuer, authorize, token, registration, userInfo, endSession, revocation, jwks string

	issParameter bool
	authMethods  []string
	signingAlgs  []string
}

// metadata returns what the issuer offers, read from its document if it has one. Of all
// that need it at once, one reads it. While it cannot be read again nobody waits: the
// last one stays in use, and attempts run beside the logins.
func (i *Issuer) metadata(x *chain.Exchange) (*metadata, error) {
	if i.c.WellKnownEndpoint == nil {
		return i.withConfigured(&metadata{}), nil
	}
	if m, ok := i.documents.Get(""); ok {
		return m, nil
	}
	last := i.last.Load()
	if last != nil && i.outage.lasts() {
		if i.outage.claim(i.now()) {
			go i.readAgain(x)
		}
		return last, nil
	}
	m, err := i.load(x)
	if err == nil || last != nil && x.Ctx().Err() == nil {
		return cmp.Or(m, last), nil
	}
	return nil, &Error{Code: "server_error", Description: "the authorization server's configuration cannot be read", Err: err}
}

// load reads the document, and notes whether that can be done.
func (i *Issuer) load(x *chain.Exchange) (*metadata, error) {
	m, err := i.documents.Load(x, "", func() (*metadata, error) { return i.readDocument(x) })
	switch {
	case err == nil:
		i.last.Store(m)
		i.outage.over()
	case x.Ctx().Err() == nil && i.last.Load() != nil:
		wait := i.outage.failed(i.now())
		i.log.WarnContext(x.Ctx(), "the well-known document cannot be read again, the last one stays in use",
			"error", err, "next", wait.String())
	}
	return m, err
}

// readAgain is an attempt that nobody waits for.
func (i *Issuer) readAgain(x *chain.Exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.Ctx()), attemptTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // a goroutine of its own, where a panic would end the process
			i.outage.failed(i.now())
			i.log.ErrorContext(ctx, "reading the well-known document panicked", "panic", p)
		}
	}()
	if _, err := i.load(chain.New(ctx, chain.NewRequest(), &chain.RootContext{})); err != nil && ctx.Err() != nil {
		i.outage.failed(i.now())
	}
}

func (i *Issuer) readDocument(x *chain.Exchange) (*metadata, error) {
	at := i.c.WellKnownEndpoint
	info, err := getJSON(x, i.c.IssuerHandler.Get(), at.String())
	if err != nil {
		return nil, err
	}
	m, err := parseMetadata(info)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at.Redacted(), err)
	}
	// A document that speaks for another issuer would let one server pass for another.
	if !sameIssuer(m.issuer, i.expected) {
		return nil, fmt.Errorf("read %s: the document is that of the issuer %q, not of %q; if it is the right one set \"issuer\" to it",
			at.Redacted(), m.issuer, i.expected)
	}
	return i.withConfigured(m), nil
}

func parseMetadata(info *token.Info) (*metadata, error) {
	m := &metadata{}
	m.issuer, _ = info.Text("issuer")
	for _, e := range []struct {
		name string
		to   *string
	}{
		{"authorization_endpoint", &m.authorize}, {"token_endpoint", &m.token}, {"registration_endpoint", &m.registration},
		{"userinfo_endpoint", &m.userInfo}, {"end_session_endpoint", &m.endSession},
		{"revocation_endpoint", &m.revocation}, {"jwks_uri", &m.jwks},
	} {
		text, ok := info.Text(e.name)
		if !ok {
			continue
		}
		if !isWebURL(text) {
			return nil, fmt.Errorf("%s is no http or https URL", e.name)
		}
		*e.to = text
	}
	if v, ok := info.Get("authorization_response_iss_parameter_supported"); ok {
		m.issParameter, _ = v.(bool)
	}
	m.authMethods = textList(info, "token_endpoint_auth_methods_supported")
	m.signingAlgs = textList(info, "id_token_signing_alg_values_supported")
	return m, nil
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

func textList(info *token.Info, name string) []string {
	v, _ := info.Get(name)
	list, _ := v.(token.List)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// withConfigured lets the configuration's endpoints win.
func (i *Issuer) withConfigured(m *metadata) *metadata {
	for _, e := range []struct {
		from *conf.URL
		to   *string
	}{
		{i.c.AuthorizeEndpoint, &m.authorize}, {i.c.TokenEndpoint, &m.token}, {i.c.RegistrationEndpoint, &m.registration},
		{i.c.UserInfoEndpoint, &m.userInfo}, {i.c.EndSessionEndpoint, &m.endSession}, {i.c.RevocationEndpoint, &m.revocation},
	} {
		if e.from != nil {
			*e.to = e.from.String()
		}
	}
	if i.c.Issuer != "" {
		m.issuer = i.c.Issuer
	}
	if i.c.IssParameterSupported != nil {
		m.issParameter = *i.c.IssParameterSupported
	}
	return m
}

// getJSON gets a JSON object.
func getJSON(x *chain.Exchange, h chain.Handler, from string) (*token.Info, error) {
	req, err := newRequest("GET", from)
	if err != nil {
		return nil, err
	}
	status, body, err := exchange(x, h, req)
	if err != nil {
		return nil, err
	}
	if status != 200 {
		return nil, fmt.Errorf("get %s: status %d", place(req.URI), status)
	}
	info, err := token.ParseInfo(body)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", place(req.URI), err)
	}
	return info, nil
}

// publicKeys are the keys behind the issuer's jwks_uri. A key that is not known yet makes
// the set be read again, so that the issuer can change keys.
func (i *Issuer) publicKeys(m *metadata) (jose.Finder, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys != nil && i.keysAt == m.jwks {
		return i.keys, nil
	}
	if m.jwks == "" {
		return nil, fmt.Errorf("%w: the issuer publishes no keys", jose.ErrKey)
	}
	keys, err := jose.NewRemote(jose.RemoteOptions{URL: m.jwks, Now: i.now, Fetch: func(ctx context.Context, from string) ([]byte, error) {
		req, err := newRequest("GET", from)
		if err != nil {
			return nil, err
		}
		status, body, err := exchange(chain.New(ctx, req, &chain.RootContext{}), i.c.IssuerHandler.Get(), req)
		if err == nil && status != 200 {
			err = fmt.Errorf("get %s: status %d", place(req.URI), status)
		}
		return body, err
	}})
	if err != nil {
		return nil, err
	}
	i.keys, i.keysAt = keys, m.jwks
	return keys, nil
}
