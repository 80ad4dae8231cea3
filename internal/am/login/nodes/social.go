package nodes

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/social"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Names in the state, and of the attributes that hold whom a user is at providers: PROVIDER-SUBJECT.
const (
	keyProvider    = "selectedIdp"
	keyAttempt     = "socialAttempt."
	aliasMember    = "aliasList"
	aliasAttribute = "iplanet-am-user-alias-list"
)

// socialHandler leads to the provider that was selected, and finds whose account it is who comes back.
type socialHandler struct {
	Script      string `json:"script"`
	Username    string `json:"usernameAttribute"`
	Subject     string `json:"subjectAttribute"`
	ClientType  string `json:"clientType"` // "BROWSER"
	StoreTokens bool   `json:"storeTokens"`
}

func newSocialHandler() socialHandler {
	return socialHandler{Script: "58c824ae-84ed-4724-82cd-db128fc3f6c", Username: "userName", Subject: aliasAttribute, ClientType: "BROWSER"}
}

// socialHandlerV2 has an outcome for those who come back without.
type socialHandlerV2 struct {
	socialHandler
	DetectTimeout bool `json:"detectConnectionTimeOut"`
}

const socialInterrupted = "SOCIAL_AUTH_INTERRUPTED"

func (*socialHandler) Outcomes() []string { return []string{"ACCOUNT_EXISTS", "NO_ACCOUNT"} }

func (n *socialHandlerV2) Outcomes() []string {
	return append(n.socialHandler.Outcomes(), socialInterrupted)
}

// Check finds what is wrong with the settings.
func (n *socialHandler) Check() error {
	switch {
	case n.ClientType != "BROWSER":
		return fmt.Errorf("clientType: expected BROWSER, found %q, which this server does not support", n.ClientType)
	case n.StoreTokens:
		return errors.New("storeTokens: tokens of providers are not kept by this server")
	}
	return nil
}

// Check finds what is wrong with the settings.
func (n *socialHandlerV2) Check() error {
	if n.DetectTimeout {
		return errors.New("detectConnectionTimeOut: not supported by this server")
	}
	return n.socialHandler.Check()
}

func (n *socialHandler) Process(s *journey.Step) (journey.Result, error) {
	r, err := n.process(s)
	if errors.Is(err, social.ErrRefused) {
		s.Log.WarnContext(s.Context(), "a sign-in at a provider failed", "node", s.NodeID, "provider", s.State.Text(keyProvider), "error", err)
		return journey.Result{}, journey.ErrFailed
	}
	return r, err
}

func (n *socialHandlerV2) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	r, err := n.process(s)
	if errors.Is(err, social.ErrRefused) {
		s.Log.WarnContext(s.Context(), "a sign-in at a provider failed", "node", s.NodeID, "provider", s.State.Text(keyProvider), "error", err)
		return journey.To(socialInterrupted)
	}
	return r, err
}

func (n *socialHandler) process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	p, err := social.Find(s.Context(), s.Source.Docs, s.Realm, s.Host, s.State.Text(keyProvider))
	if err != nil {
		return journey.Result{}, err
	}
	if s.Answers == nil {
		return n.begin(s, p)
	}
	attempt := attemptOf(s)
	s.State.Remove(keyAttempt + s.NodeID) // good once
	profile, err := s.Host.Providers().Finish(s.Context(), p, attempt, s.Request.URL.Query())
	if err != nil {
		return journey.Result{}, err
	}
	subject := p.Subject(profile)
	if subject == "" {
		return journey.Result{}, fmt.Errorf("%w: the profile has no %s", social.ErrRefused, p.IDKey)
	}
	alias := p.Name + "-" + subject
	u, err := n.owner(s, alias)
	if err == nil {
		if s.State.User != u.Name {
			s.State.Methods = nil // how somebody else proved who he is says nothing of this one
		}
		s.State.SetUsername(u.Name)
		s.State.User = u.Name
		return journey.To("ACCOUNT_EXISTS")
	}
	if !errors.Is(err, store.ErrNotFound) {
		return journey.Result{}, err
	}
	return n.newcomer(s, p, profile, alias)
}

// begin leads the browser to the provider. What belongs to the attempt is in the state, which is sealed and of one
// journey in one browser.
func (n *socialHandler) begin(s *journey.Step, p *social.Provider) (journey.Result, error) {
	address, a, err := s.Host.Providers().Begin(s.Context(), p)
	if err != nil {
		return journey.Result{}, err
	}
	c, err := journey.Redirect(address, "GET", nil, true)
	if err != nil {
		return journey.Result{}, fmt.Errorf("provider %s: %w", p.Name, err)
	}
	s.State.Hide(keyAttempt+s.NodeID, map[string]any{"state": a.State, "nonce": a.Nonce, "verifier": a.Verifier})
	return journey.Ask(c)
}

