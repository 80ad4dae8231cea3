package nodes

import (
	"errors"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
)

// acceptTerms asks to accept the terms and conditions. There is no way on without.
type acceptTerms struct{}

func (*acceptTerms) Outcomes() []string { return next }

func (*acceptTerms) Process(s *journey.Step) (journey.Result, error) {
	t, err := selfservice.ReadTerms(s.Context(), s.Source.Docs)
	if err != nil {
		return journey.Result{}, err
	}
	if s.Answers == nil || s.Answers[0].Answer() != "true" || s.Answers[0].OutputText("version") != t.Version {
		return journey.Ask(journey.Terms(t.Version, s.Text(t.Texts, ""), t.Created))
	}
	s.State.SetObject(selfservice.AttributeTerms, map[string]any{
		"acceptDate": time.Unix(s.Now, 0).UTC().Format(time.RFC3339), "termsVersion": t.Version,
	})
	return journey.To("outcome")
}

// termsDecision tells whether the user has accepted the terms as they are now. Where there are none, nothing is missing.
type termsDecision struct {
	Identity string `json:"identityAttribute"`
}

func (*termsDecision) Outcomes() []string { return yesNo }

func (n *termsDecision) Process(s *journey.Step) (journey.Result, error) {
	t, err := selfservice.ReadTerms(s.Context(), s.Source.Docs)
	if errors.Is(err, selfservice.ErrNoTerms) {
		return journey.To("true")
	}
	if err != nil {
		return journey.Result{}, err
	}
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) { return selfservice.AcceptedBy(u) == t.Version, nil })
}

// profileAttributes are those that users see and can change (managed user).
var profileAttributes = []string{
	"userName", "givenName", "sn", "mail", "description", "telephoneNumber", "postalAddress", "city", "postalCode", "country", "stateProvince",
	selfservice.AttributePreferences,
}

// profileCompleteness tells whether so many percent of the attributes that users can fill in are.
type profileCompleteness struct {
	Threshold int    `json:"threshold"`
	Identity  string `json:"identityAttribute"`
}

func (*profileCompleteness) Outcomes() []string { return yesNo }

func (n *profileCompleteness) Process(s *journey.Step) (journey.Result, error) {
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) {
		filled := 0
		for _, name := range profileAttributes {
			if name == "userName" || hasAttribute(u, name) {
				filled++
			}
		}
		return filled*100 >= n.Threshold*len(profileAttributes), nil
	})
}
