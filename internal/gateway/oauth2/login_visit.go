package oauth2

import (
	"errors"
	"net/url"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// visit is one request to the filter.
type visit struct {
	f       *loginFilter
	x       *chain.Exchange
	p       *loginPlace
	session chain.Session
	key     string
}

// invalid is the error for requests that the user agent got wrong.
func invalid(description string, cause error) *Error {
	return &Error{Code: "invalid_request", Description: description, Err: cause}
}

// update changes the login in the session.
func (v *visit) update(change func(*login) *login) error {
	v.f.mu.Lock()
	defer v.f.mu.Unlock()
	l, err := readLogin(v.session, v.key)
	if err != nil {
		return invalid("The session is not usable.", err)
	}
	return change(l).store(v.session, v.key)
}

func (v *visit) read() (*login, error) {
	l, err := readLogin(v.session, v.key)
	if err != nil {
		return nil, invalid("The session is not usable.", err)
	}
	return l, nil
}

// login begins a login that a link asks for.
func (v *visit) login() (*chain.Response, error) {
	form := chain.RequestForm(v.x.Request)
	target := ""
	if texts := form["goto"]; len(texts) > 0 && texts[0] != "" {
		var err error
		if target, err = v.p.target(texts[0]); err != nil {
			return nil, invalid("The parameter goto must lead to the site of the request.", err)
		}
	}
	if found := form["discovery"]; len(found) > 0 {
		r, err := v.f.discovery.registration(v.x, v.p, strings.TrimSpace(found[0]))
		if err != nil {
			return nil, err
		}
		return v.authorize(r, target, strings.TrimSpace(found[0]))
	}
	id, issuer := one(form, "registration"), one(form, "issuer")
	r, ok := v.f.registration(id, issuer)
	if !ok && issuer == "" {
		r, ok = v.f.Registrations.named(id)
	}
	if id == "" || !ok {
		return nil, invalid("The parameter registration names no registration.", nil)
	}
	return v.authorize(r, target, "")
}

// one is a parameter that must not be repeated; "" when it is absent or is.
func one(form chain.Form, name string) string {
	if list := form[name]; len(list) == 1 {
		return list[0]
	}
	return ""
}

// registration finds a registration by client id, configured or made on the fly.
func (f *loginFilter) registration(id, issuer string) (*ClientRegistration, bool) {
	if r, ok := f.Registrations.find(id, issuer); ok {
		return r, true
	}
	return f.discovery.known().find(id, issuer)
}

// authorize sends the browser to the authorization server.
func (v *visit) authorize(r *ClientRegistration, target, hint string) (*chain.Response, error) {
	m, err := r.Issuer.Get().metadata(v.x)
	if err != nil {
		return nil, err
	}
	to, err := url.Parse(m.authorize)
	if err != nil || m.authorize == "" {
		return nil, &Error{Code: "server_error", Description: "the authorization server has no authorization endpoint"}
	}
	p := pending{state: newState(), registration: r.ClientID, issuer: r.Issuer.Get().Name}
	query := url.Values{
		"response_type": {"code"}, "client_id": {r.ClientID}, "redirect_uri": {v.p.redirectURI()},
		"scope": {joined(r.Scopes)}, "state": {p.carry(target)},
	}
	if r.isOpenID() {
		p.nonce = newSecret()
		query.Set("nonce", p.nonce)
		if v.f.Prompt != "" {
			query.Set("prompt", joined(strings.Fields(v.f.Prompt)))
		}
	}
	if r.PKCEMethod == "S256" {
		p.verifier = newSecret()
		query.Set("code_challenge", hashed(p.verifier))
		query.Set("code_challenge_method", "S256")
	}
	if hint != "" {
		query.Set("login_hint", hint)
	}
	full := false
	err = v.update(func(l *login) *login { full = l.add(p); return l })
	if full {
		observe.CountLimit(v.x.Ctx(), observe.OverLimit("logins"))
	}
	if err != nil {
		return nil, err
	}
	to.RawQuery = strings.TrimPrefix(to.RawQuery+"&"+query.Encode(), "&")
	return redirect(to.String())
}

var (
	errState  = errors.New("the state is not one of this session's logins")
	errIss    = errors.New("the answer is from another authorization server than was asked")
	errTarget = errors.New("the state was changed on its way")
)

// callback takes the browser back from the authorization server.
func (v *visit) callback() (*chain.Response, error) {
	if v.x.Request.Method != "GET" {
		return nil, invalid("The method of a callback must be GET.", nil)
	}
	form := chain.ParseForm(v.p.original.RawQuery)
	state := one(form, "state")
	random, target, _ := strings.Cut(state, ":")
	if random == "" {
		return nil, invalid("The parameter state is missing.", nil)
	}
	var p pending
	var ok bool
	if err := v.update(func(l *login) *login { p, ok = l.take(random); return l }); err != nil {
		return nil, err
	}
	if !ok {
		return nil, invalid("The login is not known here, or was finished before.", errState)
	}
	if target, ok = p.carried(target); !ok {
		return nil, invalid("The parameter state is not valid.", errTarget)
	}
	r, ok := v.f.registration(p.registration, p.issuer)
	if !ok {
		return nil, invalid("The login's registration is gone.", nil)
	}
	m, err := r.Issuer.Get().metadata(v.x)
	if err != nil {
		return nil, err
	}
	if err := v.checkAnswerer(form, r, m); err != nil {
		return nil, err
	}
	code := one(form, "code")
	if code == "" {
		if one(form, "error") == "" {
			return nil, invalid("The answer of the authorization server has no code.", nil)
		}
		return nil, &Error{Code: one(form, "error"), Description: one(form, "error_description")}
	}
	if err := v.exchange(r, m, p, code, state); err != nil {
		return nil, err
	}
	return v.leave(target, v.f.DefaultLoginGoto)
}

// checkAnswerer makes sure that the answer comes from the server that was asked (RFC 9207
// §2.4), so that a code is not handed to another one. An iss is compared also when it was
// not announced.
func (v *visit) checkAnswerer(form chain.Form, r *ClientRegistration, m *metadata) error {
	iss, there := form["iss"]
	needed := m.issParameter || v.f.MixUpMitigation
	if needed && !there || there && (len(iss) != 1 || iss[0] != m.issuer) {
		return invalid("The answer is not from the authorization server that was asked.", errIss)
	}
	// The draft on mix-up mitigation also has the server name the client.
	if v.f.MixUpMitigation && one(form, "client_id") != r.ClientID {
		return invalid("The answer is for another client.", errIss)
	}
	return nil
}

// exchange gets the tokens for a code (RFC 6749 §4.1.3) and stores the login.
func (v *visit) exchange(r *ClientRegistration, m *metadata, p pending, code, state string) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {v.p.redirectURI()}}
	if p.verifier != "" {
		form.Set("code_verifier", p.verifier)
	}
	if v.f.MixUpMitigation {
		form.Set("state", state)
	}
	a, err := r.request(v.x, m, form)
	if err != nil {
		return err
	}
	fresh, err := r.newLogin(v.x, m, p, a, v.f.now())
	if err != nil {
		return err
	}
	// A session that an attacker may have planted must not become the user's.
	if s, ok := v.session.(interface{ Renew() error }); ok {
		if err := s.Renew(); err != nil {
			return err
		}
	}
	fresh.endpoint = v.p.endpoint
	return v.update(func(l *login) *login { fresh.pending = l.pending; return fresh })
}

// leave sends the browser on: to the target, which was checked before, else to the
// configured place, else nowhere.
func (v *visit) leave(target string, usual *expr.Template) (*chain.Response, error) {
	if target == "" {
		var err error
		if target, err = v.usual(usual); err != nil {
			return nil, err
		}
	}
	if target == "" {
		r := chain.NewResponse(200)
		r.Header["Cache-Control"] = []string{"no-store"}
		return r, nil
	}
	return redirect(target)
}

func (v *visit) usual(e *expr.Template) (string, error) {
	if e == nil {
		return "", nil
	}
	text, ok := e.String(v.x)
	if !ok || text == "" {
		return "", nil
	}
	target, err := v.p.target(text)
	if err != nil {
		return "", invalid("The configured target is not on the site of the request.", err)
	}
	return target, nil
}
