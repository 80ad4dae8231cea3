package oauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// backchannelItem is one request as its user sees it.
type backchannelItem struct {
	ID       string   `json:"id"`
	ClientID string   `json:"clientId"`
	Client   string   `json:"clientName"`
	Message  string   `json:"bindingMessage,omitempty"`
	Scopes   []string `json:"scopes"`
	Expires  int64    `json:"expires"` // seconds since 1970
	// SignIn is where the user has to sign in first, in the way that the client asks for.
	SignIn string `json:"signIn,omitempty"`
}

type backchannelData struct {
	Action, User, CSRF string
	Items              []backchannelItem
}

// backchannelUser is /bc-authorize/user, an address of this server's own: the user who is signed in sees what clients
// ask for and decides. Browsers get a page; who accepts JSON gets {"requests":[…],"csrf":…}. A decision is a form
// with id, decision ("allow", or anything else to refuse) and csrf, as at /authorize.
func (q *request) backchannelUser() error {
	a := &authorization{request: q}
	var err error
	if a.form, err = q.authorizeForm(); err != nil {
		return q.show(err)
	}
	err = a.findSession()
	if errors.Is(err, store.ErrNotFound) {
		if q.wantsJSON() {
			return &Error{Status: http.StatusUnauthorized, Code: "login_required", Description: errLogin.Description}
		}
		return a.toSignIn(q.Issuer+"/bc-authorize/user", LoginHints{})
	}
	if err != nil {
		return q.show(err)
	}
	if a.decided() {
		return a.backchannelDecision()
	}
	return a.backchannelList(http.StatusOK, "")
}

func (q *request) wantsJSON() bool {
	accept := q.r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

func (a *authorization) backchannelList(status int, message string) error {
	list, _, err := a.pending(a.r.Context(), a.session.Subject)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(x, y store.Ticket[Backchannel]) int { return x.Value.Expires.Compare(y.Value.Expires) })
	items := []backchannelItem{}
	for _, t := range list {
		item, err := a.backchannelItem(t)
		if err != nil {
			return err
		}
		if item != nil {
			items = append(items, *item)
		}
	}
	if a.wantsJSON() {
		return writeValue(a.w, status, map[string]any{"requests": items, "csrf": csrfOf(a.token), "message": message})
	}
	p := a.newPage("backchannel.title")
	if message != "" {
		p.Alert = &ui.Alert{Kind: "ok", Text: message}
		if status != http.StatusOK {
			p.Alert.Kind = "warn"
		}
	}
	p.Content = backchannelData{
		Action: a.Issuer + "/bc-authorize/user", CSRF: csrfOf(a.token), Items: items,
		User: displayName(a.Settings, a.user, a.session.Subject.Name),
	}
	return a.showPage(status, "backchannel", p, ui.Policy{})
}

// backchannelItem describes a request; nil when its client is gone.
func (a *authorization) backchannelItem(t store.Ticket[Backchannel]) (*backchannelItem, error) {
	b := &t.Value
	c, err := a.Principal(a.r.Context(), b.ClientID, "bc-authorize")
	if err != nil || c == nil || c.Client == nil {
		return nil, err
	}
	lang := ui.RequestLang(a.r).Code()
	item := &backchannelItem{
		ID: t.ID(), ClientID: b.ClientID, Client: clientName(c.Client, lang), Message: b.Message, Expires: b.Expires.Unix(),
		Scopes: describeScopes(lang, b.Scopes, c.Client.Core.Scopes, a.Settings.Advanced.SupportedScopes),
	}
	if _, tree := a.contextFor(b.ACRs); tree != "" {
		item.SignIn, err = a.signInURL("", a.Issuer+"/bc-authorize/user", LoginHints{Tree: tree, Force: true})
	}
	return item, err
}

// contextFor gives the first authentication context of the list that the session has. Where it has none of those that
// the settings map to journeys, tree is the journey of the first.
func (a *authorization) contextFor(acrs []string) (acr, tree string) {
	for _, acr := range acrs {
		mapped := a.Settings.AdvancedOIDC.LoAMapping[acr]
		if mapped != "" && mapped == a.session.Tree {
			return acr, ""
		}
		if tree == "" {
			tree = mapped
		}
	}
	return "", tree
}

// backchannelScopes are those that the policies do not deny to the user; without openid there is nothing to give (OpenID
// CIBA §7.1).
func (a *authorization) backchannelScopes(b *Backchannel) ([]string, error) {
	c, err := a.Principal(a.r.Context(), b.ClientID, "bc-authorize")
	if err != nil {
		return nil, err
	}
	if c == nil || c.Client == nil {
		return nil, errDenied
	}
	set := c.Client.Effective(a.Settings)
	left, _, err := a.permitted(&set, b.Scopes)
	if err == nil && !contains(left, "openid") {
		err = errDenied
	}
	return left, err
}

func (a *authorization) backchannelDecision() error {
	if !csrfFits(a.form.Get("csrf"), a.token) {
		return a.show(&Error{Status: http.StatusBadRequest, Code: "bad_request"})
	}
	ctx, lang := a.r.Context(), ui.RequestLang(a.r)
	allow := a.form.Get("decision") == "allow"
	for {
		t, err := a.backchannels().FindByID(ctx, a.Realm.Path, a.form.Get("id"))
		b := &t.Value
		gone := errors.Is(err, store.ErrNotFound) ||
			err == nil && (!b.open(a.Now()) || asked(b.Subject) != asked(a.session.Subject))
		switch {
		case gone:
			return a.backchannelList(http.StatusNotFound, lang.T("backchannel.gone"))
		case err != nil:
			return err
		}
		acr, tree := a.contextFor(b.ACRs)
		if allow && tree != "" {
			return a.backchannelList(http.StatusForbidden, lang.T("backchannel.again"))
		}
		if allow {
			if b.Scopes, err = a.backchannelScopes(b); errors.Is(err, errDenied) {
				allow = false
			} else if err != nil {
				return err
			}
		}
		b.decide(a, allow)
		b.ACR = acr
		err = a.backchannels().Update(ctx, t)
		if errors.Is(err, store.ErrConflict) { // the client asked at this moment: look again
			continue
		}
		if err != nil {
			return err
		}
		if !allow {
			return a.backchannelList(http.StatusOK, lang.T("backchannel.denied"))
		}
		return a.backchannelList(http.StatusOK, lang.T("backchannel.allowed"))
	}
}