func attemptOf(s *journey.Step) *social.Attempt {
	v, _ := s.State.Get(keyAttempt + s.NodeID)
	m, _ := v.(map[string]any)
	text := func(name string) string { t, _ := m[name].(string); return t }
	return &social.Attempt{State: text("state"), Nonce: text("nonce"), Verifier: text("verifier")}
}

// owner is the user who has the alias, letter by letter: searches do not tell capitals apart, and providers may.
func (n *socialHandler) owner(s *journey.Step, alias string) (*realm.User, error) {
	u, err := s.Host.Search(s.Context(), s.Realm, n.Subject, alias)
	if err == nil && !slices.Contains(u.Attribute(n.Subject), alias) {
		return nil, store.ErrNotFound
	}
	return u, err
}

// newcomer collects what the provider tells of somebody who has no account. It names nobody: whoever has the name here
// is not known to be the same.
func (n *socialHandler) newcomer(s *journey.Step, p *social.Provider, profile map[string]any, alias string) (journey.Result, error) {
	normalized, err := n.transform(s, p.Transform, "rawProfile", profile)
	if err != nil {
		return journey.Result{}, err
	}
	attributes, err := n.transform(s, n.Script, "normalizedProfile", normalized)
	if err != nil {
		return journey.Result{}, err
	}
	if name, ok := attributes[n.Username].(string); ok && attributes["userName"] == nil {
		attributes["userName"] = name
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		switch name {
		case "_id", "password", aliasMember, "kbaInfo":
			continue // not for providers to say
		}
		if attributes[name] != nil {
			s.State.SetObject(name, attributes[name])
		}
	}
	s.State.SetObject(aliasMember, []any{alias})
	if s.State.User == "" {
		s.State.Remove("username") // what somebody only typed
	}
	return journey.To("NO_ACCOUNT")
}

func (n *socialHandler) transform(s *journey.Step, id, binding string, profile map[string]any) (map[string]any, error) {
	text, err := s.Realm.Script(s.Context(), id)
	if err != nil {
		return nil, fmt.Errorf("script of %s: %w", binding, err)
	}
	if text.Context != realm.ContextSocialProfile {
		return nil, fmt.Errorf("script of %s: expected one of the context %s, found %s", binding, realm.ContextSocialProfile, text.Context)
	}
	out, err := s.Host.Profile(s.Context(), text, s.Realm, binding, profile)
	if err == nil && out == nil {
		err = fmt.Errorf("script of %s: it returned nothing", binding)
	}
	return out, err
}

// selectIdP offers the realm's providers, and signing in here.
type selectIdP struct {
	Password     string   `json:"passwordAttribute"`
	Local        bool     `json:"includeLocalAuthentication"`
	OnlyExisting bool     `json:"offerOnlyExisting"`
	Identity     string   `json:"identityAttribute"`
	Filtered     []string `json:"filteredProviders"`
}

const localAuthentication = "localAuthentication"

func (n *selectIdP) Outcomes() []string {
	if n.Local {
		return []string{"socialAuthentication", localAuthentication}
	}
	return []string{"socialAuthentication"}
}

func (n *selectIdP) Process(s *journey.Step) (journey.Result, error) {
	offers, err := n.offers(s)
	if err != nil {
		return journey.Result{}, err
	}
	if len(offers) == 0 {
		return journey.Result{}, errors.New("there is no provider to select: the realm's SocialIdentityProviders has none that is enabled, or filteredProviders has none of them")
	}
	chosen := ""
	if len(offers) == 1 {
		chosen, _ = offers[0]["provider"].(string)
	} else if s.Answers != nil {
		chosen = s.Answers[0].Answer()
	}
	if !slices.ContainsFunc(offers, func(o map[string]any) bool { return o["provider"] == chosen }) {
		return journey.Ask(journey.SelectIdP(offers))
	}
	s.State.Share(keyProvider, chosen)
	if chosen == localAuthentication {
		return journey.To(localAuthentication)
	}
	return journey.To("socialAuthentication")
}

// offers are what there is to select, in turn.
func (n *selectIdP) offers(s *journey.Step) ([]map[string]any, error) {
	list, err := social.All(s.Context(), s.Source.Docs, s.Realm, s.Host)
	if err != nil {
		return nil, err
	}
	var u *realm.User
	if n.OnlyExisting {
		if u, err = identified(s, n.Identity); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	var offers []map[string]any
	for _, p := range list {
		linked := u == nil || slices.ContainsFunc(u.Attribute(aliasAttribute), func(a string) bool {
			return len(a) > len(p.Name) && a[:len(p.Name)+1] == p.Name+"-"
		})
		if linked && (len(n.Filtered) == 0 || slices.Contains(n.Filtered, p.Name)) {
			look := p.UI
			if look == nil {
				look = map[string]any{}
			}
			offers = append(offers, map[string]any{"provider": p.Name, "uiConfig": look})
		}
	}
	if n.Local && (u == nil || hasAttribute(u, n.Password)) {
		offers = append(offers, map[string]any{"provider": localAuthentication})
	}
	return offers, nil
}
