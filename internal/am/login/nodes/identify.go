package nodes

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// attributeHere is the name that an attribute of identity management has in profiles.
func attributeHere(name string) string {
	switch name {
	case "city":
		return "l"
	case "stateProvince":
		return "st"
	case "country":
		return "co"
	}
	return name
}

// isName tells that an attribute is the name of users.
func isName(attribute string) bool {
	switch strings.ToLower(attribute) {
	case "", "_id", "username", "uid":
		return true
	}
	return false
}

// identified is the user whose identityAttribute has the value that was collected; without one, the user that the journey
// knows by name. store.ErrNotFound for none, or for several.
func identified(s *journey.Step, attribute string) (*realm.User, error) {
	value, _ := s.State.Object()[attribute].(string)
	value = cmp.Or(value, s.State.Text(attribute))
	if isName(attribute) || value == "" {
		if name, _ := s.State.Object()["userName"].(string); s.State.Username() == "" && name != "" {
			return s.Host.Find(s.Context(), s.Realm, name)
		}
		return s.User()
	}
	return s.Host.Search(s.Context(), s.Realm, attributeHere(attribute), value)
}

func exists(s *journey.Step, name string) (bool, error) {
	_, err := s.Host.Find(s.Context(), s.Realm, name)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// decideOn is the outcome of a question on the identified user, "false" when there is none.
func decideOn(s *journey.Step, attribute string, decide func(*realm.User) (bool, error)) (journey.Result, error) {
	u, err := identified(s, attribute)
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	yes, err := decide(u)
	if err != nil {
		return journey.Result{}, err
	}
	return journey.Either(yes)
}

// identifyUser finds the user whose attribute was collected. It proves nothing: he is known then, and not signed in.
type identifyUser struct {
	Identifier string `json:"identifier"`
	Attribute  string `json:"identityAttribute"`
}

func (*identifyUser) Outcomes() []string { return yesNo }

func (n *identifyUser) Process(s *journey.Step) (journey.Result, error) {
	return decideOn(s, n.Attribute, func(u *realm.User) (bool, error) {
		name := u.Name
		if !isName(n.Identifier) {
			list := u.Attribute(attributeHere(n.Identifier))
			if len(list) == 0 {
				return false, nil
			}
			name = list[0]
		}
		s.State.SetUsername(name)
		s.State.SetObject("userName", u.Name)
		s.State.Share("_id", u.Name)
		return true, nil
	})
}

// attributePresent tells whether the user has an attribute.
type attributePresent struct {
	Present  string `json:"presentAttribute"`
	Identity string `json:"identityAttribute"`
}

func (*attributePresent) Outcomes() []string { return yesNo }

func (n *attributePresent) Process(s *journey.Step) (journey.Result, error) {
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) { return hasAttribute(u, n.Present), nil })
}

func hasAttribute(u *realm.User, name string) bool {
	if name == "password" || name == "userpassword" {
		return u.Password != "" || u.External != ""
	}
	return len(u.Attribute(attributeHere(name))) > 0
}

// attributeValue compares an attribute of the user.
type attributeValue struct {
	Attribute string `json:"comparisonAttribute"`
	Operation string `json:"comparisonOperation"`
	Value     string `json:"comparisonValue,omitempty"`
	Identity  string `json:"identityAttribute"`
}

func (*attributeValue) Outcomes() []string { return yesNo }

func (n *attributeValue) Process(s *journey.Step) (journey.Result, error) {
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) {
		if n.Operation == "PRESENT" {
			return hasAttribute(u, n.Attribute), nil
		}
		if n.Attribute == "accountStatus" {
			return strings.EqualFold(n.Value, "active") == u.IsActive(), nil
		}
		for _, v := range u.Attribute(attributeHere(n.Attribute)) {
			if v == n.Value {
				return true, nil
			}
		}
		return false, nil
	})
}

// timeSince tells whether the user was made so many minutes ago.
type timeSince struct {
	Elapsed  string `json:"elapsedTime"`
	Identity string `json:"identityAttribute"`
}

func (*timeSince) Outcomes() []string { return yesNo }

// generalizedTime is how profiles have times (RFC 4517 §3.3.13).
const generalizedTime = "20060102150405Z"

func (n *timeSince) Process(s *journey.Step) (journey.Result, error) {
	minutes, err := strconv.Atoi(n.Elapsed)
	if err != nil {
		return journey.Result{}, fmt.Errorf("elapsedTime: expected minutes, found %q", n.Elapsed)
	}
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) {
		list := u.Attribute("createTimestamp")
		if len(list) == 0 {
			return false, nil
		}
		made, err := time.Parse(generalizedTime, list[0])
		return err == nil && time.Unix(s.Now, 0).Sub(made) >= time.Duration(minutes)*time.Minute, nil
	})
}

// queryFilter tells whether the user, as identity management shows him, is selected by a filter.
type queryFilter struct {
	Filter   string `json:"queryFilter"`
	Identity string `json:"identityAttribute"`
}

func (*queryFilter) Outcomes() []string { return yesNo }

func (n *queryFilter) Process(s *journey.Step) (journey.Result, error) {
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) {
		got, err := s.Host.Resource(s.Context(), s.Realm, &script.ResourceRequest{
			Method: http.MethodGet, Managed: true, Path: []string{"managed", "user"},
			Query: url.Values{"_queryFilter": {"_id eq " + strconv.Quote(u.Name) + " and (" + n.Filter + ")"}, "_fields": {"_id"}},
		})
		if err != nil {
			return false, err
		}
		if got.Status >= http.StatusBadRequest {
			return false, fmt.Errorf("queryFilter: %s", got.Body)
		}
		return strings.Contains(string(got.Body), `"resultCount":1,`) || strings.Contains(string(got.Body), `"resultCount":1}`), nil
	})
}

// displayUsername shows the name of the user who was found.
type displayUsername struct {
	Name     string `json:"userName"`
	Identity string `json:"identityAttribute"`
}

func (*displayUsername) Outcomes() []string { return next }

func (n *displayUsername) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers != nil {
		return journey.To("outcome")
	}
	u, err := identified(s, n.Identity)
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("outcome")
	}
	if err != nil {
		return journey.Result{}, err
	}
	name := u.Name
	if !isName(n.Name) {
		if list := u.Attribute(attributeHere(n.Name)); len(list) > 0 {
			name = list[0]
		}
	}
	return journey.Ask(journey.Show(name, 0))
}

// requiredPresent tells whether all is there that a new user needs.
type requiredPresent struct {
	Resource string `json:"identityResource"`
}

func (*requiredPresent) Outcomes() []string { return yesNo }

func (*requiredPresent) Process(s *journey.Step) (journey.Result, error) {
	have := s.State.Object()
	for _, name := range requiredAttributes {
		if text, _ := have[name].(string); text == "" {
			return journey.To("false")
		}
	}
	return journey.To("true")
}
