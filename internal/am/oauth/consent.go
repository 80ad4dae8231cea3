package oauth

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// consent asks the user, unless that is settled already.
func (a *authorization) consent() (bool, error) {
	settled, err := a.gateUser()
	if err != nil {
		return false, err
	}
	if a.set.RemoteConsent {
		if a.remotelyAnswered() {
			c, err := a.ofRequest()
			if err != nil {
				return false, err
			}
			return false, c.answer()
		}
	} else if a.decided() {
		return false, a.decide()
	}
	if !a.prompt.consent && (settled || a.set.SkipConsent || a.client == a.forAdministrators || a.consentSaved()) {
		return false, nil
	}
	if a.prompt.none {
		return false, errConsent
	}
	if err := a.keepPushed(a.r.Context()); err != nil {
		return true, err
	}
	if a.set.RemoteConsent {
		return true, a.askRemotely()
	}
	return true, a.ask()
}

// askRemotely sends the browser to the remote consent service.
func (a *authorization) askRemotely() error {
	c, err := a.ofRequest()
	if err != nil {
		return err
	}
	to, err := c.question()
	if err != nil {
		return err
	}
	a.go302(to)
	return nil
}

// decided tells that this is the answer to the consent page, or a tool's.
func (a *authorization) decided() bool {
	return a.r.Method == http.MethodPost && a.form.Has("decision")
}

// decide applies what was posted. The csrf value proves that a page of this server, or a tool that holds the session,
// posted it, not a page of somebody else.
func (a *authorization) decide() error {
	if !csrfFits(a.form.Get("csrf"), a.token) {
		return &Error{Status: http.StatusBadRequest, Code: "bad_request"}
	}
	if a.form.Get("decision") != "allow" {
		return errDenied
	}
	if a.form.Get("save_consent") == "on" {
		return a.saveConsent()
	}
	return nil
}

