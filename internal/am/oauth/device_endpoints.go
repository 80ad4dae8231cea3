package oauth

import (
	"crypto/rand"
	"errors"
	"math/big"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
	"gatehouse/internal/ui"
)

// deviceCode is POST /device/code (RFC 8628 §3.1).
func (q *request) deviceCode() error {
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	client, err := q.authenticateClient(q.r, form, "device/code")
	if err != nil {
		return err
	}
	if !q.Settings.HasGrant(grantDevice) || !client.HasGrant(grantDevice) {
		return Refuse("unauthorized_client", "The authenticated client is not authorized to use this authorization grant type.")
	}
	a := &authorization{request: q, form: form, client: client, types: responseType{code: true}}
	set := client.Effective(q.Settings)
	a.set = &set
	if err := a.checkScopes(); err != nil {
		return err
	}
	if err := a.checkChallenge(false); err != nil { // RFC 9700 §2.1.1 is about codes that go through a browser
		return err
	}
	return q.startDevice(a)
}

func (q *request) startDevice(a *authorization) error {
	if err := builtInClass(q.Settings.Plugins.UserCodeGeneratorClass); err != nil {
		return err
	}
	s := &q.Settings.Device
	code, err := q.freeUserCode(s)
	if err != nil {
		return err
	}
	now := q.Now()
	d := Device{
		Waiting:  Waiting{ClientID: a.client.ID, Scopes: a.scopes, Expires: now.Add(seconds(s.CodeLifetime)), Interval: s.PollInterval},
		UserCode: code, Nonce: a.form.Get("nonce"), Asked: now,
		Challenge: a.form.Get("code_challenge"), Method: challengeMethod(a.form),
	}
	raw := store.NewRaw()
	if err := q.devices().Save(q.r.Context(), q.Realm.Path, raw, d, d.Expires.Add(overFor), code); err != nil {
		return err
	}
	address := orText(s.VerificationURL, q.Issuer+"/device/user")
	o := newObject()
	o.text("user_code", code)
	o.text("device_code", raw)
	o.text("verification_uri", address)
	o.text("verification_uri_complete", withQuery(address, "user_code="+queryEscape(code)))
	o.number("interval", int64(s.PollInterval))
	o.number("expires_in", int64(s.CodeLifetime))
	writeJSON(q.w, http.StatusOK, o.end())
	return nil
}