// csrfOf is what pages hold instead of the session's token, which nothing but its cookie should have.
func csrfOf(token string) string {
	sum := sha256.Sum256([]byte("csrf:" + token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// csrfFits takes csrfOf, and the token itself, which tools send (PingAM: csrf).
func csrfFits(got, token string) bool {
	own := subtle.ConstantTimeCompare([]byte(got), []byte(csrfOf(token)))
	raw := subtle.ConstantTimeCompare([]byte(got), []byte(token))
	return token != "" && own|raw == 1
}

// consentSaved tells whether the user's profile has a consent to all these scopes (PingAM: savedConsentAttribute,
// values "client scope scope").
func (a *authorization) consentSaved() bool {
	name := a.Settings.Consent.SavedConsentAttribute
	if name == "" || a.user == nil || len(a.details) > 0 || len(a.namedClaims()) > 0 { // of which what was saved says nothing
		return false
	}
	for _, v := range a.user.Attribute(name) {
		words := strings.Fields(v)
		if len(words) > 0 && words[0] == a.client.ID {
			return !slices.ContainsFunc(a.scopes, func(s string) bool { return !contains(words[1:], s) })
		}
	}
	return false
}

// saveConsent writes the consent into the user's profile. A profile that changed meanwhile is read again.
func (a *authorization) saveConsent() error {
	name := a.Settings.Consent.SavedConsentAttribute
	if name == "" || a.user == nil {
		return nil
	}
	ctx := a.r.Context()
	for {
		user, err := a.Realm.User(ctx, a.user.Name)
		if err != nil {
			return internal("save consent", err)
		}
		values := slices.DeleteFunc(slices.Clone(user.Attribute(name)), func(v string) bool {
			return strings.HasPrefix(v, a.client.ID+" ")
		})
		user.SetAttribute(name, append(values, a.client.ID+" "+strings.Join(a.scopes, " "))...)
		err = a.Realm.SaveUser(ctx, user)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return internal("save consent", err)
		}
		return nil
	}
}

// consentData is what the consent page shows.
type consentData struct {
	User, Description, Logo, Policy, Terms string
	Scopes                                 []string // what is asked for, in words: scopes, and claims
	Details                                []detail
	CanSave                                bool
	Action                                 string
	Fields                                 []field
}

func (a *authorization) ask() error {
	p := a.newPage("consent.title")
	lang := p.Code()
	p.Title = p.T("consent.title", "client", clientName(a.client, lang))
	more := &a.client.Advanced
	data := consentData{
		User:        displayName(a.Settings, a.user, a.session.Subject.Name),
		Description: localised(more.Descriptions, lang), Logo: pictureURL(localised(more.LogoURI, lang)),
		Policy: webURL(localised(more.PolicyURI, lang)), Terms: webURL(localised(more.ToSURI, lang)),
		Scopes: slices.Concat(
			describeScopes(lang, a.scopes, a.client.Core.Scopes, a.Settings.Advanced.SupportedScopes),
			describeScopes(lang, a.namedClaims(), a.client.OIDC.Claims, a.Settings.OIDC.SupportedClaims)),
		Details: a.details,
		CanSave: a.Settings.Consent.SavedConsentAttribute != "", Action: a.Issuer + "/authorize",
	}
	a.unanswered().Each(func(name, value string) {
		data.Fields = append(data.Fields, field{name, value})
	})
	data.Fields = append(data.Fields, field{"csrf", csrfOf(a.token)})
	p.Content = data
	policy := ui.Policy{Forms: []string{originOf(a.redirect)}} // form-action covers where a form is redirected to as well
	if data.Logo != "" {
		policy.Images = []string{originOf(data.Logo)}
	}
	return a.showPage(http.StatusOK, "consent", p, policy)
}

// clientName is what people call the client, in their language where it has such a name.
func clientName(c *realm.Client, lang string) string {
	return cmp.Or(localised(c.Core.Name, lang), localised(c.Advanced.Name, lang), c.ID)
}

// localised takes the text of a list of "text" and "locale|text": in the language, else the one without a locale, else
// English, else the first.
func localised(values []string, lang string) string {
	out, rank := "", 0
	for _, v := range values {
		locale, text, ok := strings.Cut(v, "|")
		r := localeRank(locale, lang)
		if !ok {
			text, r = v, 3
		}
		if r > rank {
			out, rank = text, r
		}
	}
	return out
}

// localeRank is how well a locale, as "de" or "de_CH", fits a language.
func localeRank(locale, lang string) int {
	switch {
	case strings.HasPrefix(strings.ToLower(locale), lang):
		return 4
	case locale == "": // "|text": a text with a bar in it
		return 3
	case strings.HasPrefix(locale, "en"):
		return 2
	}
	return 1
}

// pictureURL drops what is no address of https: a page would load it.
func pictureURL(s string) string {
	if strings.HasPrefix(s, "https://") {
		return s
	}
	return ""
}

// webURL drops what is no web address: the page would link to it.
func webURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

func displayName(p *realm.Provider, u *realm.User, name string) string {
	if values := attribute(u, p.Advanced.DisplayNameAttribute); len(values) > 0 && values[0] != "" {
		return values[0]
	}
	return name
}

// describeScopes gives the words for scopes or claims: the client's ("scope|text", "scope|locale|text"), else the
// provider's, else the scope. An empty description hides the scope (PingAM).
func describeScopes(lang string, scopes []string, lists ...[]string) []string {
	var out []string
	for _, s := range scopes {
		text := s
		for _, list := range lists {
			if t, ok := describeScope(lang, s, list); ok {
				text = t
				break
			}
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func describeScope(lang, scope string, list []string) (string, bool) {
	text, rank := "", 0
	for _, entry := range list {
		parts := strings.SplitN(entry, "|", 3)
		if parts[0] != scope || len(parts) == 1 {
			continue
		}
		r := 3
		if len(parts) == 3 {
			r = localeRank(parts[1], lang)
		}
		if r > rank {
			text, rank = parts[len(parts)-1], r
		}
	}
	return text, rank > 0
}