// freeUserCode draws a code that no other device waits with: two with one code could not be told apart, and a user would
// let in somebody else's.
func (q *request) freeUserCode(s *realm.ProviderDevice) (string, error) {
	for range maxDraws {
		code, err := userCode(s)
		if err != nil {
			return "", err
		}
		_, err = q.devices().FindByAlias(q.r.Context(), q.Realm.Path, code)
		if errors.Is(err, store.ErrNotFound) {
			return code, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errUnavailable.Because(errors.New("device flow: nearly all user codes are in use; make them longer"))
}

// maxDraws is how often a code is drawn until one is free.
const maxDraws = 20

// userCode draws a code that people can type, from the characters of the settings (RFC 8628 §6.1).
func userCode(s *realm.ProviderDevice) (string, error) {
	alphabet := []rune(s.UserCodeAlphabet)
	if len(alphabet) < 10 || s.UserCodeLength < 6 || s.UserCodeLength > 64 {
		return "", errors.New("device flow: the settings make user codes that can be guessed")
	}
	var b strings.Builder
	for range s.UserCodeLength {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", err
		}
		b.WriteRune(alphabet[n.Int64()])
	}
	return b.String(), nil
}

// deviceData is what the page shows: a form for the code, what the device asks for, or how it ended.
type deviceData struct {
	Action, UserCode, Client, User, CSRF string
	Remote                               string // the remote consent service, with the question; "" where this page asks
	Scopes                               []string
	Ask, Done                            bool
}

// deviceUser is /device/user: the user types the code that the device shows, and decides (RFC 8628 §3.3).
func (q *request) deviceUser() error {
	a := &authorization{request: q}
	var err error
	if a.form, err = q.authorizeForm(); err != nil {
		return q.show(err)
	}
	err = a.findSession()
	if errors.Is(err, store.ErrNotFound) {
		code := a.form.Get("user_code")
		if done, err := a.handOn(q.deviceAddress(code), ui.Policy{Forms: []string{originOf(q.Settings.Device.CompletionURL)}}); done {
			return err
		}
		if code == "" && (q.Settings.Device.AnonymousForm || q.global().AnonymousUserCodeForm) { // then the code is asked for first, and who it is after that
			return a.devicePage(http.StatusOK, "", deviceData{})
		}
		return a.toSignIn(q.deviceAddress(code), LoginHints{})
	}
	if err != nil {
		return q.show(err)
	}
	code := strings.TrimSpace(a.form.Get("user_code"))
	if code == "" {
		return a.devicePage(http.StatusOK, "", deviceData{})
	}
	if !q.guess(a.session.ID()) {
		observe.CountLimit(q.r.Context(), observe.OverLimit("user_codes"))
		return a.devicePage(http.StatusTooManyRequests, "device.slow", deviceData{})
	}
	ticket, err := q.devices().FindByAlias(q.r.Context(), q.Realm.Path, code)
	d := &ticket.Value
	if errors.Is(err, store.ErrNotFound) || err == nil && !d.open(q.Now()) {
		return a.devicePage(http.StatusOK, "device.unknown", deviceData{})
	}
	if err != nil {
		return err
	}
	if err := a.deviceClient(d); err != nil {
		return q.show(err)
	}
	// A journey of the client is run for each device (PingAM: treeName).
	if tree := a.client.Advanced.Tree.ID(); tree != "" && (a.session.Tree != tree || a.session.Created.Before(d.Asked)) {
		return a.toSignIn(a.deviceAddress(code), LoginHints{Tree: tree, Force: true})
	}
	if _, err := a.gateUser(); err != nil {
		return q.show(err)
	}
	return a.deviceDecision(ticket)
}

// deviceAddress is the address of the page, with the user code unless that is "".
func (q *request) deviceAddress(code string) string {
	address := q.Issuer + "/device/user"
	if code == "" {
		return address
	}
	return withQuery(address, "user_code="+queryEscape(code))
}

// deviceClient finds the client of the device.
func (a *authorization) deviceClient(d *Device) error {
	c, err := a.Principal(a.r.Context(), d.ClientID, "device/user")
	if err != nil {
		return err
	}
	if c == nil || c.Client == nil {
		return ErrClientAuth
	}
	a.client, a.scopes = c.Client, d.Scopes
	set := c.Client.Effective(a.Settings)
	a.set = &set
	return nil
}

// deviceDecision asks, unless it has been answered. The page names the client and shows the code even where consent is
// implied, because somebody else may have sent the user here (RFC 8628 §5.4).
func (a *authorization) deviceDecision(t store.Ticket[Device]) error {
	d := &t.Value
	if a.set.RemoteConsent {
		return a.deviceRemotely(t)
	}
	if !a.decided() {
		return a.deviceQuestion(d, "")
	}
	if !csrfFits(a.form.Get("csrf"), a.token) {
		return a.show(&Error{Status: http.StatusBadRequest, Code: "bad_request"})
	}
	return a.deviceDecided(t, a.form.Get("decision") == "allow")
}

// deviceRemotely is deviceDecision where a remote consent service asks: the page leads there once the user has compared
// the codes.
func (a *authorization) deviceRemotely(t store.Ticket[Device]) error {
	code := t.Value.UserCode
	c, err := a.remoteConsent(a.deviceAddress(code), "user_code="+code)
	if err != nil {
		return a.show(err)
	}
	if !a.remotelyAnswered() {
		to, err := c.question()
		if err != nil {
			return a.show(err)
		}
		return a.deviceQuestion(&t.Value, to)
	}
	err = c.answer()
	if err != nil && !errors.Is(err, errDenied) {
		return a.show(err)
	}
	return a.deviceDecided(t, err == nil)
}

func (a *authorization) deviceQuestion(d *Device, remote string) error {
	lang := ui.RequestLang(a.r).Code()
	return a.devicePage(http.StatusOK, "", deviceData{
		Ask: true, UserCode: d.UserCode, Client: clientName(a.client, lang), CSRF: csrfOf(a.token), Remote: remote,
		User:   displayName(a.Settings, a.user, a.session.Subject.Name),
		Scopes: describeScopes(lang, a.scopes, a.client.Core.Scopes, a.Settings.Advanced.SupportedScopes),
	})
}

// deviceDecided notes the decision for the device, which waits for it, and tells the user.
func (a *authorization) deviceDecided(t store.Ticket[Device], allow bool) error {
	d := &t.Value
	d.decide(a, allow)
	d.Scopes = a.scopes
	err := a.devices().Update(a.r.Context(), t)
	if errors.Is(err, store.ErrConflict) { // the device asked at this moment: look again
		fresh, err := a.devices().FindByAlias(a.r.Context(), a.Realm.Path, d.UserCode)
		if err != nil || !fresh.Value.open(a.Now()) {
			return a.devicePage(http.StatusOK, "device.unknown", deviceData{})
		}
		return a.deviceDecided(fresh, allow)
	}
	if err != nil {
		return err
	}
	if to := a.Settings.Device.CompletionURL; to != "" && d.Approved {
		a.go302(to)
		return nil
	}
	if d.Denied {
		return a.devicePage(http.StatusOK, "device.denied", deviceData{Done: true})
	}
	return a.devicePage(http.StatusOK, "device.done", deviceData{Done: true})
}

// devicePage shows the page, with a text of the catalogue about what happened unless that is "".
func (a *authorization) devicePage(status int, message string, data deviceData) error {
	p := a.newPage("device.title")
	data.Action = a.Issuer + "/device/user"
	p.Content = data
	switch {
	case message == "":
	case data.Done:
		p.Alert = &ui.Alert{Kind: "ok", Text: p.T(message)}
	default:
		p.Alert = &ui.Alert{Kind: "bad", Text: p.T(message)}
	}
	policy := ui.Policy{}
	if to := a.Settings.Device.CompletionURL; to != "" {
		policy.Forms = []string{originOf(to)}
	}
	return a.showPage(status, "device", p, policy)
}
